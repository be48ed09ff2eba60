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
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"
#include "le.h"
#include "volume-owners.h"

/* Bytes of the MFT that are read at once. */
#define PIECE MiB

/* Of an attribute record, ATTR_RECORD in libntfs-3g's layout.h. */
#define ATTRIBUTE_LENGTH 4      /* u32 */
#define NON_RESIDENT 8          /* u8 */
#define PAIRS_OFFSET 0x20       /* u16, to the mapping pairs */
#define ATTRIBUTE_SIZE 0x18     /* the least there is */
#define ATTRIBUTE_END 0xffffffff

typedef struct Walk {
    Volume *volume;
    VolumeOwnerFunc *func;
    void *opaque;
    /* How many runs and holes there were. */
    uint32_t pairs;
} Walk;

/* What of the run lies on the volume. */
static bool see_run(Walk *walk, uint64_t record, uint64_t start,
                    uint64_t count, GError **errp)
{
    uint64_t clusters = walk->volume->ntfs->nr_clusters;
    OwnedRun owned = { .record = record, .start = start };

    if (start >= clusters || count == 0) {
        return true;
    }
    owned.count = MIN(count, clusters - start);
    return walk->func(&owned, walk->opaque, errp);
}

static bool count_pair(Walk *walk, GError **errp)
{
    if (walk->pairs++ < LIMIT_OWNED_RUNS) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                "%s: the files are in more than %u pieces, too many to be "
                "looked at", walk->volume->label, LIMIT_OWNED_RUNS);
    return false;
}

/* A signed number of @n bytes, 1 to 15, of which those behind 8 are lost. */
static int64_t get_number(const uint8_t *bytes, unsigned n)
{
    uint64_t number = bytes[n - 1] & 0x80 ? UINT64_MAX : 0;

    while (n-- > 0) {
        number = number << 8 | bytes[n];
    }
    return number;
}

/*
 * Mapping pairs: a byte that says how many bytes the next two numbers have, a
 * count of clusters, and how far from the run before; a hole is nowhere.
 */
static bool see_pairs(Walk *walk, uint64_t record, const uint8_t *pair,
                      const uint8_t *end, GError **errp)
{
    uint64_t cluster = 0;

    while (pair < end && *pair) {
        unsigned count_size = *pair & 15;
        unsigned place_size = *pair >> 4;
        const uint8_t *numbers = pair + 1;
        int64_t count;

        if (count_size == 0 || count_size + place_size > end - numbers) {
            return true;
        }
        count = get_number(numbers, count_size);
        if (count < 0) {
            return true;
        }
        if (!count_pair(walk, errp)) {
            return false;
        }
        if (place_size > 0) {
            cluster += get_number(numbers + count_size, place_size);
            if (!see_run(walk, record, cluster, count, errp)) {
                return false;
            }
        }
        pair = numbers + count_size + place_size;
    }
    return true;
}

static bool see_attribute(Walk *walk, uint64_t record, const uint8_t *a,
                          uint32_t length, GError **errp)
{
    unsigned pairs;

    if (length < PAIRS_OFFSET + sizeof(uint16_t) || !a[NON_RESIDENT]) {
        return true;
    }
    pairs = get_le16(a + PAIRS_OFFSET);
    return pairs >= length ||
           see_pairs(walk, record, a + pairs, a + length, errp);
}

/* Records that hold a part of another file's attributes name that file. */
static uint64_t base_record(const MFT_RECORD *m, uint64_t number)
{
    return m->base_mft_record ? MREF_LE(m->base_mft_record) : number;
}

/*
 * All that looks like an attribute.  libntfs-3g refuses a record for one that
 * is odd, and a file for one number too many; Windows has rules of its own.
 */
static bool see_record(Walk *walk, uint64_t number, const MFT_RECORD *m,
                       GError **errp)
{
    const uint8_t *bytes = (const uint8_t *)m;
    uint32_t size = walk->volume->ntfs->mft_record_size;
    uint32_t offset = le16_to_cpu(m->attrs_offset);

    if (!ntfs_is_file_record(m->magic) || !(m->flags & MFT_RECORD_IN_USE)) {
        return true;
    }
    while (offset < size && size - offset >= ATTRIBUTE_SIZE &&
           get_le32(bytes + offset) != ATTRIBUTE_END) {
        uint32_t length = get_le32(bytes + offset + ATTRIBUTE_LENGTH);

        if (length < ATTRIBUTE_SIZE || length > size - offset) {
            break;
        }
        if (!see_attribute(walk, base_record(m, number), bytes + offset,
                           length, errp)) {
            return false;
        }
        offset += length;
    }
    return true;
}

/*
 * What the volume was mounted by: the boot sector, and $MFT as libntfs-3g put
 * it together.  Whether the records of $MFT and $Boot say so, too, is theirs.
 */
static bool see_mount(Walk *walk, GError **errp)
{
    const runlist_element *run = walk->volume->ntfs->mft_na->rl;
    bool ok = see_run(walk, FILE_Boot, 0, 1, errp);

    for (; ok && run && run->length; run++) {
        ok = run->lcn < 0 ||
             see_run(walk, FILE_MFT, run->lcn, run->length, errp);
    }
    return ok;
}

/* libntfs-3g mounts a volume that says that it has larger ones. */
static bool check_record_size(const Volume *volume, GError **errp)
{
    if (volume->ntfs->mft_record_size > LIMIT_MFT_RECORD_SIZE) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: $MFT has records of %u bytes, but none can have more "
                    "than %u: chkdsk the volume in the source VM",
                    volume->label, volume->ntfs->mft_record_size,
                    LIMIT_MFT_RECORD_SIZE);
        return false;
    }
    return true;
}

/* A $MFT that is in one place many times would be long on a small disk. */
static bool check_mft_size(const Volume *volume, GError **errp)
{
    if ((uint64_t)volume->ntfs->mft_na->initialized_size > volume->size) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: $MFT is larger than the volume: chkdsk the volume in "
                    "the source VM", volume->label);
        return false;
    }
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

    if (!check_record_size(volume, errp) || !check_mft_size(volume, errp) ||
        !see_mount(&walk, errp)) {
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
