/*
 * Inspect: what is this guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_INSPECT_H
#define GUEST_INSPECT_H

#include "hive-file.h"

typedef struct InspectOptions {
    /* Which installation, PARTITION:\PATH; NULL: the one that boots. */
    const char *windows;
    DirtyHive dirty_hive;
    /* Of the VMDK, or NULL. */
    const char *adapter_type;
    /* What confines the helper: NULL-terminated names. */
    const char *const *sandbox;
} InspectOptions;

/*
 * Says what there is on the disk in @overlay: a JSON object, WinXenfixInfo of
 * QAPI, to be freed.  Whatever can be read is told; what stands in the way of
 * the rest is a warning in it.  An error is only a disk that cannot be read,
 * or an installation that was asked for and is not there.
 */
char *inspect_run(Overlay *overlay, const InspectOptions *options,
                  GError **errp);

#endif /* GUEST_INSPECT_H */
