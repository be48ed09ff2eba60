/*
 * guest-populate: free clusters and file records, and where they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "populate.h"

#include <ntfs-3g/bitmap.h>
#include <ntfs-3g/mft.h>

/* The library takes none before it; Windows does, from 24 on. */
#define FIRST_USER_RECORD 64

/* Fields of a line that makes a file with a descriptor that all have. */
#define FILE_FIELDS(path, time) \
    { (char *)"file", path, time, (char *)"0x20", (char *)"public", NULL }

runlist_element *populate_take(Populate *p, s64 count, s64 lcn)
{
    runlist_element *rl = ntfs_cluster_alloc(p->vol, 0, count, lcn,
                                             DATA_ZONE);

    if (!rl) {
        populate_fail(p, "cannot allocate clusters");
    }
    return rl;
}

void populate_give_back(Populate *p, runlist_element *rl)
{
    if (ntfs_cluster_free_from_rl(p->vol, rl)) {
        populate_fail(p, "cannot free clusters");
    }
    free(rl);
}

static s64 free_clusters(Populate *p)
{
    if (ntfs_volume_get_free_space(p->vol)) {
        populate_fail(p, "cannot count the free clusters");
    }
    return p->vol->free_clusters;
}

/* $Bitmap as it is now. */
static u8 *read_bitmap(Populate *p)
{
    s64 size = p->vol->lcnbmp_na->data_size;
    u8 *bitmap = g_malloc(size);

    if (ntfs_attr_pread(p->vol->lcnbmp_na, 0, size, bitmap) != size) {
        populate_fail(p, "cannot read $Bitmap");
    }
    return bitmap;
}

static void append_cluster(GArray *runs, s64 lcn)
{
    runlist_element *last = runs->len ? &g_array_index(
        runs, runlist_element, runs->len - 1) : NULL;

    if (last && last->lcn + last->length == lcn) {
        last->length++;
    } else {
        g_array_append_val(runs, ((runlist_element) {
            .lcn = lcn, .length = 1 }));
    }
}

/*
 * Takes of each @step free clusters one, of @most such at most, or all but
 * that one.  The library's own allocator would choose by itself.
 */
static runlist_element *take_each(Populate *p, s64 step, s64 most, bool one)
{
    g_autofree u8 *bitmap = read_bitmap(p);
    GArray *runs = g_array_new(TRUE, TRUE, sizeof(runlist_element));
    runlist_element *rl;
    s64 seen = 0;

    for (s64 lcn = 0; lcn < p->vol->nr_clusters; lcn++) {
        if (!(bitmap[lcn / 8] >> lcn % 8 & 1) &&
            (++seen % step == 0 && seen / step <= most) == one) {
            append_cluster(runs, lcn);
        }
    }
    rl = (runlist_element *)(void *)g_array_free(runs, FALSE);
    for (runlist_element *run = rl; run->length; run++) {
        if (ntfs_bitmap_set_run(p->vol->lcnbmp_na, run->lcn, run->length)) {
            populate_fail(p, "cannot take clusters");
        }
        p->vol->free_clusters -= run->length;
    }
    return rl;
}

void populate_hold(Populate *p, char **field)
{
    free_clusters(p);
    g_ptr_array_add(p->held, take_each(
        p, g_ascii_strtoll(field[1], NULL, 10), G_MAXINT64, false));
}

/* Gives back what is held, but for the first @keep runlists. */
static void release(Populate *p, guint keep)
{
    for (guint i = keep; i < p->held->len; i++) {
        populate_give_back(p, g_ptr_array_index(p->held, i));
    }
    g_ptr_array_set_size(p->held, keep);
}

void populate_release(Populate *p, char **field)
{
    (void)field;
    release(p, 0);
}

/*
 * Gives @na all clusters but @spare.  In smaller and smaller steps: the
 * file's own metadata needs room, too.
 */
static void take_all_but(Populate *p, ntfs_attr *na, s64 spare)
{
    s64 step = free_clusters(p) - spare;

    while (step > 0) {
        s64 size = na->allocated_size + (step << p->vol->cluster_size_bits);

        /* It calls a zone full that it has taken the largest run from. */
        p->vol->full_zones = 0;
        if (ntfs_attr_truncate_solid(na, size)) {
            step /= 2;
        } else {
            step = MIN(step, p->vol->free_clusters - spare);
        }
    }
}

