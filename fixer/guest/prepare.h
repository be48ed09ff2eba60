/*
 * Prepare: the pipeline that makes a guest boot from another controller
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PREPARE_H
#define GUEST_PREPARE_H

#include "change.h"
#include "discard.h"
#include "hal-change.h"
#include "hive-file.h"
#include "witness.h"

/* What becomes of scsi() and signature() in boot.ini. */
typedef enum BootIniMode {
    /* They stay; that one of them does not start from IDE is a warning. */
    BOOT_INI_KEEP,
    /* The entry that is started becomes multi(). */
    BOOT_INI_AUTO,
    /* All that name the disk become multi(). */
    BOOT_INI_REWRITE_ARC,
} BootIniMode;

typedef enum BootIniOperationKind {
    BOOT_INI_DEFAULT,
    BOOT_INI_TIMEOUT,
    BOOT_INI_ADD,
    BOOT_INI_REMOVE,
    BOOT_INI_SWITCH,
} BootIniOperationKind;

/* One of the edits of bootini-edit.h, with its arguments. */
typedef struct BootIniOperation {
    BootIniOperationKind kind;
    /* Of an entry, or the seconds of BOOT_INI_TIMEOUT. */
    int number;
    /* The line to add, or the switch; else NULL. */
    char *text;
} BootIniOperation;

void boot_ini_operation_free(BootIniOperation *operation);

typedef struct PrepareOptions {
    /*
     * NULL: nothing is injected.  Without a HAL, too, only boot.ini is of
     * interest, and whether there is a Windows is not looked at.
     */
    const Profile *profile;
    /* Another HAL, or NULL. */
    const HalRequest *hal;
    BootIniMode boot_ini;
    /* BootIniOperation *, in order; NULL: none. */
    const GPtrArray *boot_ini_operations;
    /* Which installation, PARTITION:\PATH; NULL: the one that boots. */
    const char *windows;
    /* UserFile *: where drivers may be had beside the guest; NULL: none. */
    const GPtrArray *user_files;
    /* RegFile *: merged before those of the profile; NULL: none. */
    const GPtrArray *reg_files;
    DirtyHive dirty_hive;
    /* A volume that Windows wants to check first is no reason to refuse. */
    bool force_dirty_volume;
    /* Foreign filters of disks and controllers go, even if they are sound. */
    bool strict_filters;
    /* What costs more reading is wanted, too: the product's name. */
    bool details;
    /* Whoever undoes it later wants to know where to look first. */
    bool witnesses;
    /* What is to be discarded, after the changes. */
    DiscardOptions discard;
    /* A disk without Windows is an error. */
    bool require_guest;
    /* The time that edits bear, seconds since 1970; negative: the guest's. */
    int64_t epoch;
} PrepareOptions;

/* What is known of a guest, and what would change in it. */
typedef struct Preparation {
    Disk *disk;
    /* What each of the disk's partitions holds: VolumeKind. */
    GArray *kinds;
    /* NULL if there is none and none is required, or it was not looked at. */
    Windows *windows;
    /* WindowsPlace *: other installations. */
    GPtrArray *others;
    /* DriverSource * */
    GPtrArray *driver_sources;
    /* Change */
    GPtrArray *changes;
    /* Witness *: of all volumes that change, if they were asked for. */
    GPtrArray *witnesses;
    /* DiscardExtent, ascending: what is to read as zeros. */
    GArray *discards;
    /* Lines for the user, char *. */
    GPtrArray *warnings;
} Preparation;

/*
 * Identifies the guest in @overlay and plans what would change.  With @apply
 * the changes are made, in the overlay, and looked at again: a guest that was
 * prepared is one of which a second plan is empty.  After an error the
 * overlay's contents mean nothing.
 */
Preparation *prepare_run(Overlay *overlay, const PrepareOptions *options,
                         bool apply, GError **errp);

void preparation_free(Preparation *preparation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Preparation, preparation_free)

#endif /* GUEST_PREPARE_H */
