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
 * Opens the cabinet in @source, which must outlive the result.  Only headers
 * are read.  A cabinet that is one of several parts is GUEST_ERROR_REFUSED.
 *
 * Messages of these functions do not name the cabinet, the caller does:
 * "it is truncated", "atapi.sys: its compressed data is damaged".
 */
Cabinet *cabinet_open(ByteSource *source, GError **errp);

void cabinet_free(Cabinet *cabinet);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cabinet, cabinet_free)

/* The name of the member, if there is just one, else NULL. */
const char *cabinet_only_member(const Cabinet *cabinet);

/*
 * Whether there is such a member; names are compared without regard to case.
 * *@place then orders members as their data lies in the cabinet.  Members
 * that are extracted in that order are had by decompressing each folder once,
 * in any other by beginning anew whenever the order goes backwards.
 */
bool cabinet_find(Cabinet *cabinet, const char *member, uint64_t *place);

/*
 * Bytes that are decompressed when @member, which is there, is extracted
 * next: its own, and what lies before them in its folder and has to be passed
 * over.
 */
uint64_t cabinet_cost(Cabinet *cabinet, const char *member);

/*
 * Extracts one member; the data is streamed, only the folder that holds the
 * member is decompressed, up to its end.  A member larger than @max_size
 * bytes is an error, by its header and by what really comes out.  Once a
 * member turned out to be damaged, the cabinet gives no other.
 */
GBytes *cabinet_extract(Cabinet *cabinet, const char *member,
                        size_t max_size, GError **errp);

#endif /* GUEST_CABINET_H */
