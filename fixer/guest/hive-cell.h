/*
 * Cells: the bytes of a registry hive, and the pieces they are divided into
 *
 * Behind the base block a hive is a row of bins, and a bin is a row of cells
 * without gaps.  A cell is named by its offset from the first bin; it begins
 * with its size, which is negative while the cell is in use.
 *
 * Layout: "Windows registry file format specification", sections "Hive bin"
 * and "Cell" (github.com/msuhanov/regf).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_CELL_H
#define GUEST_HIVE_CELL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HIVE_NO_CELL UINT32_MAX

#define HIVE_BIN_SIGNATURE 0    /* u8[4], "hbin" */
#define HIVE_BIN_OFFSET 4       /* u32, of this bin, from the first one */
#define HIVE_BIN_SIZE 8         /* u32, a multiple of 4096 */
#define HIVE_BIN_TIMESTAMP 20   /* u64, FILETIME; in the first bin only */
#define HIVE_BIN_HEADER 32      /* bytes before the first cell */

/* Minor versions of the format, and what came with them. */
#define HIVE_MINOR_OLDEST 3     /* Windows NT 4.0, 2000 */
#define HIVE_MINOR_BIG_DATA 4
#define HIVE_MINOR_HASH_LEAF 5  /* Windows XP */
#define HIVE_MINOR_NEWEST 6

typedef struct HiveImage {
    /* The file: base block, bins, and whatever Windows left behind them. */
    GByteArray *file;
    /* Bytes of bins. */
    uint32_t bins;
    uint32_t minor;
    /* One bit for each four bytes of bins: a cell in use begins there. */
    GByteArray *starts;
    /* Free cells to take from, uint32_t; NULL: not known yet. */
    GArray *free;
    /* The one that was taken from last, or HIVE_NO_CELL. */
    uint32_t room;
    /*
     * A key whose list of subkeys is known to be whole and in order, or
     * HIVE_NO_CELL: to look at each of thousands before each new one takes
     * minutes.
     */
    uint32_t ordered;
    /* What refers to cells; see hive_image_begin_edit(). */
    const struct HiveReferences *references;
} HiveImage;

/* What refers to the cells of a hive, as it was before it was edited. */
typedef struct HiveReferences {
    /* Bytes of bins then. */
    uint32_t bins;
    /* One bit for each four bytes of bins: something refers to the cell ... */
    uint8_t *once;
    /* ... or even two things. */
    uint8_t *twice;
} HiveReferences;

/*
 * Takes a copy of @bytes.  NULL, and what is wrong (to be freed) in @why, if
 * it cannot be divided into cells.
 */
HiveImage *hive_image_new(GBytes *bytes, char **why);

void hive_image_free(HiveImage *image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HiveImage, hive_image_free)

/*
 * What a cell in use holds, and how many bytes it has room for; NULL if no
 * cell in use begins there.  Valid until the next hive_cell_new().
 */
uint8_t *hive_cell(const HiveImage *image, uint32_t cell, uint32_t *size);

/* The same, if it begins with those two letters and has @least bytes. */
uint8_t *hive_record(const HiveImage *image, uint32_t cell,
                     const char *signature, uint32_t least, uint32_t *size);

/*
 * Has to come before what changes cells.  In a damaged hive something may
 * refer to a free cell, which is not used then, or two things to the same
 * one, which is not given back.  @references has to last as long as @image.
 */
void hive_image_begin_edit(HiveImage *image,
                           const HiveReferences *references);

/* Whether two things refer to the cell, so that it must stay as it is. */
bool hive_cell_is_shared(const HiveImage *image, uint32_t cell);

/*
 * A new cell with room for @size bytes, which are zero; HIVE_NO_CELL with an
 * error if the hive would become too large.
 */
uint32_t hive_cell_new(HiveImage *image, uint32_t size, GError **errp);

/*
 * Gives a cell back, if it is in use and not shared; what it held stays
 * there, as with Windows.
 */
void hive_cell_drop(HiveImage *image, uint32_t cell);

#endif /* GUEST_HIVE_CELL_H */
