/*
 * Check: would this guest boot
 *
 * Notes on the design
 *
 * The boot path is a table of links, in the order in which firmware, NTLDR and
 * kernel go along it; the middle part, what the kernel has to start on its way
 * to the disk, is the target machine's (check-machine).  The first broken link
 * ends the walk: what is behind it nobody would come to.  A link of which
 * nothing can be told does not: a later one may be broken for certain.
 *
 * The answer is that of Windows 2000, XP and Server 2003.  It is about files
 * and settings: no code is run, and damage within a file of the right form
 * goes unnoticed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "dynamic.h"
#include "error.h"
#include "profile.h"
#include "report-json.h"

/* win-xenprep's, of which REMEDY_CONVERT speaks. */
#define DEFAULT_PROFILE "ide"

/* What has to be known for a link to be looked at. */
typedef enum Need {
    NEED_NOTHING,
    NEED_DISK,
    NEED_SYSTEM_PARTITION,
    NEED_SYSTEM_VOLUME,
    NEED_PLACE,
    NEED_WINDOWS,
    NEED_SYSTEM_HIVE,
    NEED_CONTROL_SET,
} Need;

typedef struct LinkType {
    const char *name;
    LinkFunc *func;
    Need need;
} LinkType;

static const LinkType before_devices[] = {
    { "active-partition", check_active_partition, NEED_NOTHING },
    { "boot-code", check_boot_code, NEED_DISK },
    { "boot-sector", check_boot_sector, NEED_SYSTEM_PARTITION },
    { "ntldr", check_ntldr, NEED_SYSTEM_VOLUME },
    { "hibernation", check_hibernation, NEED_SYSTEM_VOLUME },
    { "boot-ini", check_boot_ini, NEED_SYSTEM_VOLUME },
    { "arc-path", check_arc_path, NEED_DISK },
    { "ntdetect", check_ntdetect, NEED_SYSTEM_VOLUME },
    { "system-root", check_system_root, NEED_PLACE },
    { "kernel-hal", check_kernel_hal, NEED_WINDOWS },
    { "system-hive", check_system_hive, NEED_WINDOWS },
    { "control-set", check_control_set, NEED_SYSTEM_HIVE },
    { "hal-devices", check_hal_devices, NEED_CONTROL_SET },
    { "boot-drivers", check_boot_drivers, NEED_CONTROL_SET },
    { "file-system", check_file_system, NEED_CONTROL_SET },
};

static const LinkType after_devices[] = {
    { "session-manager", check_session_manager, NEED_WINDOWS },
    { "software-hive", check_software_hive, NEED_WINDOWS },
    { "other-hives", check_other_hives, NEED_WINDOWS },
};

static void link_free(void *opaque)
{
    Link *link = opaque;

    g_free(link->name);
    g_free(link->object);
    g_free(link->text);
    g_free(link->stop_code);
    g_free(link->remedy);
    g_free(link);
}

static bool link_set(Link *link, LinkState state, const char *format,
                     va_list args)
{
    link->state = state;
    g_free(link->text);
    link->text = g_strdup_vprintf(format, args);
    return true;
}

void link_set_object(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(link->object);
    link->object = g_strdup_vprintf(format, args);
    va_end(args);
}

bool link_ok(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_OK, format, args);
    va_end(args);
    return true;
}

bool link_broken(Link *link, const char *stop_code, const char *remedy,
                 const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_BROKEN, format, args);
    va_end(args);
    link->stop_code = g_strdup(stop_code);
    link->remedy = g_strdup(remedy);
    return true;
}

bool link_unknown(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_UNKNOWN, format, args);
    va_end(args);
    return true;
}

bool link_skipped(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_SKIPPED, format, args);
    va_end(args);
    return true;
}

bool link_failed(Link *link, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    link_unknown(link, "%s", err->message);
    g_error_free(err);
    return true;
}

