/*
 * Profile apply: what a profile says, done to the registry
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PROFILE_APPLY_H
#define GUEST_PROFILE_APPLY_H

#include "change.h"
#include "driver-files.h"
#include "profile.h"

/* What a profile is applied to, and where is noted what was done. */
typedef struct ProfileTarget {
    Hive *system;
    /* Its control sets are those that change. */
    const Windows *windows;
    DriverFiles *files;
    /* Filters that are not Windows' own go, even if they are sound. */
    bool strict_filters;
    /* Change * */
    GPtrArray *changes;
    /* Lines for the user, char *. */
    GPtrArray *warnings;
} ProfileTarget;

/*
 * Does to the hive SYSTEM all that @profile says, but for its .reg files and
 * its parts.
 */
bool profile_apply(const Profile *profile, const ProfileTarget *target,
                   GError **errp);

#endif /* GUEST_PROFILE_APPLY_H */
