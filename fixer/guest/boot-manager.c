/*
 * Boot managers: by which firmware a disk boots Vista and later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-manager.h"
#include "error.h"
#include "fat.h"
#include "guest-limits.h"
#include "hive-log.h"

#define BIOS_PROGRAM "\\bootmgr"
#define BIOS_NTLDR "\\ntldr"

/* The place that firmware is told of, and those that it knows itself. */
static const char *const uefi_programs[] = {
    "\\EFI\\Microsoft\\Boot\\bootmgfw.efi",
    "\\EFI\\Boot\\bootx64.efi", "\\EFI\\Boot\\bootia32.efi",
};

/* As much of a volume as boot code may take: $Boot of NTFS has 16 sectors. */
#define BOOT_CODE_SIZE 8192

/* A volume with a boot manager on it: one of the two. */
typedef struct Store {
    Volume *ntfs;
    FatVolume *fat;
} Store;

static bool store_exists(const Store *store, const char *path, bool *exists,
                         GError **errp)
{
    return store->ntfs ? volume_exists(store->ntfs, path, exists, errp)
                       : fat_exists(store->fat, path, exists, errp);
}

static GBytes *store_read(const Store *store, const char *path, size_t size,
                          GError **errp)
{
    return store->ntfs ? volume_read(store->ntfs, path, size, errp)
                       : fat_read(store->fat, path, size, errp);
}

static void boot_manager_free(BootManager *manager)
{
    if (manager) {
        g_free(manager->where);
        g_free(manager->problem);
        bcd_free(manager->bcd);
        g_free(manager);
    }
}

void boot_managers_clear(BootManagers *managers)
{
    g_clear_pointer(&managers->bios, boot_manager_free);
    g_clear_pointer(&managers->uefi, boot_manager_free);
}

/* *@log is NULL if there is none, or it is empty. */
static bool read_log(const Store *store, const char *bcd, const char *suffix,
                     GBytes **log, GError **errp)
{
    g_autofree char *path = g_strconcat(bcd, suffix, NULL);
    bool exists;

    if (!store_exists(store, path, &exists, errp)) {
        return false;
    }
    *log = exists ? store_read(store, path, LIMIT_BCD_SIZE, errp) : NULL;
    if (exists && !*log) {
        return false;
    }
    if (exists && g_bytes_get_size(*log) == 0) {
        g_clear_pointer(log, g_bytes_unref);
    }
    return true;
}

static void logs_clear(HiveLogs *logs)
{
    g_clear_pointer(&logs->log, g_bytes_unref);
    g_clear_pointer(&logs->log1, g_bytes_unref);
    g_clear_pointer(&logs->log2, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HiveLogs, logs_clear)

/*
 * What the BCD in @bytes is with its logs.  Without any that are usable it is
 * what it is: it is only read here, and a boot manager has to do with it, too.
 */
static GBytes *recover(const Store *store, const char *path,
                       const char *where, GBytes *bytes, GPtrArray *warnings)
{
    g_auto(HiveLogs) logs = { 0 };
    g_autoptr(GError) err = NULL;
    HiveRecovery recovery;
    GBytes *clean = NULL;

    if (!hive_is_dirty(bytes)) {
        return g_bytes_ref(bytes);
    }
    if (read_log(store, path, ".LOG", &logs.log, &err) &&
        read_log(store, path, ".LOG1", &logs.log1, &err) &&
        read_log(store, path, ".LOG2", &logs.log2, &err)) {
        clean = hive_recover(bytes, &logs, where, &recovery, &err);
    }
    if (!clean) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("which Windows starts is told by a "
                                        "BCD that lacks its last changes: "
                                        "%s", err->message));
        clean = hive_use_primary(bytes, &logs);
    }
    return clean;
}

static Bcd *read_bcd(const Store *store, const char *path, const char *where,
                     GPtrArray *warnings, GError **errp)
{
    g_autoptr(GBytes) bytes = store_read(store, path, LIMIT_BCD_SIZE, errp);
    g_autoptr(GBytes) clean =
        bytes ? recover(store, path, where, bytes, warnings) : NULL;
    g_autoptr(Hive) hive = clean ? hive_open(clean, where, errp) : NULL;

    return hive ? bcd_read(hive, where, warnings, errp) : NULL;
}

/* Takes @err; false, with an error, if the disk cannot be read. */
static bool set_problem(BootManager *manager, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    manager->problem = g_strdup(err->message);
    g_error_free(err);
    return true;
}

static BootManager *manager_new(const Partition *partition, const char *path)
{
    BootManager *manager = g_new0(BootManager, 1);

    manager->partition = partition;
    manager->where = g_strdup_printf("partition %u: %s", partition->number,
                                     path);
    return manager;
}

/* Whether @text is in @code, in characters of one byte or of two. */
static bool names(const uint8_t *code, const char *text)
{
    size_t length = strlen(text);
    g_autofree char *wide = g_malloc0(2 * length);

    for (size_t i = 0; i < length; i++) {
        wide[2 * i] = text[i];
    }
    return memmem(code, BOOT_CODE_SIZE, text, length) ||
           memmem(code, BOOT_CODE_SIZE, wide, 2 * length);
}

/*
 * Whether the boot code starts NTLDR, though there is a boot manager, too: so
 * it is if Windows XP was installed after Vista.
 */
static bool starts_ntldr(Overlay *overlay, const Partition *partition,
                         bool *ntldr, GError **errp)
{
    uint8_t code[BOOT_CODE_SIZE];

    *ntldr = false;
    if (partition->size < sizeof(code)) {
        return true;
    }
    if (!overlay_read(overlay, partition->start, code, sizeof(code), errp)) {
        return false;
    }
    *ntldr = names(code, "NTLDR") && !names(code, "BOOTMGR");
    return true;
}

