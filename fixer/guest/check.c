/*
 * Check: would this guest boot
 *
 * Notes on the design
 *
 * The boot path is tables of links, in the order in which firmware, loader and
 * kernel go along it.  The first table is that of the machine's firmware, the
 * second that of what this starts, NTLDR or BOOTMGR; then comes what the
 * kernel has to start on its way to the disk, which is the target machine's
 * (check-machine).  The first broken link ends the walk: what is behind it
 * nobody would come to.  A link of which nothing can be told does not: a later
 * one may be broken for certain.
 *
 * The answer is about files and settings: no code is run, and damage within a
 * file of the right form goes unnoticed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "dynamic.h"
#include "error.h"
#include "report-json.h"

/* The profile that win-xenprep takes unless told otherwise. */
#define DEFAULT_PROFILE "ide"

/* What has to be known for a link to be looked at. */
typedef enum Need {
    NEED_NOTHING,
    NEED_DISK,
    NEED_SYSTEM_PARTITION,
    NEED_SYSTEM_VOLUME,
    NEED_SYSTEM_FAT,
    NEED_BCD_ENTRY,
    NEED_PLACE,
    NEED_VOLUME,
    NEED_WINDOWS,
    NEED_SYSTEM_HIVE,
    NEED_CONTROL_SET,
} Need;

typedef struct LinkType {
    const char *name;
    LinkFunc *func;
    Need need;
} LinkType;

/* A table of links. */
typedef struct Path {
    const LinkType *types;
    unsigned count;
} Path;

#define PATH(types) { types, G_N_ELEMENTS(types) }

static const LinkType bios[] = {
    { "active-partition", check_active_partition, NEED_NOTHING },
    { "boot-code", check_boot_code, NEED_DISK },
    { "boot-sector", check_boot_sector, NEED_SYSTEM_PARTITION },
};

static const LinkType uefi[] = {
    { "partition-table", check_partition_table, NEED_NOTHING },
    { "efi-partition", check_efi_partition, NEED_DISK },
};

