/*
 * Windows: where on the disk it is installed
 *
 * NTLDR reads boot.ini from the active partition; so does this.  A search
 * comes second: a disk may hold installations that nobody boots any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bootini.h"
#include "error.h"
#include "guest-limits.h"
#include "windows.h"

/* What is asked of a directory to be %SystemRoot%. */
#define MARK "\\system32\\config"

char *windows_path(const WindowsPlace *place, const char *path)
{
    return g_strdup_printf("%s\\%s", place->system_root, path);
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

/* True if @directory is %SystemRoot%; false with or without an error. */
static bool is_system_root(Volume *volume, const char *directory,
                           GError **errp)
{
    g_autofree char *mark = g_strconcat(directory, MARK, NULL);
    bool exists;

    return volume_exists(volume, mark, &exists, errp) && exists;
}

/* The volume in @partition, or NULL without an error if it is not NTFS. */
static Volume *open_if_ntfs(Overlay *overlay, const Partition *partition,
                            GError **errp)
{
    VolumeKind kind;

    if (!volume_probe(overlay, partition, &kind, errp) ||
        kind != VOLUME_NTFS) {
        return NULL;
    }
    return volume_open(overlay, partition, VOLUME_READ_ONLY, errp);
}

/* The default entry's path in @volume's boot.ini, or NULL. */
static char *read_default(Volume *volume, GPtrArray *warnings)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) text = volume_read(volume, "\\boot.ini",
                                         LIMIT_BOOT_INI_SIZE, &err);
    char *path = text ? boot_ini_default(text) : NULL;

    if (!text) {
        g_ptr_array_add(warnings, g_strdup(err->message));
    } else if (!path) {
        g_ptr_array_add(warnings, g_strdup("\\boot.ini: there is no default "
                                           "entry"));
    }
    return path;
}

/* Refuses what lies on another disk than the one that we have. */
static bool set_other_disk(const char *text, const char *which, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "\\boot.ini: the default entry %s is on another disk, %s: a "
                "guest of several disks cannot be prepared, move Windows and "
                "NTLDR to one disk in the source VM", text, which);
    return false;
}

static bool check_first_disk(const Disk *disk, const ArcPath *arc,
                             const char *text, GError **errp)
{
    g_autofree char *which = NULL;

    if (arc->kind == ARC_SIGNATURE && arc->signature != disk->signature) {
        which = g_strdup_printf("that of signature %x", arc->signature);
    } else if (arc->kind != ARC_SIGNATURE &&
               (arc->ordinal || arc->disk || arc->rdisk)) {
        which = g_strdup_printf("disk(%u)rdisk(%u) of adapter %u", arc->disk,
                                arc->rdisk, arc->ordinal);
    }
    return !which || set_other_disk(text, which, errp);
}

/* Whether %SystemRoot% is where @arc says it is. */
static bool is_at(Overlay *overlay, const Disk *disk, const ArcPath *arc,
                  WindowsPlace *place, GError **errp)
{
    const Partition *partition = disk_partition(disk, arc->partition);
    GError *err = NULL;
    g_autoptr(Volume) volume = NULL;

    if (!partition) {
        return false;
    }
    volume = open_if_ntfs(overlay, partition, &err);
    if (!volume || !is_system_root(volume, arc->directory, &err)) {
        if (err) {
            g_propagate_error(errp, err);
        }
        return false;
    }
    place->partition = partition;
    place->system_root = g_strdup(arc->directory);
    return true;
}

/* NTLDR would read the disk through a SCSI driver, which IDE has no use for. */
static void warn_of_scsi(const ArcPath *arc, const char *text,
                         GPtrArray *warnings)
{
    if (arc->kind != ARC_MULTI) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("\\boot.ini: the default entry %s "
                                        "does not start from IDE: make it "
                                        "multi(0)disk(0)rdisk(0)partition"
                                        "(%u)%s", text, arc->partition,
                                        arc->directory));
    }
}

/*
 * Follows boot.ini on the system partition.  Returns false without an error
 * if there is none, or no ARC path in it.
 */
static bool find_by_boot_ini(Overlay *overlay, const Disk *disk,
                             WindowsPlace *place, GPtrArray *warnings,
                             GError **errp)
{
    const Partition *active = disk_active(disk);
    g_autoptr(Volume) volume = NULL;
    g_autofree char *text = NULL;
    g_auto(ArcPath) arc = { 0 };
    GError *err = NULL;

    if (!active) {
        return false;
    }
    volume = open_if_ntfs(overlay, active, errp);
    text = volume ? read_default(volume, warnings) : NULL;
    if (!text || !arc_path_parse(text, &arc)) {
        return false;
    }
    if (!check_first_disk(disk, &arc, text, errp)) {
        return false;
    }
    if (is_at(overlay, disk, &arc, place, &err)) {
        warn_of_scsi(&arc, text, warnings);
        return true;
    }
    if (err) {
        g_propagate_error(errp, err);
    } else {
        /* Another one than that which boots must not be prepared instead. */
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "\\boot.ini: there is no Windows at the default entry's "
                    "%s: correct boot.ini in the source VM", text);
    }
    return false;
}

