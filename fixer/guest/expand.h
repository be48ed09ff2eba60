/*
 * Expand: one file as setup media and service packs hold it, compressed or not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_EXPAND_H
#define GUEST_EXPAND_H

#include "source.h"

/*
 * What the file in @source holds.  Its first bytes say whether it is
 * compressed: a cabinet (MSCF), SZDD or KWAJ; all else is taken as it is.  Of
 * a cabinet with several members @member is meant, of one with a single
 * member that one, however it is called.
 *
 * More than @max_size bytes are an error, found before memory is taken for
 * them.  Messages do not name the file, the caller does.
 */
GBytes *expand_file(ByteSource *source, const char *member, size_t max_size,
                    GError **errp);

#endif /* GUEST_EXPAND_H */