static const LinkType ntldr[] = {
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

static const LinkType bootmgr[] = {
    { "bcd", check_bcd, NEED_SYSTEM_PARTITION },
    { "boot-entry", check_boot_entry, NEED_DISK },
    { "boot-volume", check_boot_volume, NEED_PLACE },
    { "hibernation", check_session, NEED_VOLUME },
    { "winload", check_winload, NEED_BCD_ENTRY },
    { "system-root", check_system_root, NEED_VOLUME },
    { "kernel-hal", check_vista_kernel, NEED_WINDOWS },
    { "system-hive", check_system_hive, NEED_WINDOWS },
    { "control-set", check_vista_control_set, NEED_SYSTEM_HIVE },
    { "boot-drivers", check_boot_drivers, NEED_CONTROL_SET },
    { "file-system", check_file_system, NEED_CONTROL_SET },
};

static const LinkType partition[] = {
    { "partition-entries", check_partition_entries, NEED_PLACE },
};

static const LinkType session[] = {
    { "session-manager", check_session_manager, NEED_WINDOWS },
    { "software-hive", check_software_hive, NEED_WINDOWS },
    { "other-hives", check_other_hives, NEED_WINDOWS },
};

static const LinkType bios_bootmgr[] = {
    { "bootmgr", check_bootmgr, NEED_SYSTEM_VOLUME },
};

static const LinkType uefi_bootmgr[] = {
    { "bootmgr", check_efi_program, NEED_SYSTEM_FAT },
};

/* By the machine's firmware. */
static const Path firmware_paths[] = {
    [FIRMWARE_BIOS] = PATH(bios),
    [FIRMWARE_UEFI] = PATH(uefi),
};

/* The boot manager, if that is what it starts. */
static const Path manager_paths[] = {
    [FIRMWARE_BIOS] = PATH(bios_bootmgr),
    [FIRMWARE_UEFI] = PATH(uefi_bootmgr),
};

/* By what that starts; of one that is not known, as of NTLDR. */
static const Path loader_paths[] = {
    [LOADER_UNKNOWN] = PATH(ntldr),
    [LOADER_NTLDR] = PATH(ntldr),
    [LOADER_BOOTMGR] = PATH(bootmgr),
};

/* The kernel's, behind the devices. */
static const Path partition_path = PATH(partition);
static const Path session_path = PATH(session);

void check_warn(Check *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(check->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

char *missing_or_corrupt(const Check *check, const char *path)
{
    return check->loader == LOADER_BOOTMGR
           ? g_strdup_printf("a Status, and as File: %s", path)
           : g_strdup_printf("Windows could not start because the following "
                             "file is missing or corrupt: %s", path);
}

const char *check_step(const Check *check, const char *old, const char *new)
{
    return check->loader == LOADER_BOOTMGR ? new : old;
}

const char *check_remedy_driver(const Check *check)
{
    return check_step(check, CONSOLE "expand the file from d:\\i386, or the "
                      "newest service pack, into system32\\drivers",
                      REMEDY_SFC);
}

const char *check_loader_name(const Check *check)
{
    return check->loader == LOADER_BOOTMGR ? "winload" : "NTLDR";
}

/* Of a disk without partitions the format may be another than was said. */
static bool judge_no_disk(Link *link, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NO_GUEST) ||
        g_error_matches(err, GUEST_ERROR, GUEST_ERROR_REFUSED) ||
        g_error_matches(err, GUEST_ERROR, GUEST_ERROR_INVALID)) {
        return link_failed(link, err, errp);
    }
    g_propagate_error(errp, err);
    return false;
}

bool check_read_disk(Check *check, Link *link, GError **errp)
{
    GError *err = NULL;

    link_set_object(link, "partition table");
    check->disk = disk_read(check->overlay, &err);
    if (!check->disk) {
        return judge_no_disk(link, err, errp);
    }
    disk_add_warnings(check->disk, check->warnings);
    return true;
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
    case NEED_SYSTEM_FAT:
        return check->system_fat != NULL;
    case NEED_BCD_ENTRY:
        return check->bcd_entry && check->volume;
    case NEED_VOLUME:
        return check->volume != NULL;
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

static bool walk_links(Check *check, const Path *path, GError **errp)
{
    for (unsigned i = 0; i < path->count; i++) {
        const LinkType *type = &path->types[i];
        Link *link = begin_link(check, type->name, type->need);

        if (link && !type->func(check, link, errp)) {
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

/* One that is not known is taken for the newest that its loader starts. */
static bool is_for_windows(const Check *check, const PathStep *step)
{
    static const PeVersion newest[] = {
        [LOADER_UNKNOWN] = { { 5, 2 } },
        [LOADER_NTLDR] = { { 5, 2 } },
        [LOADER_BOOTMGR] = { { 10, 0 } },
    };

    return path_step_is_for(step, check->windows ? &check->windows->version
                                                 : &newest[check->loader]);
}

static bool walk_devices(Check *check, GError **errp)
{
    for (guint i = 0; i < check->machine->path->len; i++) {
        const PathStep *step = g_ptr_array_index(check->machine->path, i);
        Link *link;

        if (!is_for_hal(check, step) || !is_for_windows(check, step)) {
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
    g_clear_pointer(&check->parts, g_ptr_array_unref);
    g_clear_pointer(&check->profile, profile_free);
    g_clear_pointer(&check->system, hive_file_free);
    g_clear_pointer(&check->modules, modules_free);
    g_clear_pointer(&check->windows, windows_free);
    if (check->volume != check->system_volume) {
        g_clear_pointer(&check->volume, volume_free);
    }
    g_clear_pointer(&check->system_volume, volume_free);
    g_clear_pointer(&check->system_fat, fat_free);
    boot_managers_clear(&check->managers);
    g_clear_pointer(&check->boot_ini, boot_ini_free);
    windows_place_clear(&check->place);
    g_clear_pointer(&check->disk, disk_free);
    g_clear_pointer(&check->machine, check_machine_free);
    g_clear_pointer(&check->links, g_ptr_array_unref);
    g_clear_pointer(&check->warnings, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

/* "win-xenprep ... IMAGE" with @option behind IMAGE; takes @remedy. */
static char *add_option(char *remedy, const char *option, const char *command)
{
    g_autofree char *old = remedy;
    g_autofree char *image = g_strdup_printf("=IMAGE,%s", option);
    g_autofree char *drivers = g_strdup_printf("win-xenfix drivers %s",
                                               command);
    g_autoptr(GString) text = g_string_new(old);

    g_string_replace(text, "=IMAGE", image, 1);
    g_string_replace(text, "win-xenfix drivers", drivers, 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A remedy by win-xenprep: by which profile, and what comes before it. */
static char *qualify(const Check *check, char *remedy)
{
    const char *profile = check->machine->profile;
    g_autofree char *option = g_strdup_printf("profile=%s", profile);
    g_autofree char *command = g_strdup_printf("--profile=%s", profile);

    if (!g_str_equal(profile, DEFAULT_PROFILE)) {
        remedy = add_option(remedy, option, command);
    }
    if (check->before_convert) {
        g_autofree char *old = remedy;

        remedy = g_strdup_printf("%s; before that, %s", old,
                                 check->before_convert);
    }
    return remedy;
}

static void qualify_remedies(Check *check)
{
    for (guint i = 0; i < check->links->len; i++) {
        Link *link = g_ptr_array_index(check->links, i);

        if (link->remedy && g_str_has_prefix(link->remedy, CONVERT)) {
            link->remedy = qualify(check, link->remedy);
        }
    }
}

/* Goes along the tables. */
static bool walk(Check *check, GError **errp)
{
    if (!walk_links(check, &firmware_paths[check->machine->firmware],
                    errp)) {
        return false;
    }
    if (check->loader == LOADER_UNKNOWN) {
        check->loader = check_guess_loader(check);
    }
    return (check->loader != LOADER_BOOTMGR ||
            walk_links(check, &manager_paths[check->machine->firmware],
                       errp)) &&
           walk_links(check, &loader_paths[check->loader], errp) &&
           walk_devices(check, errp) &&
           (check->loader != LOADER_BOOTMGR ||
            walk_links(check, &partition_path, errp)) &&
           walk_links(check, &session_path, errp);
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
        .links = g_ptr_array_new_with_free_func((GDestroyNotify)link_free),
        .warnings = g_ptr_array_new_with_free_func(g_free),
    };

    check.profile = check.machine
        ? profile_embedded(check.machine->profile, errp) : NULL;
    check.parts = check.profile ? profile_parts(check.profile) : NULL;
    if (!check.parts || !walk(&check, errp)) {
        return NULL;
    }
    qualify_remedies(&check);
    return check_report(&check);
}
