/*
 * Check: what win-xenprep would mend by itself
 *
 * That is what the profile has which it takes for the machine, as far as it
 * is for the guest.  A remedy that does not mend would send people in a
 * circle.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "enum-walk.h"

/* The part at place @i, or NULL if it is not for the guest. */
static const Profile *part_at(const Check *check, guint i)
{
    const Profile *part = g_ptr_array_index(check->parts, i);

    return !check->windows || profile_fits(part, check->windows) ? part
                                                                 : NULL;
}

static bool is_named(char **names, const char *wanted)
{
    for (; names && *names; names++) {
        if (g_ascii_strcasecmp(*names, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* What the profile says of the service as one of the boot path, or NULL. */
static const ProfileBootService *find_service(const Check *check,
                                              const char *name)
{
    for (guint i = 0; i < check->parts->len; i++) {
        const Profile *part = part_at(check, i);

        for (guint j = 0; part && j < part->boot_services->len; j++) {
            const ProfileBootService *service =
                g_ptr_array_index(part->boot_services, j);

            if (g_ascii_strcasecmp(service->name, name) == 0) {
                return service;
            }
        }
    }
    return NULL;
}

bool check_mends_start(const Check *check, const char *name)
{
    return find_service(check, name) != NULL;
}

bool check_mends_file(const Check *check, const char *path)
{
    const char *name = strrchr(path, '\\');

    for (guint i = 0; name && i < check->parts->len; i++) {
        const Profile *part = part_at(check, i);

        if (part && is_named(part->files, name + 1)) {
            return true;
        }
    }
    return false;
}

bool check_tolerates_start(const Check *check, const char *name,
                           uint32_t start)
{
    const ProfileBootService *service = find_service(check, name);

    for (guint i = 0; service && i < service->start->len; i++) {
        if (g_array_index(service->start, uint32_t, i) == start) {
            return true;
        }
    }
    return false;
}

/* Whether it is taken off because it is on the list of what is disabled. */
static bool is_disabled(const Check *check, const char *name)
{
    for (guint i = 0; i < check->parts->len; i++) {
        const Profile *part = part_at(check, i);

        if (part && is_named(part->disabled, name)) {
            return true;
        }
    }
    return false;
}

/* Whether the part cleans the list of a class, @path being its key. */
static bool cleans_class(const Profile *part, const char *path,
                         const char *name)
{
    for (guint i = 0; i < part->class_filters->len; i++) {
        const ProfileClassFilters *filters =
            g_ptr_array_index(part->class_filters, i);
        size_t length = strlen(filters->class_guid);
        size_t size = strlen(path);

        if (size > length && path[size - length - 1] == '\\' &&
            g_ascii_strcasecmp(path + size - length,
                               filters->class_guid) == 0) {
            return !is_named(filters->known, name);
        }
    }
    return false;
}

/* The same of a device: @path goes on behind \Enum\ with DEVICE\INSTANCE. */
static bool cleans_device(const Profile *part, const char *path)
{
    const char *enumerator = strstr(path, "\\Enum\\");
    const char *end = strrchr(path, '\\');
    g_autofree char *device = NULL;

    if (!enumerator || end <= enumerator + strlen("\\Enum\\")) {
        return false;
    }
    enumerator += strlen("\\Enum\\");
    device = g_strndup(enumerator, end - enumerator);
    for (char **wanted = part->filtered_devices; wanted && *wanted;
         wanted++) {
        if (enum_device_is(device, *wanted)) {
            return true;
        }
    }
    return false;
}

Mending check_mending_of_filter(const Check *check, const char *path,
                                const char *name)
{
    if (is_disabled(check, name)) {
        return MENDING_CONVERT;
    }
    for (guint i = 0; i < check->parts->len; i++) {
        const Profile *part = part_at(check, i);

        if (part && (cleans_class(part, path, name) ||
                     cleans_device(part, path))) {
            return MENDING_DANGLING_FILTER;
        }
    }
    return MENDING_USER_FILTER;
}
