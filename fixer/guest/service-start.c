/*
 * Service start: drivers that the boot loader has to start
 *
 * Start=0 has a driver started before there is a disk to read it from.  From
 * Windows 8 on that is not enough: Windows demotes drivers that it has seen no
 * device for, by the value 0 of a key StartOverride below the service's, and
 * believes that before Start.  A guest that comes from another controller has
 * it on the very drivers that it needs, and it counts for the whole chain
 * from the bus to the disk (Azure/SAP-on-Azure-Scripts-and-Utilities, issues
 * 132 and 147).
 *
 * The key StartOverride is deleted rather than its value set to 0: without it
 * Start counts, as it did before Windows made it; what its other values (1,
 * 2) stand for is not documented, so that no number is known to be right
 * there; and it is what most tools do that move guests.  One that has nothing
 * but 0 does no harm and stays.
 *
 * What Windows does not need to start its disk from is left alone, and so are
 * drivers that are not there: with Start=0 and ErrorControl=3 the boot loader
 * refuses to go on without them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "boot-services.h"
#include "hive-internal.h"
#include "hive-value.h"
#include "le.h"
#include "reg-values.h"
#include "service-image.h"
#include "service-start.h"

/* SERVICE_KERNEL_DRIVER of winnt.h */
#define TYPE_KERNEL_DRIVER 1

typedef struct Settling {
    Hive *system;
    const ProfileBootService *service;
    const Windows *windows;
    DriverFiles *files;
    const char *source;
    GPtrArray *changes;
    GPtrArray *warnings;
    /* Of the service in the control set that is looked at. */
    HiveKey key;
    char *path;
} Settling;

