/*
 * Check: would this guest boot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include "hive-file.h"

typedef struct CheckOptions {
    /* Which installation, PARTITION:\PATH; NULL: the one that boots. */
    const char *windows;
    DirtyHive dirty_hive;
    /* The machine that it is to boot on: "xen-hvm", "qemu-q35-uefi". */
    const char *machine;
    /* What confines the helper: NULL-terminated names. */
    const char *const *sandbox;
} CheckOptions;

/*
 * Walks the boot path of the guest in @overlay as firmware, boot loader and
 * kernel would, up to the first broken link: a JSON object, WinXenfixCheck of
 * QAPI, to be freed.  An error is only a disk that cannot be read or is cut
 * off, or a machine or installation that was asked for and is not there.
 */
char *check_run(Overlay *overlay, const CheckOptions *options,
                GError **errp);

#endif /* GUEST_CHECK_H */
