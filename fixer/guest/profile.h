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
