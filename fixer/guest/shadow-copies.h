/*
 * Shadow copies of an NTFS volume
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SHADOW_COPIES_H
#define GUEST_SHADOW_COPIES_H

#include "volume.h"

/*
 * Refuses, by GUEST_ERROR_REFUSED, a volume that may have shadow copies, or
 * may hold those of another one: what is free now was in use when they were
 * made, and is a part of them.
 */
bool shadow_copies_check_none(Volume *volume, const Partition *partition,
                              Overlay *overlay, GError **errp);

#endif /* GUEST_SHADOW_COPIES_H */
