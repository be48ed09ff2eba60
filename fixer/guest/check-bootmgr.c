/*
 * Check: the boot manager of Windows Vista and later, and its BCD
 *
 * BOOTMGR, or bootmgfw.efi, reads the boot configuration data and starts the
 * default entry: a program, winload, on one partition, and with it a Windows
 * on the same or another.  What it shows if it cannot is a Status, an NTSTATUS
 * value (Microsoft: "NTSTATUS Values"), with the name of the file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "error.h"
#include "guest-limits.h"

/* STATUS_NO_SUCH_FILE, _NO_SUCH_DEVICE, _NOT_FOUND, _FILE_INVALID */
#define STATUS_NO_BCD \
    "Status: 0xc000000f, the Boot Configuration Data are missing or contain " \
    "errors"
#define STATUS_NO_DEVICE \
    "Status: 0xc000000e or 0xc0000225, a required device is not connected " \
    "or cannot be accessed"
#define STATUS_NO_ENTRY \
    "Status: 0xc0000098, the Boot Configuration Data do not contain a valid " \
    "OS entry"

#define REMEDY_BCD \
    RECOVERY "bcdboot C:\\Windows, or bootrec /rebuildbcd"

/* What a registry hive begins with. */
#define HIVE_SIGNATURE "regf"

bool check_bootmgr(Check *check, Link *link, GError **errp)
{
    return check_loader_file(check, link, "BOOTMGR",
                             RECOVERY "bcdboot C:\\Windows, or copy bootmgr "
                             "of the disc's root to the active partition",
                             errp);
}

static const char *bcd_path(const Check *check)
{
    return check->machine->firmware == FIRMWARE_UEFI ? UEFI_BCD : BIOS_BCD;
}

/* The file as it lies there; NULL with an error, and if no volume is open. */
static GBytes *read_bcd(Check *check, GError **errp)
{
    const char *path = bcd_path(check);

    return check->system_fat
           ? fat_read(check->system_fat, path, LIMIT_HIVE_SIZE, errp)
           : check->system_volume
           ? volume_read(check->system_volume, path, LIMIT_HIVE_SIZE, errp)
           : NULL;
}

static bool is_hive(GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return size >= strlen(HIVE_SIGNATURE) &&
           memcmp(data, HIVE_SIGNATURE, strlen(HIVE_SIGNATURE)) == 0;
}

/* There is no BCD that could be read: it is missing, or damaged. */
static bool judge_no_bcd(Check *check, Link *link, const char *problem,
                         GError **errp)
{
    GError *err = NULL;
    g_autoptr(GBytes) bytes = read_bcd(check, &err);

    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_clear_error(&err);
        return link_broken(link, STATUS_NO_BCD, REMEDY_BCD, "it is missing");
    }
    if (err) {
        return link_failed(link, err, errp);
    }
    if (bytes && !is_hive(bytes)) {
        return link_broken(link, STATUS_NO_BCD, REMEDY_BCD,
                           "it is damaged: it is no registry hive");
    }
    return link_unknown(link, "%s", problem ? problem
                                            : "it cannot be looked at");
}

/* That of the partition that is looked at: there may be several for UEFI. */
static const BootManager *find_manager(const Check *check)
{
    const BootManager *manager =
        check->machine->firmware == FIRMWARE_UEFI ? check->managers.uefi
                                                  : check->managers.bios;

    return manager && manager->partition == check->system_partition
           ? manager : NULL;
}

bool check_bcd(Check *check, Link *link, GError **errp)
{
    const BootManager *manager;

    link_set_object(link, "partition %u: %s", check->system_partition->number,
                    bcd_path(check));
    if (!boot_managers_find(check->overlay, check->disk, check->system_volume,
                            &check->managers, check->warnings, errp)) {
        return false;
    }
    manager = find_manager(check);
    return manager && manager->bcd
           ? link_ok(link, "it can be read, and has entries: %u",
                     manager->bcd->entries->len)
           : judge_no_bcd(check, link, manager ? manager->problem : NULL,
                          errp);
}

/* The partition, or NULL and what that means for the link. */
static const Partition *find_partition(Check *check, Link *link,
                                       const BcdDevice *device,
                                       const char *what)
{
    const Partition *partition =
        bcd_device_partition(device, check->disk, check->system_partition);
    g_autofree char *described = bcd_device_describe(device);

    if (partition && partition->size > 0) {
        return partition;
    }
    if (device->kind == BCD_DEVICE_NONE) {
        link_broken(link, STATUS_NO_DEVICE, REMEDY_BCD, "it does not say "
                    "which partition %s is on", what);
    } else if (bcd_device_is_elsewhere(device, check->disk)) {
        link_unknown(link, "%s is on another disk, %s, which is not in this "
                     "image; if this is the only one, and its signature has "
                     "changed, the boot manager shows " STATUS_NO_DEVICE,
                     what, described);
    } else if (device->kind == BCD_DEVICE_MBR ||
               device->kind == BCD_DEVICE_GPT) {
        link_broken(link, STATUS_NO_DEVICE, REMEDY_BCD, "%s is said to be on "
                    "a partition that is not there, %s", what, described);
    } else {
        link_unknown(link, "where %s is cannot be told: %s", what, described);
    }
    return NULL;
}

