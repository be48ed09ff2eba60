/*
 * Whether what was written to an NTFS volume had been free
 *
 * libntfs-3g takes the clusters of a new file from $Bitmap, as Windows does,
 * and like Windows it believes what that says.  Whether it is right only the
 * records of all files together can tell.  So the MFT is read from its begin
 * to its end, but only if clusters were taken, which files that keep their
 * size do without.
 *
 * It is the volume as it was before that is asked: there, what is free now
 * belongs to nobody.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>

#include "error.h"
#include "guest-limits.h"
#include "volume-owners.h"
#include "volume-taken.h"

typedef struct Taken {
    /* The volume as it was, and what that lies on. */
    Overlay *before;
    Volume *volume;
    /* uint64_t, at last ascending: numbers of the clusters taken. */
    GArray *clusters;
} Taken;

/* A part of $Bitmap that was written: where on the disk, and in itself. */
typedef struct BitmapPart {
    uint64_t disk_offset;
    uint64_t bitmap_offset;
    size_t length;
} BitmapPart;

/* A $Bitmap whose own clusters are there many times has as many bits. */
static bool add_cluster(Taken *taken, uint64_t cluster, GError **errp)
{
    if (taken->clusters->len >= LIMIT_TAKEN_CLUSTERS) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: more clusters would be taken from $Bitmap than are "
                    "written: chkdsk the volume in the source VM",
                    taken->volume->label);
        return false;
    }
    g_array_append_val(taken->clusters, cluster);
    return true;
}

/* The clusters from @first on whose bits are set in @bits. */
static bool add_clusters(Taken *taken, uint64_t first, uint8_t bits,
                         GError **errp)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        if (bits & 1 << bit && !add_cluster(taken, first + bit, errp)) {
            return false;
        }
    }
    return true;
}

static bool compare_part(Taken *taken, const BitmapPart *part,
                         const uint8_t *now, GError **errp)
{
    g_autofree uint8_t *then = g_malloc(part->length);

    if (!overlay_read(taken->before, part->disk_offset, then, part->length,
                      errp)) {
        return false;
    }
    for (size_t i = 0; i < part->length; i++) {
        if (!add_clusters(taken, (part->bitmap_offset + i) * 8,
                          now[i] & ~then[i], errp)) {
            return false;
        }
    }
    return true;
}

/* Sees what of the patch lies in the run of $Bitmap, if anything does. */
static bool compare_run(Taken *taken, const runlist_element *run,
                        uint64_t offset, const uint8_t *data, size_t length,
                        GError **errp)
{
    const Volume *volume = taken->volume;
    uint64_t cluster = volume->ntfs->cluster_size;
    uint64_t run_start = volume->start + run->lcn * cluster;
    uint64_t start = MAX(offset, run_start);
    uint64_t end = MIN(offset + length, run_start + run->length * cluster);
    BitmapPart part = {
        .disk_offset = start,
        .bitmap_offset = run->vcn * cluster + (start - run_start),
        .length = end - start,
    };

    return start >= end ||
           compare_part(taken, &part, data + (start - offset), errp);
}

/* Clusters that were taken and are in use now, of this patch to $Bitmap. */
static bool see_bits(Taken *taken, uint64_t offset, const uint8_t *data,
                     size_t length, GError **errp)
{
    const runlist_element *run = taken->volume->ntfs->lcnbmp_na->rl;

    for (; run && run->length; run++) {
        if (run->lcn >= 0 &&
            !compare_run(taken, run, offset, data, length, errp)) {
            return false;
        }
    }
    return true;
}

/* Of the clusters from @first to @last, those that were free. */
static bool add_free(Taken *taken, uint64_t first, uint64_t last,
                     GError **errp)
{
    int64_t length = last / 8 - first / 8 + 1;
    g_autofree uint8_t *then = g_malloc(length);

    errno = EIO;
    if (ntfs_attr_pread(taken->volume->ntfs->lcnbmp_na, first / 8, length,
                        then) != length) {
        volume_set_error(taken->volume, "$Bitmap", errp);
        return false;
    }
    for (uint64_t cluster = first; cluster <= last; cluster++) {
        if (!(then[cluster / 8 - first / 8] & 1 << cluster % 8) &&
            !add_cluster(taken, cluster, errp)) {
            return false;
        }
    }
    return true;
}

/*
 * Clusters that were free and were written to, whether they are in use now or
 * not: what is compressed lies in some of them for a while.
 */
static bool see_data(Taken *taken, uint64_t offset, size_t length,
                     GError **errp)
{
    const Volume *volume = taken->volume;
    uint64_t size = volume->ntfs->cluster_size;
    uint64_t volume_end = volume->start + volume->ntfs->nr_clusters * size;
    uint64_t start = MAX(offset, volume->start);
    uint64_t end = MIN(offset + length, volume_end);

    return start >= end ||
           add_free(taken, (start - volume->start) / size,
                    (end - 1 - volume->start) / size, errp);
}

static bool see_patch(uint64_t offset, const void *data, size_t length,
                      void *opaque, GError **errp)
{
    Taken *taken = opaque;

    return see_bits(taken, offset, data, length, errp) &&
           see_data(taken, offset, length, errp);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static bool find_clusters(Taken *taken, Overlay *overlay, GError **errp)
{
    if (ntfs_attr_map_whole_runlist(taken->volume->ntfs->lcnbmp_na) < 0) {
        volume_set_error(taken->volume, "$Bitmap", errp);
        return false;
    }
    if (!overlay_foreach_patch(overlay, see_patch, taken, errp)) {
        return false;
    }
    g_array_sort(taken->clusters, compare_numbers);
    return true;
}

/* How many of the clusters have a smaller number than @cluster. */
static guint count_below(const GArray *clusters, uint64_t cluster)
{
    guint low = 0;
    guint high = clusters->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(clusters, uint64_t, middle) < cluster) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool see_owner(const OwnedRun *run, void *opaque, GError **errp)
{
    Taken *taken = opaque;
    guint next = count_below(taken->clusters, run->start);

    return next == taken->clusters->len ||
           g_array_index(taken->clusters, uint64_t, next) - run->start >=
           run->count || volume_refuse_free_run(taken->volume, run, errp);
}

/* That there are too many files to tell is no reason to refuse. */
static bool check_owners(Taken *taken, GPtrArray *warnings, GError **errp)
{
    GError *err = NULL;

    if (volume_foreach_owned_run(taken->volume, see_owner, taken, &err)) {
        return true;
    }
    if (!g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE)) {
        g_propagate_error(errp, err);
        return false;
    }
    g_ptr_array_add(warnings,
                    g_strdup_printf("%s: that $Bitmap calls nothing free "
                                    "which is in use is taken for granted",
                                    err->message));
    g_error_free(err);
    return true;
}

bool volume_check_taken(Overlay *overlay, const Partition *partition,
                        GPtrArray *warnings, GError **errp)
{
    g_autoptr(Overlay) before = overlay_new_before(overlay);
    g_autoptr(Volume) volume = volume_open(before, partition,
                                           VOLUME_READ_ONLY, errp);
    g_autoptr(GArray) clusters = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    Taken taken = {
        .before = before,
        .volume = volume,
        .clusters = clusters,
    };

    return volume && find_clusters(&taken, overlay, errp) &&
           (clusters->len == 0 || check_owners(&taken, warnings, errp));
}
