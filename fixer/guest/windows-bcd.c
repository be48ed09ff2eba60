/*
 * Windows: which of the installations the BCD names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "windows-find-internal.h"

/* Where Windows of Windows PE may have come from: a WIM. */
#define IN_A_FILE \
    "lies in a file, a virtual disk or an image for a RAM disk, and cannot " \
    "be prepared there"

const BootManager *bcd_manager(const Finder *f)
{
    const BootManagers *m = &f->managers;

    return f->disk->scheme == DISK_MBR && (m->bios || f->boot_ini)
           ? m->bios : m->uefi;
}

static const Bcd *followed(const Finder *f)
{
    const BootManager *manager = bcd_manager(f);

    return manager ? manager->bcd : NULL;
}

bool bcd_starts_ntldr(const Finder *f)
{
    const Bcd *bcd = followed(f);

    return bcd && bcd->started && bcd->started->type == BCD_OBJECT_NTLDR;
}

/* The partition that Windows is on, or NULL. */
static const Partition *os_partition(const Finder *f,
                                     const BootManager *manager,
                                     const BcdEntry *entry)
{
    return bcd_device_partition(&entry->os_device, f->disk,
                                manager->partition);
}

/* Whether it is a Windows to be prepared, wherever that may be. */
static bool is_windows(const BcdEntry *entry)
{
    return entry->type == BCD_OBJECT_WINDOWS && !entry->winpe;
}

static void add_entry(Finder *f, const BootManager *manager,
                      const BcdEntry *entry)
{
    const Partition *partition = is_windows(entry) && entry->system_root
                                 ? os_partition(f, manager, entry) : NULL;
    Volume *volume = partition ? finder_volume(f, partition, NULL) : NULL;
    g_autofree char *missing = NULL;

    if (volume &&
        search_missing_file(volume, entry->system_root, &missing, NULL) &&
        !missing) {
        finder_add(f, partition, entry->system_root);
    }
}

static void add_entries(Finder *f, const BootManager *manager)
{
    const Bcd *bcd = manager ? manager->bcd : NULL;

    if (bcd && bcd->started) {
        add_entry(f, manager, bcd->started);
    }
    for (guint i = 0; bcd && i < bcd->entries->len; i++) {
        add_entry(f, manager, g_ptr_array_index(bcd->entries, i));
    }
}

void bcd_add_entries(Finder *f)
{
    const BootManager *first = bcd_manager(f);

    add_entries(f, first);
    if (first != f->managers.bios) {
        add_entries(f, f->managers.bios);
    }
    if (first != f->managers.uefi) {
        add_entries(f, f->managers.uefi);
    }
}

/* What starts if that is a Windows, else the first of the menu that is. */
static const BcdEntry *windows_entry(const Bcd *bcd)
{
    if (is_windows(bcd->started)) {
        return bcd->started;
    }
    for (guint i = 0; i < bcd->shown; i++) {
        const BcdEntry *entry = g_ptr_array_index(bcd->entries, i);

        if (is_windows(entry)) {
            return entry;
        }
    }
    return NULL;
}

/*
 * The only one that is known with the entry's %SystemRoot%: that is how the
 * boot manager looks for it.  *@several tells of more.
 */
static const WindowsPlace *locate(const Finder *f, const BcdEntry *entry,
                                  bool *several)
{
    const WindowsPlace *only = NULL;

    *several = false;
    for (guint i = 0; i < f->found->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(f->found, i);

        if (finder_lookup(f, place->partition, entry->system_root) == place) {
            *several |= only != NULL;
            only = place;
        }
    }
    return only;
}

static bool is_ambiguous(const Finder *f, const BcdEntry *entry)
{
    bool several = false;

    if (is_windows(entry) && entry->system_root &&
        entry->os_device.kind == BCD_DEVICE_LOCATE) {
        locate(f, entry, &several);
    }
    return several;
}

/* The installation that the entry names, or NULL. */
static const WindowsPlace *place_of(const Finder *f,
                                    const BootManager *manager,
                                    const BcdEntry *entry)
{
    const Partition *partition = os_partition(f, manager, entry);
    const WindowsPlace *place;
    bool several;

    if (!is_windows(entry) || !entry->system_root) {
        return NULL;
    }
    if (entry->os_device.kind == BCD_DEVICE_LOCATE) {
        place = locate(f, entry, &several);
        return several ? NULL : place;
    }
    return partition ? finder_lookup(f, partition, entry->system_root)
                     : NULL;
}

static void G_GNUC_PRINTF(4, 5) refuse(const BootManager *manager,
                                       const BcdEntry *entry, GError **errp,
                                       const char *format, ...)
{
    g_autofree char *name = bcd_entry_name(entry);
    g_autofree char *why = NULL;
    va_list args;

    va_start(args, format);
    why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: the default entry %s %s", manager->where, name, why);
}

/* The partition has no such Windows: says which file it lacks, if it can. */
static void set_no_windows(Finder *f, const BootManager *manager,
                           const BcdEntry *entry, const Partition *partition,
                           GError **errp)
{
    GError *err = NULL;
    Volume *volume = finder_volume(f, partition, &err);
    g_autofree char *missing = NULL;
    g_autofree char *name = bcd_entry_name(entry);

    if (volume) {
        search_missing_file(volume, entry->system_root, &missing, &err);
    }
    if (err) {
        g_propagate_prefixed_error(errp, err, "%s: the default entry %s: ",
                                   manager->where, name);
    } else {
        refuse(manager, entry, errp, "is not there, partition %u has no %s: "
               "restore it, or correct the entry (bcdedit, bcdboot), in the "
               "source VM", partition->number,
               missing ? missing : entry->system_root);
    }
}

