/*
 * What the files of the check module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHECK_INTERNAL_H
#define GUEST_CHECK_INTERNAL_H

#include "boot-services.h"
#include "check-machine.h"
#include "check.h"
#include "hal.h"
#include "modules.h"

/* The commands that mend what win-xenprep mends. */
#define CONVERT \
    "qemu-img convert -f FMT --image-opts driver=win-xenprep,file.filename="
#define REMEDY_CONVERT \
    CONVERT "IMAGE OUTPUT, or win-xenfix drivers IMAGE"

/* The same, with what the user writes into a .reg file. */
#define REMEDY_REG_FILE \
    CONVERT "IMAGE,reg-file=FILE OUTPUT, or win-xenfix drivers " \
    "--reg-file=FILE IMAGE"

#define REMEDY_DRIVER \
    CONSOLE "expand the file from d:\\i386, or the newest service pack, " \
    "into system32\\drivers"

/* That nothing else comes to where a directory is. */
#define REMEDY_DIRECTORY \
    CONSOLE "rename the directory, then expand the file from d:\\i386, or " \
    "the newest service pack, into system32\\drivers"

/* A filter that is not Windows' own need not be there. */
#define REMEDY_FILTER \
    REMEDY_REG_FILE ", FILE taking it off the list; if it is Windows' own, " \
    "restore its file"

/* A step of a person who starts Windows' own CD. */
#define CONSOLE "Recovery Console of the Windows CD: "

/* What the kernel understands, NTLDR may not. */
#define ODD_IMAGE \
    "whether NTLDR finds its file by such an ImagePath is not known"

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

/* All that is known while the path is walked; NULL: not known yet. */
typedef struct Check {
    Overlay *overlay;
    const CheckOptions *options;
    CheckMachine *machine;
    Disk *disk;

    /* What NTLDR lies on. */
    const Partition *system_partition;
    /* What has to be done before win-xenprep would take it; NULL: nothing. */
    const char *before_convert;
    Volume *system_volume;
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
    /* Names, in lower case, of the services that win-xenprep disables. */
    GHashTable *disabled;
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

/* check.c */

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

void check_warn(Check *check, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What NTLDR shows where it lacks a file of Windows', to be freed. */
char *missing_or_corrupt(const char *path);

/* The volume in @partition, dynamic or not. */
Volume *check_open_volume(Check *check, const Partition *partition,
                          GError **errp);

/*
 * Adds to the warnings how Windows has left the volume: what it will see to
 * by itself when it starts.
 */
bool check_volume_state(Check *check, Volume *volume, GError **errp);

/* check-firmware.c: up to the boot sector */
LinkFunc check_active_partition, check_boot_code, check_boot_sector;

/* check-loader.c: what is in the root of the system volume */
LinkFunc check_ntldr, check_hibernation, check_boot_ini, check_arc_path;
LinkFunc check_ntdetect;

/* check-kernel.c: what NTLDR loads */
LinkFunc check_system_root, check_kernel_hal;

/* check-registry.c: what it finds in the registry */
LinkFunc check_system_hive, check_control_set, check_hal_devices;
LinkFunc check_boot_drivers;
LinkFunc check_file_system, check_software_hive, check_other_hives;

/* check-session.c: the first program */
LinkFunc check_session_manager;

/* check-path.c: adds a link for each step of the machine's path */
bool check_device_path(Check *check, const PathStep *step, Link *link,
                       GError **errp);

/* check-driver.c */

/* What to do about a driver of the boot path that does not start. */
typedef enum Mending {
    /* The user has to see to its service, and to its file. */
    MENDING_USER,
    /* The same, but it is a filter, which need not be there. */
    MENDING_USER_FILTER,
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

/* Warns of services that the machine would rather not have. */
bool check_spoilers(Check *check, GError **errp);

/* The key of a class, to be freed. */
char *check_class_path(const Check *check, const char *class_guid);

#endif /* GUEST_CHECK_INTERNAL_H */
