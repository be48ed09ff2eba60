/*
 * Boot filters: drivers around those that the disk hangs on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOT_FILTERS_H
#define GUEST_BOOT_FILTERS_H

#include "change.h"
#include "driver-files.h"
#include "profile.h"

typedef struct BootFilters {
    Hive *system;
    /* Its control sets are looked at. */
    const Windows *windows;
    DriverFiles *files;
    /* Filters that are not Windows' own go, even if they are sound. */
    bool strict;
    /* For each key that changes a Change with this source is added. */
    const char *source;
    GPtrArray *changes;
    /* Lines for the user, char *. */
    GPtrArray *warnings;
} BootFilters;

/*
 * Takes off the lists of the device class those filters that cannot start:
 * without a service, disabled, or without a file.  Those that the profile
 * knows stay, whatever is wrong with them.
 */
bool boot_filters_clean_class(const BootFilters *filters,
                              const ProfileClassFilters *class_filters,
                              GError **errp);

/*
 * The same for the lists of the single devices below Enum that @wanted names
 * (NULL-terminated; ENUMERATOR\DEVICE, as enum_device_is() has the second),
 * strict or not.
 */
bool boot_filters_clean_devices(const BootFilters *filters, char **wanted,
                                const char *reason, GError **errp);

#endif /* GUEST_BOOT_FILTERS_H */
