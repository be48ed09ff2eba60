/*
 * Discard: what of a disk nobody will ever read again
 *
 * Notes on the design
 *
 * $Bitmap is believed only where there is no reason to doubt it: on a volume
 * that was shut down and is not marked dirty, that no other partition
 * overlaps, and whose MFT it calls in use.  All of the volumes have to be so:
 * one that is not in order is an error and not left out, since a target that
 * is larger than expected would be noticed late.
 *
 * Short runs are not worth their place in the tables of the block layer, and
 * there may be too many of them: then only the longer ones count.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "discard.h"
#include "error.h"
#include "guest-limits.h"
#include "shadow-copies.h"
#include "volume-attributes.h"
#include "volume-clusters.h"
#include "volume-locate.h"

/* The unit of what is discarded, in bytes: XENPREP_SECTOR_SIZE. */
#define SECTOR_SIZE 512

/* The shortest run of free clusters that is discarded, in bytes. */
#define SHORTEST_RUN (64 * KiB)

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
    /* The volume that is looked at. */
    const Partition *partition;
    Volume *volume;
} Finder;

/* Half of the room has to be left when the next volume begins. */
static void drop_short_runs(Finder *f)
{
    guint kept = f->extents->len;

    while (kept > LIMIT_DISCARD_EXTENTS / 2) {
        f->shortest *= 2;
        kept = 0;
        for (guint i = 0; i < f->extents->len; i++) {
            DiscardExtent *e = &g_array_index(f->extents, DiscardExtent, i);

            if (e->length >= f->shortest) {
                g_array_index(f->extents, DiscardExtent, kept++) = *e;
            }
        }
        g_array_set_size(f->extents, kept);
    }
}

static void add_extent(Finder *f, uint64_t offset, uint64_t length,
                       const char *path)
{
    DiscardExtent extent = {
        .offset = offset,
        .length = length,
        .partition = f->partition->number,
        .path = path,
    };

    if (f->extents->len >= LIMIT_DISCARD_EXTENTS) {
        drop_short_runs(f);
    }
    if (length >= f->shortest) {
        g_array_append_val(f->extents, extent);
    }
}

static void see_free_run(uint64_t offset, uint64_t length, void *opaque)
{
    add_extent(opaque, offset, length, NULL);
}

static bool is_crash_dump(const uint8_t *head)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(dump_signatures); i++) {
        if (memcmp(head, dump_signatures[i], DUMP_SIGNATURE_SIZE) == 0) {
            return true;
        }
    }
    return false;
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
    *dump = is_crash_dump(head);
    return true;
}

static void keep(Finder *f, const char *path, const char *why)
{
    g_ptr_array_add(f->warnings,
                    g_strdup_printf("partition %u: %s %s: it is kept",
                                    f->partition->number, path, why));
}

static bool add_pagefile(Finder *f, const char *path, const GArray *places,
                         GError **errp)
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

        add_extent(f, place->offset, place->length, path);
    }
    return true;
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
    if (attributes.compressed || attributes.encrypted || attributes.sparse ||
        attributes.directory) {
        keep(f, path, "is not stored as Windows stores a pagefile");
        return true;
    }
    /* What is behind the last whole sector is not worth the trouble. */
    return volume_locate_file(f->volume, path, 0,
                              attributes.size / SECTOR_SIZE * SECTOR_SIZE,
                              places, errp) &&
           add_pagefile(f, path, places, errp);
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

/* The MFT is no extent, but has to lie beside them. */
static bool add_mft(Finder *f, GArray *mft, GError **errp)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(DiskExtent));

    if (!volume_locate_mft(f->volume, UINT64_MAX, places, errp)) {
        return false;
    }
    for (guint i = 0; i < places->len; i++) {
        const DiskExtent *place = &g_array_index(places, DiskExtent, i);
        DiscardExtent extent = {
            .offset = place->offset,
            .length = place->length,
            .partition = f->partition->number,
            .path = "$MFT",
        };

        g_array_append_val(mft, extent);
    }
    return true;
}

