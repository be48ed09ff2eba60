/*
 * Profile: what is injected into which guest, as data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PROFILE_H
#define GUEST_PROFILE_H

#include "windows.h"

typedef struct Profile {
    char *name;
    /* One line: what it is for. */
    char *description;

    /* Guests that it fits: first and last major.minor of the kernel. */
    PeVersion min_version;
    PeVersion max_version;
    /* Names as pe_machine_string() has them. */
    char **machines;

    /* Where the files go, relative to %SystemRoot%. */
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
} Profile;

/*
 * Finds the file NAME that a profile refers to: its text, or NULL with an
 * error.
 */
typedef GBytes *ProfileLookup(const char *name, void *opaque, GError **errp);

/*
 * Parses the profile in @text, a GKeyFile; @name is for messages.  The files
 * that it names are had from @lookup.  Errors name file and key.
 */
Profile *profile_parse(const char *name, GBytes *text, ProfileLookup *lookup,
                       void *opaque, GError **errp);

/* The profile of that name which this program was built with. */
Profile *profile_embedded(const char *name, GError **errp);

void profile_free(Profile *profile);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Profile, profile_free)

/* Refuses a guest that the profile is not for. */
bool profile_check_guest(const Profile *profile, const Windows *windows,
                         GError **errp);

#endif /* GUEST_PROFILE_H */
