/*
 * Discard: what of a disk nobody will ever read again
 *
 * Notes on the design
 *
 * $Bitmap is believed only where there is no reason to doubt it: on a volume
 * that was shut down and is not marked dirty, that shares no sector with
 * another one, and where no file lies in what it calls free.  To know that the
 * whole MFT is read: less than what need not be copied then, and whoever asks
 * for this gives the only other hint at those files away.
 *
 * All of the volumes have to be so: one that is not in order is an error and
 * not left out, since a target that is larger than expected would be noticed
 * late.
 *
 * Short runs are not worth their place in the tables of the block layer, and
 * there may be too many of them: then the longer ones count, or the first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "discard-internal.h"
#include "error.h"
#include "guest-limits.h"
#include "shadow-copies.h"
#include "volume-attributes.h"
#include "volume-clusters.h"
#include "volume-locate.h"
#include "volume-owners.h"

/* The unit of what is discarded, in bytes: XENPREP_SECTOR_SIZE. */
#define SECTOR_SIZE 512

/* The shortest run of free clusters that is discarded, in bytes. */
#define SHORTEST_RUN (64 * KiB)

/* A step that would leave fewer runs than this is not taken. */
#define FEW_RUNS (LIMIT_DISCARD_EXTENTS / 4)

/* What a pagefile begins with if it holds a crash dump that is not saved. */
#define DUMP_SIGNATURE_SIZE 8
static const char *const dump_signatures[] = { "PAGEDUMP", "PAGEDU64" };

static const char *const pagefiles[] = { "\\pagefile.sys", "\\swapfile.sys" };

typedef struct Finder {
    Overlay *overlay;
    const DiscardOptions *options;
    GPtrArray *warnings;
    /* DiscardExtent */
    GArray *extents;
    uint64_t shortest;
    /* There is no room for more, and none to be made. */
    bool full;
    /* Bytes of free clusters for which there was no room. */
    uint64_t left_out;

    /* The volume that is looked at. */
    const Partition *partition;
    Volume *volume;
    /* The first of its extents. */
    guint first;
} Finder;

/* Makes room, if there are many short runs among what there is. */
static void drop_short_runs(Finder *f)
{
    guint kept = 0;
    guint longer = 0;

    for (guint i = 0; i < f->extents->len; i++) {
        longer += g_array_index(f->extents, DiscardExtent, i).length >=
                  2 * f->shortest;
    }
    if (longer < FEW_RUNS) {
        f->full = true;
        return;
    }
    f->shortest *= 2;
    for (guint i = 0; i < f->extents->len; i++) {
        DiscardExtent *e = &g_array_index(f->extents, DiscardExtent, i);

        if (e->path || e->length >= f->shortest) {
            g_array_index(f->extents, DiscardExtent, kept++) = *e;
        } else {
            f->left_out += e->length;
        }
    }
    g_array_set_size(f->extents, kept);
}

static void add_extent(Finder *f, const DiscardExtent *extent)
{
    if (f->extents->len >= LIMIT_DISCARD_EXTENTS && !f->full) {
        drop_short_runs(f);
    }
    if ((extent->path || extent->length >= f->shortest) &&
        f->extents->len < LIMIT_DISCARD_EXTENTS) {
        g_array_append_val(f->extents, *extent);
    } else if (extent->length >= SHORTEST_RUN) {
        f->left_out += extent->length;
    }
}

static void see_free_run(uint64_t offset, uint64_t length, void *opaque)
{
    Finder *f = opaque;
    DiscardExtent extent = {
        .offset = offset,
        .length = length,
        .partition = f->partition->number,
    };

    if (f->options->free_clusters) {
        add_extent(f, &extent);
    }
}

/*
 * Whether the dump driver has written to the pagefile whose first piece is
 * @place.  It does so behind the back of NTFS, for which those bytes may never
 * have been written.
 */
static bool holds_dump(Finder *f, const DiskExtent *place, bool *dump,
                       GError **errp)
{
    uint8_t head[DUMP_SIGNATURE_SIZE];

    if (!overlay_read(f->overlay, place->offset, head, sizeof(head), errp)) {
        return false;
    }
    *dump = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(dump_signatures); i++) {
        *dump |= memcmp(head, dump_signatures[i], DUMP_SIGNATURE_SIZE) == 0;
    }
    return true;
}