/* Says why there is no Windows where @entry has it. */
static void set_no_place(Finder *f, const BootManager *manager,
                         const BcdEntry *entry, GError **errp)
{
    const BcdDevice *device = &entry->os_device;
    const Partition *partition = os_partition(f, manager, entry);
    g_autofree char *where = bcd_device_describe(device);

    if (device->kind == BCD_DEVICE_FILE) {
        refuse(manager, entry, errp, IN_A_FILE);
    } else if (device->kind == BCD_DEVICE_NONE || !entry->system_root) {
        refuse(manager, entry, errp, "does not say where its Windows is: set "
               "osdevice and systemroot (bcdedit) in the source VM");
    } else if (bcd_device_is_elsewhere(device, f->disk)) {
        refuse(manager, entry, errp, "is on another disk, %s: a guest of "
               "several disks cannot be prepared, move Windows and its boot "
               "manager to one disk in the source VM", where);
    } else if (partition) {
        set_no_windows(f, manager, entry, partition, errp);
    } else if (device->kind == BCD_DEVICE_LOCATE) {
        refuse(manager, entry, errp, "starts %s of %s, and %s: say which "
               "Windows by windows=, or set osdevice (bcdedit) in the source "
               "VM", entry->system_root, where,
               is_ambiguous(f, entry) ? "several do" : "none has");
    } else {
        refuse(manager, entry, errp, "starts %s of %s, which the disk does "
               "not have: correct the entry (bcdedit, bcdboot) in the source "
               "VM", entry->system_root, where);
    }
}

static void warn_of_next(Finder *f, const BootManager *manager)
{
    const Bcd *bcd = manager->bcd;
    g_autofree char *name = NULL;

    if (bcd->next && bcd->next != bcd->started) {
        name = bcd_entry_name(bcd->next);
        finder_warn(f, "%s: the next start, that one only, is that of %s and "
                    "not of the default entry", manager->where, name);
    }
}

/* A disk that both firmwares can boot need not boot the same by both. */
static void warn_of_uefi(Finder *f, const BootManager *manager,
                         const WindowsPlace *place)
{
    const BootManager *uefi = f->managers.uefi;
    g_autofree char *name = NULL;

    if (!uefi || uefi == manager) {
        return;
    }
    name = place_name(place->partition, place->system_root);
    if (!uefi->bcd || !uefi->bcd->started ||
        place_of(f, uefi, uefi->bcd->started) != place) {
        finder_warn(f, "%s: UEFI does not start %s, which a BIOS does, by "
                    "itself", uefi->where, name);
    }
}

/* The Windows that the menu starts, or refuses. */
static const BcdEntry *need_entry(const BootManager *manager, GError **errp)
{
    const Bcd *bcd = manager->bcd;
    const BcdEntry *entry;

    if (!bcd) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: the BCD cannot be read, so that which Windows starts "
                    "cannot be told (%s): repair it (bootrec /rebuildbcd, "
                    "bcdboot) in the source VM, or name a Windows by windows=",
                    manager->where, manager->problem);
        return NULL;
    }
    if (!bcd->started) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: which Windows starts cannot be told, %s: set one "
                    "(bcdedit /default) in the source VM, or name a Windows "
                    "by windows=", manager->where, bcd->why_none);
        return NULL;
    }
    entry = windows_entry(bcd);
    if (!entry) {
        refuse(manager, bcd->started, errp, "is no Windows, nor is another "
               "one of the menu: set one (bcdedit /default, bcdboot) in the "
               "source VM, or name a Windows by windows=");
        return NULL;
    }
    return entry;
}

const WindowsPlace *bcd_default(Finder *f, GError **errp)
{
    const BootManager *manager = bcd_manager(f);
    const BcdEntry *entry = need_entry(manager, errp);
    const WindowsPlace *place = entry ? place_of(f, manager, entry) : NULL;

    if (!place) {
        if (entry) {
            set_no_place(f, manager, entry, errp);
        }
        return NULL;
    }
    if (entry != manager->bcd->started) {
        g_autofree char *started = bcd_entry_name(manager->bcd->started);
        g_autofree char *name = bcd_entry_name(entry);

        finder_warn(f, "%s: the default entry %s is no Windows: that of %s "
                    "is prepared, but does not start by itself",
                    manager->where, started, name);
    }
    warn_of_next(f, manager);
    warn_of_uefi(f, manager, place);
    return place;
}

void bcd_warn_of_default(Finder *f, const WindowsPlace *place)
{
    const BootManager *manager = bcd_manager(f);
    const Bcd *bcd = manager->bcd;
    g_autofree char *name = place_name(place->partition, place->system_root);
    g_autofree char *started = NULL;

    if (!bcd || !bcd->started) {
        finder_warn(f, "%s: whether %s starts by itself is not known: %s",
                    manager->where, name,
                    bcd ? bcd->why_none : manager->problem);
        return;
    }
    started = bcd_entry_name(bcd->started);
    if (is_ambiguous(f, bcd->started)) {
        finder_warn(f, "%s: the default entry %s starts %s of whichever "
                    "volume has it, and several do: whether %s starts by "
                    "itself is not known", manager->where, started,
                    bcd->started->system_root, name);
    } else if (place_of(f, manager, bcd->started) != place) {
        finder_warn(f, "%s: the default entry is another one, %s: %s does "
                    "not start by itself", manager->where, started, name);
    }
    warn_of_next(f, manager);
}
