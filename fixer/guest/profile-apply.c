/*
 * Profile apply: what a profile says, done to the registry
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "boot-filters.h"
#include "critical-device.h"
#include "device-instances.h"
#include "driver-database.h"
#include "profile-apply.h"
#include "registry-number.h"
#include "service-start.h"
#include "services.h"

static bool disable_services(const Profile *profile,
                             const ProfileTarget *target, GError **errp)
{
    return !profile->disabled ||
           services_disable(target->system,
                            (const char *const *)profile->disabled,
                            profile->file, profile->disabled_reason,
                            target->windows->control_sets, target->changes,
                            target->warnings, errp);
}

static bool start_services(const Profile *profile,
                           const ProfileTarget *target, GError **errp)
{
    for (guint i = 0; i < profile->boot_services->len; i++) {
        if (!service_start_settle(
                target->system, g_ptr_array_index(profile->boot_services, i),
                target->windows, target->files, profile->file,
                target->changes, target->warnings, errp)) {
            return false;
        }
    }
    return true;
}

static bool settle_critical_devices(const Profile *profile,
                                    const ProfileTarget *target,
                                    GError **errp)
{
    for (guint i = 0; i < profile->critical_devices->len; i++) {
        if (!critical_device_settle(
                target->system,
                g_ptr_array_index(profile->critical_devices, i),
                target->windows->control_sets, profile->file,
                target->changes, target->warnings, errp)) {
            return false;
        }
    }
    return true;
}

static bool settle_instances(const Profile *profile,
                             const ProfileTarget *target, GError **errp)
{
    for (guint i = 0; i < profile->instances->len; i++) {
        const ProfileInstance *instance =
            g_ptr_array_index(profile->instances, i);

        if (!device_instances_settle(
                target->system, instance->device,
                (const char *const *)instance->services,
                instance->class_guid, profile->file, instance->reason,
                target->windows->control_sets, target->changes,
                target->warnings, errp)) {
            return false;
        }
    }
    return true;
}

static bool clean_filters(const Profile *profile, const ProfileTarget *target,
                          GError **errp)
{
    BootFilters filters = {
        .system = target->system,
        .windows = target->windows,
        .files = target->files,
        .strict = target->strict_filters,
        .source = profile->file,
        .changes = target->changes,
        .warnings = target->warnings,
    };

    for (guint i = 0; i < profile->class_filters->len; i++) {
        if (!boot_filters_clean_class(
                &filters, g_ptr_array_index(profile->class_filters, i),
                errp)) {
            return false;
        }
    }
    return !profile->filtered_devices ||
           boot_filters_clean_devices(&filters, profile->filtered_devices,
                                      profile->filtered_reason, errp);
}

static bool settle_numbers(const Profile *profile,
                           const ProfileTarget *target, GError **errp)
{
    for (guint i = 0; i < profile->numbers->len; i++) {
        if (!registry_number_settle(
                target->system, g_ptr_array_index(profile->numbers, i),
                target->windows->control_sets, profile->file,
                target->changes, errp)) {
            return false;
        }
    }
    return true;
}

static void check_known_devices(const Profile *profile,
                                const ProfileTarget *target)
{
    for (guint i = 0; i < profile->known_devices->len; i++) {
        driver_database_check(target->system,
                              g_ptr_array_index(profile->known_devices, i),
                              target->warnings);
    }
}

/* Services are made before devices get them. */
bool profile_apply(const Profile *profile, const ProfileTarget *target,
                   GError **errp)
{
    check_known_devices(profile, target);
    return disable_services(profile, target, errp) &&
           start_services(profile, target, errp) &&
           settle_critical_devices(profile, target, errp) &&
           settle_instances(profile, target, errp) &&
           clean_filters(profile, target, errp) &&
           settle_numbers(profile, target, errp);
}
