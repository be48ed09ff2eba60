/*
 * Profile: what is injected into which guest, as data
 *
 * Those of this program are compiled in as a GResource; a user's come through
 * the protocol as sources.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <gio/gio.h>

#include "error.h"
#include "profile-internal.h"

#define RESOURCE_PATH "/win-xenprep/profiles/"

static const struct {
    const char *name;
    ProfileFix fix;
} fixes[] = {
    { "ntfs-heads", PROFILE_FIX_NTFS_HEADS },
};

ProfileFix profile_fix_find(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fixes); i++) {
        if (g_str_equal(fixes[i].name, name)) {
            return fixes[i].fix;
        }
    }
    return 0;
}

static void instance_free(void *opaque)
{
    ProfileInstance *instance = opaque;

    g_free(instance->device);
    g_strfreev(instance->services);
    g_free(instance->class_guid);
    g_free(instance->reason);
    g_free(instance);
}

static void boot_service_free(void *opaque)
{
    ProfileBootService *service = opaque;

    g_free(service->name);
    g_clear_pointer(&service->start, g_array_unref);
    g_free(service->group);
    g_free(service->reason);
    g_free(service);
}

static void class_filters_free(void *opaque)
{
    ProfileClassFilters *filters = opaque;

    g_free(filters->class_guid);
    g_free(filters->title);
    g_strfreev(filters->known);
    g_free(filters->reason);
    g_free(filters);
}

static void critical_device_free(void *opaque)
{
    ProfileCriticalDevice *device = opaque;

    g_free(device->id);
    g_strfreev(device->services);
    g_free(device->class_guid);
    g_free(device->reason);
    g_free(device);
}

static void number_free(void *opaque)
{
    ProfileNumber *number = opaque;

    g_free(number->key);
    g_free(number->value);
    g_clear_pointer(&number->wrong, g_array_unref);
    g_free(number->reason);
    g_free(number);
}

static void known_device_free(void *opaque)
{
    ProfileKnownDevice *device = opaque;

    g_free(device->title);
    g_strfreev(device->ids);
    g_free(device);
}

Profile *profile_new(const char *file)
{
    Profile *profile = g_new0(Profile, 1);

    profile->file = g_strdup(file);
    profile->includes =
        g_ptr_array_new_with_free_func((GDestroyNotify)profile_free);
    profile->registry =
        g_ptr_array_new_with_free_func((GDestroyNotify)regfile_free);
    profile->instances = g_ptr_array_new_with_free_func(instance_free);
    profile->boot_services =
        g_ptr_array_new_with_free_func(boot_service_free);
    profile->class_filters =
        g_ptr_array_new_with_free_func(class_filters_free);
    profile->critical_devices =
        g_ptr_array_new_with_free_func(critical_device_free);
    profile->numbers = g_ptr_array_new_with_free_func(number_free);
    profile->known_devices =
        g_ptr_array_new_with_free_func(known_device_free);
    return profile;
}

void profile_free(Profile *profile)
{
    if (profile) {
        g_free(profile->name);
        g_free(profile->file);
        g_clear_pointer(&profile->text, g_bytes_unref);
        g_free(profile->description);
        g_ptr_array_unref(profile->includes);
        g_strfreev(profile->machines);
        g_free(profile->directory);
        g_strfreev(profile->files);
        g_strfreev(profile->sources);
        g_free(profile->files_reason);
        g_ptr_array_unref(profile->registry);
        g_free(profile->registry_reason);
        g_strfreev(profile->disabled);
        g_free(profile->disabled_reason);
        g_ptr_array_unref(profile->instances);
        g_ptr_array_unref(profile->boot_services);
        g_ptr_array_unref(profile->class_filters);
        g_strfreev(profile->filtered_devices);
        g_free(profile->filtered_reason);
        g_ptr_array_unref(profile->critical_devices);
        g_ptr_array_unref(profile->numbers);
        g_ptr_array_unref(profile->known_devices);
        g_free(profile);
    }
}

/* Parts of one name are applied once, so that they have to be the same. */
static bool check_names(const Profile *profile, GPtrArray *seen,
                        GError **errp)
{
    for (guint i = 0; i < profile->includes->len; i++) {
        if (!check_names(g_ptr_array_index(profile->includes, i), seen,
                         errp)) {
            return false;
        }
    }
    for (guint i = 0; i < seen->len; i++) {
        const Profile *other = g_ptr_array_index(seen, i);

        if (g_str_equal(other->name, profile->name) &&
            !g_bytes_equal(other->text, profile->text)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s: [profile] name: another profile that is "
                        "included is named '%s', too, and only one of them "
                        "would be applied: rename yours", profile->file,
                        profile->name);
            return false;
        }
    }
    g_ptr_array_add(seen, (gpointer)profile);
    return true;
}

Profile *profile_parse(const char *name, GBytes *text, ProfileLookup *lookup,
                       void *opaque, GError **errp)
{
    g_autoptr(Profile) profile = profile_parse_text(name, text, lookup,
                                                    opaque, 0, errp);
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    return profile && check_names(profile, seen, errp)
           ? g_steal_pointer(&profile) : NULL;
}

