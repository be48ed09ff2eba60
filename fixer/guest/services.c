/*
 * Services: drivers and programs that a moved guest must not start
 *
 * A service is disabled by its value Start.  The key stays, so that the
 * product's own uninstaller finds what it looks for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "filters.h"
#include "hive-compare.h"
#include "reg-values.h"
#include "services.h"

/* SERVICE_DISABLED of winnt.h */
#define DISABLED 4

/*
 * A Start of another type is replaced: programs may read it without looking at
 * the type.
 */
static bool must_be_disabled(Hive *system, const char *path)
{
    uint32_t start;

    return !hive_get_dword(system, path, "Start", &start) ||
           start != DISABLED;
}

static bool set_disabled(Hive *system, HiveKey key, GError **errp)
{
    g_autoptr(GPtrArray) values = reg_values_new();

    reg_values_add_number(values, "Start", DISABLED);
    return hive_set_values(system, key, values, errp);
}

/*
 * Whether Windows 8 or later would start the service all the same: what it
 * noted of a driver that it saw no device of counts more than Start.
 */
static bool is_overridden(Hive *system, HiveKey override)
{
    g_auto(GStrv) names = hive_value_names(system, override);

    for (char **name = names; *name; name++) {
        uint32_t start;

        if (!hive_key_dword(system, override, *name, &start) ||
            start != DISABLED) {
            return true;
        }
    }
    return false;
}

/* Deletes the key StartOverride of the service at @path, if it matters. */
static bool drop_override(Hive *system, const char *path, const char *source,
                          const char *reason, GPtrArray *changes,
                          GError **errp)
{
    g_autofree char *below = g_strconcat(path, "\\StartOverride", NULL);
    HiveKey key = hive_find_key(system, below);

    if (key == HIVE_NO_KEY || !is_overridden(system, key)) {
        return true;
    }
    if (!hive_delete_key(system, key, errp)) {
        return false;
    }
    change_add_system_key(changes, below, source, reason)->action =
        CHANGE_DELETE;
    return true;
}

/*
 * A key without Start belongs to no service that Windows would start: it is
 * what an uninstaller has left behind, or holds parameters only.
 */
static bool has_start(Hive *system, HiveKey key)
{
    uint32_t type;
    g_autoptr(GBytes) data =
        key == HIVE_NO_KEY ? NULL
        : hive_get_value(system, key, "Start", &type);

    return data != NULL;
}

static bool disable(Hive *system, unsigned set, const char *name,
                    const char *source, const char *reason,
                    GPtrArray *changes, GError **errp)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            set, name);
    HiveKey key = hive_find_key(system, path);
    g_autofree char *own_name = NULL;
    g_autofree char *own_path = NULL;
    Change *change;

    if (!has_start(system, key)) {
        return true;
    }
    own_name = hive_key_name(system, key);
    own_path = g_strdup_printf("ControlSet%03u\\Services\\%s", set, own_name);
    if (must_be_disabled(system, path)) {
        if (!set_disabled(system, key, errp)) {
            return false;
        }
        change = change_add_system_key(changes, own_path, source, reason);
        g_ptr_array_add(change->values, g_strdup("Start"));
    }
    return drop_override(system, own_path, source, reason, changes, errp);
}

static bool contains(const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++) {
        if (hive_same_name(g_ptr_array_index(names, i), name)) {
            return true;
        }
    }
    return false;
}

static bool disable_in_set(Hive *system, unsigned set,
                           const char *const *names, const char *source,
                           const char *reason, GPtrArray *changes,
                           GPtrArray *warnings, GError **errp)
{
    g_autoptr(GPtrArray) listed = g_ptr_array_new();

    if (!filters_unlist(system, set, names, source, reason, changes, listed,
                        warnings, errp)) {
        return false;
    }
    for (; *names; names++) {
        if (!contains(listed, *names) &&
            !disable(system, set, *names, source, reason, changes, errp)) {
            return false;
        }
    }
    return true;
}

bool services_disable(Hive *system, const char *const *names,
                      const char *source, const char *reason,
                      const GArray *control_sets, GPtrArray *changes,
                      GPtrArray *warnings, GError **errp)
{
    for (guint i = 0; i < control_sets->len; i++) {
        unsigned set = g_array_index(control_sets, unsigned, i);

        if (!disable_in_set(system, set, names, source, reason, changes,
                            warnings, errp)) {
            return false;
        }
    }
    return true;
}