static void keep(Finder *f, const char *path, const char *why)
{
    g_ptr_array_add(f->warnings,
                    g_strdup_printf("partition %u: %s %s: it is kept",
                                    f->partition->number, path, why));
}

static bool add_pagefile(Finder *f, const char *path, uint64_t record,
                         const GArray *places, GError **errp)
{
    bool dump = false;

    if (places->len > 0 &&
        !holds_dump(f, &g_array_index(places, DiskExtent, 0), &dump, errp)) {
        return false;
    }
    if (dump) {
        keep(f, path, "holds a crash dump that Windows has not saved yet");
        return true;
    }
    for (guint i = 0; i < places->len; i++) {
        const DiskExtent *place = &g_array_index(places, DiskExtent, i);
        DiscardExtent extent = {
            .offset = place->offset,
            .length = place->length,
            .partition = f->partition->number,
            .path = path,
            .record = record,
        };

        add_extent(f, &extent);
    }
    return true;
}

/*
 * A file with another name, a hard link, is what that name says; those of the
 * pagefiles have no short name beside them.
 */
static bool is_pagefile(const VolumeAttributes *a)
{
    return !a->compressed && !a->encrypted && !a->sparse && !a->directory &&
           !a->metadata && a->names == 1;
}

static bool find_pagefile(Finder *f, const char *path, GError **errp)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(DiskExtent));
    VolumeAttributes attributes;
    bool exists;

    if (!volume_exists(f->volume, path, &exists, errp)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    if (!volume_attributes(f->volume, path, &attributes, errp)) {
        return false;
    }
    if (!is_pagefile(&attributes)) {
        keep(f, path, "is not stored as Windows stores a pagefile");
        return true;
    }
    /* What is behind the last whole sector is not worth the trouble. */
    return volume_locate_file(f->volume, path, 0,
                              attributes.size / SECTOR_SIZE * SECTOR_SIZE,
                              places, errp) &&
           add_pagefile(f, path, attributes.record, places, errp);
}

static bool find_pagefiles(Finder *f, GError **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(pagefiles); i++) {
        if (!find_pagefile(f, pagefiles[i], errp)) {
            return false;
        }
    }
    return true;
}

static int compare_extents(gconstpointer a, gconstpointer b, gpointer opaque)
{
    const DiscardExtent *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Whoever goes on with a dirty volume takes a risk, but not this one. */
static bool check_clean(Finder *f, GError **errp)
{
    g_autoptr(GPtrArray) dirty = g_ptr_array_new_with_free_func(g_free);

    return volume_check_clean(f->volume, true, dirty, errp);
}

/* Sorts this volume's extents, which are the last ones. */
static void sort_extents(Finder *f)
{
    f->first = f->extents->len;
    while (f->first > 0 &&
           g_array_index(f->extents, DiscardExtent, f->first - 1).partition ==
           f->partition->number) {
        f->first--;
    }
    /* libc's qsort() asks how much memory there is, which the jail forbids. */
    g_qsort_with_data(&g_array_index(f->extents, DiscardExtent, f->first),
                      f->extents->len - f->first, sizeof(DiscardExtent),
                      compare_extents, NULL);
}

static bool refuse_shared(const Finder *f, const char *path, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "partition %u: clusters of %s belong to another file, too, or "
                "are called free by $Bitmap: chkdsk the volume in the source "
                "VM", f->partition->number, path);
    return false;
}

/* Runs that are free do not overlap, so one of two that do is a pagefile's. */
static bool check_apart(const Finder *f, GError **errp)
{
    for (guint i = f->first + 1; i < f->extents->len; i++) {
        const DiscardExtent *a = &g_array_index(f->extents, DiscardExtent,
                                                i - 1);
        const DiscardExtent *b = a + 1;

        if (b->offset - a->offset < a->length) {
            return refuse_shared(f, a->path ?: b->path, errp);
        }
    }
    return true;
}

