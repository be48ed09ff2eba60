/*
 * Witnesses: sectors that change whenever a volume is used
 *
 * Whoever wants to undo what was written to a guest has to know whether it
 * has been started, or its volume mounted, since: undoing under a Windows
 * that has gone on would destroy it.  These sectors tell.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_WITNESS_H
#define GUEST_WITNESS_H

#include "volume-locate.h"
#include "windows.h"

typedef struct Witness {
    /* For people: "partition 1: $LogFile". */
    char *what;
    DiskExtent extent;
} Witness;

void witness_free(Witness *witness);

/*
 * Adds to @witnesses (Witness *) those of the volume in @partition, and if
 * Windows is on it those of its registry.
 */
bool witness_find(Overlay *overlay, const Partition *partition,
                  const Windows *windows, GPtrArray *witnesses,
                  GError **errp);

#endif /* GUEST_WITNESS_H */
