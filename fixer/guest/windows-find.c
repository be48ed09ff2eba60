/*
 * Windows: where on the disk it is installed
 *
 * Notes on the design
 *
 * The boot manager of Vista and later reads the BCD, NTLDR boot.ini, and each
 * starts the default entry; so does this.  Where that names something else
 * than a Windows on this disk, it is refused: to prepare another installation
 * than the one that boots would be of no use, and would not be noticed.  Only
 * who names an installation (windows=) gets that one.
 *
 * A disk may have both.  The boot manager comes first then, and its entry for
 * older Windows starts NTLDR; so the BCD decides, and boot.ini if the default
 * is that entry.
 *
 * All NTFS volumes are searched in any case, for the report is to say what
 * else is installed; without BCD and boot.ini the first that is found is
 * taken.
 * The search looks into the directories of each root, no deeper.
 *
 * A Windows is a directory with a kernel and a SYSTEM hive.  What updates and
 * removals leave behind (a system32\config with nothing in it) is none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "windows-find-internal.h"

#define BOOT_SECTOR_SIZE 512

/* Names of the file system, in the boot sectors of FAT12/16 and FAT32. */
#define FAT_NAME 54
#define FAT32_NAME 82

char *windows_path(const WindowsPlace *place, const char *path)
{
    return g_strdup_printf("%s\\%s", place->system_root, path);
}

const char *windows_root(const WindowsPlace *place)
{
    return *place->system_root ? place->system_root : "\\";
}

void windows_place_clear(WindowsPlace *place)
{
    g_clear_pointer(&place->system_root, g_free);
}

void windows_place_free(WindowsPlace *place)
{
    windows_place_clear(place);
    g_free(place);
}

char *place_name(const Partition *partition, const char *system_root)
{
    return g_strdup_printf("%u:%s", partition->number,
                           *system_root ? system_root : "\\");
}

void finder_warn(Finder *f, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(f->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static void free_volume(gpointer volume)
{
    volume_free(volume);
}

static void finder_init(Finder *f, Overlay *overlay, const Disk *disk,
                        GPtrArray *warnings)
{
    f->overlay = overlay;
    f->disk = disk;
    f->volumes = g_ptr_array_new_with_free_func(free_volume);
    g_ptr_array_set_size(f->volumes, disk->partitions->len);
    f->found = g_ptr_array_new_with_free_func((GDestroyNotify)
                                              windows_place_free);
    f->warnings = warnings;
}

static void finder_clear(Finder *f)
{
    g_clear_pointer(&f->volumes, g_ptr_array_unref);
    g_clear_pointer(&f->dynamic, dynamic_disk_free);
    g_clear_pointer(&f->boot_ini, boot_ini_free);
    boot_managers_clear(&f->managers);
    g_clear_pointer(&f->found, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Finder, finder_clear)

/* By its boot sector; the type alone would do for a volume that is broken. */
static bool is_fat(const Partition *partition, const uint8_t *sector)
{
    static const uint8_t types[] = { 0x01, 0x04, 0x06, 0x0b, 0x0c, 0x0e };

    return memcmp(sector + FAT_NAME, "FAT", 3) == 0 ||
           memcmp(sector + FAT32_NAME, "FAT", 3) == 0 ||
           memchr(types, partition->type, sizeof(types));
}

bool finder_contents(Finder *f, const Partition *partition,
                     Contents *contents, GError **errp)
{
    uint8_t sector[BOOT_SECTOR_SIZE] = { 0 };
    VolumeKind kind;

    if (!volume_probe(f->overlay, partition, &kind, errp)) {
        return false;
    }
    if (partition->size >= sizeof(sector) &&
        !overlay_read(f->overlay, partition->start, sector, sizeof(sector),
                      errp)) {
        return false;
    }
    *contents = kind == VOLUME_NTFS ? CONTENTS_NTFS
                : kind == VOLUME_BITLOCKER ? CONTENTS_BITLOCKER
                : is_fat(partition, sector) ? CONTENTS_FAT : CONTENTS_OTHER;
    return true;
}

static void set_not_ntfs(const Partition *partition, Contents contents,
                         GError **errp)
{
    const char *what = contents == CONTENTS_FAT
        ? "is a FAT volume: convert it to NTFS in the source VM (convert X: "
          "/fs:ntfs)"
        : contents == CONTENTS_BITLOCKER
        ? "is encrypted by BitLocker: decrypt it in the source VM "
          "(manage-bde -off) and shut it down"
        : "is no NTFS volume, so that no Windows can be on it";

    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED, "partition %u %s",
                partition->number, what);
}

static bool check_basic(Finder *f, const Partition *partition, GError **errp)
{
    if (partition->type != PARTITION_TYPE_LDM) {
        return true;
    }
    if (!f->dynamic) {
        f->dynamic = dynamic_disk_read(f->overlay, f->disk, errp);
    }
    return f->dynamic &&
           dynamic_disk_check_simple(f->dynamic, partition, errp);
}

Volume *finder_volume(Finder *f, const Partition *partition, GError **errp)
{
    gpointer *slot = &g_ptr_array_index(f->volumes, partition->number - 1);
    Contents contents;

    if (*slot) {
        return *slot;
    }
    if (!finder_contents(f, partition, &contents, errp)) {
        return NULL;
    }
    if (contents != CONTENTS_NTFS) {
        set_not_ntfs(partition, contents, errp);
        return NULL;
    }
    if (check_basic(f, partition, errp)) {
        *slot = volume_open(f->overlay, partition, VOLUME_READ_ONLY, errp);
    }
    return *slot;
}

/* As Windows compares them; what is no UTF-8 came out of boot.ini. */
static bool same_path(const char *a, const char *b)
{
    g_autofree char *folded_a = NULL;
    g_autofree char *folded_b = NULL;

    if (!g_utf8_validate(a, -1, NULL) || !g_utf8_validate(b, -1, NULL)) {
        return strcmp(a, b) == 0;
    }
    folded_a = g_utf8_casefold(a, -1);
    folded_b = g_utf8_casefold(b, -1);
    return strcmp(folded_a, folded_b) == 0;
}

const WindowsPlace *finder_lookup(const Finder *f,
                                  const Partition *partition,
                                  const char *system_root)
{
    for (guint i = 0; i < f->found->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(f->found, i);

        if (place->partition == partition &&
            same_path(place->system_root, system_root)) {
            return place;
        }
    }
    return NULL;
}

void finder_add(Finder *f, const Partition *partition,
                const char *system_root)
{
    WindowsPlace *place;

    if (!finder_lookup(f, partition, system_root)) {
        place = g_new0(WindowsPlace, 1);
        place->partition = partition;
        place->system_root = g_strdup(system_root);
        g_ptr_array_add(f->found, place);
    }
}

/* *@volume is NULL if the active partition is not NTFS, or there is none. */
static bool open_system(Finder *f, Volume **volume, GError **errp)
{
    const Partition *active = disk_active(f->disk);
    Contents contents = CONTENTS_OTHER;

    *volume = NULL;
    if (active && !finder_contents(f, active, &contents, errp)) {
        return false;
    }
    if (contents != CONTENTS_NTFS) {
        return true;
    }
    *volume = finder_volume(f, active, errp);
    return *volume != NULL;
}

/* That there is none matters to NTLDR only. */
static void read_boot_ini(Finder *f, Volume *system)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) text = volume_read(system, BOOT_INI_PATH,
                                         LIMIT_BOOT_INI_SIZE, &err);

    if (text) {
        f->boot_ini = boot_ini_parse(text);
    } else if (!g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND) ||
               !bcd_manager(f) || bcd_starts_ntldr(f)) {
        g_ptr_array_add(f->warnings, g_strdup(err->message));
    }
}

