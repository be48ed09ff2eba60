/*
 * Inspect: what the tools of hypervisors have left in the registry
 *
 * The names are those that the parts of the default profile disable, compared
 * whole.  A service may also be on lists of filters, of device classes and of
 * single devices: such a device does not start without it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "enum-walk.h"
#include "filters.h"
#include "guest-limits.h"
#include "hive-strings.h"
#include "inspect-internal.h"
#include "profile.h"

/* Profiles that hold the names; the first one's are those of VMware. */
static const char *const profiles[] = {
    "vmware-tools", "xen-drivers", "virtualbox", "parallels",
};

/* What is known of one of the names. */
typedef struct Leftover {
    char *name;
    /* Where it is reported. */
    GPtrArray *found;
    bool is_service;
    bool has_start;
    uint32_t start;
    /* char *: "UpperFilters of Mouse" */
    GPtrArray *lists;
} Leftover;

typedef struct Search {
    Hive *system;
    unsigned set;
    /* Leftover *, in the order of the profiles. */
    GPtrArray *leftovers;
} Search;

static void free_leftover(void *opaque)
{
    Leftover *leftover = opaque;

    g_free(leftover->name);
    g_ptr_array_unref(leftover->lists);
    g_free(leftover);
}

static Leftover *find_leftover(const Search *search, const char *name)
{
    for (guint i = 0; i < search->leftovers->len; i++) {
        Leftover *leftover = g_ptr_array_index(search->leftovers, i);

        if (g_ascii_strcasecmp(leftover->name, name) == 0) {
            return leftover;
        }
    }
    return NULL;
}

/* Adds the names that an embedded profile disables. */
static bool add_names(Search *search, const char *profile_name,
                      GPtrArray *found, GError **errp)
{
    g_autoptr(Profile) profile = profile_embedded(profile_name, errp);

    for (char **name = profile ? profile->disabled : NULL; name && *name;
         name++) {
        Leftover *leftover = g_new0(Leftover, 1);

        leftover->name = g_strdup(*name);
        leftover->found = found;
        leftover->lists = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(search->leftovers, leftover);
    }
    return profile != NULL;
}

/* Notes which of the names are on the lists of @key, that of @owner. */
static void look_at_filters(Search *search, HiveKey key, const char *owner)
{
    for (unsigned i = 0; i < FILTERS_VALUES; i++) {
        g_auto(GStrv) names = hive_key_strings(search->system, key,
                                               filters_values[i]);

        for (char **name = names; name && *name; name++) {
            Leftover *leftover = find_leftover(search, *name);

            if (leftover && leftover->lists->len < LIMIT_FILTER_LISTS) {
                g_ptr_array_add(leftover->lists,
                                g_strdup_printf("%s of %s", filters_values[i],
                                                owner));
            }
        }
    }
}

static void look_at_device(Hive *system, HiveKey instance, const char *path,
                           void *opaque)
{
    look_at_filters(opaque, instance, path);
}

/* Classes have a name beside their GUID: "Mouse". */
static void look_at_classes(Search *search)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Control\\Class",
                                            search->set);
    g_autoptr(GArray) keys =
        hive_subkeys(search->system, hive_find_key(search->system, path));

    for (guint i = 0; i < keys->len; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        g_autofree char *guid = hive_key_name(search->system, key);
        g_autofree char *name = hive_key_string(search->system, key, "Class");

        look_at_filters(search, key, name ? name : guid);
    }
}

static void look_at_service(Search *search, Leftover *leftover)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            search->set, leftover->name);
    HiveKey key = hive_find_key(search->system, path);

    leftover->is_service = key != HIVE_NO_KEY;
    leftover->has_start = leftover->is_service &&
                          hive_key_dword(search->system, key, "Start",
                                         &leftover->start);
}

/* "vmmouse (Start=3, UpperFilters of Mouse)", to be freed. */
static char *describe(const Leftover *leftover)
{
    GString *text = g_string_new(leftover->name);

    if (!leftover->is_service) {
        g_string_append(text, " (no service");
    } else if (leftover->has_start) {
        g_string_append_printf(text, " (Start=%u", leftover->start);
    } else {
        g_string_append(text, " (no Start");
    }
    for (guint i = 0; i < leftover->lists->len; i++) {
        g_string_append_printf(text, ", %s",
                               (char *)g_ptr_array_index(leftover->lists, i));
    }
    g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static void look_at_registry(Search *search)
{
    look_at_classes(search);
    enum_walk(search->system, search->set, look_at_device, search);
    for (guint i = 0; i < search->leftovers->len; i++) {
        look_at_service(search, g_ptr_array_index(search->leftovers, i));
    }
}

bool inspect_leftovers(Inspection *in, GError **errp)
{
    g_autoptr(GPtrArray) leftovers =
        g_ptr_array_new_with_free_func(free_leftover);
    Search search = { in->system->hive, in->control_set, leftovers };

    for (unsigned i = 0; i < G_N_ELEMENTS(profiles); i++) {
        if (!add_names(&search, profiles[i],
                       i == 0 ? in->vmware : in->hypervisor_drivers, errp)) {
            return false;
        }
    }
    look_at_registry(&search);
    for (guint i = 0; i < leftovers->len; i++) {
        Leftover *leftover = g_ptr_array_index(leftovers, i);

        if (leftover->is_service || leftover->lists->len > 0) {
            char *text = describe(leftover);

            inspect_clip(text);
            g_ptr_array_add(leftover->found, text);
        }
    }
    return true;
}
