/*
 * Device instances: devices that Windows has met, and what drives them
 *
 * Windows looks into the CriticalDeviceDatabase for new devices only.  One
 * that is below Enum already and has a class is driven by the service that
 * its key names, or by none; if it is the controller of the boot disk and the
 * service is of another controller, Windows stops with 0x7B whatever the
 * database says (tried with an NT 5.2-compatible kernel).
 *
 * A device that was disabled in Device Manager does not start either, which is
 * also noted for each hardware profile, in keys that look like those below
 * Enum.  All of it comes together: in a Windows XP hive a device that there was
 * no driver for has a class (Unknown) but no service, the mark of a failed
 * installation, and is disabled in the hardware profile.
 *
 * What stays: the value Driver.  It names the key below Class that setup
 * wrote for the former driver; that is looked at by programs and by drivers
 * for their parameters, not when a device is started, and Windows replaces it
 * when it installs the device anew.  Without it Windows would not know that
 * the device was ever installed.  Class, the name of the class, goes with
 * ClassGUID: programs believe either.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "device-config.h"
#include "device-instances.h"
#include "enum-walk.h"
#include "guest-limits.h"
#include "le.h"
#include "reg-values.h"
#include "service-choice.h"

typedef struct Settling {
    Hive *system;
    unsigned set;
    const char *const *services;
    const char *class_guid;
    const char *source;
    const char *reason;
    GPtrArray *changes;
    GPtrArray *warnings;
    /* Instances that may still be looked at. */
    unsigned left;
    /* There are more, and the user was told. */
    bool too_many;
} Settling;

static bool set_values(Settling *s, HiveKey key, const char *path,
                       GPtrArray *values, const char *fault, GError **errp)
{
    g_autofree char *reason = g_strdup_printf("%s: %s", fault, s->reason);
    Change *change;

    if (hive_find_key(s->system, path) != key) {
        g_ptr_array_add(s->warnings,
                        g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: left "
                                        "as it is, since the key's name is "
                                        "damaged (%s)", path, fault));
        return true;
    }
    if (!hive_set_values(s->system, key, values, errp)) {
        return false;
    }
    change = change_add_system_key(s->changes, path, s->source, reason);
    for (guint i = 0; i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        g_ptr_array_add(change->values, g_strdup(value->name));
    }
    return true;
}

/* The name of its class follows the GUID, where there is one. */
static void add_class(const Settling *s, HiveKey key, GPtrArray *values)
{
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Control\\Class\\%s", s->set,
                        s->class_guid);
    g_autofree char *before = hive_key_string(s->system, key, "ClassGUID");
    g_autofree char *old_name = hive_key_string(s->system, key, "Class");
    g_autofree char *name = hive_get_string(s->system, path, "Class");

    if (g_ascii_strcasecmp(before, s->class_guid) != 0) {
        reg_values_add_string(values, "ClassGUID", REG_SZ, s->class_guid);
    }
    if (name && old_name && !g_str_equal(name, old_name)) {
        reg_values_add_string(values, "Class", REG_SZ, name);
    }
}

/* Adds what has to be set for another driver; false if there is none. */
static bool add_driver(Settling *s, HiveKey key, const char *path,
                       const char *fault, GPtrArray *values)
{
    const char *service = service_choice_first(s->system, s->set,
                                               s->services);

    if (!service) {
        g_autofree char *names = g_strjoinv(", ", (char **)s->services);

        g_ptr_array_add(s->warnings,
                        g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: %s, "
                                        "and the guest has none of %s", path,
                                        fault, names));
        return false;
    }
    reg_values_add_string(values, "Service", REG_SZ, service);
    add_class(s, key, values);
    return true;
}

/* A REG_DWORD of the key; 0 if there is none. */
static uint32_t get_flags(Hive *system, HiveKey key, const char *name)
{
    uint32_t type;
    g_autoptr(GBytes) data = hive_get_value(system, key, name, &type);

    return data && type == REG_DWORD && g_bytes_get_size(data) == 4
           ? get_le32(g_bytes_get_data(data, NULL)) : 0;
}

static bool enable_in_profile(Settling *s, const char *path, GError **errp)
{
    g_autoptr(GPtrArray) values = reg_values_new();
    HiveKey key = hive_find_key(s->system, path);
    uint32_t flags = key == HIVE_NO_KEY ? 0 : get_flags(s->system, key,
                                                        "CSConfigFlags");

    if (!(flags & PROFILE_OFF)) {
        return true;
    }
    reg_values_add_number(values, "CSConfigFlags", flags & ~PROFILE_OFF);
    return set_values(s, key, path, values, "it was disabled", errp);
}

