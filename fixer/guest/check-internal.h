/*
 * What the files of the check module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHECK_INTERNAL_H
#define GUEST_CHECK_INTERNAL_H

#include "boot-manager.h"
#include "boot-services.h"
#include "check-machine.h"
#include "check.h"
#include "fat.h"
#include "hal.h"
#include "modules.h"
#include "profile.h"

/* The commands that mend what win-xenprep mends. */
#define CONVERT \
    "qemu-img convert -f FMT --image-opts driver=win-xenprep,file.filename="
#define REMEDY_CONVERT \
    CONVERT "IMAGE OUTPUT, or win-xenfix drivers IMAGE"

/* The same, with a .reg file of the user's, and what that is to do. */
#define REMEDY_REG_FILE(what) \
    CONVERT "IMAGE,reg-file=FILE OUTPUT, or win-xenfix drivers " \
    "--reg-file=FILE IMAGE, FILE " what

/* A filter that is not Windows' own need not be there. */
#define REMEDY_FILTER \
    REMEDY_REG_FILE("taking it off the list") "; if it is Windows' own, " \
    "restore its file"

/* Of a device, or of what the database knows of one. */
#define REMEDY_DEVICE \
    REMEDY_REG_FILE("naming the Service and the ClassGUID that it needs")

/* A step of a person who starts Windows' own CD. */
#define CONSOLE "Recovery Console of the Windows CD: "

/* The same with Windows Vista and later. */
#define RECOVERY "Windows' setup disc, Repair, Command Prompt: "

#define REMEDY_SFC \
    RECOVERY "sfc /scannow /offbootdir=C:\\ /offwindir=C:\\Windows"

/* Windows adds a device to what it knows only where it meets it. */
#define REMEDY_MEET_DEVICE \
    "give the source VM a controller of this kind, start Windows there once " \
    "and shut it down fully"

/* What the kernel understands, the loader may not. */
#define ODD_IMAGE \
    "whether the boot loader finds its file by such an ImagePath is not known"

#define STOP_BOOT_DEVICE "0x0000007B INACCESSIBLE_BOOT_DEVICE"

typedef enum LinkState {
    LINK_OK,
    LINK_BROKEN,
    LINK_UNKNOWN,
    LINK_SKIPPED,
} LinkState;

/* One link of the boot path, and what was found; strings are its own. */
typedef struct Link {
    char *name;
    LinkState state;
    /* The partition, file or key that it is about; may be NULL. */
    char *object;
    char *text;
    /* If it is broken: the STOP code, or what is on the screen. */
    char *stop_code;
    char *remedy;
} Link;

/* What starts Windows. */
typedef enum Loader {
    LOADER_UNKNOWN,
    /* Windows 2000, XP and Server 2003, by boot.ini. */
    LOADER_NTLDR,
    /* Windows Vista and later, by the BCD. */
    LOADER_BOOTMGR,
} Loader;

/* All that is known while the path is walked; NULL: not known yet. */
typedef struct Check {
    Overlay *overlay;
    const CheckOptions *options;
    CheckMachine *machine;
    Disk *disk;

    /* What the firmware starts. */
    Loader loader;
    /* What NTLDR or BOOTMGR lies on; of UEFI the EFI system partition. */
    const Partition *system_partition;
    /* What has to be done before win-xenprep would take it; NULL: nothing. */
    const char *before_convert;
    Volume *system_volume;
    /* The same where it is FAT, as the EFI system partition is. */
    FatVolume *system_fat;
    BootManagers managers;
    /* What the BCD starts, and the partition that its winload is on. */
    const BcdEntry *bcd_entry;
    const Partition *winload_partition;
    /* PE_MACHINE_*, 0: not known. */
    uint16_t winload_machine;
    /* boot.ini, and its entry that is started. */
    BootIni *boot_ini;
    const BootEntry *entry;

    /* What Windows lies on; no partition: not known yet. */
    WindowsPlace place;
    /* May be the system volume. */
    Volume *volume;
    /* By its kernel only. */
    Windows *windows;
    Modules *modules;
    /* What the started HAL is; NULL: not known. */
    const HalType *hal_type;
    HiveFile *system;
    unsigned control_set;

    /* ParentIdPrefix of known devices, by the name of their step. */
    GHashTable *prefixes;
    /*
     * Names of services that start, and paths of keys the filters of which all
     * do: many devices share them.
     */
    GHashTable *good;
    /* By which win-xenprep prepares a guest for the machine. */
    Profile *profile;
    /* Profile *: it, and what it includes. */
    GPtrArray *parts;
    /* Link * */
    GPtrArray *links;
    /* char * */
    GPtrArray *warnings;
} Check;

/*
 * Looks at one link.  Returns false, with an error, if the disk cannot be
 * read; all else is for the link to say.
 */
typedef bool LinkFunc(Check *check, Link *link, GError **errp);

/* check-link.c */

void link_free(Link *link);

