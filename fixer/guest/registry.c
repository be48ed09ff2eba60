/*
 * Registry: .reg files merged into the guest's hives
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "hive-compare.h"
#include "registry.h"

#define ROOT "HKEY_LOCAL_MACHINE"
#define CURRENT_SET "CurrentControlSet"

static void add_sorted(GArray *sets, unsigned set)
{
    guint at = 0;

    while (at < sets->len && g_array_index(sets, unsigned, at) < set) {
        at++;
    }
    if (at == sets->len || g_array_index(sets, unsigned, at) != set) {
        g_array_insert_val(sets, at, set);
    }
}

GArray *registry_control_sets(Hive *system, const char *where,
                              GPtrArray *warnings, GError **errp)
{
    static const char *const names[] = {
        "Current", "Default", "LastKnownGood",
    };
    g_autoptr(GArray) sets = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *key = NULL;
        uint32_t set = 0;

        if (!hive_get_dword(system, "Select", names[i], &set) || set == 0) {
            g_ptr_array_add(warnings,
                            g_strdup_printf("%s: Select names no control set "
                                            "as %s", where, names[i]));
            continue;
        }
        key = g_strdup_printf("ControlSet%03u", set);
        if (hive_find_key(system, key) == HIVE_NO_KEY) {
            g_ptr_array_add(warnings,
                            g_strdup_printf("%s: Select names %s as %s, but "
                                            "there is no such key", where,
                                            key, names[i]));
            continue;
        }
        add_sorted(sets, set);
    }
    if (sets->len == 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the key Select names no control set that is there; "
                    "restore the hive in the source VM", where);
        return NULL;
    }
    return g_steal_pointer(&sets);
}

/* What of @path follows @prefix, itself a whole number of names; or NULL. */
static const char *path_below(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);

    if (g_ascii_strncasecmp(path, prefix, length) != 0) {
        return NULL;
    }
    return path[length] == '\\' ? path + length + 1
           : path[length] == '\0' ? path + length : NULL;
}

static bool same_value(Hive *hive, HiveKey key, const RegValue *value)
{
    uint32_t type;
    g_autoptr(GBytes) data = hive_get_value(hive, key, value->name, &type);

    if (value->remove || !data) {
        return value->remove && !data;
    }
    return type == value->type && g_bytes_equal(data, value->data);
}

/* Any hash will do for which equal names have equal ones. */
static guint hash_name(gconstpointer key)
{
    guint hash = 5381;

    for (const char *p = key; *p; p++) {
        if (g_ascii_isalnum(*p)) {
            hash = hash * 33 + g_ascii_tolower(*p);
        }
    }
    return hash;
}

static gboolean same_name(gconstpointer a, gconstpointer b)
{
    return hive_same_name(a, b);
}

/* From a value's name to the last of @values about it: that decides. */
static GHashTable *last_words(GPtrArray *values)
{
    GHashTable *words = g_hash_table_new(hash_name, same_name);

    for (guint i = 0; values && i < values->len; i++) {
        RegValue *value = g_ptr_array_index(values, i);

        g_hash_table_replace(words, value->name, value);
    }
    return words;
}

/*
 * Those of @values, not copied, that change what the key holds.  Of several
 * about one value the last decides; all of them are then needed, since a new
 * value is called as the first of them has it.
 */
static GPtrArray *differing_values(Hive *hive, HiveKey key,
                                   GPtrArray *values)
{
    GPtrArray *differing = g_ptr_array_new();
    g_autoptr(GHashTable) words = last_words(values);

    for (guint i = 0; i < values->len; i++) {
        RegValue *value = g_ptr_array_index(values, i);
        const RegValue *word = g_hash_table_lookup(words, value->name);

        if (key == HIVE_NO_KEY ? !word->remove
                               : !same_value(hive, key, word)) {
            g_ptr_array_add(differing, value);
        }
    }
    return differing;
}

/* What one merge works on and for. */
typedef struct Merge {
    Hive *hive;
    const char *name;
    const RegFile *file;
    const char *reason;
    const GArray *control_sets;
    GPtrArray *changes;
} Merge;