/* @device is where the instance is, below Enum. */
static bool enable_in_profiles(Settling *s, const char *device,
                               GError **errp)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Hardware "
                                            "Profiles", s->set);
    g_autoptr(GArray) profiles = hive_subkeys(s->system,
                                              hive_find_key(s->system, path));

    for (guint i = 0; i < profiles->len && i < LIMIT_HARDWARE_PROFILES; i++) {
        g_autofree char *profile =
            hive_key_name(s->system, g_array_index(profiles, HiveKey, i));
        g_autofree char *below =
            g_strdup_printf("%s\\%s\\System\\CurrentControlSet\\Enum\\%s",
                            path, profile, device);

        if (!enable_in_profile(s, below, errp)) {
            return false;
        }
    }
    return true;
}

static bool settle_instance(Settling *s, HiveKey key, const char *device,
                            GError **errp)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum\\%s",
                                            s->set, device);
    g_autofree char *class_guid = hive_key_string(s->system, key,
                                                  "ClassGUID");
    g_autofree char *service = hive_key_string(s->system, key, "Service");
    g_autofree char *fault = service_choice_fault(s->system, s->set, service,
                                                  s->services);
    uint32_t flags = get_flags(s->system, key, "ConfigFlags");
    g_autoptr(GPtrArray) values = reg_values_new();

    if (!class_guid || !*class_guid) {
        /* To Windows it is a new one: the database has its driver. */
        return true;
    }
    if (fault && !add_driver(s, key, path, fault, values)) {
        return true;
    }
    if (flags & CONFIG_OFF) {
        reg_values_add_number(values, "ConfigFlags", flags & ~CONFIG_OFF);
    }
    return (values->len == 0 ||
            set_values(s, key, path, values,
                       fault ? fault : "it was disabled", errp)) &&
           enable_in_profiles(s, device, errp);
}

static bool settle_device(Settling *s, HiveKey key, const char *device,
                          GError **errp)
{
    g_autoptr(GArray) instances = hive_subkeys(s->system, key);

    for (guint i = 0; i < instances->len; i++) {
        HiveKey instance = g_array_index(instances, HiveKey, i);
        g_autofree char *name = hive_key_name(s->system, instance);
        g_autofree char *path = g_strdup_printf("%s\\%s", device, name);

        if (s->left == 0) {
            s->too_many = true;
            g_ptr_array_add(s->warnings,
                            g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\"
                                            "ControlSet%03u\\Enum\\%s: there "
                                            "are more than %u such devices, "
                                            "the others are left as they are",
                                            s->set, device, LIMIT_INSTANCES));
            return true;
        }
        s->left--;
        if (!settle_instance(s, instance, path, errp)) {
            return false;
        }
    }
    return true;
}

static bool settle_in_set(Settling *s, const char *device, GError **errp)
{
    const char *wanted = strchr(device, '\\') + 1;
    g_autofree char *enumerator = g_strndup(device, wanted - 1 - device);
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum\\%s",
                                            s->set, enumerator);
    g_autoptr(GArray) devices = hive_subkeys(s->system,
                                             hive_find_key(s->system, path));

    s->left = LIMIT_INSTANCES;
    s->too_many = false;
    for (guint i = 0; i < devices->len && !s->too_many; i++) {
        HiveKey key = g_array_index(devices, HiveKey, i);
        g_autofree char *name = hive_key_name(s->system, key);
        g_autofree char *below = g_strdup_printf("%s\\%s", enumerator, name);

        if (enum_device_is(name, wanted) &&
            !settle_device(s, key, below, errp)) {
            return false;
        }
    }
    return true;
}

bool device_instances_settle(Hive *system, const char *device,
                             const char *const *services,
                             const char *class_guid, const char *source,
                             const char *reason, const GArray *control_sets,
                             GPtrArray *changes, GPtrArray *warnings,
                             GError **errp)
{
    Settling s = {
        .system = system,
        .services = services,
        .class_guid = class_guid,
        .source = source,
        .reason = reason,
        .changes = changes,
        .warnings = warnings,
    };

    for (guint i = 0; i < control_sets->len; i++) {
        s.set = g_array_index(control_sets, unsigned, i);
        if (!settle_in_set(&s, device, errp)) {
            return false;
        }
    }
    return true;
}
