/*
 * Boot filters: drivers around those that the disk hangs on
 *
 * A device starts only if all filters on its lists can be loaded, and one that
 * the disk hangs on only if they are loaded with the boot loader.  Removed
 * products leave names on the lists of classes that the old machine had no
 * device of, where nobody missed them.
 *
 * Names that are known are compared first (Azure/repair-script-library, pull
 * request 156): a filter of Windows' own whose service looks odd is not what
 * some product has left.  A service without ImagePath is none that dangles
 * either: its file is the usual one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-filters.h"
#include "boot-services.h"
#include "enum-walk.h"
#include "filters.h"
#include "guest-limits.h"
#include "hive-compare.h"
#include "hive-strings.h"
#include "service-image.h"

/* What cannot be a character of a name has become this one. */
#define REPLACEMENT_CHARACTER "\xef\xbf\xbd"

typedef enum FilterState {
    FILTER_SOUND,
    /* It is sound, but the boot loader does not start it. */
    FILTER_LATE,
    /* It cannot start. */
    FILTER_DANGLING,
    /* Whether it can start cannot be told. */
    FILTER_UNKNOWN,
} FilterState;

/* One control set, and one device class or device of it. */
typedef struct Cleaning {
    const BootFilters *filters;
    unsigned set;
    /* Of its key, and what it is, for the user. */
    const char *path;
    const char *title;
    /* Names that stay; may be NULL. */
    char **known;
    bool strict;
    /* The user is told of filters that are not Windows' own. */
    bool tell;
    const char *reason;
} Cleaning;

/* Whether Windows starts the service, which is sound, with the boot loader. */
static bool is_boot_start(Hive *system, const char *path)
{
    g_autofree char *override = g_strconcat(path, "\\StartOverride", NULL);
    uint32_t start = SERVICE_BOOT_START;

    return (hive_get_dword(system, override, "0", &start) ||
            hive_get_dword(system, path, "Start", &start)) &&
           start == SERVICE_BOOT_START;
}

/* What the filter's file makes of it; *@fault says so if that is bad. */
static bool judge_file(const Cleaning *c, const char *name,
                       const char *service, FilterState *state, char **fault,
                       GError **errp)
{
    const BootFilters *filters = c->filters;
    g_autofree char *image = hive_get_string(filters->system, service,
                                             "ImagePath");
    g_autofree char *path = service_image_path(filters->windows, name, image);
    DriverFileState file;

    if (!path) {
        *state = FILTER_UNKNOWN;
        return true;
    }
    if (!filters->files->state(filters->files, path, &file, errp)) {
        return false;
    }
    if (file == DRIVER_FILE_MISSING || file == DRIVER_FILE_EMPTY) {
        *state = FILTER_DANGLING;
        *fault = g_strdup_printf("its driver %s %s", path,
                                 driver_file_state_text(file));
    } else {
        *state = is_boot_start(filters->system, service) ? FILTER_SOUND
                                                         : FILTER_LATE;
    }
    return true;
}

/* What can be said of the filter; *@fault, to be freed, if that is bad. */
static bool judge(const Cleaning *c, const char *name, FilterState *state,
                  char **fault, GError **errp)
{
    Hive *system = c->filters->system;
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            c->set, name);
    uint32_t start = SERVICE_BOOT_START;

    *state = FILTER_DANGLING;
    if (strchr(name, '\\') || strstr(name, REPLACEMENT_CHARACTER)) {
        *state = FILTER_UNKNOWN;
    } else if (hive_find_key(system, path) == HIVE_NO_KEY) {
        *fault = g_strdup("there is no such service");
    } else if (hive_get_dword(system, path, "Start", &start) &&
               start == SERVICE_DISABLED) {
        *fault = g_strdup("its service is disabled");
    } else {
        return judge_file(c, name, path, state, fault, errp);
    }
    return true;
}

static bool is_known(const Cleaning *c, const char *name)
{
    for (char **known = c->known; known && *known; known++) {
        if (hive_same_name(*known, name)) {
            return true;
        }
    }
    return false;
}

static void warn(const Cleaning *c, const char *name, const char *what)
{
    g_ptr_array_add(c->filters->warnings,
                    g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: %s is a "
                                    "filter of %s %s", c->path, name,
                                    c->title, what));
}

static bool take_off(const Cleaning *c, const char *name, const char *reason,
                     GError **errp)
{
    const BootFilters *filters = c->filters;

    return filters_unlist_from(filters->system, c->path, name,
                               filters->source, reason, filters->changes,
                               filters->warnings, errp);
}

/* A filter that is not Windows' own. */
static bool clean_foreign(const Cleaning *c, const char *name,
                          FilterState state, const char *fault,
                          GError **errp)
{
    if (state == FILTER_DANGLING) {
        g_autofree char *reason = g_strdup_printf("%s: %s", fault, c->reason);

        return take_off(c, name, reason, errp);
    }
    if (c->strict && state != FILTER_UNKNOWN) {
        return take_off(c, name, "it is not known as Windows' own, and "
                        "strict-filters is on", errp);
    }
    if (state == FILTER_UNKNOWN) {
        warn(c, name, "that cannot be looked at; if Windows stops with 0x7B, "
             "take it off in the source VM");
    } else if (c->tell) {
        warn(c, name, state == FILTER_LATE
             ? "that does not start with the boot loader; if Windows stops "
               "with 0x7B, strict-filters=on takes it off"
             : "that is not known as Windows' own; if Windows stops with "
               "0x7B, strict-filters=on takes it off");
    }
    return true;
}

