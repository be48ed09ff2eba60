/*
 * hive-boot: what built-in profiles do to a SYSTEM hive, for tests
 *
 * Usage: hive-boot SYSTEM OUT PROFILE,... VERSION [strict] [MISSING.sys]...
 *
 * The Windows is one of VERSION (10.0), x64, in \Windows, that has all driver
 * files but those named.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "profile-apply.h"
#include "registry.h"

typedef struct Files {
    DriverFiles files;
    /* NULL-terminated. */
    char **missing;
} Files;

static bool file_state(DriverFiles *base, const char *path,
                       DriverFileState *state, GError **errp G_GNUC_UNUSED)
{
    const Files *files = (const Files *)base;
    const char *name = strrchr(path, '\\') + 1;

    *state = DRIVER_FILE_FITS;
    for (char **missing = files->missing; *missing; missing++) {
        if (g_ascii_strcasecmp(*missing, name) == 0) {
            *state = DRIVER_FILE_MISSING;
        }
    }
    return true;
}

static Hive *open_hive(const char *path, GError **errp)
{
    g_autoptr(GBytes) bytes = NULL;
    char *data;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, errp)) {
        return NULL;
    }
    bytes = g_bytes_new_take(data, size);
    return hive_open(bytes, "SYSTEM", errp);
}

static void print(const ProfileTarget *target)
{
    static const char *const actions[] = {
        [CHANGE_CREATE] = "create",
        [CHANGE_MODIFY] = "modify",
        [CHANGE_DELETE] = "delete",
    };

    for (guint i = 0; i < target->changes->len; i++) {
        const Change *change = g_ptr_array_index(target->changes, i);

        printf("%s %s [", actions[change->action], change->path);
        for (guint j = 0; j < change->values->len; j++) {
            printf("%s%s", j > 0 ? ", " : "",
                   (char *)g_ptr_array_index(change->values, j));
        }
        printf("] %s: %s\n", change->source, change->reason);
    }
    for (guint i = 0; i < target->warnings->len; i++) {
        printf("warning: %s\n",
               (char *)g_ptr_array_index(target->warnings, i));
    }
}

/* Applies all parts of the profile that fit the Windows. */
static bool apply_one(const char *name, const ProfileTarget *target,
                      GError **errp)
{
    g_autoptr(Profile) profile = profile_embedded(name, errp);
    g_autoptr(GPtrArray) parts = profile ? profile_parts(profile) : NULL;

    for (guint i = 0; parts && i < parts->len; i++) {
        const Profile *part = g_ptr_array_index(parts, i);

        if (profile_fits(part, target->windows) &&
            !profile_apply(part, target, errp)) {
            return false;
        }
    }
    return profile != NULL;
}

static bool apply(const char *list, const ProfileTarget *target,
                  GError **errp)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    for (char **name = names; *name; name++) {
        if (!apply_one(*name, target, errp)) {
            return false;
        }
    }
    return true;
}

static bool write_hive(Hive *hive, const char *path, GError **errp)
{
    g_autoptr(GBytes) bytes = hive_save(hive, errp);

    return bytes && g_file_set_contents(path, g_bytes_get_data(bytes, NULL),
                                        g_bytes_get_size(bytes), errp);
}

static bool run(char **argv, GError **errp)
{
    bool strict = argv[5] && strcmp(argv[5], "strict") == 0;
    Files files = {
        .files.state = file_state,
        .missing = argv + 5 + strict,
    };
    g_autoptr(Hive) hive = open_hive(argv[1], errp);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    Windows windows = {
        .place.system_root = (char *)"\\Windows",
        .machine = PE_MACHINE_AMD64,
    };
    ProfileTarget target = {
        .system = hive,
        .windows = &windows,
        .files = &files.files,
        .strict_filters = strict,
        .changes = changes,
        .warnings = warnings,
    };
    unsigned major = 0, minor = 0;
    bool changed, ok;

    sscanf(argv[4], "%u.%u", &major, &minor);
    windows.version.part[0] = major;
    windows.version.part[1] = minor;
    if (!hive) {
        return false;
    }
    windows.control_sets = registry_control_sets(hive, "SYSTEM", warnings,
                                                 errp);
    ok = windows.control_sets && apply(argv[3], &target, errp) &&
         registry_settle(hive, REGISTRY_SYSTEM, changes, &changed, errp) &&
         write_hive(hive, argv[2], errp);
    print(&target);
    g_clear_pointer(&windows.control_sets, g_array_unref);
    return ok;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) err = NULL;

    if (argc < 5) {
        fprintf(stderr, "Usage: hive-boot SYSTEM OUT PROFILE,... VERSION "
                "[strict] [MISSING.sys]...\n");
        return 2;
    }
    if (!run(argv, &err)) {
        fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    return 0;
}