void link_set_object(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What becomes of the link; each returns true, for the caller to pass on. */
bool link_ok(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

bool link_broken(Link *link, const char *stop_code, const char *remedy,
                 const char *format, ...) G_GNUC_PRINTF(4, 5);

bool link_unknown(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

bool link_skipped(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * What an error says of a link: nothing can be told, unless it is that the
 * disk cannot be read.  Takes @err.
 */
bool link_failed(Link *link, GError *err, GError **errp);

/*
 * What it takes for broken is not certain to be: it becomes unknown.  Returns
 * true.
 */
bool link_doubt(Link *link);

/* check.c */

void check_warn(Check *check, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What the loader shows where it lacks a file of Windows', to be freed. */
char *missing_or_corrupt(const Check *check, const char *path);

/* Of two steps that which the Windows knows: its CD or its setup disc. */
const char *check_step(const Check *check, const char *old, const char *new);

/* What restores a driver's file. */
const char *check_remedy_driver(const Check *check);

/* For messages: NTLDR or winload. */
const char *check_loader_name(const Check *check);

/* The volume in @partition, dynamic or not. */
Volume *check_open_volume(Check *check, const Partition *partition,
                          GError **errp);

/*
 * Adds to the warnings how Windows has left the volume: what it will see to
 * by itself when it starts.
 */
bool check_volume_state(Check *check, Volume *volume, GError **errp);

/* Reads the partition tables; false without an error: the link says why. */
bool check_read_disk(Check *check, Link *link, GError **errp);

/* check-firmware.c: what a BIOS does, up to the boot sector */
LinkFunc check_active_partition, check_boot_code, check_boot_sector;

/* check-uefi.c: what UEFI firmware does */
LinkFunc check_partition_table, check_efi_partition;

/* check-uefi.c: the boot manager that it starts */
LinkFunc check_efi_program;

/* check-bootmgr.c: the boot manager, and what it finds in the BCD */
LinkFunc check_bootmgr, check_bcd, check_boot_entry;

/* check-vista.c: what it starts */
LinkFunc check_boot_volume, check_session, check_winload, check_vista_kernel;
LinkFunc check_vista_control_set, check_partition_entries;

/* Which loader starts the disk's Windows, by its kernel. */
Loader check_guess_loader(Check *check);

/* check-loader.c: what is in the root of the system volume */
LinkFunc check_ntldr, check_hibernation, check_boot_ini, check_arc_path;
LinkFunc check_ntdetect;

/*
 * Whether the boot sector's code can load the file of that name in the root;
 * @copy is the remedy.
 */
bool check_loader_file(Check *check, Link *link, const char *name,
                       const char *copy, GError **errp);

/* check-kernel.c: what the loader loads */
LinkFunc check_system_root, check_kernel_hal;

/* Opens the volume that Windows lies on, unless it is open. */
bool check_open_windows(Check *check, GError **errp);

/*
 * Whether the file of that name in system32 and all that it imports from can
 * be loaded; *@good is what came out, else the link is broken.
 */
bool check_file(Check *check, Link *link, const char *file, bool *good,
                GError **errp);

/* check-registry.c: what it finds in the registry */
LinkFunc check_system_hive, check_control_set, check_hal_devices;
LinkFunc check_boot_drivers;
LinkFunc check_file_system, check_software_hive, check_other_hives;

/* check-session.c: the first program */
LinkFunc check_session_manager;

/* check-path.c: adds a link for each step of the machine's path */
bool check_device_path(Check *check, const PathStep *step, Link *link,
                       GError **errp);

/*
 * Whether @service can drive the step's device, and starts with all filters
 * of its key @path (if not NULL) and of its class.  @mended: win-xenprep sees
 * to it.
 */
bool check_stack(Check *check, const PathStep *step, Link *link,
                 const char *path, const char *class_guid,
                 const char *service, bool mended, bool *good, GError **errp);

/* check-database.c: a device that is new to Windows */
bool check_database(Check *check, const PathStep *step, Link *link,
                    GError **errp);

/* check-driver.c */

/* What to do about a driver of the boot path that does not start. */
typedef enum Mending {
    /* The user has to see to its service, and to its file. */
    MENDING_USER,
    /* The same, but it is a filter, which need not be there. */
    MENDING_USER_FILTER,
    /* Such a one, which win-xenprep takes off if it cannot start at all. */
    MENDING_DANGLING_FILTER,
    /* win-xenprep sees to it. */
    MENDING_CONVERT,
} Mending;

/*
 * Whether the kernel can start the driver of a device of the boot path before
 * it has the disk; if not the link is broken.  @what is what needs it: "the
 * IDE controller's driver".
 */
bool check_driver(Check *check, Link *link, const char *what,
                  const char *name, Mending mending, bool *good,
                  GError **errp);

/*
 * The same of all filters in the key @path, and of those of the class
 * @class_guid (if not NULL).
 */
bool check_filters(Check *check, Link *link, const char *path,
                   const char *class_guid, bool *good, GError **errp);

/* check-mending.c */

/* Whether win-xenprep sees to the service's Start and StartOverride. */
bool check_mends_start(const Check *check, const char *name);

/* Whether it restores the file at @path, if that is missing. */
bool check_mends_file(const Check *check, const char *path);

/* Whether it leaves the service as it is with that number. */
bool check_tolerates_start(const Check *check, const char *name,
                           uint32_t start);

/* What it does about a filter in the key @path that does not start. */
Mending check_mending_of_filter(const Check *check, const char *path,
                                const char *name);

/* check-driver.c */

/* Warns of services that the machine would rather not have. */
bool check_spoilers(Check *check, GError **errp);

/* The key of a class, to be freed. */
char *check_class_path(const Check *check, const char *class_guid);

#endif /* GUEST_CHECK_INTERNAL_H */