static bool clean_name(const Cleaning *c, const char *name, GError **errp)
{
    g_autofree char *fault = NULL;
    FilterState state;

    if (!judge(c, name, &state, &fault, errp)) {
        return false;
    }
    if (!is_known(c, name)) {
        return clean_foreign(c, name, state, fault, errp);
    }
    if (state == FILTER_DANGLING) {
        g_autofree char *what =
            g_strdup_printf("and stays one, since it is Windows' own, but %s; "
                            "mend it in the source VM", fault);

        warn(c, name, what);
    } else if (state == FILTER_LATE) {
        warn(c, name, "and stays one, since it is Windows' own, but does not "
             "start with the boot loader; if Windows stops with 0x7B, sc "
             "config NAME start= boot in the source VM");
    }
    return true;
}

/* Each name is looked for in the whole list, so there must not be too many. */
static bool clean_list(const Cleaning *c, char **names, GError **errp)
{
    if (g_strv_length(names) > LIMIT_FILTERS) {
        g_ptr_array_add(c->filters->warnings,
                        g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: more "
                                        "than %u filters are on one list, "
                                        "which is left as it is", c->path,
                                        LIMIT_FILTERS));
        return true;
    }
    for (char **name = names; *name; name++) {
        if (!clean_name(c, *name, errp)) {
            return false;
        }
    }
    return true;
}

static bool clean_key(const Cleaning *c, GError **errp)
{
    Hive *system = c->filters->system;
    HiveKey key = hive_find_key(system, c->path);

    for (unsigned i = 0; key != HIVE_NO_KEY && i < FILTERS_VALUES; i++) {
        g_auto(GStrv) names = hive_key_strings(system, key,
                                               filters_values[i]);

        if (names && !clean_list(c, names, errp)) {
            return false;
        }
    }
    return true;
}

bool boot_filters_clean_class(const BootFilters *filters,
                              const ProfileClassFilters *class_filters,
                              GError **errp)
{
    const GArray *sets = filters->windows->control_sets;

    for (guint i = 0; i < sets->len; i++) {
        unsigned set = g_array_index(sets, unsigned, i);
        g_autofree char *path =
            g_strdup_printf("ControlSet%03u\\Control\\Class\\%s", set,
                            class_filters->class_guid);
        Cleaning cleaning = {
            .filters = filters,
            .set = set,
            .path = path,
            .title = class_filters->title,
            .known = class_filters->known,
            .strict = filters->strict,
            .tell = true,
            .reason = class_filters->reason,
        };

        if (!clean_key(&cleaning, errp)) {
            return false;
        }
    }
    return true;
}

/* The devices that are looked for, and those that were found. */
typedef struct Devices {
    char **wanted;
    /* PCI\VEN_8086&DEV_7010\3&61aaa01&0&38 */
    GPtrArray *found;
} Devices;

/* Whether @path, below Enum, is an instance of the device @wanted. */
static bool is_instance_of(const char *path, const char *wanted)
{
    size_t enumerator = strcspn(wanted, "\\") + 1;
    const char *device = path + enumerator;
    g_autofree char *name = NULL;

    if (g_ascii_strncasecmp(path, wanted, enumerator) != 0) {
        return false;
    }
    name = g_strndup(device, strcspn(device, "\\"));
    return enum_device_is(name, wanted + enumerator);
}

static void find_device(Hive *system, HiveKey instance, const char *path,
                        void *opaque)
{
    Devices *devices = opaque;

    for (char **wanted = devices->wanted; *wanted; wanted++) {
        if (is_instance_of(path, *wanted)) {
            g_ptr_array_add(devices->found, g_strdup(path));
            return;
        }
    }
}

static bool clean_device(const BootFilters *filters, unsigned set,
                         const char *device, const char *reason,
                         GError **errp)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Enum\\%s", set,
                                            device);
    Cleaning cleaning = {
        .filters = filters,
        .set = set,
        .path = path,
        .title = "one device",
        .reason = reason,
    };

    return clean_key(&cleaning, errp);
}

bool boot_filters_clean_devices(const BootFilters *filters, char **wanted,
                                const char *reason, GError **errp)
{
    const GArray *sets = filters->windows->control_sets;

    for (guint i = 0; i < sets->len; i++) {
        unsigned set = g_array_index(sets, unsigned, i);
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
        Devices devices = { .wanted = wanted, .found = found };

        enum_walk(filters->system, set, find_device, &devices);
        for (guint j = 0; j < found->len; j++) {
            if (!clean_device(filters, set, g_ptr_array_index(found, j),
                              reason, errp)) {
                return false;
            }
        }
    }
    return true;
}