void check_warn(Check *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(check->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

char *missing_or_corrupt(const char *path)
{
    return g_strdup_printf("Windows could not start because the following "
                           "file is missing or corrupt: %s", path);
}

Volume *check_open_volume(Check *check, const Partition *partition,
                          GError **errp)
{
    if (partition->type == PARTITION_TYPE_LDM) {
        g_autoptr(DynamicDisk) dynamic =
            dynamic_disk_read(check->overlay, check->disk, errp);

        if (!dynamic ||
            !dynamic_disk_check_simple(dynamic, partition, errp)) {
            return NULL;
        }
    }
    return volume_open(check->overlay, partition, VOLUME_READ_ONLY, errp);
}

bool check_volume_state(Check *check, Volume *volume, GError **errp)
{
    GError *err = NULL;

    if (!volume_check_clean(volume, true, check->warnings, &err)) {
        if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
            g_propagate_error(errp, err);
            return false;
        }
        g_ptr_array_add(check->warnings, g_strdup(err->message));
        g_error_free(err);
    }
    return true;
}

static bool has(const Check *check, Need need)
{
    switch (need) {
    case NEED_NOTHING:
        return true;
    case NEED_DISK:
        return check->disk != NULL;
    case NEED_SYSTEM_PARTITION:
        return check->system_partition != NULL;
    case NEED_SYSTEM_VOLUME:
        return check->system_volume != NULL;
    case NEED_PLACE:
        return check->place.partition != NULL;
    case NEED_WINDOWS:
        return check->windows != NULL;
    case NEED_SYSTEM_HIVE:
        return check->system != NULL;
    case NEED_CONTROL_SET:
        return check->control_set != 0;
    }
    g_assert_not_reached();
}

static const Link *find_state(const Check *check, LinkState state)
{
    for (guint i = 0; i < check->links->len; i++) {
        const Link *link = g_ptr_array_index(check->links, i);

        if (link->state == state) {
            return link;
        }
    }
    return NULL;
}

/* The next link; NULL if nobody would come to it, or nothing is known. */
static Link *begin_link(Check *check, const char *name, Need need)
{
    const Link *broken = find_state(check, LINK_BROKEN);
    Link *link = g_new0(Link, 1);

    link->name = g_strdup(name);
    g_ptr_array_add(check->links, link);
    if (broken) {
        link_skipped(link, "not reached: %s is broken", broken->name);
        return NULL;
    }
    if (!has(check, need)) {
        const Link *unknown = find_state(check, LINK_UNKNOWN);

        link_skipped(link, "cannot be looked at because of %s",
                     unknown ? unknown->name : "what is in front of it");
        return NULL;
    }
    return link;
}

static bool walk_links(Check *check, const LinkType *types, unsigned n,
                       GError **errp)
{
    for (unsigned i = 0; i < n; i++) {
        Link *link = begin_link(check, types[i].name, types[i].need);

        if (link && !types[i].func(check, link, errp)) {
            return false;
        }
    }
    return true;
}

/* A HAL that is not known is taken for one with ACPI, as most are. */
static bool is_for_hal(const Check *check, const PathStep *step)
{
    return !step->acpi_hal || !check->hal_type || check->hal_type->acpi;
}

static bool walk_devices(Check *check, GError **errp)
{
    for (guint i = 0; i < check->machine->path->len; i++) {
        const PathStep *step = g_ptr_array_index(check->machine->path, i);
        Link *link;

        if (!is_for_hal(check, step)) {
            continue;
        }
        link = begin_link(check, step->name, NEED_CONTROL_SET);
        if (link && !check_device_path(check, step, link, errp)) {
            return false;
        }
    }
    return true;
}

static void add_link(JsonBuilder *json, const Link *link)
{
    static const char *const states[] = {
        [LINK_OK] = "ok",
        [LINK_BROKEN] = "broken",
        [LINK_UNKNOWN] = "unknown",
        [LINK_SKIPPED] = "skipped",
    };

    json_builder_begin_object(json);
    report_add_string(json, "name", link->name);
    report_add_optional(json, "object", link->object);
    report_add_string(json, "state", states[link->state]);
    report_add_string(json, "text", link->text);
    report_add_optional(json, "stop-code", link->stop_code);
    report_add_optional(json, "remedy", link->remedy);
    json_builder_end_object(json);
}

static const char *answer(const Check *check)
{
    return find_state(check, LINK_BROKEN) ? "no"
           : find_state(check, LINK_UNKNOWN) ? "unknown" : "yes";
}

static char *check_report(const Check *check)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    const char *const *sandbox = check->options->sandbox;

    json_builder_begin_object(json);
    report_add_string(json, "machine", check->machine->name);
    report_add_string(json, "boots", answer(check));
    if (check->place.partition) {
        report_begin_object(json, "windows");
        report_add_int(json, "partition", check->place.partition->number);
        report_add_string(json, "system-root", windows_root(&check->place));
        json_builder_end_object(json);
    }
    report_begin_array(json, "links");
    for (guint i = 0; i < check->links->len; i++) {
        add_link(json, g_ptr_array_index(check->links, i));
    }
    json_builder_end_array(json);
    report_add_strings(json, "warnings",
                       (const char *const *)check->warnings->pdata,
                       check->warnings->len);
    report_add_strings(json, "sandbox", sandbox,
                       sandbox ? g_strv_length((char **)sandbox) : 0);
    json_builder_end_object(json);
    return report_to_text(json);
}

