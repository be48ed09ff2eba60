/*
 * Inspect: the drivers that disks hang on, or may
 *
 * They are not known by name.  What makes a service one of them is its group,
 * a device of the classes of disks and their controllers that it drives, or
 * that the default profile brings it.  Of those that are disabled only the
 * last two are told of: setup leaves dozens of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "enum-walk.h"
#include "guest-limits.h"
#include "inspect-internal.h"
#include "profile.h"
#include "service-image.h"

#define DRIVER_SUFFIX ".sys"

#define PROFILE "ide"

/* Value of Start: never. */
#define START_DISABLED 4

static const char *const groups[] = { "SCSI miniport", "SCSI Class" };

/* The device classes hdc, SCSIAdapter and DiskDrive. */
static const char *const classes[] = {
    "{4D36E96A-E325-11CE-BFC1-08002BE10318}",
    "{4D36E97B-E325-11CE-BFC1-08002BE10318}",
    "{4D36E967-E325-11CE-BFC1-08002BE10318}",
};

static bool is_one_of(const char *text, const char *const *list, unsigned n)
{
    for (unsigned i = 0; text && i < n; i++) {
        if (g_ascii_strcasecmp(text, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void add_name(GHashTable *names, const char *name)
{
    g_hash_table_add(names, g_ascii_strdown(name, -1));
}

/* The service that drives a disk or a controller. */
static void add_device(Hive *system, HiveKey instance, const char *path,
                       void *opaque)
{
    g_autofree char *class = hive_key_string(system, instance, "ClassGUID");
    g_autofree char *service = NULL;

    if (is_one_of(class, classes, G_N_ELEMENTS(classes))) {
        service = hive_key_string(system, instance, "Service");
        if (service) {
            add_name(opaque, service);
        }
    }
}

/* Services of a profile are called as its files are. */
static void add_files(GHashTable *names, const Profile *profile)
{
    for (char **file = profile->files; file && *file; file++) {
        g_autofree char *name = g_strdup(*file);

        if (g_str_has_suffix(name, DRIVER_SUFFIX)) {
            name[strlen(name) - strlen(DRIVER_SUFFIX)] = '\0';
            add_name(names, name);
        }
    }
}

/* Those of the default profile, for whichever Windows. */
static bool add_profile(GHashTable *names, GError **errp)
{
    g_autoptr(Profile) profile = profile_embedded(PROFILE, errp);
    g_autoptr(GPtrArray) parts = profile ? profile_parts(profile) : NULL;

    for (guint i = 0; parts && i < parts->len; i++) {
        add_files(names, g_ptr_array_index(parts, i));
    }
    return profile != NULL;
}

/* What is in its file; one that cannot be read is there all the same. */
static void look_at_file(Inspection *in, StorageDriver *driver)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(PeInfo) pe = NULL;

    if (!driver->path || !volume_exists(in->volume, driver->path,
                                        &driver->present, &err) ||
        !driver->present) {
        return;
    }
    bytes = volume_read(in->volume, driver->path, LIMIT_PE_SIZE, &err);
    pe = bytes ? pe_parse(driver->path, bytes, &err) : NULL;
    if (!pe) {
        inspect_warn(in, "%s", err->message);
    } else {
        driver->has_version = pe->has_version;
        driver->version = pe->file_version;
    }
}

/* Adds the service, if it is one of @names or of a group of drivers. */
static void add_service(Inspection *in, HiveKey key, GHashTable *names)
{
    Hive *system = in->system->hive;
    g_autofree char *name = hive_key_name(system, key);
    g_autofree char *folded = g_ascii_strdown(name, -1);
    g_autofree char *group = hive_key_string(system, key, "Group");
    g_autofree char *image = NULL;
    uint32_t start = START_DISABLED;
    StorageDriver *driver;

    hive_key_dword(system, key, "Start", &start);
    if (!g_hash_table_contains(names, folded) &&
        (start == START_DISABLED ||
         !is_one_of(group, groups, G_N_ELEMENTS(groups)))) {
        return;
    }
    image = hive_key_string(system, key, "ImagePath");
    driver = g_new0(StorageDriver, 1);
    driver->path = service_image_path(in->windows, name, image);
    driver->name = g_steal_pointer(&name);
    driver->group = g_steal_pointer(&group);
    driver->start = start;
    look_at_file(in, driver);
    inspect_clip(driver->name);
    inspect_clip(driver->group);
    inspect_clip(driver->path);
    g_ptr_array_add(in->storage_drivers, driver);
}

bool inspect_storage_drivers(Inspection *in, GError **errp)
{
    Hive *system = in->system->hive;
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services",
                                            in->control_set);
    g_autoptr(GArray) services = hive_subkeys(system,
                                              hive_find_key(system, path));
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                        g_str_equal, g_free,
                                                        NULL);

    enum_walk(system, in->control_set, add_device, names);
    if (!add_profile(names, errp)) {
        return false;
    }
    for (guint i = 0; i < services->len; i++) {
        if (in->storage_drivers->len == LIMIT_STORAGE_DRIVERS) {
            inspect_warn(in, "there are more than %d storage drivers, the "
                         "rest is left out", LIMIT_STORAGE_DRIVERS);
            break;
        }
        add_service(in, g_array_index(services, HiveKey, i), names);
    }
    return true;
}
