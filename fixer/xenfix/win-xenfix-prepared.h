/*
 * How win-xenfix shows what was changed, or would be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_PREPARED_H
#define WIN_XENFIX_PREPARED_H

#include "win-xenfix.h"

/* Prints the report, as @options want it. */
void xenfix_print_prepared(const XenfixOptions *options, BlockBackend *image,
                           ImageInfoSpecificWinXenprep *report);

#endif /* WIN_XENFIX_PREPARED_H */
