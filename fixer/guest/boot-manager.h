/*
 * Boot managers: by which firmware a disk boots Vista and later
 *
 * A BIOS starts the active partition, the boot sector of which starts its
 * \bootmgr, and that reads \Boot\BCD.  UEFI starts bootmgfw.efi of the EFI
 * system partition, which reads \EFI\Microsoft\Boot\BCD there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOT_MANAGER_H
#define GUEST_BOOT_MANAGER_H

#include "bcd.h"
#include "volume.h"

/* Where each of the two has its BCD. */
#define BIOS_BCD "\\Boot\\BCD"
#define UEFI_BCD "\\EFI\\Microsoft\\Boot\\BCD"

typedef struct BootManager {
    /* The active partition, or the EFI system partition. */
    const Partition *partition;
    /* For messages: "partition 1: \Boot\BCD" */
    char *where;
    /* Whether the boot manager itself is there, not only its BCD. */
    bool has_program;
    /* NULL if it could not be read, for which @problem is the reason. */
    Bcd *bcd;
    char *problem;
} BootManager;

/* NULL: there is no such boot manager on the disk. */
typedef struct BootManagers {
    BootManager *bios;
    BootManager *uefi;
} BootManagers;

/*
 * Looks for both.  @system is the volume in the active partition if that is
 * NTFS and could be opened, else NULL: a FAT volume is looked into here.  A
 * boot sector that starts NTLDR is no boot manager's.
 *
 * A BCD that is dirty is what Windows would make of it with its logs; what
 * cannot be told is a line in @warnings (char *).  An error is only what
 * cannot be read from the disk.
 */
bool boot_managers_find(Overlay *overlay, const Disk *disk, Volume *system,
                        BootManagers *managers, GPtrArray *warnings,
                        GError **errp);

void boot_managers_clear(BootManagers *managers);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BootManagers, boot_managers_clear)

#endif /* GUEST_BOOT_MANAGER_H */