/* What it starts if that is no Windows of ours; false: it is one. */
static bool is_something_else(Link *link, const BcdEntry *entry)
{
    if (entry->type == BCD_OBJECT_NTLDR) {
        return link_unknown(link, "it is an older Windows, by NTLDR: what "
                            "that starts is not looked at");
    }
    if (entry->type != BCD_OBJECT_WINDOWS || entry->winpe) {
        return link_unknown(link, "it is %s: what that starts is not looked "
                            "at", entry->winpe ? "Windows PE, a recovery"
                                               : "no Windows");
    }
    return false;
}

static bool judge_entry(Check *check, Link *link, const BcdEntry *entry)
{
    const Partition *program, *windows;

    if (is_something_else(link, entry)) {
        return true;
    }
    if (!entry->path || !entry->system_root) {
        return link_broken(link, STATUS_NO_ENTRY, REMEDY_BCD,
                           "it does not say %s", entry->path
                           ? "where Windows is (systemroot)"
                           : "what is to be loaded (path)");
    }
    program = find_partition(check, link, &entry->device, entry->path);
    windows = program ? find_partition(check, link, &entry->os_device,
                                       entry->system_root) : NULL;
    if (!windows) {
        return true;
    }
    check->bcd_entry = entry;
    check->winload_partition = program;
    check->place.partition = windows;
    check->place.system_root = g_strdup(entry->system_root);
    return link_ok(link, "it starts %s of partition %u", entry->system_root,
                   windows->number);
}

/* Whether the entry starts the Windows at @place. */
static bool starts(const Check *check, const BcdEntry *entry,
                   const WindowsPlace *place)
{
    return entry->type == BCD_OBJECT_WINDOWS && entry->system_root &&
           g_ascii_strcasecmp(entry->system_root, place->system_root) == 0 &&
           bcd_device_partition(&entry->os_device, check->disk,
                                check->system_partition) == place->partition;
}

/* The entry that starts it, or NULL. */
static const BcdEntry *find_entry(const Check *check, const Bcd *bcd,
                                  const WindowsPlace *place)
{
    for (guint i = 0; i < bcd->entries->len; i++) {
        const BcdEntry *entry = g_ptr_array_index(bcd->entries, i);

        if (starts(check, entry, place)) {
            return entry;
        }
    }
    return NULL;
}

/* Nothing names the Windows: it is looked at all the same. */
static bool judge_unnamed(Check *check, Link *link, const Bcd *bcd,
                          const WindowsPlace *place)
{
    check->place.partition = place->partition;
    check->place.system_root = g_strdup(place->system_root);
    return bcd ? link_broken(link, "another Windows starts",
                             RECOVERY "bootrec /rebuildbcd",
                             "no entry starts it")
               : link_unknown(link, "whether the boot manager has an entry "
                              "for it cannot be told");
}

/* What the user asked for, or what there is if the BCD cannot be read. */
static bool survey(Check *check, Link *link, const Bcd *bcd, GError **errp)
{
    g_auto(WindowsSurvey) survey = { 0 };
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const char *wanted = check->options->windows;
    const BcdEntry *entry;

    if (!windows_survey(check->overlay, check->disk, wanted, &survey, lines,
                        errp)) {
        return false;
    }
    if (!survey.chosen || (!wanted && survey.found->len > 1)) {
        return link_unknown(link, "which Windows is started cannot be told");
    }
    entry = bcd ? find_entry(check, bcd, survey.chosen) : NULL;
    if (!entry) {
        return judge_unnamed(check, link, bcd, survey.chosen);
    }
    if (bcd->started != entry) {
        check_warn(check, "%s: the default is another entry",
                   bcd_path(check));
    }
    return judge_entry(check, link, entry);
}

/* Nothing starts by itself. */
static bool judge_no_default(Link *link, const Bcd *bcd)
{
    return bcd->entries->len == 0
           ? link_broken(link, STATUS_NO_ENTRY, REMEDY_BCD,
                         "it has no entry that could be started")
           : link_unknown(link, "what it starts cannot be told: %s",
                          bcd->why_none);
}

bool check_boot_entry(Check *check, Link *link, GError **errp)
{
    const BootManager *manager = find_manager(check);
    const Bcd *bcd = manager ? manager->bcd : NULL;

    link_set_object(link, "%s", bcd_path(check));
    if (check->options->windows || !bcd) {
        return survey(check, link, bcd, errp);
    }
    if (bcd->next) {
        g_autofree char *next = bcd_entry_name(bcd->next);

        check_warn(check, "%s: the next time another entry starts, %s, not "
                   "the default", bcd_path(check), next);
    }
    if (!bcd->started) {
        return judge_no_default(link, bcd);
    }
    g_free(link->object);
    link->object = bcd_entry_name(bcd->started);
    return judge_entry(check, link, bcd->started);
}
