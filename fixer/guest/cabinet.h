/*
 * Cabinet files (driver.cab, sp3.cab) through libmspack
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CABINET_H
#define GUEST_CABINET_H

#include <glib.h>

#include "source.h"

typedef struct Cabinet Cabinet;

/*
 * Opens the cabinet in @source, which must outlive the result; @name is for
 * messages.  Only headers are read.  A cabinet that is one of several parts
 * is an error that says so.
 */
Cabinet *cabinet_open(ByteSource *source, const char *name, GError **errp);

void cabinet_free(Cabinet *cabinet);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cabinet, cabinet_free)

/*
 * Extracts one member, case-insensitively by name; the data is streamed, only
 * the folder that holds the member is decompressed.  A member larger than
 * @max_size bytes is an error, by its header and by what really comes out.
 * Once a member turned out to be damaged, the cabinet gives no other.
 */
GBytes *cabinet_extract(Cabinet *cabinet, const char *member,
                        size_t max_size, GError **errp);

#endif /* GUEST_CABINET_H */