static void add_change(Merge *merge, ChangeAction action, const char *path,
                       GPtrArray *values)
{
    g_autofree char *full = g_strdup_printf(ROOT "\\%s%s%s", merge->name,
                                            *path ? "\\" : "", path);
    Change *change = change_new(CHANGE_REGISTRY_KEY, action, full,
                                merge->file->name, merge->reason);

    g_autoptr(GHashTable) words = last_words(values);

    for (guint i = 0; values && i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        if (g_hash_table_lookup(words, value->name) == value) {
            g_ptr_array_add(change->values, g_strdup(value->name));
        }
    }
    g_ptr_array_add(merge->changes, change);
}

/* Whether the key is a whole control set that Windows may start with. */
static bool is_boot_set(const Merge *merge, const char *path)
{
    for (guint i = 0; i < merge->control_sets->len; i++) {
        g_autofree char *set =
            g_strdup_printf("ControlSet%03u",
                            g_array_index(merge->control_sets, unsigned, i));

        if (g_str_equal(merge->name, REGISTRY_SYSTEM) &&
            g_ascii_strcasecmp(path, set) == 0) {
            return true;
        }
    }
    return false;
}

/* Merges one key of the .reg file; @path is relative to the hive's root. */
static bool merge_key(Merge *merge, const RegKey *source, const char *path,
                      GError **errp)
{
    Hive *hive = merge->hive;
    HiveKey key = hive_find_key(hive, path);
    bool exists = key != HIVE_NO_KEY;
    g_autoptr(GPtrArray) values = NULL;

    if (source->remove) {
        if (is_boot_set(merge, path)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "key %s cannot be deleted: Windows starts with this "
                        "control set", source->path);
            return false;
        }
        if (exists) {
            add_change(merge, CHANGE_DELETE, path, NULL);
        }
        return !exists || hive_delete_key(hive, key, errp);
    }
    values = differing_values(hive, key, source->values);
    if (exists && values->len == 0) {
        return true;
    }
    key = hive_create_key(hive, path, errp);
    if (key == HIVE_NO_KEY ||
        (values->len > 0 && !hive_set_values(hive, key, values, errp))) {
        return false;
    }
    add_change(merge, exists ? CHANGE_MODIFY : CHANGE_CREATE, path, values);
    return true;
}

/* @below is relative to CurrentControlSet. */
static char *set_path(unsigned set, const char *below)
{
    return g_strdup_printf("ControlSet%03u%s%s", set, *below ? "\\" : "",
                           below);
}

/* Merges the key into each control set. */
static bool merge_into_sets(Merge *merge, const RegKey *source,
                            const char *below, GError **errp)
{
    for (guint i = 0; i < merge->control_sets->len; i++) {
        unsigned set = g_array_index(merge->control_sets, unsigned, i);
        g_autofree char *path = set_path(set, below);

        if (!merge_key(merge, source, path, errp)) {
            return false;
        }
    }
    return true;
}

/* What of @path follows HKEY_LOCAL_MACHINE\NAME; NULL: another hive. */
static const char *path_in_hive(const char *path, const char *name)
{
    const char *below = path_below(path, ROOT);

    return below ? path_below(below, name) : NULL;
}

/* Finds out where a key of the .reg file is in the hive, and merges it. */
static bool merge_source(Merge *merge, const RegKey *source, GError **errp)
{
    const char *path = path_in_hive(source->path, merge->name);
    const char *below = NULL;

    if (path && g_str_equal(merge->name, REGISTRY_SYSTEM)) {
        below = path_below(path, CURRENT_SET);
    }
    return !path ? true
           : below ? merge_into_sets(merge, source, below, errp)
                   : merge_key(merge, source, path, errp);
}

bool registry_merge(Hive *hive, const char *name, const RegFile *file,
                    const char *reason, const GArray *control_sets,
                    GPtrArray *changes, GError **errp)
{
    Merge merge = {
        .hive = hive,
        .name = name,
        .file = file,
        .reason = reason,
        .control_sets = control_sets,
        .changes = changes,
    };

    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *source = g_ptr_array_index(file->keys, i);

        if (!merge_source(&merge, source, errp)) {
            g_prefix_error(errp, "%s:%u:%u: ", file->name, source->line,
                           source->column);
            return false;
        }
    }
    return true;
}

