/*
 * Registry number: a setting that must not have certain values
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reg-values.h"
#include "registry-number.h"

static bool is_wrong(const ProfileNumber *number, uint32_t is)
{
    for (guint i = 0; i < number->wrong->len; i++) {
        if (g_array_index(number->wrong, uint32_t, i) == is) {
            return true;
        }
    }
    return false;
}

static bool settle_key(Hive *system, const ProfileNumber *number,
                       const char *path, const char *source,
                       GPtrArray *changes, GError **errp)
{
    g_autoptr(GPtrArray) values = reg_values_new();
    g_autofree char *reason = NULL;
    uint32_t is;

    if (!hive_get_dword(system, path, number->value, &is) ||
        !is_wrong(number, is)) {
        return true;
    }
    reg_values_add_number(values, number->value, number->right);
    if (!hive_set_values(system, hive_find_key(system, path), values, errp)) {
        return false;
    }
    reason = g_strdup_printf("%s was %u: %s", number->value, is,
                             number->reason);
    g_ptr_array_add(change_add_system_key(changes, path, source,
                                          reason)->values,
                    g_strdup(number->value));
    return true;
}

bool registry_number_settle(Hive *system, const ProfileNumber *number,
                            const GArray *control_sets, const char *source,
                            GPtrArray *changes, GError **errp)
{
    for (guint i = 0; i < control_sets->len; i++) {
        g_autofree char *path =
            g_strdup_printf("ControlSet%03u\\%s",
                            g_array_index(control_sets, unsigned, i),
                            number->key);

        if (!settle_key(system, number, path, source, changes, errp)) {
            return false;
        }
    }
    return true;
}
