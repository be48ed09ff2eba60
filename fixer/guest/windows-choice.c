/*
 * Windows: which of the installations
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "windows-find-internal.h"

/* Adds what is installed at @text; that nothing is is no error here. */
static void add_entry(Finder *f, const char *text)
{
    g_auto(ArcPath) arc = { 0 };
    const Partition *partition = arc_path_parse(text, &arc)
                                 ? arc_path_partition(&arc, f->disk) : NULL;
    Volume *volume = partition ? finder_volume(f, partition, NULL) : NULL;
    g_autofree char *missing = NULL;

    if (volume &&
        search_missing_file(volume, arc.directory, &missing, NULL) &&
        !missing) {
        finder_add(f, partition, arc.directory);
    }
}

void choice_add_entries(Finder *f)
{
    if (f->boot_ini && f->boot_ini->default_path) {
        add_entry(f, f->boot_ini->default_path);
    }
    for (guint i = 0; f->boot_ini && i < f->boot_ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(f->boot_ini->entries, i);

        add_entry(f, entry->path);
    }
}

/* What NTLDR starts, or NULL. */
static const char *started_path(const BootIni *ini)
{
    return ini ? boot_ini_started_path(ini) : NULL;
}

/* That if it is an ARC path, else the first entry that is one; or NULL. */
static const char *windows_entry(const BootIni *ini)
{
    const char *text = started_path(ini);

    if (text && arc_path_is(text)) {
        return text;
    }
    for (guint i = 0; ini && i < ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(ini->entries, i);

        if (arc_path_is(entry->path)) {
            return entry->path;
        }
    }
    return NULL;
}

/* The installation that @arc names, or NULL. */
static const WindowsPlace *place_at(const Finder *f, const ArcPath *arc)
{
    const Partition *partition = arc_path_partition(arc, f->disk);

    return partition ? finder_lookup(f, partition, arc->directory) : NULL;
}

bool choice_has_entry(const Finder *f)
{
    return windows_entry(f->boot_ini) != NULL;
}

static void set_other_disk(const char *text, const char *which, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "\\boot.ini: the default entry %s is on another disk, %s: a "
                "guest of several disks cannot be prepared, move Windows and "
                "NTLDR to one disk in the source VM", text, which);
}

/* Says why there is no Windows at @arc, the entry @text. */
static void set_no_windows(Finder *f, const ArcPath *arc, const char *text,
                           GError **errp)
{
    const Partition *partition = arc_path_partition(arc, f->disk);
    GError *err = NULL;
    Volume *volume = partition ? finder_volume(f, partition, &err) : NULL;
    g_autofree char *missing = NULL;
    bool exists = false;

    if (volume &&
        volume_exists(volume, *arc->directory ? arc->directory : "\\",
                      &exists, &err) && exists) {
        search_missing_file(volume, arc->directory, &missing, &err);
    }
    if (err) {
        g_propagate_prefixed_error(errp, err, "\\boot.ini: the default "
                                   "entry %s: ", text);
    } else if (missing) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "\\boot.ini: there is no Windows at the default entry's "
                    "%s: partition %u has no %s: restore it, or correct "
                    "boot.ini, in the source VM", text, partition->number,
                    missing);
    } else {
        /* Another one than that which boots must not be prepared instead. */
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "\\boot.ini: there is no Windows at the default entry's "
                    "%s: correct boot.ini in the source VM", text);
    }
}

const WindowsPlace *choice_default(Finder *f, GError **errp)
{
    const char *started = started_path(f->boot_ini);
    const char *text = windows_entry(f->boot_ini);
    const WindowsPlace *place;
    g_auto(ArcPath) arc = { 0 };
    g_autofree char *other = NULL;

    arc_path_parse(text, &arc);
    other = arc_path_other_disk(&arc, f->disk);
    if (other) {
        set_other_disk(text, other, errp);
        return NULL;
    }
    place = place_at(f, &arc);
    if (!place) {
        set_no_windows(f, &arc, text, errp);
        return NULL;
    }
    if (!arc_path_is(started)) {
        finder_warn(f, "\\boot.ini: the default entry %s names no Windows: "
                    "the one at %s is prepared, but does not start by itself",
                    started, text);
    }
    return place;
}

/* Whether NTLDR is on a volume that is read here, and boot.ini with it. */
static bool has_system_volume(Finder *f)
{
    const Partition *active = disk_active(f->disk);
    Contents contents;

    return active && finder_contents(f, active, &contents, NULL) &&
           contents == CONTENTS_NTFS;
}