/*
 * A hive's root can get values, but not go; nor can the current control set,
 * nor the key that says which one that is.
 */
static bool can_be_deleted(const RegKey *key)
{
    const char *system = path_in_hive(key->path, REGISTRY_SYSTEM);
    const char *software = path_in_hive(key->path, REGISTRY_SOFTWARE);
    const char *set = system ? path_below(system, CURRENT_SET) : NULL;

    return (software && *software) ||
           (system && *system && (!set || *set) &&
            g_ascii_strcasecmp(system, "Select") != 0);
}

bool registry_check_file(const RegFile *file, GError **errp)
{
    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *key = g_ptr_array_index(file->keys, i);

        if (!path_in_hive(key->path, REGISTRY_SYSTEM) &&
            !path_in_hive(key->path, REGISTRY_SOFTWARE)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s:%u:%u: key %s cannot be changed, only keys below "
                        ROOT "\\" REGISTRY_SYSTEM " and " ROOT "\\"
                        REGISTRY_SOFTWARE " can", file->name, key->line,
                        key->column, key->path);
            return false;
        }
        if (key->remove && !can_be_deleted(key)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "%s:%u:%u: key %s cannot be deleted: Windows does "
                        "not start without it", file->name, key->line,
                        key->column, key->path);
            return false;
        }
    }
    return true;
}

bool registry_touches(const RegFile *file, const char *name)
{
    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *key = g_ptr_array_index(file->keys, i);

        if (path_in_hive(key->path, name)) {
            return true;
        }
    }
    return false;
}

/* The indexes of the changes in the hive of that name, last one first. */
static GArray *changes_in_hive(const GPtrArray *changes, const char *name)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = changes->len; i-- > 0; ) {
        const Change *change = g_ptr_array_index(changes, i);

        if (change->object == CHANGE_REGISTRY_KEY &&
            path_in_hive(change->path, name)) {
            g_array_append_val(found, i);
        }
    }
    return found;
}

bool registry_settle(Hive *hive, const char *name, GPtrArray *changes,
                     bool *changed, GError **errp)
{
    g_autoptr(GArray) candidates = changes_in_hive(changes, name);
    /* Hives are large: no copy for nothing. */
    g_autoptr(Hive) before = candidates->len > 0 ? hive_as_opened(hive, errp)
                                                 : NULL;

    *changed = false;
    for (guint i = 0; before && i < candidates->len; i++) {
        guint index = g_array_index(candidates, guint, i);
        const Change *change = g_ptr_array_index(changes, index);

        if (hive_same_key(before, hive, path_in_hive(change->path, name),
                          change->action == CHANGE_DELETE)) {
            g_ptr_array_remove_index(changes, index);
        } else {
            *changed = true;
        }
    }
    return before || candidates->len == 0;
}

static void warn_if_overruled(Hive *hive, const RegFile *file,
                              const RegKey *source, const char *path,
                              GPtrArray *warnings)
{
    HiveKey key = hive_find_key(hive, path);
    g_autoptr(GPtrArray) values = differing_values(hive, key, source->values);

    for (guint i = 0; i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        g_ptr_array_add(warnings,
                        g_strdup_printf("%s:%u:%u: %s of key %s is overruled "
                                        "by what is merged later", file->name,
                                        value->line, value->column,
                                        *value->name ? value->name : "@",
                                        source->path));
    }
}

void registry_find_overruled(Hive *hive, const char *name,
                             const RegFile *file, const GArray *control_sets,
                             GPtrArray *warnings)
{
    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *source = g_ptr_array_index(file->keys, i);
        const char *path = path_in_hive(source->path, name);
        const char *below = path && g_str_equal(name, REGISTRY_SYSTEM)
                            ? path_below(path, CURRENT_SET) : NULL;
        g_autofree char *in_set = NULL;

        if (below) {
            /* All sets are merged alike. */
            in_set = set_path(g_array_index(control_sets, unsigned, 0),
                              below);
            path = in_set;
        }
        if (path && !source->remove) {
            warn_if_overruled(hive, file, source, path, warnings);
        }
    }
}
