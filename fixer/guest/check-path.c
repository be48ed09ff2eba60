/*
 * Check: the devices that the kernel has to start on its way to the disk
 *
 * A device that Windows has met has an instance below Enum; if that has a
 * class, it says which service drives the device.  A new one is looked up in
 * a database (check-database).  (Tried with an NT 5.2-compatible kernel.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "device-config.h"
#include "enum-walk.h"
#include "guest-limits.h"
#include "hive-strings.h"

/* An instance of a step's device. */
typedef struct Instance {
    /* Below Enum: PCI\VEN_8086&DEV_7010&SUBSYS_...\3&267a616a&0&09 */
    char *path;
    HiveKey key;
} Instance;

static void instance_clear(void *opaque)
{
    Instance *instance = opaque;

    g_free(instance->path);
}

static bool begins(const char *text, const char *with, size_t length)
{
    return g_ascii_strncasecmp(text, with, length) == 0;
}

/* Whether the instance hangs on one of the devices with these prefixes. */
static bool has_prefix(const GPtrArray *prefixes, const char *name)
{
    for (guint i = 0; prefixes && i < prefixes->len; i++) {
        const char *prefix = g_ptr_array_index(prefixes, i);
        size_t length = strlen(prefix);

        if (length > 0 && begins(name, prefix, length) &&
            name[length] == '&') {
            return true;
        }
    }
    return false;
}

static bool has_suffix(const char *suffix, const char *name)
{
    size_t length = strlen(name);

    return length >= strlen(suffix) &&
           g_ascii_strcasecmp(name + length - strlen(suffix), suffix) == 0;
}

static bool is_on_path(const Check *check, const PathStep *step,
                       const char *name)
{
    return (!step->parent ||
            has_prefix(g_hash_table_lookup(check->prefixes, step->parent),
                       name)) &&
           (!step->suffix || has_suffix(step->suffix, name));
}

/* Adds the instances of one device that may be the step's. */
static void add_instances(const Check *check, const PathStep *step,
                          HiveKey device, const char *path, GArray *found)
{
    Hive *system = check->system->hive;
    g_autoptr(GArray) keys = hive_subkeys(system, device);

    for (guint i = 0; i < keys->len && found->len < LIMIT_INSTANCES; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        g_autofree char *name = hive_key_name(system, key);

        if (is_on_path(check, step, name)) {
            Instance instance = {
                .path = g_strdup_printf("%s\\%s", path, name),
                .key = key,
            };

            g_array_append_val(found, instance);
        }
    }
}

/* @wanted is ENUMERATOR\DEVICE. */
static void add_devices(const Check *check, const PathStep *step,
                        const char *wanted, GArray *found)
{
    Hive *system = check->system->hive;
    const char *name = strchr(wanted, '\\') + 1;
    g_autofree char *enumerator = g_strndup(wanted, name - 1 - wanted);
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum\\%s",
                                            check->control_set, enumerator);
    g_autoptr(GArray) keys = hive_subkeys(system,
                                          hive_find_key(system, path));

    for (guint i = 0; i < keys->len; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        g_autofree char *device = hive_key_name(system, key);
        g_autofree char *below = g_strdup_printf("%s\\%s", enumerator,
                                                 device);

        if (enum_device_is(device, name)) {
            add_instances(check, step, key, below, found);
        }
    }
}

/* Instance: all that may be the step's device. */
static GArray *find_instances(const Check *check, const PathStep *step)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(Instance));

    g_array_set_clear_func(found, instance_clear);
    for (char **wanted = step->instances; *wanted; wanted++) {
        add_devices(check, step, *wanted, found);
    }
    return found;
}

/* By these the instances of what hangs on the step's device are known. */
static void note_prefixes(Check *check, const PathStep *step,
                          const GArray *instances)
{
    GPtrArray *prefixes = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < instances->len; i++) {
        HiveKey key = g_array_index(instances, Instance, i).key;
        char *prefix = hive_key_string(check->system->hive, key,
                                       "ParentIdPrefix");

        if (prefix) {
            g_ptr_array_add(prefixes, prefix);
        }
    }
    g_hash_table_insert(check->prefixes, step->name, prefixes);
}

