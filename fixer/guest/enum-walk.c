/*
 * Enum walk: each device that Windows has ever met
 *
 * Their keys are ENUMERATOR\DEVICE\INSTANCE (Microsoft: "HKLM\SYSTEM\
 * CurrentControlSet\Enum Registry Tree").
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "enum-walk.h"
#include "guest-limits.h"

typedef struct Walk {
    Hive *system;
    EnumFunc *func;
    void *opaque;
    /*
     * Keys that may still be looked at.  In a damaged hive one may be below
     * many others.
     */
    unsigned left;
} Walk;

static void walk_device(Walk *walk, HiveKey device, const char *path)
{
    g_autoptr(GArray) instances = hive_subkeys(walk->system, device);

    for (guint i = 0; i < instances->len && walk->left > 0; i++) {
        HiveKey key = g_array_index(instances, HiveKey, i);
        g_autofree char *name = hive_key_name(walk->system, key);
        g_autofree char *below = g_strdup_printf("%s\\%s", path, name);

        walk->left--;
        walk->func(walk->system, key, below, walk->opaque);
    }
}

static void walk_enumerator(Walk *walk, HiveKey enumerator)
{
    g_autofree char *name = hive_key_name(walk->system, enumerator);
    g_autoptr(GArray) devices = hive_subkeys(walk->system, enumerator);

    for (guint i = 0; i < devices->len && walk->left > 0; i++) {
        HiveKey key = g_array_index(devices, HiveKey, i);
        g_autofree char *device = hive_key_name(walk->system, key);
        g_autofree char *path = g_strdup_printf("%s\\%s", name, device);

        walk->left--;
        walk_device(walk, key, path);
    }
}

void enum_walk(Hive *system, unsigned set, EnumFunc *func, void *opaque)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum", set);
    g_autoptr(GArray) enumerators =
        hive_subkeys(system, hive_find_key(system, path));
    Walk walk = {
        .system = system,
        .func = func,
        .opaque = opaque,
        .left = LIMIT_ENUM_KEYS,
    };

    for (guint i = 0; i < enumerators->len && walk.left > 0; i++) {
        walk.left--;
        walk_enumerator(&walk, g_array_index(enumerators, HiveKey, i));
    }
}

bool enum_device_is(const char *name, const char *wanted)
{
    size_t length = strlen(wanted);
    bool any = length > 0 && wanted[length - 1] == '*';

    length -= any;
    return g_ascii_strncasecmp(name, wanted, length) == 0 &&
           (any || name[length] == '\0' || name[length] == '&');
}