/*
 * Whether the active partition is a boot manager's, and with which of its
 * files.  Without NTLDR a BCD alone tells that Windows was started by it.
 */
static bool look_at_bios(Overlay *overlay, const Partition *partition,
                         const Store *store, bool *program, bool *found,
                         GError **errp)
{
    bool bcd, ntldr, ntldr_starts;

    if (!store_exists(store, BIOS_PROGRAM, program, errp) ||
        !store_exists(store, BIOS_BCD, &bcd, errp) ||
        !store_exists(store, BIOS_NTLDR, &ntldr, errp) ||
        !starts_ntldr(overlay, partition, &ntldr_starts, errp)) {
        return false;
    }
    *found = ntldr ? *program && !ntldr_starts : *program || bcd;
    return true;
}

/*
 * Whether nothing stands in the way of going on: an @err that is not of the
 * disk makes a boot manager of which nothing is known.  Takes @err.
 */
static bool settle(BootManager **manager, const Partition *partition,
                   const char *path, GError *err, GError **errp)
{
    if (!err) {
        return true;
    }
    if (!*manager) {
        *manager = manager_new(partition, path);
    }
    return set_problem(*manager, err, errp);
}

static void find_on_bios(Overlay *overlay, const Partition *partition,
                         const Store *store, BootManager **manager,
                         GPtrArray *warnings, GError **errp)
{
    bool program, found;

    if (look_at_bios(overlay, partition, store, &program, &found, errp) &&
        found) {
        *manager = manager_new(partition, BIOS_BCD);
        (*manager)->has_program = program;
        (*manager)->bcd = read_bcd(store, BIOS_BCD, (*manager)->where,
                                   warnings, errp);
    }
}

static bool find_bios(Overlay *overlay, const Disk *disk, Volume *system,
                      BootManager **manager, GPtrArray *warnings,
                      GError **errp)
{
    const Partition *active = disk_active(disk);
    g_autoptr(FatVolume) fat = NULL;
    Store store = { .ntfs = system };
    bool is_fat = false;
    GError *err = NULL;

    if (active && !system && !fat_probe(overlay, active, &is_fat, errp)) {
        return false;
    }
    if (is_fat) {
        fat = fat_open(overlay, active, &err);
        store.fat = fat;
    }
    if (store.ntfs || store.fat) {
        find_on_bios(overlay, active, &store, manager, warnings, &err);
    }
    return settle(manager, active, BIOS_BCD, err, errp);
}

static bool find_uefi_program(const Store *store, bool *found, GError **errp)
{
    *found = false;
    for (unsigned i = 0; !*found && i < G_N_ELEMENTS(uefi_programs); i++) {
        if (!store_exists(store, uefi_programs[i], found, errp)) {
            return false;
        }
    }
    return true;
}

static void find_on_esp(const Partition *partition, const Store *store,
                        BootManager **manager, GPtrArray *warnings,
                        GError **errp)
{
    bool program, bcd;

    if (find_uefi_program(store, &program, errp) &&
        store_exists(store, UEFI_BCD, &bcd, errp) && bcd) {
        *manager = manager_new(partition, UEFI_BCD);
        (*manager)->has_program = program;
        (*manager)->bcd = read_bcd(store, UEFI_BCD, (*manager)->where,
                                   warnings, errp);
    }
}

static bool look_at_esp(Overlay *overlay, const Partition *esp,
                        BootManager **manager, GPtrArray *warnings,
                        GError **errp)
{
    GError *err = NULL;
    g_autoptr(FatVolume) fat = fat_open(overlay, esp, &err);
    Store store = { .fat = fat };

    if (fat) {
        find_on_esp(esp, &store, manager, warnings, &err);
    }
    return settle(manager, esp, UEFI_BCD, err, errp);
}

/*
 * Takes @other, of another EFI system partition, if it is the first that can
 * be read.  A Linux may have its own, or a repair have made a new one.
 */
static void take_better(BootManager **manager, BootManager *other,
                        GPtrArray *warnings)
{
    if (!*manager || (!(*manager)->bcd && other->bcd)) {
        boot_manager_free(*manager);
        *manager = other;
        return;
    }
    if (other->bcd) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("%s: there is another boot manager, "
                                        "%s: which of them UEFI starts by "
                                        "itself is not known, the first is "
                                        "believed", (*manager)->where,
                                        other->where));
    }
    boot_manager_free(other);
}

static bool find_uefi(Overlay *overlay, const Disk *disk,
                      BootManager **manager, GPtrArray *warnings,
                      GError **errp)
{
    const Partition *esp = disk_esp(disk);

    for (unsigned i = 0; esp && i < LIMIT_ESPS; i++) {
        BootManager *other = NULL;

        if (!look_at_esp(overlay, esp, &other, warnings, errp)) {
            boot_manager_free(other);
            return false;
        }
        if (other) {
            take_better(manager, other, warnings);
        }
        esp = disk_next_esp(disk, esp);
    }
    if (esp) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("the disk has more than %u EFI "
                                        "system partitions: they were not "
                                        "all looked at", LIMIT_ESPS));
    }
    return true;
}

bool boot_managers_find(Overlay *overlay, const Disk *disk, Volume *system,
                        BootManagers *managers, GPtrArray *warnings,
                        GError **errp)
{
    return find_bios(overlay, disk, system, &managers->bios, warnings,
                     errp) &&
           find_uefi(overlay, disk, &managers->uefi, warnings, errp);
}