static void check_clear(Check *check)
{
    g_clear_pointer(&check->prefixes, g_hash_table_unref);
    g_clear_pointer(&check->good, g_hash_table_unref);
    g_clear_pointer(&check->disabled, g_hash_table_unref);
    g_clear_pointer(&check->system, hive_file_free);
    g_clear_pointer(&check->modules, modules_free);
    g_clear_pointer(&check->windows, windows_free);
    if (check->volume != check->system_volume) {
        g_clear_pointer(&check->volume, volume_free);
    }
    g_clear_pointer(&check->system_volume, volume_free);
    g_clear_pointer(&check->boot_ini, boot_ini_free);
    windows_place_clear(&check->place);
    g_clear_pointer(&check->disk, disk_free);
    g_clear_pointer(&check->machine, check_machine_free);
    g_clear_pointer(&check->links, g_ptr_array_unref);
    g_clear_pointer(&check->warnings, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

/* What the profile that win-xenprep takes unless told otherwise disables. */
static GHashTable *disabled_services(GError **errp)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                        g_str_equal, g_free,
                                                        NULL);
    g_autoptr(Profile) profile = profile_embedded(DEFAULT_PROFILE, errp);
    g_autoptr(GPtrArray) parts = profile ? profile_parts(profile) : NULL;

    for (guint i = 0; parts && i < parts->len; i++) {
        const Profile *part = g_ptr_array_index(parts, i);

        for (char **name = part->disabled; name && *name; name++) {
            g_hash_table_add(names, g_ascii_strdown(*name, -1));
        }
    }
    return profile ? g_steal_pointer(&names) : NULL;
}

/* What has to come before win-xenprep, which would refuse the guest. */
static void qualify_remedies(Check *check)
{
    for (guint i = 0; check->before_convert && i < check->links->len; i++) {
        Link *link = g_ptr_array_index(check->links, i);

        if (link->remedy && g_str_has_prefix(link->remedy, CONVERT)) {
            g_autofree char *remedy = g_steal_pointer(&link->remedy);

            link->remedy = g_strdup_printf("%s; before that, %s", remedy,
                                           check->before_convert);
        }
    }
}

char *check_run(Overlay *overlay, const CheckOptions *options, GError **errp)
{
    g_auto(Check) check = {
        .overlay = overlay,
        .options = options,
        .machine = check_machine_find(options->machine, errp),
        .prefixes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)g_ptr_array_unref),
        .good = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .links = g_ptr_array_new_with_free_func(link_free),
        .warnings = g_ptr_array_new_with_free_func(g_free),
    };

    check.disabled = check.machine ? disabled_services(errp) : NULL;
    if (!check.disabled ||
        !walk_links(&check, before_devices, G_N_ELEMENTS(before_devices),
                    errp) ||
        !walk_devices(&check, errp) ||
        !walk_links(&check, after_devices, G_N_ELEMENTS(after_devices),
                    errp)) {
        return NULL;
    }
    qualify_remedies(&check);
    return check_report(&check);
}