/* Only those with a class are known to Windows. */
static void drop_unconfigured(const Check *check, GArray *instances)
{
    for (guint i = instances->len; i-- > 0; ) {
        HiveKey key = g_array_index(instances, Instance, i).key;
        g_autofree char *guid = hive_key_string(check->system->hive, key,
                                                "ClassGUID");

        if (!guid || !*guid) {
            g_array_remove_index(instances, i);
        }
    }
}

/* Whether Device Manager, or setup, has switched it off. */
static bool is_off(const Check *check, const Instance *instance)
{
    Hive *system = check->system->hive;
    g_autofree char *config =
        g_strdup_printf("ControlSet%03u\\Control\\IDConfigDB",
                        check->control_set);
    g_autofree char *path = NULL;
    uint32_t flags = 0, profile = 1, in_profile = 0;

    hive_key_dword(system, instance->key, "ConfigFlags", &flags);
    hive_get_dword(system, config, "CurrentConfig", &profile);
    path = g_strdup_printf("ControlSet%03u\\Hardware Profiles\\%04u\\System\\"
                           "CurrentControlSet\\Enum\\%s", check->control_set,
                           profile, instance->path);
    hive_get_dword(system, path, "CSConfigFlags", &in_profile);
    return (flags & CONFIG_OFF) || (in_profile & PROFILE_OFF);
}