/* Whoever goes on with a dirty volume takes a risk, but not that one. */
static bool check_clean(Finder *f, GError **errp)
{
    g_autoptr(GPtrArray) dirty = g_ptr_array_new_with_free_func(g_free);

    if (!volume_check_clean(f->volume, true, dirty, errp)) {
        return false;
    }
    if (dirty->len > 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: the volume is marked dirty, what it calls "
                    "free may be in use: let chkdsk run in the source VM, or "
                    "leave discard-free and drop-pagefile off",
                    f->partition->number);
        return false;
    }
    return true;
}

static bool find_in_volume(Finder *f, GArray *mft, GError **errp)
{
    return check_clean(f, errp) &&
           shadow_copies_check_none(f->volume, f->partition, f->overlay,
                                    errp) &&
           (!f->options->free_clusters ||
            volume_foreach_free_run(f->volume, see_free_run, f, errp)) &&
           (!f->options->pagefiles || find_pagefiles(f, errp)) &&
           add_mft(f, mft, errp);
}

static bool find_in_partition(Finder *f, GArray *mft, GError **errp)
{
    bool ok;

    f->volume = volume_open(f->overlay, f->partition, VOLUME_READ_ONLY, errp);
    ok = f->volume && find_in_volume(f, mft, errp);
    g_clear_pointer(&f->volume, volume_free);
    return ok;
}

static int compare_extents(gconstpointer a, gconstpointer b)
{
    const DiscardExtent *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static const char *name_of(const DiscardExtent *extent)
{
    return extent->path ? extent->path : "free clusters";
}

/* Whether those in the sorted @extents lie apart; they are not both free. */
static bool check_apart(const GArray *extents, GError **errp)
{
    for (guint i = 1; i < extents->len; i++) {
        const DiscardExtent *a = &g_array_index(extents, DiscardExtent, i - 1);
        const DiscardExtent *b = a + 1;

        if (b->offset < a->offset + a->length) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "partition %u: %s and %s overlap: chkdsk the volume "
                        "in the source VM", b->partition, name_of(a),
                        name_of(b));
            return false;
        }
    }
    return true;
}

static bool check_against_mft(const GArray *extents, GArray *mft,
                              GError **errp)
{
    g_array_append_vals(mft, extents->data, extents->len);
    g_array_sort(mft, compare_extents);
    return check_apart(mft, errp);
}

/* A cluster that is free on one volume could be in use on another. */
static bool check_partitions_apart(const Disk *disk, GError **errp)
{
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *a = &g_array_index(disk->partitions, Partition, i);

        for (guint j = i + 1; j < disk->partitions->len; j++) {
            const Partition *b = &g_array_index(disk->partitions, Partition,
                                                j);

            if (a->start < b->start + b->size &&
                b->start < a->start + a->size) {
                g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                            "partitions %u and %u overlap, so that what one "
                            "calls free may be in use on the other: leave "
                            "discard-free and drop-pagefile off", a->number,
                            b->number);
                return false;
            }
        }
    }
    return true;
}

GArray *discard_find(Overlay *overlay, const Disk *disk, const GArray *kinds,
                     const DiscardOptions *options, GPtrArray *warnings,
                     GError **errp)
{
    g_autoptr(GArray) extents = g_array_new(FALSE, FALSE,
                                            sizeof(DiscardExtent));
    g_autoptr(GArray) mft = g_array_new(FALSE, FALSE, sizeof(DiscardExtent));
    Finder finder = {
        .overlay = overlay,
        .options = options,
        .warnings = warnings,
        .extents = extents,
        .shortest = SHORTEST_RUN,
    };

    if (!check_partitions_apart(disk, errp)) {
        return NULL;
    }
    for (guint i = 0; i < kinds->len; i++) {
        finder.partition = &g_array_index(disk->partitions, Partition, i);
        if (g_array_index(kinds, VolumeKind, i) == VOLUME_NTFS &&
            !find_in_partition(&finder, mft, errp)) {
            return NULL;
        }
    }
    g_array_sort(extents, compare_extents);
    return check_against_mft(extents, mft, errp) ? g_steal_pointer(&extents)
                                                 : NULL;
}