/* The index of the first of this volume's extents that ends behind @offset. */
static guint extent_behind(const Finder *f, uint64_t offset)
{
    guint low = f->first;
    guint high = f->extents->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const DiscardExtent *e = &g_array_index(f->extents, DiscardExtent,
                                                middle);

        if (e->offset + e->length <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/*
 * Whether the run from @offset to @end, which says that it is of the pagefile
 * whose extent @e is, can be.  Once it is, and whatever lies there another
 * time is not it: a stream beside it, a record that names another as its base.
 */
static bool claim(const Finder *f, DiscardExtent *e, uint64_t offset,
                  uint64_t end, GError **errp)
{
    e->claimed += MIN(end, e->offset + e->length) - MAX(offset, e->offset);
    return e->claimed <= e->length || refuse_shared(f, e->path, errp);
}

/* Nothing but a pagefile lies in what is discarded, and there only itself. */
static bool see_owner(const OwnedRun *run, void *opaque, GError **errp)
{
    const Finder *f = opaque;
    uint64_t offset = volume_cluster_offset(f->volume, run->start);
    uint64_t end = volume_cluster_offset(f->volume, run->start + run->count);

    for (guint i = extent_behind(f, offset); i < f->extents->len; i++) {
        DiscardExtent *e = &g_array_index(f->extents, DiscardExtent, i);

        if (e->offset >= end) {
            break;
        }
        if (!e->path) {
            return volume_refuse_free_run(f->volume, run, errp);
        }
        if (e->record != run->record) {
            return refuse_shared(f, e->path, errp);
        }
        if (!claim(f, e, offset, end, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_owners(Finder *f, GError **errp)
{
    sort_extents(f);
    return check_apart(f, errp) &&
           (f->first == f->extents->len ||
            volume_foreach_owned_run(f->volume, see_owner, f, errp));
}

static bool find_in_volume(Finder *f, GError **errp)
{
    return check_clean(f, errp) &&
           shadow_copies_check_none(f->volume, f->partition, f->overlay,
                                    errp) &&
           (!f->options->pagefiles || find_pagefiles(f, errp)) &&
           volume_foreach_free_run(f->volume, see_free_run, f, errp) &&
           check_owners(f, errp);
}

static bool find_in_partition(Finder *f, GError **errp)
{
    bool ok;

    f->volume = volume_open(f->overlay, f->partition, VOLUME_READ_ONLY, errp);
    ok = f->volume && find_in_volume(f, errp);
    g_clear_pointer(&f->volume, volume_free);
    return ok;
}

static bool find_in_partitions(Finder *f, const Disk *disk,
                               const GArray *kinds, GError **errp)
{
    for (guint i = 0; i < kinds->len; i++) {
        f->partition = &g_array_index(disk->partitions, Partition, i);
        if (g_array_index(kinds, VolumeKind, i) != VOLUME_NTFS) {
            continue;
        }
        if (!discard_is_windows_type(f->partition->type)) {
            keep(f, "all of it", "begins as NTFS does, but is of a type that "
                 "Windows does not use");
        } else if (!find_in_partition(f, errp)) {
            return false;
        }
    }
    return true;
}

static bool is_ascending(const GArray *extents)
{
    for (guint i = 1; i < extents->len; i++) {
        if (g_array_index(extents, DiscardExtent, i - 1).offset >
            g_array_index(extents, DiscardExtent, i).offset) {
            return false;
        }
    }
    return true;
}

static void warn_of_what_is_left_out(const Finder *f)
{
    if (f->left_out > 0) {
        g_ptr_array_add(f->warnings,
                        g_strdup_printf("%" G_GUINT64_FORMAT " bytes of free "
                                        "clusters are in more runs than are "
                                        "kept count of, and stay as they are",
                                        f->left_out));
    }
}

/* What there always is to do about it. */
static void add_remedy(GError **errp)
{
    if (errp && *errp) {
        char *text = g_strconcat((*errp)->message, "; or leave discard-free "
                                 "and drop-pagefile off", NULL);

        g_free((*errp)->message);
        (*errp)->message = text;
    }
}

GArray *discard_find(Overlay *overlay, const Disk *disk, const GArray *kinds,
                     const DiscardOptions *options, GPtrArray *warnings,
                     GError **errp)
{
    g_autoptr(GArray) extents = g_array_new(FALSE, FALSE,
                                            sizeof(DiscardExtent));
    Finder finder = {
        .overlay = overlay,
        .options = options,
        .warnings = warnings,
        .extents = extents,
        .shortest = SHORTEST_RUN,
    };

    if (!discard_check_disk(disk, errp) ||
        !find_in_partitions(&finder, disk, kinds, errp)) {
        add_remedy(errp);
        return NULL;
    }
    if (!is_ascending(extents)) {
        g_array_sort_with_data(extents, compare_extents, NULL);
    }
    warn_of_what_is_left_out(&finder);
    return g_steal_pointer(&extents);
}
