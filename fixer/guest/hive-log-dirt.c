/*
 * Hive logs of the old format: Windows 2000 to 8
 *
 * Sector 0 is a copy of the base block, sector 1 begins with "DIRT" and a
 * bitmap with one bit for each 512 bytes of hive bins.  Behind the whole
 * bitmap, which is longer than one sector if there are more than 2 MB of
 * bins, follow the pages that have their bit set, in order.
 *
 * Pages have no checksum.  What says that a log is whole and belongs to the
 * hive are the two sequence numbers in its base block, which are equal, and
 * the time of the last write, which the hive's base block has, too.  So the
 * boot loader decides, and it tries .LOG1 first.  Windows XP writes both base
 * blocks from one variable that it increments in between, so that the log's
 * number is one less than the hive's; Vista does not.  It is never compared.
 *
 * Where the hive's base block is bad, the first bin has the time instead: of
 * the write that was under way, if that came as far, else of the one before.
 * So a log may be newer than that bin, for each write changes it, and older
 * logs were applied if a newer one was begun.  If both logs qualify the newer
 * one is right: it was begun after the other's write had failed, and holds
 * what that held.
 *
 * Layout: "Windows registry file format specification", sections "Old format"
 * (github.com/msuhanov/regf).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-base.h"
#include "hive-cell.h"
#include "hive-log-internal.h"
#include "le.h"

/* What one bit of the bitmap stands for. */
#define DIRT_PAGE 512

/* In the second sector: "DIRT", then the bitmap. */
#define DIRT_SIGNATURE_SIZE 4

/* The base block of a log has no more sectors than that. */
#define CLUSTER_MAX (HIVE_BASE_SIZE / LOG_SECTOR)

/* Where things are in a log. */
typedef struct DirtyVector {
    /* Of a sector, and of the log's base block. */
    size_t sector;
    uint32_t bins_size;
    const uint8_t *bitmap;
    /* Bits in it. */
    uint32_t count;
    const uint8_t *pages;
} DirtyVector;

bool hive_log_is_dirt(const HiveLog *log)
{
    uint32_t type = get_le32(log->data + HIVE_BASE_TYPE);

    return type == HIVE_TYPE_LOG || type == HIVE_TYPE_LOG_2000;
}

static bool is_dirty(const DirtyVector *vector, uint32_t page)
{
    return vector->bitmap[page / 8] >> page % 8 & 1;
}

static size_t count_dirty(const DirtyVector *vector)
{
    size_t count = 0;

    for (uint32_t i = 0; i < vector->count; i++) {
        count += is_dirty(vector, i);
    }
    return count;
}

/* Finds bitmap and pages; why they cannot be there, or NULL. */
static const char *read_vector(const HiveLog *log, DirtyVector *vector)
{
    uint32_t cluster = get_le32(log->data + HIVE_BASE_CLUSTER);
    size_t bitmap_size, vector_size;

    if (cluster == 0 || cluster > CLUSTER_MAX) {
        return "its sector size cannot be right";
    }
    vector->sector = cluster * LOG_SECTOR;
    vector->bins_size = get_le32(log->data + HIVE_BASE_BINS_SIZE);
    if (!hive_is_bins_size(vector->bins_size)) {
        return "the hive's size in it cannot be right";
    }
    vector->count = vector->bins_size / DIRT_PAGE;
    bitmap_size = DIRT_SIGNATURE_SIZE + vector->count / 8;
    vector_size = (bitmap_size + vector->sector - 1) / vector->sector *
                  vector->sector;
    if (log->size < vector->sector + DIRT_SIGNATURE_SIZE ||
        memcmp(log->data + vector->sector, "DIRT", DIRT_SIGNATURE_SIZE)) {
        return "it has no list of pages";
    }
    if (log->size < vector->sector + vector_size) {
        return "it is cut off";
    }
    vector->bitmap = log->data + vector->sector + DIRT_SIGNATURE_SIZE;
    vector->pages = log->data + vector->sector + vector_size;
    return count_dirty(vector) >
           (log->size - vector->sector - vector_size) / DIRT_PAGE
           ? "it is cut off" : NULL;
}

static uint64_t last_written(const HiveLog *log)
{
    return get_le64(log->data + HIVE_BASE_LAST_WRITTEN);
}

/* Why the log is not that of the write that was under way, or NULL. */
static const char *check_time(const HiveLog *log, const Replay *replay)
{
    gsize size;
    const uint8_t *base = g_bytes_get_data(replay->primary, &size);
    const uint8_t *bin = base + HIVE_BASE_SIZE;

    if (replay->base_valid) {
        return last_written(log) == get_le64(base + HIVE_BASE_LAST_WRITTEN)
               ? NULL : "it belongs to another write than the hive's last";
    }
    if (size - HIVE_BASE_SIZE < HIVE_BIN_HEADER ||
        memcmp(bin + HIVE_BIN_SIGNATURE, "hbin", 4) != 0) {
        return "nothing in the hive says which write it belongs to";
    }
    return last_written(log) >= get_le64(bin + HIVE_BIN_TIMESTAMP)
           ? NULL : "it belongs to an earlier write than the hive's last";
}

/* The log to try next, or NULL. */
static HiveLog *choose(LogSet *set)
{
    HiveLog *best = NULL;

    for (unsigned i = 0; i < set->count; i++) {
        HiveLog *log = &set->logs[i];

        if (!log->why_not &&
            (!best || last_written(log) > last_written(best))) {
            best = log;
        }
    }
    return best;
}

static void apply(Replay *replay, const HiveLog *log,
                  const DirtyVector *vector)
{
    const uint8_t *page = vector->pages;

    replay_start(replay);
    replay_use_log(replay, log, vector->sector);
    replay_set_bins_size(replay, vector->bins_size);
    for (uint32_t i = 0; i < vector->count; i++) {
        if (is_dirty(vector, i)) {
            replay_write(replay, i * DIRT_PAGE, page, DIRT_PAGE);
            page += DIRT_PAGE;
        }
    }
}

static bool try(Replay *replay, HiveLog *log)
{
    DirtyVector vector;
    const char *why_not = read_vector(log, &vector);

    if (!why_not) {
        why_not = check_time(log, replay);
    }
    if (why_not) {
        log->why_not = g_strdup(why_not);
        return false;
    }
    apply(replay, log, &vector);
    log->why_not = replay_find_fault(replay);
    return !log->why_not;
}

bool dirt_replay(Replay *replay, LogSet *set)
{
    HiveLog *log;

    while ((log = choose(set))) {
        if (try(replay, log)) {
            return true;
        }
    }
    return false;
}
