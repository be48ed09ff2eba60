/*
 * Where the undo file of an image is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_PLACE_H
#define UNDO_PLACE_H

#include "win-xenfix.h"

/*
 * The path, to be freed.  NULL and @errp if there is no place that would do,
 * so that the user has to name one.
 */
char *undo_place(const XenfixOptions *options, BlockBackend *image,
                 Error **errp);

#endif /* UNDO_PLACE_H */
