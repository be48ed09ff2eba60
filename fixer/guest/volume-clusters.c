/*
 * Which clusters of an NTFS volume are free
 *
 * $Bitmap has a bit for each cluster, the lowest of the first byte for the
 * first one; 1 is in use ("NTFS documentation" of the Linux-NTFS project).
 * A hole, and what was never initialized, would read as free: Windows makes
 * neither there, so that such a $Bitmap is damaged.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>

#include "error.h"
#include "volume-clusters.h"

/* Bytes of $Bitmap that are read at once; each stands for eight clusters. */
#define PIECE (256 * 1024)

typedef struct Scan {
    VolumeFreeFunc *func;
    void *opaque;
    /* Of the volume's first cluster on the disk, and of one, in bytes. */
    uint64_t start;
    uint64_t cluster_size;
    /* In a run of free clusters, which began there. */
    bool in_run;
    uint64_t run_start;
} Scan;

static void see_cluster(Scan *scan, uint64_t cluster, bool free)
{
    if (free && !scan->in_run) {
        scan->run_start = cluster;
    } else if (!free && scan->in_run) {
        scan->func(scan->start + scan->run_start * scan->cluster_size,
                   (cluster - scan->run_start) * scan->cluster_size,
                   scan->opaque);
    }
    scan->in_run = free;
}

/* The bytes that stand for @n clusters from @first on. */
static void see_bytes(Scan *scan, const uint8_t *bytes, uint64_t first,
                      uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint8_t byte = bytes[i / 8];

        /* Most bytes go on as the one before did. */
        if (i % 8 == 0 && n - i >= 8 && byte == (scan->in_run ? 0 : 0xff)) {
            i += 7;
        } else {
            see_cluster(scan, first + i, !(byte & (1 << i % 8)));
        }
    }
}

static bool refuse(const Volume *volume, const char *why, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: $Bitmap %s: chkdsk the volume in the source VM",
                volume->label, why);
    return false;
}

static bool check_bitmap(const Volume *volume, GError **errp)
{
    const ntfs_volume *ntfs = volume->ntfs;
    const ntfs_attr *na = ntfs->lcnbmp_na;

    if (ntfs->nr_clusters > volume->size / ntfs->cluster_size) {
        return refuse(volume, "goes beyond the end of the partition", errp);
    }
    if ((ntfs->nr_clusters + 7) / 8 > na->initialized_size) {
        return refuse(volume, "does not speak of all clusters", errp);
    }
    return true;
}

/* How much of it has clusters, in bytes from its begin on. */
static uint64_t length_without_hole(const Volume *volume)
{
    const runlist_element *run = volume->ntfs->lcnbmp_na->rl;
    uint64_t clusters = 0;

    for (; run && run->length && run->lcn >= 0; run++) {
        clusters += run->length;
    }
    return clusters * volume->ntfs->cluster_size;
}

/* Whatever its flags say: libntfs-3g reads zeros where there is none. */
static bool check_no_hole(Volume *volume, GError **errp)
{
    const ntfs_volume *ntfs = volume->ntfs;
    ntfs_attr *na = ntfs->lcnbmp_na;

    if (ntfs_attr_map_whole_runlist(na) < 0) {
        volume_set_error(volume, "$Bitmap", errp);
        return false;
    }
    if (NAttrCompressed(na) || NAttrEncrypted(na) ||
        length_without_hole(volume) < (ntfs->nr_clusters + 7) / 8) {
        return refuse(volume, "is sparse or compressed", errp);
    }
    return true;
}

/*
 * chkdsk rewrites $Bitmap.  Where it was cut off, or is due, there is nothing
 * that is to be believed.
 */
static bool check_settled(const Volume *volume, GError **errp)
{
    if (volume->ntfs->flags & (VOLUME_IS_DIRTY | VOLUME_RESIZE_LOG_FILE |
                               VOLUME_CHKDSK_UNDERWAY)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: the volume is marked dirty, what it calls free may "
                    "be in use: let chkdsk run in the source VM",
                    volume->label);
        return false;
    }
    return true;
}

bool volume_foreach_free_run(Volume *volume, VolumeFreeFunc *func,
                             void *opaque, GError **errp)
{
    const ntfs_volume *ntfs = volume->ntfs;
    g_autofree uint8_t *piece = g_malloc(PIECE);
    Scan scan = {
        .func = func,
        .opaque = opaque,
        .start = volume->start,
        .cluster_size = ntfs->cluster_size,
    };
    uint64_t n = ntfs->nr_clusters;

    if (!check_settled(volume, errp) || !check_bitmap(volume, errp) ||
        !check_no_hole(volume, errp)) {
        return false;
    }
    for (uint64_t first = 0; first < n; first += PIECE * 8) {
        uint64_t clusters = MIN(n - first, PIECE * 8);
        int64_t bytes = (clusters + 7) / 8;

        errno = EIO;
        if (ntfs_attr_pread(ntfs->lcnbmp_na, first / 8, bytes,
                            piece) != bytes) {
            volume_set_error(volume, "$Bitmap", errp);
            return false;
        }
        see_bytes(&scan, piece, first, clusters);
    }
    see_cluster(&scan, n, false);
    return true;
}
