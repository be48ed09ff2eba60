/*
 * Filters: the drivers that Windows puts around the one that serves a device
 *
 * The values UpperFilters and LowerFilters name services.  Windows starts a
 * device only if it can load all of them, so that a name must be off every
 * list before its service is disabled, and a name without a service must be
 * off, too.  There are lists of device classes and lists of single devices;
 * where a new device gets its own from depends on the Windows: until 7 and
 * Server 2008 R2 the CriticalDeviceDatabase has them (in a Windows 7 SP1 x86:
 * VMMouse for *PNP0F03, the AGP filters for each bridge, 147 keys).
 *
 * Not looked at: Control\DeviceClasses, which has no such values in the hives
 * of Windows XP, 7, 8.1 and 10 that were seen; and the DriverDatabase of
 * Windows 8 and later, which belongs to no control set.
 *
 * A list is edited as bytes, so that all other names stay what they are,
 * whatever is odd about them: not ASCII, no NUL at the end, an empty name in
 * between, half a character at the end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "filters.h"
#include "guest-limits.h"
#include "hive-name.h"

/* Keys that may have lists: from so many levels below @path to so many. */
static const struct {
    const char *path;
    unsigned first;
    unsigned last;
} places[] = {
    /*
     * Each class.  Its numbered keys, one for each device, mean nothing to
     * Windows, but some setup programs write there.
     */
    { "Control\\Class", 1, 2 },
    { "Control\\CriticalDeviceDatabase", 1, 1 },
    /* ENUMERATOR\DEVICE\INSTANCE */
    { "Enum", 3, 3 },
};

const char *const filters_values[FILTERS_VALUES] = {
    "UpperFilters", "LowerFilters",
};

/* A name that is looked for. */
typedef struct Wanted {
    const char *text;
    HiveName name;
    /* What @name lies in. */
    GByteArray *bytes;
} Wanted;

typedef struct Search {
    Hive *system;
    /* Wanted */
    GArray *wanted;
    const char *source;
    const char *reason;
    GPtrArray *changes;
    GPtrArray *listed;
    GPtrArray *warnings;
    /* What follows from a name that has to stay, for the warning. */
    const char *consequence;
    /* Keys that may still be looked at. */
    unsigned left;
} Search;

static void wanted_clear(void *opaque)
{
    Wanted *wanted = opaque;

    g_byte_array_unref(wanted->bytes);
}

static GArray *wanted_new(const char *const *names)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Wanted));

    g_array_set_clear_func(all, wanted_clear);
    for (; *names; names++) {
        Wanted wanted = { .text = *names, .bytes = g_byte_array_new() };

        if (hive_name_from_utf8(*names, LIMIT_KEY_NAME, wanted.bytes,
                                &wanted.name)) {
            g_array_append_val(all, wanted);
        } else {
            /* No key can have that name. */
            wanted_clear(&wanted);
        }
    }
    return all;
}

/* Which of the names it is; NULL if none. */
static const char *find_wanted(const Search *search, const HiveName *name)
{
    for (guint i = 0; i < search->wanted->len; i++) {
        const Wanted *wanted = &g_array_index(search->wanted, Wanted, i);

        if (hive_name_compare(&wanted->name, name) == 0) {
            return wanted->text;
        }
    }
    return NULL;
}

static void note(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find(names, name, NULL)) {
        g_ptr_array_add(names, (gpointer)name);
    }
}

/* How many bytes the name in @data takes, with its NUL if it has one. */
static gsize name_extent(const uint8_t *data, gsize size, bool *terminated)
{
    gsize at = 0;

    *terminated = false;
    while (at + 2 <= size && !*terminated) {
        *terminated = data[at] == 0 && data[at + 1] == 0;
        at += 2;
    }
    return at;
}

/*
 * What is left of a list, or NULL if that is nothing.  Names that are taken
 * off are added to @taken.
 */
static GBytes *strip(const Search *search, GBytes *list, bool multiple,
                     GPtrArray *taken)
{
    GByteArray *rest = g_byte_array_new();
    bool any = false;
    gsize size, at = 0;
    const uint8_t *data = g_bytes_get_data(list, &size);

    while (at + 2 <= size) {
        bool terminated;
        gsize extent = name_extent(data + at, size - at, &terminated);
        HiveName name = hive_name(data + at, extent - (terminated ? 2 : 0),
                                  false);
        const char *wanted = find_wanted(search, &name);

        if (wanted) {
            note(taken, wanted);
        } else {
            g_byte_array_append(rest, data + at, extent);
            any |= name.length > 0;
        }
        at += extent;
        if (!multiple) {
            /* What follows a string is no part of it. */
            break;
        }
    }
    if (!any) {
        g_byte_array_unref(rest);
        return NULL;
    }
    g_byte_array_append(rest, data + at, size - at);
    return g_byte_array_free_to_bytes(rest);
}

/* Of a REG_SZ Windows makes a list of one name. */
static bool is_list(uint32_t type)
{
    return type == REG_MULTI_SZ || type == REG_SZ || type == REG_EXPAND_SZ;
}

static char *join(const GPtrArray *names)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < names->len; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(names, i));
    }
    return g_string_free(text, FALSE);
}