GBytes *profile_lookup_embedded(const char *name, void *opaque,
                                GError **errp)
{
    g_autofree char *path = g_strconcat(RESOURCE_PATH, name, NULL);

    return g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, errp);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The embedded profiles' names, for a message. */
static char *embedded_names(void)
{
    g_auto(GStrv) files =
        g_resources_enumerate_children(RESOURCE_PATH,
                                       G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (char **file = files; file && *file; file++) {
        if (g_str_has_suffix(*file, ".profile")) {
            g_ptr_array_add(names, g_strndup(*file, strlen(*file) -
                                                    strlen(".profile")));
        }
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

GBytes *profile_embedded_text(const char *file, GError **errp)
{
    GBytes *text = profile_lookup_embedded(file, NULL, NULL);

    if (!text) {
        g_autofree char *known = embedded_names();

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "there is no profile '%.*s'; built in: %s; a file of "
                    "your own is named by its path",
                    (int)(strlen(file) - strlen(".profile")), file, known);
    }
    return text;
}

Profile *profile_embedded(const char *name, GError **errp)
{
    g_autofree char *file = g_strconcat(name, ".profile", NULL);
    g_autoptr(GBytes) text = profile_embedded_text(file, errp);

    return text ? profile_parse(file, text, profile_lookup_embedded, NULL,
                                errp)
                : NULL;
}

bool profile_include_embedded(Profile *profile, const char *name,
                              GError **errp)
{
    Profile *part = profile_embedded(name, errp);
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    if (!part) {
        return false;
    }
    g_ptr_array_add(profile->includes, part);
    return check_names(profile, seen, errp);
}

/* Appends the parts of @profile to @parts, those of one name once. */
static void add_parts(const Profile *profile, GPtrArray *parts)
{
    for (guint i = 0; i < profile->includes->len; i++) {
        add_parts(g_ptr_array_index(profile->includes, i), parts);
    }
    for (guint i = 0; i < parts->len; i++) {
        const Profile *part = g_ptr_array_index(parts, i);

        if (g_str_equal(part->name, profile->name)) {
            return;
        }
    }
    g_ptr_array_add(parts, (gpointer)profile);
}

GPtrArray *profile_parts(const Profile *profile)
{
    GPtrArray *parts = g_ptr_array_new();

    add_parts(profile, parts);
    return parts;
}

/* What can be left out of @profile, for a message. */
static char *names_of_parts(const Profile *profile)
{
    g_autoptr(GPtrArray) parts = profile_parts(profile);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    unsigned used = 0;

    for (guint i = 0; i < parts->len; i++) {
        Profile *part = g_ptr_array_index(parts, i);

        used |= part->fixes;
        if (part != profile) {
            g_ptr_array_add(names, part->name);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(fixes); i++) {
        if (used & fixes[i].fix) {
            g_ptr_array_add(names, (gpointer)fixes[i].name);
        }
    }
    g_ptr_array_add(names, NULL);
    return names->len > 1 ? g_strjoinv(", ", (char **)names->pdata)
                          : g_strdup("none");
}

/* Takes the part, or the fix, from @profile and all that it includes. */
static bool take_out(Profile *profile, const char *name, ProfileFix fix)
{
    bool found = profile->fixes & fix;

    profile->fixes &= ~fix;
    for (guint i = profile->includes->len; i-- > 0; ) {
        Profile *part = g_ptr_array_index(profile->includes, i);

        if (g_str_equal(part->name, name)) {
            g_ptr_array_remove_index(profile->includes, i);
            found = true;
        } else if (take_out(part, name, fix)) {
            found = true;
        }
    }
    return found;
}

bool profile_leave_out(Profile *profile, const char *name, GError **errp)
{
    g_autofree char *known = names_of_parts(profile);

    if (!take_out(profile, name, profile_fix_find(name))) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "option without: profile '%s' has no part '%s'; those "
                    "that can be left out: %s", profile->name, name, known);
        return false;
    }
    return true;
}

static bool version_fits(const Profile *profile, const PeVersion *version)
{
    /* Build numbers do not matter: 5.1 means every 5.1. */
    PeVersion v = { .part = { version->part[0], version->part[1] } };

    return pe_version_compare(&v, &profile->min_version) >= 0 &&
           pe_version_compare(&v, &profile->max_version) <= 0;
}

bool profile_fits(const Profile *profile, const Windows *windows)
{
    g_autofree char *machine = pe_machine_string(windows->machine);

    return version_fits(profile, &windows->version) &&
           g_strv_contains((const char *const *)profile->machines, machine);
}

bool profile_check_guest(const Profile *profile, const Windows *windows,
                         GError **errp)
{
    g_autofree char *machine = pe_machine_string(windows->machine);
    g_autofree char *version = NULL;
    g_autofree char *machines = NULL;

    if (profile_fits(profile, windows)) {
        return true;
    }
    version = pe_version_string(&windows->version);
    machines = g_strjoinv(", ", profile->machines);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: %s: %s (%s, %s) cannot be prepared: profile "
                "'%s' is for versions %u.%u to %u.%u of %s",
                windows->place.partition->number,
                windows_root(&windows->place),
                windows->name, version, machine, profile->name,
                profile->min_version.part[0], profile->min_version.part[1],
                profile->max_version.part[0], profile->max_version.part[1],
                machines);
    return false;
}