/*
 * %SystemRoot% on @volume: the usual names come first, then whatever else is
 * in the root.  NULL with or without an error.
 */
static char *search_volume(Volume *volume, GError **errp)
{
    g_auto(GStrv) names = volume_list(volume, "\\", errp);
    g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(g_free);
    GError *err = NULL;

    g_ptr_array_add(candidates, g_strdup("\\WINDOWS"));
    g_ptr_array_add(candidates, g_strdup("\\WINNT"));
    for (char **name = names; name && *name; name++) {
        g_ptr_array_add(candidates, g_strconcat("\\", *name, NULL));
    }
    for (guint i = 0; names && i < candidates->len; i++) {
        const char *directory = g_ptr_array_index(candidates, i);

        if (is_system_root(volume, directory, &err)) {
            return g_strdup(directory);
        }
        if (err) {
            g_propagate_error(errp, err);
            return NULL;
        }
    }
    return NULL;
}

/* What a search over all partitions came upon. */
typedef struct Search {
    unsigned ntfs;
    /* Number of an encrypted partition, or 0. */
    unsigned bitlocker;
} Search;

/* Returns false with an error, or without one if Windows is not there. */
static bool search_partition(Overlay *overlay, const Partition *partition,
                             Search *search, WindowsPlace *place,
                             GError **errp)
{
    g_autoptr(Volume) volume = NULL;
    VolumeKind kind;

    if (!volume_probe(overlay, partition, &kind, errp)) {
        return false;
    }
    if (kind == VOLUME_BITLOCKER) {
        search->bitlocker = partition->number;
    }
    if (kind != VOLUME_NTFS) {
        return false;
    }
    search->ntfs++;
    volume = volume_open(overlay, partition, VOLUME_READ_ONLY, errp);
    if (volume) {
        place->system_root = search_volume(volume, errp);
        place->partition = partition;
    }
    return place->system_root != NULL;
}

static void set_not_found(const Search *search, GError **errp)
{
    if (search->bitlocker) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u is encrypted by BitLocker: decrypt it in "
                    "the source VM (manage-bde -off) and shut it down",
                    search->bitlocker);
    } else if (search->ntfs == 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_GUEST,
                    "no partition of the disk holds an NTFS volume, so there "
                    "is no Windows to prepare (require-guest=off passes such "
                    "a disk unchanged)");
    } else {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_GUEST,
                    "no NTFS volume of the disk holds a Windows installation "
                    "(require-guest=off passes such a disk unchanged)");
    }
}

static bool find_by_search(Overlay *overlay, const Disk *disk,
                           WindowsPlace *place, GError **errp)
{
    Search search = { 0 };

    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(disk->partitions,
                                                    Partition, i);
        GError *err = NULL;

        if (search_partition(overlay, partition, &search, place, &err)) {
            return true;
        }
        if (err) {
            g_propagate_error(errp, err);
            return false;
        }
    }
    set_not_found(&search, errp);
    return false;
}

/*
 * A Windows that NTLDR starts from another disk is refused, and one whose
 * system partition, with boot.ini and hiberfil.sys on it, cannot be read.
 */
static bool check_boots_alone(Overlay *overlay, const Disk *disk,
                              const WindowsPlace *place, GError **errp)
{
    const Partition *active = disk_active(disk);
    VolumeKind kind;

    if (!active) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: %s: no partition of this disk is active, "
                    "so that NTLDR and boot.ini are on another one, rdisk(0):"
                    " a guest of several disks cannot be prepared, move "
                    "Windows and NTLDR to one disk in the source VM",
                    place->partition->number, place->system_root);
        return false;
    }
    if (!volume_probe(overlay, active, &kind, errp)) {
        return false;
    }
    if (kind != VOLUME_NTFS) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u, which the BIOS starts, is no NTFS volume: "
                    "its boot.ini and hiberfil.sys cannot be read; convert it "
                    "to NTFS in the source VM (convert X: /fs:ntfs)",
                    active->number);
        return false;
    }
    return true;
}

bool windows_find(Overlay *overlay, const Disk *disk, const char *wanted,
                  WindowsPlace *place, GPtrArray *others,
                  GPtrArray *warnings, GError **errp)
{
    GError *err = NULL;

    if (find_by_boot_ini(overlay, disk, place, warnings, &err)) {
        return true;
    }
    if (err) {
        g_propagate_error(errp, err);
        return false;
    }
    return find_by_search(overlay, disk, place, errp) &&
           check_boots_alone(overlay, disk, place, errp);
}
