/*
 * Critical device: a new one that Windows Vista or 7 can start at boot
 *
 * The kernel starts a device that it has not met before only if the
 * CriticalDeviceDatabase has one of its ids, with a service and a class.
 * Windows Vista and 7 bring thousands of them along, GUIDs in small letters
 * and in capitals (2,548 keys in a Windows 7 hive), so that a .reg file would
 * change keys that nothing is wrong with.
 *
 * Where another service takes the place of one, the filters of that go, too:
 * they are the other product's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "critical-device.h"
#include "filters.h"
#include "reg-values.h"
#include "service-choice.h"

typedef struct Settling {
    Hive *system;
    unsigned set;
    const ProfileCriticalDevice *device;
    const char *source;
    GPtrArray *changes;
    GPtrArray *warnings;
    HiveKey key;
    const char *path;
} Settling;

static const char *const *services_of(const Settling *s)
{
    return (const char *const *)s->device->services;
}

/* What is wrong with its service, to be freed; NULL: nothing. */
static char *find_wrong_service(const Settling *s)
{
    g_autofree char *service = NULL;

    if (s->key == HIVE_NO_KEY) {
        return g_strdup("it was unknown");
    }
    service = hive_key_string(s->system, s->key, "Service");
    return service_choice_fault(s->system, s->set, service, services_of(s));
}

static bool has_class(const Settling *s)
{
    g_autofree char *class_guid =
        s->key == HIVE_NO_KEY ? NULL
        : hive_key_string(s->system, s->key, "ClassGUID");

    return class_guid &&
           g_ascii_strcasecmp(class_guid, s->device->class_guid) == 0;
}

/* Adds what has to be done for another service; false if there is none. */
static bool add_service(const Settling *s, const char *fault,
                        GPtrArray *values)
{
    const char *service = service_choice_first(s->system, s->set,
                                               services_of(s));

    if (!service) {
        g_autofree char *names = g_strjoinv(", ", s->device->services);

        g_ptr_array_add(s->warnings,
                        g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: %s, "
                                        "and the guest has none of %s",
                                        s->path, fault, names));
        return false;
    }
    reg_values_add_string(values, "Service", REG_SZ, service);
    for (unsigned i = 0; s->key != HIVE_NO_KEY && i < FILTERS_VALUES; i++) {
        uint32_t type;
        g_autoptr(GBytes) list = hive_get_value(s->system, s->key,
                                                filters_values[i], &type);

        if (list) {
            reg_values_add_removal(values, filters_values[i]);
        }
    }
    return true;
}

static bool set_values(Settling *s, GPtrArray *values, const char *fault,
                       GError **errp)
{
    g_autofree char *reason = g_strdup_printf("%s: %s", fault,
                                              s->device->reason);
    bool exists = s->key != HIVE_NO_KEY;
    Change *change;

    if (!exists) {
        s->key = hive_create_key(s->system, s->path, errp);
    }
    if (s->key == HIVE_NO_KEY ||
        !hive_set_values(s->system, s->key, values, errp)) {
        return false;
    }
    change = change_add_system_key(s->changes, s->path, s->source, reason);
    change->action = exists ? CHANGE_MODIFY : CHANGE_CREATE;
    for (guint i = 0; i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        g_ptr_array_add(change->values, g_strdup(value->name));
    }
    return true;
}

static bool settle(Settling *s, GError **errp)
{
    g_autofree char *fault = find_wrong_service(s);
    g_autoptr(GPtrArray) values = reg_values_new();

    if (fault && !add_service(s, fault, values)) {
        return true;
    }
    if (!has_class(s)) {
        reg_values_add_string(values, "ClassGUID", REG_SZ,
                              s->device->class_guid);
    }
    return values->len == 0 ||
           set_values(s, values, fault ? fault : "its class was another one",
                      errp);
}

bool critical_device_settle(Hive *system, const ProfileCriticalDevice *device,
                            const GArray *control_sets, const char *source,
                            GPtrArray *changes, GPtrArray *warnings,
                            GError **errp)
{
    for (guint i = 0; i < control_sets->len; i++) {
        unsigned set = g_array_index(control_sets, unsigned, i);
        g_autofree char *path =
            g_strdup_printf("ControlSet%03u\\Control\\"
                            "CriticalDeviceDatabase\\%s", set, device->id);
        Settling s = {
            .system = system,
            .set = set,
            .device = device,
            .source = source,
            .changes = changes,
            .warnings = warnings,
            .key = hive_find_key(system, path),
            .path = path,
        };

        if (!settle(&s, errp)) {
            return false;
        }
    }
    return true;
}
