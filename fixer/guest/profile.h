/*
 * Profile: what is injected into which guest, as data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PROFILE_H
#define GUEST_PROFILE_H

#include "windows.h"

/* Corrections that take code, which a profile asks for by name. */
typedef enum ProfileFix {
    /* ntfs-heads: the boot sector's heads are the BIOS's. */
    PROFILE_FIX_NTFS_HEADS = 1 << 0,
} ProfileFix;

/* Devices that must not be driven by anything else: [instance DEVICE]. */
typedef struct ProfileInstance {
    /* PCI\VEN_8086&DEV_7010 */
    char *device;
    /* Services that may drive it; it gets the first if another one does. */
    char **services;
    /* {4D36E96A-E325-11CE-BFC1-08002BE10318} */
    char *class_guid;
    char *reason;
} ProfileInstance;

/* What is done about a service that is not there. */
typedef enum ProfileMissing {
    /* Nothing: the guest may start without it. */
    PROFILE_MISSING_IGNORE,
    /* The user is told: only Windows' setup can make it. */
    PROFILE_MISSING_WARN,
    /* Its key is made, if its driver is there and would load. */
    PROFILE_MISSING_CREATE,
} ProfileMissing;

/* A driver that the boot loader has to start: [boot-service NAME]. */
typedef struct ProfileBootService {
    /* Of its key below Services. */
    char *name;
    /* uint32_t: values of Start that will do; others become the first. */
    GArray *start;
    /*
     * Windows believes StartOverride before Start: it goes if it has another
     * value than 0.
     */
    bool drop_override;
    ProfileMissing missing;
    /* Of a key that is made; NULL if none is. */
    char *group;
    uint32_t error_control;
    char *reason;
} ProfileBootService;

/* A device class whose filters have to start: [class-filters GUID]. */
typedef struct ProfileClassFilters {
    /* {4D36E967-E325-11CE-BFC1-08002BE10318} */
    char *class_guid;
    /* What people call it: disks. */
    char *title;
    /* Windows' own, and others that are known to do no harm: they stay. */
    char **known;
    char *reason;
} ProfileClassFilters;

/* A REG_DWORD that must not have certain values: [number KEY\VALUE]. */
typedef struct ProfileNumber {
    /* Relative to a control set. */
    char *key;
    char *value;
    /* uint32_t: those that it must not have. */
    GArray *wrong;
    /* What it gets instead. */
    uint32_t right;
    char *reason;
} ProfileNumber;

/* What the CriticalDeviceDatabase must have: [critical-device ID]. */
typedef struct ProfileCriticalDevice {
    /* A hardware or compatible id, # for a backslash: pci#ven_8086&dev_7010. */
    char *id;
    /* Services that may drive it; it gets the first if another one does. */
    char **services;
    char *class_guid;
    char *reason;
} ProfileCriticalDevice;

/* A device that Windows has to know: [known-device TITLE]. */
typedef struct ProfileKnownDevice {
    /* IDE controller */
    char *title;
    /* Keys below DriverDatabase\DeviceIds; one of them will do. */
    char **ids;
} ProfileKnownDevice;

typedef struct Profile {
    char *name;
    /* The file that it was read from, for messages and reports. */
    char *file;
    /* What it was parsed from. */
    GBytes *text;
    /* One line: what it is for. */
    char *description;
    /* Profile *: parts that are applied before it. */
    GPtrArray *includes;

    /* Guests that it fits: first and last major.minor of the kernel. */
    PeVersion min_version;
    PeVersion max_version;
    /* Names as pe_machine_string() has them. */
    char **machines;

    /* Where the files go, relative to %SystemRoot%; NULL: there are none. */
    char *directory;
    /* The files. */
    char **files;
    /* Cabinets and directories that may hold them, relative to %SystemRoot%. */
    char **sources;
    /* Why they are needed; follows the reason for each single file. */
    char *files_reason;

    /* RegFile, in the order in which they are merged. */
    GPtrArray *registry;
    char *registry_reason;

    /* Services that must not start; NULL: there are none. */
    char **disabled;
    char *disabled_reason;

    /* ProfileInstance * */
    GPtrArray *instances;

    /* ProfileBootService * */
    GPtrArray *boot_services;
    /* ProfileClassFilters * */
    GPtrArray *class_filters;
    /* Devices whose own filters have to start; NULL: none. */
    char **filtered_devices;
    char *filtered_reason;
    /* ProfileCriticalDevice * */
    GPtrArray *critical_devices;
    /* ProfileNumber * */
    GPtrArray *numbers;
    /* ProfileKnownDevice * */
    GPtrArray *known_devices;

    /* ProfileFix */
    unsigned fixes;
} Profile;

/*
 * Finds the file NAME that a profile refers to: its text, or NULL with an
 * error.
 */
typedef GBytes *ProfileLookup(const char *name, void *opaque, GError **errp);

/*
 * Parses the profile in @text, a GKeyFile; @name is for messages.  The files
 * that it names are had from @lookup; a profile that it includes, if @lookup
 * knows no such file, is one of this program's.  Errors name file and key.
 */
Profile *profile_parse(const char *name, GBytes *text, ProfileLookup *lookup,
                       void *opaque, GError **errp);

/* The profile of that name which this program was built with. */
Profile *profile_embedded(const char *name, GError **errp);

void profile_free(Profile *profile);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Profile, profile_free)

/* Includes the profile of that name which this program was built with. */
bool profile_include_embedded(Profile *profile, const char *name,
                              GError **errp);

/*
 * Leaves out the part @name: a profile that @profile includes, or a fix.
 * That there is none such is an error, which names those that there are.
 */
bool profile_leave_out(Profile *profile, const char *name, GError **errp);

/*
 * Profile *, not owned: @profile and all that it includes, each once, in the
 * order in which they are applied, @profile being the last.
 */
GPtrArray *profile_parts(const Profile *profile);

/* Whether the profile is for such a guest. */
bool profile_fits(const Profile *profile, const Windows *windows);

/* Refuses a guest that the profile is not for. */
bool profile_check_guest(const Profile *profile, const Windows *windows,
                         GError **errp);

#endif /* GUEST_PROFILE_H */
