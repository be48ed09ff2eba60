/*
 * The options of the block driver win-xenprep
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENPREP_OPTIONS_H
#define WIN_XENPREP_OPTIONS_H

#include "xenprep-options.h"

/* Those that change what the node presents; for BlockDriver. */
extern const char *const win_xenprep_strong_runtime_opts[];

/*
 * Takes the driver's own options out of @qdict into @options, which has what
 * no option is about, and is to be cleared, after a failure, too.  There must
 * be no others.
 */
bool win_xenprep_options_parse(QDict *qdict, XenprepOptions *options,
                               Error **errp);

/* Frees what parsing has made. */
void win_xenprep_options_clear(XenprepOptions *options);

#endif /* WIN_XENPREP_OPTIONS_H */
