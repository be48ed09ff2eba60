/*
 * Which clusters the files of an NTFS volume say are theirs
 *
 * $Bitmap says which clusters are in use, the records of the MFT say by whom.
 * A part of a file whose runs do not fit into one record is in an attribute
 * record of an extension record, which is in the MFT like all others; so no
 * list of attributes has to be followed to see them all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volume-internal.h"

#include <ntfs-3g/mft.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"
#include "volume-owners.h"

/* Bytes of the MFT that are read at once. */
#define PIECE MiB

/* The least that the record of a non-resident attribute has, in bytes. */
#define NON_RESIDENT_SIZE offsetof(ATTR_RECORD, non_resident_end)

typedef struct Walk {
    Volume *volume;
    VolumeOwnerFunc *func;
    void *opaque;
} Walk;

static bool see_runs(const Walk *walk, uint64_t record,
                     const runlist_element *run, GError **errp)
{
    int64_t clusters = walk->volume->ntfs->nr_clusters;

    for (; run->length; run++) {
        OwnedRun owned = {
            .record = record,
            .start = run->lcn,
            .count = MIN(run->length, clusters - run->lcn),
        };

        /* Holes have negative numbers; libntfs-3g believes any other. */
        if (run->lcn >= 0 && run->lcn < clusters &&
            !walk->func(&owned, walk->opaque, errp)) {
            return false;
        }
    }
    return true;
}

static bool see_attribute(const Walk *walk, uint64_t record,
                          const ATTR_RECORD *attribute, GError **errp)
{
    runlist_element *runs = ntfs_mapping_pairs_decompress(walk->volume->ntfs,
                                                          attribute, NULL);
    bool ok = !runs || see_runs(walk, record, runs, errp);

    free(runs);
    return ok;
}

/* The attribute at @offset of the record, or NULL if none fits there. */
static const ATTR_RECORD *attribute_at(const MFT_RECORD *m, uint32_t offset)
{
    uint32_t end = le32_to_cpu(m->bytes_in_use);
    const ATTR_RECORD *a = (const void *)((const uint8_t *)m + offset);
    uint32_t length;

    if (offset > end || end - offset < sizeof(ATTR_TYPES) + sizeof(le32) ||
        a->type == AT_END) {
        return NULL;
    }
    length = le32_to_cpu(a->length);
    return length >= offsetof(ATTR_RECORD, resident_end) &&
           length <= end - offset && length % 8 == 0 ? a : NULL;
}

/* Records that hold a part of another file's attributes name that file. */
static uint64_t base_record(const MFT_RECORD *m, uint64_t number)
{
    return m->base_mft_record ? MREF_LE(m->base_mft_record) : number;
}

static bool see_record(const Walk *walk, uint64_t number, MFT_RECORD *m,
                       GError **errp)
{
    uint32_t offset = le16_to_cpu(m->attrs_offset);
    const ATTR_RECORD *a;

    if (ntfs_mft_record_check(walk->volume->ntfs, number, m) != 0 ||
        !(m->flags & MFT_RECORD_IN_USE)) {
        return true;
    }
    while ((a = attribute_at(m, offset))) {
        uint32_t length = le32_to_cpu(a->length);

        if (a->non_resident && length >= NON_RESIDENT_SIZE &&
            !see_attribute(walk, base_record(m, number), a, errp)) {
            return false;
        }
        offset += length;
    }
    return true;
}

static bool check_mft_size(const Volume *volume, GError **errp)
{
    if (volume->ntfs->mft_na->initialized_size > LIMIT_MFT_WALK) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "%s: the MFT has more than %" G_GUINT64_FORMAT " bytes, "
                    "too many to be looked at", volume->label,
                    (uint64_t)LIMIT_MFT_WALK);
        return false;
    }
    return true;
}

bool volume_foreach_owned_run(Volume *volume, VolumeOwnerFunc *func,
                              void *opaque, GError **errp)
{
    const ntfs_volume *ntfs = volume->ntfs;
    Walk walk = { .volume = volume, .func = func, .opaque = opaque };
    uint64_t n = ntfs->mft_na->initialized_size / ntfs->mft_record_size;
    uint64_t at_once = PIECE / ntfs->mft_record_size;
    g_autofree uint8_t *piece = g_malloc(PIECE);

    if (!check_mft_size(volume, errp)) {
        return false;
    }
    for (uint64_t first = 0; first < n; first += at_once) {
        uint64_t count = MIN(at_once, n - first);

        errno = EIO;
        if (ntfs_mft_records_read(ntfs, first, count, (void *)piece) != 0) {
            volume_set_error(volume, "$MFT", errp);
            return false;
        }
        for (uint64_t i = 0; i < count; i++) {
            if (!see_record(&walk, first + i,
                            (void *)(piece + i * ntfs->mft_record_size),
                            errp)) {
                return false;
            }
        }
    }
    return true;
}

uint64_t volume_cluster_offset(const Volume *volume, uint64_t cluster)
{
    return volume->start + cluster * volume->ntfs->cluster_size;
}

/* Its name without the path, to be freed; NULL if it has none. */
static char *file_name(ntfs_inode *ni)
{
    s64 size = 0;
    FILE_NAME_ATTR *fn = ntfs_attr_readall(ni, AT_FILE_NAME, AT_UNNAMED, 0,
                                           &size);
    size_t fixed = offsetof(FILE_NAME_ATTR, file_name);
    ntfschar units[NTFS_MAX_NAME_LEN];
    char *name = NULL;

    if (fn && size >= fixed &&
        size - fixed >= fn->file_name_length * sizeof(ntfschar)) {
        memcpy(units, (const char *)fn + fixed,
               fn->file_name_length * sizeof(ntfschar));
        if (ntfs_ucstombs(units, fn->file_name_length, &name, 0) < 0) {
            name = NULL;
        }
    }
    free(fn);
    return name;
}

/* " (ntfs.sys)", or nothing if the record has no name; to be freed. */
static char *name_in_brackets(Volume *volume, uint64_t record)
{
    ntfs_inode *ni = ntfs_inode_open(volume->ntfs, record);
    char *name = ni ? file_name(ni) : NULL;
    char *text = name ? g_strdup_printf(" (%s)", name) : g_strdup("");

    free(name);
    if (ni) {
        ntfs_inode_close(ni);
    }
    g_clear_error(&volume->device_error);
    return text;
}

bool volume_refuse_free_run(Volume *volume, const OwnedRun *run,
                            GError **errp)
{
    g_autofree char *name = name_in_brackets(volume, run->record);

    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: $Bitmap calls clusters free in which MFT record "
                "%" G_GUINT64_FORMAT "%s lies: chkdsk the volume in the "
                "source VM", volume->label, run->record, name);
    return false;
}