static bool is_listed(char **names, const char *wanted)
{
    for (; names && *names; names++) {
        if (g_ascii_strcasecmp(*names, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* A driver of another device does not find its own there. */
static bool judge_foreign(const PathStep *step, Link *link,
                          const char *service, bool mended)
{
    g_autofree char *names = g_strjoinv(" or ", step->services);

    return link_broken(link, STOP_BOOT_DEVICE,
                       mended ? REMEDY_CONVERT : REMEDY_DEVICE,
                       "the %s would be driven by %s, it needs %s",
                       step->title, service, names);
}

bool check_stack(Check *check, const PathStep *step, Link *link,
                 const char *path, const char *class_guid,
                 const char *service, bool mended, bool *good, GError **errp)
{
    g_autofree char *what = g_strdup_printf("the %s's driver", step->title);
    Mending mending = mended ? MENDING_CONVERT : MENDING_USER;

    if (!is_listed(step->services, service)) {
        *good = false;
        return judge_foreign(step, link, service, mended);
    }
    return check_driver(check, link, what, service, mending, good, errp) &&
           (!*good || check_filters(check, link, path, class_guid, good,
                                    errp));
}

#define REMEDY_SWITCHED_ON \
    REMEDY_REG_FILE("with its ConfigFlags of 0, and its CSConfigFlags below " \
                    "Hardware Profiles, too")

static bool check_instance(Check *check, const PathStep *step, Link *link,
                           const Instance *instance, bool *good,
                           GError **errp)
{
    bool mended = path_step_mends(step, "instance");
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum\\%s",
                                            check->control_set,
                                            instance->path);
    g_autofree char *service = hive_key_string(check->system->hive,
                                               instance->key, "Service");
    g_autofree char *guid = hive_key_string(check->system->hive,
                                            instance->key, "ClassGUID");

    *good = false;
    link_set_object(link, "SYSTEM\\%s", path);
    if (is_off(check, instance)) {
        return link_broken(link, STOP_BOOT_DEVICE,
                           mended ? REMEDY_CONVERT
                                  : REMEDY_SWITCHED_ON,
                           "the %s is switched off in Device Manager",
                           step->title);
    }
    if (!service || !*service) {
        return link_broken(link, STOP_BOOT_DEVICE,
                           mended ? REMEDY_CONVERT : REMEDY_DEVICE,
                           "Windows knows the %s, but no driver for it",
                           step->title);
    }
    return check_stack(check, step, link, path, guid, service, mended, good,
                       errp) &&
           (!*good || link_ok(link, "Windows knows the %s, which %s drives",
                              step->title, service));
}

/*
 * Which of several instances the machine will have cannot be told: all of
 * them have to be good.
 */
static bool check_instances(Check *check, const PathStep *step, Link *link,
                            const GArray *instances, GError **errp)
{
    bool good = true;

    for (guint i = 0; i < instances->len && good; i++) {
        if (!check_instance(check, step, link,
                            &g_array_index(instances, Instance, i), &good,
                            errp)) {
            return false;
        }
    }
    return true;
}

static bool is_good(const Link *link)
{
    return link->text && link->state == LINK_OK;
}

static bool check_device(Check *check, const PathStep *step, Link *link,
                         GError **errp)
{
    g_autoptr(GArray) instances = NULL;

    if (step->basic_disks &&
        check->place.partition->type == PARTITION_TYPE_LDM) {
        return link_unknown(link, "it is a dynamic disk: what makes its "
                            "volumes is not looked at");
    }
    instances = find_instances(check, step);
    note_prefixes(check, step, instances);
    drop_unconfigured(check, instances);
    if (instances->len > 0 &&
        !check_instances(check, step, link, instances, errp)) {
        return false;
    }
    return (instances->len > 0 && !(step->any_slot && is_good(link))) ||
           check_database(check, step, link, errp);
}

static bool check_required_filter(Check *check, const PathStep *step,
                                  Link *link, GError **errp)
{
    Hive *system = check->system->hive;
    g_autofree char *path = check_class_path(check, step->class_guid);
    g_auto(GStrv) names = hive_key_strings(system,
                                           hive_find_key(system, path),
                                           "UpperFilters");
    g_autofree char *what = g_strdup_printf("the %s", step->title);
    bool good = false;

    link_set_object(link, "SYSTEM\\%s", path);
    if (!is_listed(names, step->service)) {
        return link_broken(link, STOP_BOOT_DEVICE,
                           REMEDY_REG_FILE("adding it to them"),
                           "%s, %s, is not among the UpperFilters", what,
                           step->service);
    }
    return check_driver(check, link, what, step->service, MENDING_USER, &good,
                        errp) &&
           (!good || link_ok(link, "%s, %s, is among the UpperFilters", what,
                             step->service));
}

/* A class of devices that start without a driver of their own. */
static bool check_class(Check *check, const PathStep *step, Link *link,
                        GError **errp)
{
    g_autofree char *path = check_class_path(check, step->class_guid);
    bool good = false;

    link_set_object(link, "SYSTEM\\%s", path);
    return check_filters(check, link, NULL, step->class_guid, &good, errp) &&
           (!good || link_ok(link, "the filters of the class start"));
}

/*
 * A driver that has to start beside those of the devices.  What becomes of
 * Windows without it was not found out.
 */
static bool check_service(Check *check, const PathStep *step, Link *link,
                          GError **errp)
{
    g_autofree char *what = g_strdup_printf("the %s", step->title);
    bool good = false;

    link_set_object(link, "SYSTEM\\ControlSet%03u\\Services\\%s",
                    check->control_set, step->service);
    if (!check_driver(check, link, what, step->service, MENDING_USER, &good,
                      errp)) {
        return false;
    }
    return good ? link_ok(link, "%s, %s, starts", what, step->service)
                : link_doubt(link);
}

bool check_device_path(Check *check, const PathStep *step, Link *link,
                       GError **errp)
{
    switch (step->kind) {
    case PATH_DEVICE:
        return check_device(check, step, link, errp);
    case PATH_FILTER:
        return check_required_filter(check, step, link, errp);
    case PATH_CLASS:
        return check_class(check, step, link, errp);
    case PATH_SERVICE:
        return check_service(check, step, link, errp);
    }
    g_assert_not_reached();
}
