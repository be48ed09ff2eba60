/*
 * What the files of the inspect module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_INSPECT_INTERNAL_H
#define GUEST_INSPECT_INTERNAL_H

#include "hal.h"
#include "inspect.h"

/* A driver that disks hang on, or may. */
typedef struct StorageDriver {
    /* Of its key below Services. */
    char *name;
    uint32_t start;
    /* NULL: none */
    char *group;
    /* \WINDOWS\system32\drivers\atapi.sys; NULL: not known. */
    char *path;
    bool present;
    bool has_version;
    PeVersion version;
} StorageDriver;

/* One of the kernels that are installed. */
typedef struct InstalledKernel {
    Kernel kernel;
    /* The default entry of boot.ini starts it, or may start it. */
    bool used;
} InstalledKernel;

/* All that is known of a disk. */
typedef struct Inspection {
    Overlay *overlay;
    const InspectOptions *options;

    /* Without a partition if the tables cannot be read. */
    Disk *disk;
    bool has_table;
    /* What each of the partitions holds: VolumeKind. */
    GArray *kinds;
    WindowsSurvey survey;
    /* NULL if there is none. */
    Windows *windows;
    /* WindowsPlace *: other installations. */
    GPtrArray *others;
    /* Read only; that of Windows, or NULL. */
    Volume *volume;
    /* NULL if it cannot be read. */
    HiveFile *system;
    /* The control set that Windows starts with. */
    unsigned control_set;

    /* The partition of what starts Windows, or NULL. */
    const Partition *system_partition;
    /* Where a BIOS, or UEFI, finds something to start, or NULL. */
    const Partition *bios;
    const Partition *uefi;
    bool hibernated;
    /* Partition *: those that are not in order. */
    GPtrArray *dirty_volumes;

    bool has_hal;
    Hal hal;
    HalRegistry hal_registry;
    /* InstalledKernel * */
    GPtrArray *kernels;
    /* StorageDriver * */
    GPtrArray *storage_drivers;
    /* char *: "VMTools (Start=2)" */
    GPtrArray *vmware;
    GPtrArray *hypervisor_drivers;
    bool real_time_is_universal;
    /* Lines for the user, char *. */
    GPtrArray *warnings;
} Inspection;

/* inspect.c */

void inspect_warn(Inspection *in, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Cuts a string of the guest's that is too long for a report; or NULL. */
void inspect_clip(char *text);

/* inspect-kernel.c: HAL and kernels, and which of them boot.ini chooses. */
void inspect_kernels(Inspection *in);

/* inspect-drivers.c: storage drivers. */
bool inspect_storage_drivers(Inspection *in, GError **errp);

/* inspect-leftovers.c: what other hypervisors have left behind. */
bool inspect_leftovers(Inspection *in, GError **errp);

/* inspect-report.c: the JSON text. */
char *inspect_report(const Inspection *in);

#endif /* GUEST_INSPECT_INTERNAL_H */