static void settling_clear(Settling *s)
{
    g_clear_pointer(&s->path, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settling, settling_clear)

static void warn(const Settling *s, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void warn(const Settling *s, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(s->warnings,
                    g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s: %s",
                                    s->path, what));
}

/* Whether the service may have that value of Start. */
static bool is_allowed(const Settling *s, uint32_t start)
{
    for (guint i = 0; i < s->service->start->len; i++) {
        if (g_array_index(s->service->start, uint32_t, i) == start) {
            return true;
        }
    }
    return false;
}

static uint32_t wanted_start(const Settling *s)
{
    return g_array_index(s->service->start, uint32_t, 0);
}

/* What is wrong with the value Start, to be freed; NULL if nothing is. */
static char *find_wrong_start(const Settling *s)
{
    uint32_t start;

    if (!hive_key_dword(s->system, s->key, "Start", &start)) {
        return g_strdup("there was no Start");
    }
    return is_allowed(s, start) ? NULL
                                : g_strdup_printf("Start was %u", start);
}

/* The same of one value of StartOverride. */
static char *find_wrong_value(const Settling *s, uint32_t value)
{
    uint32_t type;
    g_autoptr(GBytes) data = hive_value_read(s->system->image, value, &type);
    uint32_t start;

    if (!data || type != REG_DWORD || g_bytes_get_size(data) != 4) {
        return g_strdup("StartOverride had a value that is no number");
    }
    start = get_le32(g_bytes_get_data(data, NULL));
    return start == SERVICE_BOOT_START
           ? NULL
           : g_strdup_printf("StartOverride had %u, which counts more than "
                             "Start", start);
}

/* The same of the key StartOverride, if there is one: *@key. */
static char *find_wrong_override(const Settling *s, HiveKey *key)
{
    g_autofree char *path = g_strconcat(s->path, "\\StartOverride", NULL);
    g_autoptr(GArray) values = NULL;
    char *wrong = NULL;

    *key = s->service->drop_override ? hive_find_key(s->system, path)
                                     : HIVE_NO_KEY;
    if (*key == HIVE_NO_KEY) {
        return NULL;
    }
    values = hive_values(s->system->image, hive_cell_of(*key));
    for (guint i = 0; i < values->len && !wrong; i++) {
        wrong = find_wrong_value(s, g_array_index(values, uint32_t, i));
    }
    return wrong;
}

/* The service's file, to be freed, and what can be said of it. */
static bool find_file(const Settling *s, char **path, DriverFileState *state,
                      GError **errp)
{
    g_autofree char *image = s->key == HIVE_NO_KEY ? NULL
        : hive_key_string(s->system, s->key, "ImagePath");

    *path = service_image_path(s->windows, s->service->name, image);
    *state = DRIVER_FILE_UNKNOWN;
    return !*path || s->files->state(s->files, *path, state, errp);
}

/* The change of @path, or, if that is NULL, of the service's own key. */
static Change *add_change(const Settling *s, ChangeAction action,
                          const char *path, const char *what)
{
    g_autofree char *reason = g_strdup_printf("%s: %s", what,
                                              s->service->reason);
    Change *change = change_add_system_key(s->changes, path ? path : s->path,
                                           s->source, reason);

    change->action = action;
    return change;
}

static bool set_values(const Settling *s, GPtrArray *values,
                       ChangeAction action, const char *what, GError **errp)
{
    Change *change;

    if (!hive_set_values(s->system, s->key, values, errp)) {
        return false;
    }
    change = add_change(s, action, NULL, what);
    for (guint i = 0; i < values->len; i++) {
        const RegValue *value = g_ptr_array_index(values, i);

        g_ptr_array_add(change->values, g_strdup(value->name));
    }
    return true;
}

static bool set_start(const Settling *s, const char *what, GError **errp)
{
    g_autoptr(GPtrArray) values = reg_values_new();

    reg_values_add_number(values, "Start", wanted_start(s));
    return set_values(s, values, CHANGE_MODIFY, what, errp);
}

static bool drop_override(const Settling *s, HiveKey key, const char *what,
                          GError **errp)
{
    g_autofree char *path = g_strconcat(s->path, "\\StartOverride", NULL);

    if (!hive_delete_key(s->system, key, errp)) {
        return false;
    }
    add_change(s, CHANGE_DELETE, path, what);
    return true;
}

/* A service that is there, and of which something is wrong. */
static bool mend(const Settling *s, const char *start, HiveKey override_key,
                 const char *override, GError **errp)
{
    g_autofree char *path = NULL;
    DriverFileState state;

    if (!find_file(s, &path, &state, errp)) {
        return false;
    }
    if (state != DRIVER_FILE_FITS && state != DRIVER_FILE_UNKNOWN) {
        if (s->service->missing != PROFILE_MISSING_IGNORE) {
            warn(s, "left as it is (%s), since its driver %s %s",
                 start ? start : override, path,
                 driver_file_state_text(state));
        }
        return true;
    }
    return (!start || set_start(s, start, errp)) &&
           (!override || drop_override(s, override_key, override, errp));
}

/* Whether the key, if it exists, has no value of that name. */
static bool lacks(const Settling *s, bool exists, const char *name)
{
    uint32_t type;
    g_autoptr(GBytes) data =
        exists ? hive_get_value(s->system, s->key, name, &type) : NULL;

    return !data;
}

/* What of a service its key lacks, but for Start, which is always set. */
static GPtrArray *lacking_values(const Settling *s, bool exists)
{
    g_autofree char *image = g_strdup_printf("system32\\drivers\\%s.sys",
                                             s->service->name);
    GPtrArray *values = reg_values_new();

    reg_values_add_number(values, "Type", TYPE_KERNEL_DRIVER);
    reg_values_add_number(values, "Start", wanted_start(s));
    if (lacks(s, exists, "ErrorControl")) {
        reg_values_add_number(values, "ErrorControl",
                              s->service->error_control);
    }
    if (lacks(s, exists, "Group")) {
        reg_values_add_string(values, "Group", REG_SZ, s->service->group);
    }
    if (lacks(s, exists, "ImagePath")) {
        reg_values_add_string(values, "ImagePath", REG_EXPAND_SZ, image);
    }
    return values;
}

static bool create(Settling *s, GError **errp)
{
    bool exists = s->key != HIVE_NO_KEY;
    g_autoptr(GPtrArray) values = lacking_values(s, exists);

    s->key = hive_create_key(s->system, s->path, errp);
    return s->key != HIVE_NO_KEY &&
           set_values(s, values, exists ? CHANGE_MODIFY : CHANGE_CREATE,
                      "there was no such service", errp);
}

/* A service that is not there. */
static bool supply(Settling *s, GError **errp)
{
    g_autofree char *path = NULL;
    DriverFileState state;

    if (s->service->missing == PROFILE_MISSING_IGNORE) {
        return true;
    }
    if (s->service->missing == PROFILE_MISSING_WARN) {
        warn(s, "there is no such service, and Windows may not start without "
             "it; restore the hive in the source VM");
        return true;
    }
    if (!find_file(s, &path, &state, errp)) {
        return false;
    }
    if (state != DRIVER_FILE_FITS) {
        warn(s, "there is no such service, and it cannot be made, since its "
             "driver %s %s", path ? path : "is on another volume and",
             driver_file_state_text(state));
        return true;
    }
    return create(s, errp);
}

/* A key without Type is none of a service: it holds parameters only. */
static bool is_service(const Settling *s)
{
    uint32_t type;

    return s->key != HIVE_NO_KEY &&
           hive_key_dword(s->system, s->key, "Type", &type);
}

static bool settle_in_set(Settling *s, GError **errp)
{
    g_autofree char *start = NULL;
    g_autofree char *override = NULL;
    HiveKey override_key;

    if (!is_service(s) && !supply(s, errp)) {
        return false;
    }
    if (!is_service(s)) {
        return true;
    }
    start = find_wrong_start(s);
    override = find_wrong_override(s, &override_key);
    return (!start && !override) ||
           mend(s, start, override_key, override, errp);
}

/* Its key, under the name that the hive has for it, if there is one. */
static void find_service(Settling *s, unsigned set)
{
    g_autofree char *path = g_strdup_printf("ControlSet%03u\\Services\\%s",
                                            set, s->service->name);
    g_autofree char *name = NULL;

    s->key = hive_find_key(s->system, path);
    if (s->key == HIVE_NO_KEY) {
        s->path = g_steal_pointer(&path);
        return;
    }
    name = hive_key_name(s->system, s->key);
    s->path = g_strdup_printf("ControlSet%03u\\Services\\%s", set, name);
}

bool service_start_settle(Hive *system, const ProfileBootService *service,
                          const Windows *windows, DriverFiles *files,
                          const char *source, GPtrArray *changes,
                          GPtrArray *warnings, GError **errp)
{
    for (guint i = 0; i < windows->control_sets->len; i++) {
        g_auto(Settling) s = {
            .system = system,
            .service = service,
            .windows = windows,
            .files = files,
            .source = source,
            .changes = changes,
            .warnings = warnings,
        };

        find_service(&s, g_array_index(windows->control_sets, unsigned, i));
        if (!settle_in_set(&s, errp)) {
            return false;
        }
    }
    return true;
}
