/*
 * Check: which driver Windows finds for a device that it has not met
 *
 * Up to Windows 7 the kernel goes through the ids that the bus reports and
 * takes the first that has a key with a class in the CriticalDeviceDatabase;
 * if the service that this names does not start, it does not go on to the
 * next.  (Tried with an NT 5.2-compatible kernel.)
 *
 * Windows 8 and later has in the SYSTEM hive a DriverDatabase of all .inf
 * files that are about devices needed for booting.  By an id (DeviceIds) it
 * leads to files, by a file (DriverInfFiles) to a package, and in that
 * (DriverPackages) by the id to a configuration, which names the service.
 * The layout is that of real hives.  Of several files with the same id
 * Windows takes the best by what is not looked at here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "guest-limits.h"
#include "hive-strings.h"

#define DATABASE "Control\\CriticalDeviceDatabase"

#define NEW_DATABASE "DriverDatabase"

/* In a package's value Version: the GUID of the class that it is of. */
#define VERSION_CLASS 8

/* The first key of the database that fits, or HIVE_NO_KEY. */
static HiveKey find_in_database(const Check *check, const PathStep *step,
                                char **path)
{
    Hive *system = check->system->hive;

    for (char **id = step->ids; *id; id++) {
        g_autofree char *name = g_strdelimit(g_strdup(*id), "\\", '#');
        g_autofree char *below =
            g_strdup_printf("ControlSet%03u\\" DATABASE "\\%s",
                            check->control_set, name);
        HiveKey key = hive_find_key(system, below);
        g_autofree char *guid = key == HIVE_NO_KEY
            ? NULL : hive_key_string(system, key, "ClassGUID");

        if (guid && *guid) {
            *path = g_steal_pointer(&below);
            return key;
        }
    }
    return HIVE_NO_KEY;
}

static bool judge_service(Check *check, const PathStep *step, Link *link,
                          const char *path, const char *class_guid,
                          const char *service, GError **errp)
{
    bool good = false;

    return check_stack(check, step, link, path, class_guid, service,
                       path_step_mends(step, "driver"), &good, errp) &&
           (!good || link_ok(link, "the %s is new to Windows, and the "
                             "database has the driver %s for it",
                             step->title, service));
}

static bool check_old_database(Check *check, const PathStep *step,
                               Link *link, GError **errp)
{
    const char *remedy = path_step_mends(step, "database") ? REMEDY_CONVERT
                                                           : REMEDY_DEVICE;
    Hive *system = check->system->hive;
    g_autofree char *path = NULL;
    HiveKey key = find_in_database(check, step, &path);
    g_autofree char *service = hive_key_string(system, key, "Service");
    g_autofree char *guid = hive_key_string(system, key, "ClassGUID");

    link_set_object(link, "SYSTEM\\ControlSet%03u\\" DATABASE,
                    check->control_set);
    if (!path) {
        return link_broken(link, STOP_BOOT_DEVICE, remedy,
                           "the %s is new to Windows, and none of its ids is "
                           "in the database", step->title);
    }
    link_set_object(link, "SYSTEM\\%s", path);
    if (!service || !*service) {
        return link_broken(link, STOP_BOOT_DEVICE, remedy,
                           "the %s is new to Windows, and the database has "
                           "no driver for it", step->title);
    }
    return judge_service(check, step, link, path, guid, service, errp);
}

/* What the files have for an id. */
typedef struct Found {
    /* DeviceIds\PCI\VEN_8086&DEV_7010; NULL: no id is there. */
    char *path;
    /* How many files there are. */
    guint files;
    /* Of the first that names a service that can drive the device. */
    char *service;
    char *class_guid;
    /* A service that cannot, or NULL. */
    char *other;
} Found;