/* Reads what the BIOS or UEFI would come upon: BCD and boot.ini. */
static bool read_loaders(Finder *f, GError **errp)
{
    Volume *system;

    if (!open_system(f, &system, errp) ||
        !boot_managers_find(f->overlay, f->disk, system, &f->managers,
                            f->warnings, errp)) {
        return false;
    }
    if (system) {
        read_boot_ini(f, system);
    }
    return true;
}

static void set_unreadable_system(const Partition *active, Contents contents,
                                  GError **errp)
{
    const char *what = contents == CONTENTS_FAT
        ? "is a FAT volume: its boot.ini and hiberfil.sys cannot be read; "
          "convert it to NTFS in the source VM (convert C: /fs:ntfs)"
        : contents == CONTENTS_BITLOCKER
        ? "is encrypted by BitLocker: decrypt it in the source VM "
          "(manage-bde -off) and shut it down"
        : "is no NTFS volume: which Windows it would start cannot be told; "
          "make the partition that holds NTLDR the active one in the source "
          "VM";

    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u, which the BIOS starts, %s", active->number,
                what);
}

/* Windows is there, but nothing that would start it. */
static void set_no_loader(const Finder *f, const WindowsPlace *place,
                          GError **errp)
{
    const Partition *esp = disk_esp(f->disk);
    bool gpt = f->disk->scheme == DISK_GPT;

    if (gpt && esp) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: the EFI system partition has no "
                    "\\EFI\\Microsoft\\Boot\\BCD, so that nothing starts %s "
                    "of partition %u: write one (bcdboot) in the source VM",
                    esp->number, windows_root(place),
                    place->partition->number);
        return;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: %s: %s: a guest of several disks cannot be "
                "prepared, move Windows and what starts it to one disk in the "
                "source VM", place->partition->number, windows_root(place),
                gpt ? "this disk has no EFI system partition, so that the "
                      "boot manager is on another one"
                    : "no partition of this disk is active, so that NTLDR and "
                      "boot.ini, or the boot manager, are on another one, "
                      "rdisk(0)");
}

/*
 * A Windows that is started from another disk is refused, and one whose
 * system partition, with boot.ini and hiberfil.sys on it, cannot be read.
 */