/*
 * NTLDR goes without boot.ini, or without an entry in it, to partition 1 and
 * \WINDOWS (Windows XP and later) or \WINNT; those are found first.
 */
const WindowsPlace *choice_found(Finder *f)
{
    const WindowsPlace *place = g_ptr_array_index(f->found, 0);
    g_autofree char *name = place_name(place->partition, place->system_root);

    if (f->boot_ini) {
        finder_warn(f, "\\boot.ini: no entry of it is a Windows");
    }
    if (has_system_volume(f) &&
        (place->partition->number != 1 ||
         (g_ascii_strcasecmp(place->system_root, "\\WINDOWS") != 0 &&
          g_ascii_strcasecmp(place->system_root, "\\WINNT") != 0))) {
        finder_warn(f, "%s: without an entry in boot.ini NTLDR starts "
                    "\\WINDOWS or \\WINNT of partition 1 only: write one in "
                    "the source VM", name);
    }
    return place;
}

/* Splits PARTITION:\PATH; *@directory is to be freed. */
static bool parse_wanted(const char *wanted, guint64 *number,
                         char **directory)
{
    g_auto(GStrv) parts = NULL;
    GString *path;
    char *end;

    *number = g_ascii_isdigit(*wanted) ? g_ascii_strtoull(wanted, &end, 10)
                                       : 0;
    if (*number == 0 || end[0] != ':' || (end[1] != '\\' && end[1] != '/')) {
        return false;
    }
    parts = g_strsplit_set(end + 1, "\\/", -1);
    path = g_string_new(NULL);
    for (char **part = parts; *part; part++) {
        if (**part && !g_str_equal(*part, ".")) {
            g_string_append_printf(path, "\\%s", *part);
        }
    }
    *directory = g_string_free(path, FALSE);
    return true;
}

/* "the disk has 1:\WINDOWS, 2:\WINNT", to be freed. */
static char *list_found(const Finder *f)
{
    GString *list = g_string_new(f->found->len > 0
                                 ? "the disk has "
                                 : "no Windows was found on the disk");

    for (guint i = 0; i < f->found->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(f->found, i);
        g_autofree char *name = place_name(place->partition,
                                           place->system_root);

        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", name);
    }
    return g_string_free(list, FALSE);
}

/* Adds what is at @directory, deeper than the search went; or says why not. */
static const WindowsPlace *look_there(Finder *f, const char *wanted,
                                      const Partition *partition,
                                      const char *directory, GError **errp)
{
    g_autofree char *missing = NULL;
    g_autofree char *list = NULL;
    Volume *volume = finder_volume(f, partition, errp);

    if (!volume ||
        !search_missing_file(volume, directory, &missing, errp)) {
        g_prefix_error(errp, "windows=%s: ", wanted);
        return NULL;
    }
    if (!missing) {
        finder_add(f, partition, directory);
        return finder_lookup(f, partition, directory);
    }
    list = list_found(f);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "windows=%s: there is no Windows, partition %u has no %s; %s",
                wanted, partition->number, missing, list);
    return NULL;
}

/* NTLDR starts what boot.ini says, whatever is prepared. */
static void warn_of_default(Finder *f, const WindowsPlace *place)
{
    g_autofree char *name = place_name(place->partition, place->system_root);
    const char *started = started_path(f->boot_ini);
    g_auto(ArcPath) arc = { 0 };

    if (!started) {
        return;
    }
    if (!arc_path_parse(started, &arc) || place_at(f, &arc) != place) {
        finder_warn(f, "\\boot.ini: the default entry is another one, %s: "
                    "%s does not start by itself", started, name);
    }
}

const WindowsPlace *choice_wanted(Finder *f, const char *wanted,
                                  GError **errp)
{
    g_autofree char *directory = NULL;
    const Partition *partition;
    const WindowsPlace *place;
    guint64 number;

    if (!parse_wanted(wanted, &number, &directory)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "windows=%s: this is no PARTITION:\\PATH, as 1:\\WINDOWS "
                    "or 2:\\WINNT are", wanted);
        return NULL;
    }
    partition = number <= UINT32_MAX ? disk_partition(f->disk, number) : NULL;
    if (!partition) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "windows=%s: the disk has no partition of that number, "
                    "the last one is %u", wanted, f->disk->partitions->len);
        return NULL;
    }
    place = finder_lookup(f, partition, directory);
    if (!place) {
        place = look_there(f, wanted, partition, directory, errp);
    }
    if (place && bcd_manager(f) && !bcd_starts_ntldr(f)) {
        bcd_warn_of_default(f, place);
    } else if (place) {
        warn_of_default(f, place);
    }
    return place;
}
