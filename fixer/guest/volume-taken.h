/*
 * Whether what was written to an NTFS volume had been free
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_TAKEN_H
#define GUEST_VOLUME_TAKEN_H

#include "volume.h"

/*
 * Refuses the changes that @overlay holds of @partition, an NTFS volume, if
 * they took clusters which $Bitmap called free and in which a file lies:
 * $Bitmap is wrong, and that file destroyed.  An MFT that is too large to be
 * looked at is a line in @warnings (char *).
 */
bool volume_check_taken(Overlay *overlay, const Partition *partition,
                        GPtrArray *warnings, GError **errp);

#endif /* GUEST_VOLUME_TAKEN_H */