static void found_clear(Found *found)
{
    g_free(found->path);
    g_free(found->service);
    g_free(found->class_guid);
    g_free(found->other);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

/* The package of the file that is in use, to be freed; or NULL. */
static char *find_package(Hive *system, const char *file)
{
    g_autofree char *path =
        g_strdup_printf(NEW_DATABASE "\\DriverInfFiles\\%s", file);
    HiveKey key = hive_find_key(system, path);
    char *active = hive_key_string(system, key, "Active");
    g_auto(GStrv) all = active ? NULL : hive_key_strings(system, key, "");

    return active ? active : g_strdup(all ? all[0] : NULL);
}

/* The service that the package has for the id, to be freed; or NULL. */
static char *find_service(Hive *system, const char *package, const char *id)
{
    g_autofree char *path =
        g_strdup_printf(NEW_DATABASE "\\DriverPackages\\%s\\Descriptors\\%s",
                        package, id);
    g_autofree char *name = hive_get_string(system, path, "Configuration");
    g_autofree char *configuration = name
        ? g_strdup_printf(NEW_DATABASE "\\DriverPackages\\%s\\"
                          "Configurations\\%s", package, name) : NULL;

    return configuration ? hive_get_string(system, configuration, "Service")
                         : NULL;
}

/* The class of the package, to be freed; NULL if that is not known. */
static char *find_class(Hive *system, const char *package)
{
    g_autofree char *path =
        g_strdup_printf(NEW_DATABASE "\\DriverPackages\\%s", package);
    HiveKey key = hive_find_key(system, path);
    uint32_t type;
    g_autoptr(GBytes) version = key == HIVE_NO_KEY
        ? NULL : hive_get_value(system, key, "Version", &type);
    Guid guid;

    if (!version ||
        g_bytes_get_size(version) < VERSION_CLASS + sizeof(guid.bytes)) {
        return NULL;
    }
    memcpy(guid.bytes, (const uint8_t *)g_bytes_get_data(version, NULL) +
                       VERSION_CLASS, sizeof(guid.bytes));
    return guid_to_string(&guid);
}

static bool can_drive(const PathStep *step, const char *service)
{
    for (char **name = step->services; *name; name++) {
        if (g_ascii_strcasecmp(*name, service) == 0) {
            return true;
        }
    }
    return false;
}

/* Notes what one of the files has for the id. */
static void note_file(Hive *system, const PathStep *step, const char *file,
                      const char *id, Found *found)
{
    g_autofree char *package = find_package(system, file);
    g_autofree char *service = package ? find_service(system, package, id)
                                       : NULL;

    if (!service) {
        return;
    }
    if (!can_drive(step, service)) {
        g_free(found->other);
        found->other = g_steal_pointer(&service);
    } else if (!found->service) {
        found->service = g_steal_pointer(&service);
        found->class_guid = find_class(system, package);
    }
}

/* What there is for the first of the device's ids that is known. */
static void find_files(const Check *check, const PathStep *step,
                       Found *found)
{
    Hive *system = check->system->hive;

    for (char **id = step->ids; *id && !found->path; id++) {
        g_autofree char *path =
            g_strdup_printf(NEW_DATABASE "\\DeviceIds\\%s", *id);
        g_auto(GStrv) files = hive_value_names(system,
                                               hive_find_key(system, path));

        found->files = g_strv_length(files);
        for (guint i = 0; i < MIN(found->files, LIMIT_INF_FILES); i++) {
            note_file(system, step, files[i], *id, found);
        }
        if (found->files > 0) {
            found->path = g_steal_pointer(&path);
        }
    }
}

static bool check_new_database(Check *check, const PathStep *step,
                               Link *link, GError **errp)
{
    g_auto(Found) found = { 0 };

    find_files(check, step, &found);
    link_set_object(link, "SYSTEM\\%s",
                    found.path ? found.path : NEW_DATABASE "\\DeviceIds");
    if (!found.path) {
        return link_broken(link, STOP_BOOT_DEVICE, REMEDY_MEET_DEVICE,
                           "the %s is new to Windows, and none of its ids is "
                           "in the database", step->title);
    }
    if (!found.service || found.other) {
        return link_unknown(link, "the %s is new to Windows, and which driver "
                            "it takes cannot be told: the database has %s "
                            "for it", step->title,
                            found.other ? found.other
                                        : "no service that is known");
    }
    return judge_service(check, step, link, NULL, found.class_guid,
                         found.service, errp);
}

bool check_database(Check *check, const PathStep *step, Link *link,
                    GError **errp)
{
    bool is_new = pe_version_at_least(&check->windows->version, 6, 2) &&
                  hive_find_key(check->system->hive,
                                NEW_DATABASE) != HIVE_NO_KEY;

    return is_new ? check_new_database(check, step, link, errp)
                  : check_old_database(check, step, link, errp);
}