static void add_change(const Search *search, const char *path,
                       const GPtrArray *values, const GPtrArray *taken)
{
    g_autofree char *names = join(taken);
    g_autofree char *reason =
        g_strdup_printf("%s taken off the filters: %s", names,
                        search->reason);
    Change *change = change_add_system_key(search->changes, path,
                                           search->source, reason);

    for (guint i = 0; i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        g_ptr_array_add(change->values, g_strdup(value->name));
    }
}

static void keep(const Search *search, const char *path, const char *why,
                 const GPtrArray *names)
{
    g_autofree char *text = join(names);

    for (guint i = 0; i < names->len; i++) {
        note(search->listed, g_ptr_array_index(names, i));
    }
    g_ptr_array_add(search->warnings,
                    g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: %s "
                                    "cannot be taken off the filters (%s)%s",
                                    path, text, why, search->consequence));
}

static void value_clear(RegValue *value)
{
    g_clear_pointer(&value->data, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RegValue, value_clear)

/* The path of a key below another.  Most are never needed. */
static char *path_of(const Search *search, const char *above, HiveKey key)
{
    g_autofree char *name = hive_key_name(search->system, key);

    return g_strdup_printf("%s\\%s", above, name);
}

/*
 * Finds out what becomes of one list: whether it changes, and if so into
 * @value.
 */
static bool edit_list(const Search *search, HiveKey key, const char *above,
                      RegValue *value, GPtrArray *taken)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GBytes) list = hive_get_value(search->system, key, value->name,
                                            &value->type);

    if (!list) {
        return false;
    }
    names = g_ptr_array_new();
    value->data = strip(search, list, value->type == REG_MULTI_SZ ||
                        !is_list(value->type), names);
    value->remove = !value->data;
    if (names->len > 0 && !is_list(value->type)) {
        g_autofree char *path = path_of(search, above, key);

        keep(search, path, "the list is of an unknown type", names);
        return false;
    }
    for (guint i = 0; i < names->len; i++) {
        note(taken, g_ptr_array_index(names, i));
    }
    return names->len > 0;
}

static bool unlist_key(Search *search, HiveKey key, const char *above,
                       GError **errp)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_autoptr(GPtrArray) taken = g_ptr_array_new();
    g_auto(RegValue) upper = { .name = (char *)filters_values[0] };
    g_auto(RegValue) lower = { .name = (char *)filters_values[1] };
    g_autofree char *path = NULL;

    if (edit_list(search, key, above, &upper, taken)) {
        g_ptr_array_add(values, &upper);
    }
    if (edit_list(search, key, above, &lower, taken)) {
        g_ptr_array_add(values, &lower);
    }
    if (values->len == 0) {
        return true;
    }
    path = path_of(search, above, key);
    if (hive_find_key(search->system, path) != key) {
        keep(search, path, "the key's name is damaged", taken);
        return true;
    }
    if (!hive_set_values(search->system, key, values, errp)) {
        return false;
    }
    add_change(search, path, values, taken);
    return true;
}

/* Whether one key more may be looked at. */
static bool count_key(Search *search, const char *path, GError **errp)
{
    if (search->left > 0) {
        search->left--;
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "HKEY_LOCAL_MACHINE\\SYSTEM\\%s: the registry hive is damaged:"
                " keys are in it many times over; restore it in the source "
                "VM", path);
    return false;
}

/* Looks at the keys below @key, which are on @level below @place. */
static bool walk(Search *search, unsigned place, HiveKey key,
                 const char *path, unsigned level, GError **errp)
{
    g_autoptr(GArray) subkeys = hive_subkeys(search->system, key);

    for (guint i = 0; i < subkeys->len; i++) {
        HiveKey subkey = g_array_index(subkeys, HiveKey, i);
        g_autofree char *below = NULL;

        if (!count_key(search, path, errp) ||
            (level >= places[place].first &&
             !unlist_key(search, subkey, path, errp))) {
            return false;
        }
        if (level < places[place].last) {
            below = path_of(search, path, subkey);
            if (!walk(search, place, subkey, below, level + 1, errp)) {
                return false;
            }
        }
    }
    return true;
}

bool filters_unlist(Hive *system, unsigned set, const char *const *names,
                    const char *source, const char *reason,
                    GPtrArray *changes, GPtrArray *listed,
                    GPtrArray *warnings, GError **errp)
{
    g_autoptr(GArray) wanted = wanted_new(names);
    Search search = {
        .system = system,
        .wanted = wanted,
        .source = source,
        .reason = reason,
        .changes = changes,
        .listed = listed,
        .warnings = warnings,
        .consequence = ", and is therefore not disabled",
        .left = LIMIT_HIVE_KEYS,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_strdup_printf("ControlSet%03u\\%s", set,
                                                places[i].path);

        if (!walk(&search, i, hive_find_key(system, path), path, 1, errp)) {
            return false;
        }
    }
    return true;
}

bool filters_unlist_from(Hive *system, const char *path, const char *name,
                         const char *source, const char *reason,
                         GPtrArray *changes, GPtrArray *warnings,
                         GError **errp)
{
    const char *const names[] = { name, NULL };
    g_autoptr(GArray) wanted = wanted_new(names);
    g_autoptr(GPtrArray) listed = g_ptr_array_new();
    g_autofree char *above = g_strndup(path, strrchr(path, '\\') - path);
    Search search = {
        .system = system,
        .wanted = wanted,
        .source = source,
        .reason = reason,
        .changes = changes,
        .listed = listed,
        .warnings = warnings,
        .consequence = "",
    };

    return unlist_key(&search, hive_find_key(system, path), above, errp);
}