static bool check_boots_alone(Finder *f, const WindowsPlace *place,
                              GError **errp)
{
    const Partition *active = disk_active(f->disk);
    Contents contents;

    if (bcd_manager(f) && !bcd_starts_ntldr(f)) {
        return true;
    }
    if (!active) {
        set_no_loader(f, place, errp);
        return false;
    }
    if (!finder_contents(f, active, &contents, errp)) {
        return false;
    }
    if (contents != CONTENTS_NTFS) {
        set_unreadable_system(active, contents, errp);
        return false;
    }
    return true;
}

/* Those of @f's installations that were not chosen. */
static void copy_others(const Finder *f, const WindowsPlace *chosen,
                        GPtrArray *others)
{
    for (guint i = 0; i < f->found->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(f->found, i);

        if (place != chosen) {
            WindowsPlace *copy = g_new0(WindowsPlace, 1);

            copy->partition = place->partition;
            copy->system_root = g_strdup(place->system_root);
            g_ptr_array_add(others, copy);
        }
    }
}

static const WindowsPlace *choose(Finder *f, const char *wanted,
                                  GError **errp)
{
    g_autoptr(GError) err = NULL;
    bool any;

    bcd_add_entries(f);
    choice_add_entries(f);
    any = search_disk(f, &err);
    if (wanted) {
        return choice_wanted(f, wanted, errp);
    }
    if (bcd_manager(f) && !bcd_starts_ntldr(f)) {
        return bcd_default(f, errp);
    }
    if (choice_has_entry(f)) {
        return choice_default(f, errp);
    }
    if (!any) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return NULL;
    }
    return choice_found(f);
}

/* What lets a disk pass on which there is no Windows. */
static void add_hint(GError *err)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NO_GUEST)) {
        char *text = g_strconcat(err->message, " (require-guest=off passes "
                                 "such a disk unchanged)", NULL);

        g_free(err->message);
        err->message = text;
    }
}

bool windows_find(Overlay *overlay, const Disk *disk, const char *wanted,
                  WindowsPlace *place, GPtrArray *others,
                  GPtrArray *warnings, GError **errp)
{
    g_auto(Finder) f = { 0 };
    const WindowsPlace *chosen = NULL;
    GError *err = NULL;

    finder_init(&f, overlay, disk, warnings);
    if (read_loaders(&f, &err)) {
        chosen = choose(&f, wanted, &err);
    }
    if (!chosen || !check_boots_alone(&f, chosen, &err)) {
        add_hint(err);
        g_propagate_error(errp, err);
        return false;
    }
    place->partition = chosen->partition;
    place->system_root = g_strdup(chosen->system_root);
    copy_others(&f, chosen, others);
    return true;
}

/* Makes @err a warning, and clears it, unless it has to be an error. */
static bool forgive(Finder *f, GError **err)
{
    if (*err) {
        if (g_error_matches(*err, GUEST_ERROR, GUEST_ERROR_IO)) {
            return false;
        }
        if (!g_ptr_array_find_with_equal_func(f->warnings, (*err)->message,
                                              g_str_equal, NULL)) {
            g_ptr_array_add(f->warnings, g_strdup((*err)->message));
        }
        g_clear_error(err);
    }
    return true;
}

static bool survey_disk(Finder *f, const char *wanted,
                        const WindowsPlace **chosen, GError **errp)
{
    GError *err = NULL;

    if (!read_loaders(f, &err) && !forgive(f, &err)) {
        g_propagate_error(errp, err);
        return false;
    }
    *chosen = choose(f, wanted, &err);
    if (*chosen) {
        check_boots_alone(f, *chosen, &err);
    }
    if ((wanted && !*chosen) || !forgive(f, &err)) {
        g_propagate_error(errp, err);
        return false;
    }
    if (!*chosen && f->found->len > 0) {
        g_autofree char *name = NULL;

        *chosen = g_ptr_array_index(f->found, 0);
        name = place_name((*chosen)->partition, (*chosen)->system_root);
        g_ptr_array_add(f->warnings,
                        g_strdup_printf("%s is told of in its place", name));
    }
    return true;
}

bool windows_survey(Overlay *overlay, const Disk *disk, const char *wanted,
                    WindowsSurvey *survey, GPtrArray *warnings,
                    GError **errp)
{
    g_auto(Finder) f = { 0 };

    finder_init(&f, overlay, disk, warnings);
    if (!survey_disk(&f, wanted, &survey->chosen, errp)) {
        survey->chosen = NULL;
        return false;
    }
    survey->found = g_steal_pointer(&f.found);
    survey->boot_ini = g_steal_pointer(&f.boot_ini);
    survey->manager = bcd_manager(&f);
    survey->managers = f.managers;
    f.managers = (BootManagers) { 0 };
    return true;
}

void windows_survey_clear(WindowsSurvey *survey)
{
    survey->chosen = NULL;
    g_clear_pointer(&survey->found, g_ptr_array_unref);
    g_clear_pointer(&survey->boot_ini, boot_ini_free);
    survey->manager = NULL;
    boot_managers_clear(&survey->managers);
}
