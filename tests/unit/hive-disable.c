/*
 * hive-disable: what profiles do to services and devices, for tests
 *
 * Usage: hive-disable SYSTEM OUT FILE.profile...
 *
 * Prints each change as PATH [VALUES] REASON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>

#include "device-instances.h"
#include "error.h"
#include "profile.h"
#include "registry.h"
#include "services.h"

static GBytes *read_bytes(const char *path, GError **errp)
{
    char *data;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(data, size);
}

/* Profiles with files beside them are not for this program. */
static GBytes *no_file(const char *name, void *opaque, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "this program does not read %s", name);
    return NULL;
}

typedef struct Job {
    Hive *system;
    GArray *sets;
    GPtrArray *changes;
    GPtrArray *warnings;
} Job;

static bool settle_all(const Job *job, const Profile *profile, GError **errp)
{
    for (guint i = 0; i < profile->instances->len; i++) {
        const ProfileInstance *instance =
            g_ptr_array_index(profile->instances, i);

        if (!device_instances_settle(
                job->system, instance->device,
                (const char *const *)instance->services,
                instance->class_guid, profile->file, instance->reason,
                job->sets, job->changes, job->warnings, errp)) {
            return false;
        }
    }
    return true;
}

static bool apply(const Job *job, const char *path, GError **errp)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GBytes) text = read_bytes(path, errp);
    g_autoptr(Profile) profile =
        text ? profile_parse(name, text, no_file, NULL, errp) : NULL;

    if (!profile) {
        return false;
    }
    return (!profile->disabled ||
            services_disable(job->system,
                             (const char *const *)profile->disabled,
                             profile->file, profile->disabled_reason,
                             job->sets, job->changes, job->warnings,
                             errp)) &&
           settle_all(job, profile, errp);
}

static void print(const Job *job)
{
    for (guint i = 0; i < job->changes->len; i++) {
        const Change *change = g_ptr_array_index(job->changes, i);

        printf("%s [", change->path);
        for (guint j = 0; j < change->values->len; j++) {
            printf("%s%s", j > 0 ? ", " : "",
                   (char *)g_ptr_array_index(change->values, j));
        }
        printf("] %s\n", change->reason);
    }
    for (guint i = 0; i < job->warnings->len; i++) {
        printf("warning: %s\n", (char *)g_ptr_array_index(job->warnings, i));
    }
}

static bool run(char **argv, GError **errp)
{
    g_autoptr(GBytes) before = read_bytes(argv[1], errp);
    g_autoptr(Hive) hive = before ? hive_open(before, "SYSTEM", errp) : NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sets = NULL;
    g_autoptr(GBytes) after = NULL;
    Job job = { .system = hive, .changes = changes, .warnings = warnings };

    sets = hive ? registry_control_sets(hive, "SYSTEM", warnings, errp)
                : NULL;
    job.sets = sets;
    for (char **path = argv + 3; sets && *path; path++) {
        if (!apply(&job, *path, errp)) {
            return false;
        }
    }
    after = sets ? hive_save(hive, errp) : NULL;
    print(&job);
    return after && g_file_set_contents(argv[2],
                                        g_bytes_get_data(after, NULL),
                                        g_bytes_get_size(after), errp);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) err = NULL;

    if (argc < 4) {
        fprintf(stderr, "Usage: hive-disable SYSTEM OUT FILE.profile...\n");
        return 2;
    }
    if (!run(argv, &err)) {
        fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    return 0;
}