void populate_fill(Populate *p, char **field)
{
    s64 spare = g_ascii_strtoll(field[6], NULL, 10);
    bool scattered = !strcmp(field[7], "scattered") && spare > 0;
    runlist_element *kept = NULL;
    ntfs_inode *ni;
    ntfs_attr *na;

    populate_set_time(field[2]);
    ni = populate_create(p, field, S_IFREG);
    na = populate_open_data(p, ni);
    if (scattered) {
        /* As far from each other as can be. */
        kept = take_each(p, free_clusters(p) / spare, spare, true);
        spare = 0;
    }
    take_all_but(p, na, spare);
    if (kept) {
        populate_give_back(p, kept);
    }
    ntfs_attr_close(na);
    populate_close_named(p, ni, field[1], field[5]);
}

/* The file has its clusters still: $Bitmap is wrong from then on. */
void populate_forget(Populate *p, char **field)
{
    ntfs_inode *ni = populate_open(p, field[1]);
    ntfs_attr *na = populate_open_data(p, ni);

    if (ntfs_attr_map_whole_runlist(na) ||
        ntfs_cluster_free_from_rl(p->vol, na->rl)) {
        populate_fail(p, "cannot free the clusters of %s", field[1]);
    }
    ntfs_attr_close(na);
    populate_close(p, ni);
}

/* ----------------------------------------------------------- file records */

static guint count_runs(const runlist_element *rl)
{
    guint count = 0;

    while (rl[count].length) {
        count++;
    }
    return count;
}

static void create_empty(Populate *p, char *path, char *time)
{
    char *field[] = FILE_FIELDS(path, time);

    populate_close(p, populate_create(p, field, S_IFREG));
}

/*
 * Makes $MFT one of many runs: records are allocated until it has grown that
 * often, and are freed again, as on a volume that once held more files.  No
 * files are created for that: the library spoils directories from which many
 * are deleted.
 */
void populate_mft(Populate *p, char **field)
{
    guint runs = g_ascii_strtoull(field[2], NULL, 10);
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    guint keep = p->held->len;
    ntfs_attr *mft = p->vol->mft_na;

    populate_set_time(field[1]);
    while (count_runs(mft->rl) < runs) {
        s64 before = mft->allocated_size;
        ntfs_inode *ni = ntfs_mft_record_alloc(p->vol, NULL);

        if (!ni) {
            populate_fail(p, "cannot allocate a file record");
        }
        g_ptr_array_add(records, ni);
        if (mft->allocated_size > before && keep == 0) {
            g_ptr_array_add(p->held, populate_take(
                p, 1, populate_end_of_last_run(p, mft)));
        }
    }
    for (guint i = 0; i < records->len; i++) {
        if (ntfs_mft_record_free(p->vol, g_ptr_array_index(records, i))) {
            populate_fail(p, "cannot free a file record");
        }
    }
    release(p, keep);
}

/* Whether all records that $MFT has room for, or its bitmap, are in use. */
static bool mft_is_full(Populate *p, bool bitmap_only)
{
    const ntfs_attr *mft = p->vol->mft_na;
    s64 size = p->vol->mftbmp_na->initialized_size;
    s64 records = (bitmap_only ? mft->initialized_size : mft->allocated_size)
                  >> p->vol->mft_record_size_bits;
    g_autofree u8 *bitmap = g_malloc(size);

    if (records > size * 8 || (bitmap_only && records < size * 8)) {
        return false;
    }
    if (ntfs_attr_pread(p->vol->mftbmp_na, 0, size, bitmap) != size) {
        populate_fail(p, "cannot read the bitmap of $MFT");
    }
    for (s64 i = FIRST_USER_RECORD; i < records; i++) {
        if (!(bitmap[i / 8] >> i % 8 & 1)) {
            return false;
        }
    }
    return true;
}

/* Creates empty files in a directory until the next one has no record. */
void populate_fill_mft(Populate *p, char **field)
{
    bool bitmap_only = !strcmp(field[3], "bitmap");

    populate_set_time(field[2]);
    for (unsigned i = 0; !mft_is_full(p, bitmap_only); i++) {
        g_autofree char *path = g_strdup_printf("%s/%06u", field[1], i);

        create_empty(p, path, field[2]);
    }
}
