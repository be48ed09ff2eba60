/*
 * Hive logs of the new format: Windows 8.1 and later
 *
 * Sector 0 is a copy of the base block, then follow entries ("HvLE"), each at
 * the start of a sector.  An entry holds what changed in one write, and two
 * hashes over all of it.  The sequence number of the first entry is that of
 * the log's base block; each further one is one higher.  What follows after
 * that is left over from earlier.
 *
 * Windows switches between .LOG1 and .LOG2, so that the entries of one may
 * continue those of the other.  A log is of use if its first entry is not
 * older than the hive's secondary number.  It may well be newer: Windows
 * writes to the hive without a change of its numbers before it overwrites a
 * log.  Entries are applied up to the first one that is not as it should be;
 * the next log goes on there if its first entry has the next number.  A log
 * without any good entry is no reason to begin with the other one, which
 * then lacks what is before it.
 *
 * Where the hive's base block is bad, Windows takes it from the log with the
 * latest entries and applies that log alone.
 *
 * Layout: "Windows registry file format specification", sections "New format"
 * (github.com/msuhanov/regf).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-base.h"
#include "hive-log-internal.h"
#include "le.h"
#include "marvin32.h"

#define HVLE_SIGNATURE 0        /* u8[4], "HvLE" */
#define HVLE_SIZE 4             /* u32, of all of it, whole sectors */
#define HVLE_FLAGS 8            /* u32, of those of the base block */
#define HVLE_SEQUENCE 12        /* u32 */
#define HVLE_BINS_SIZE 16       /* u32, as in the base block */
#define HVLE_PAGES 20           /* u32, how many */
#define HVLE_DATA_HASH 24       /* u64, of what follows the header */
#define HVLE_HEADER_HASH 32     /* u64, of the 32 bytes before it */
#define HVLE_HEADER 40
/* For each page; then follow their contents, without gaps. */
#define HVLE_PAGE_OFFSET 0      /* u32, from the first bin */
#define HVLE_PAGE_SIZE 4        /* u32 */
#define HVLE_PAGE_REF 8

#define HVLE_SEED UINT64_C(0x82ef4d887a4e55c5)

static bool is_hashed(const uint8_t *entry, uint32_t size)
{
    return get_le64(entry + HVLE_HEADER_HASH) ==
           marvin32(HVLE_SEED, entry, HVLE_HEADER_HASH) &&
           get_le64(entry + HVLE_DATA_HASH) ==
           marvin32(HVLE_SEED, entry + HVLE_HEADER, size - HVLE_HEADER);
}

/* Whether all pages are in the entry, and have their place in the hive. */
static bool has_pages(const uint8_t *entry, uint32_t size)
{
    uint32_t bins_size = get_le32(entry + HVLE_BINS_SIZE);
    uint32_t count = get_le32(entry + HVLE_PAGES);
    const uint8_t *ref = entry + HVLE_HEADER;
    uint32_t left = size - HVLE_HEADER;

    if (count > left / HVLE_PAGE_REF) {
        return false;
    }
    left -= count * HVLE_PAGE_REF;
    for (uint32_t i = 0; i < count; i++, ref += HVLE_PAGE_REF) {
        uint32_t offset = get_le32(ref + HVLE_PAGE_OFFSET);
        uint32_t length = get_le32(ref + HVLE_PAGE_SIZE);

        if (length > left || offset > bins_size ||
            length > bins_size - offset) {
            return false;
        }
        left -= length;
    }
    return true;
}

/* Why the @left bytes at @entry do not begin with such an entry, or NULL. */
static char *check_entry(const uint8_t *entry, size_t left, uint32_t sequence)
{
    uint32_t size;

    if (left < HVLE_HEADER ||
        memcmp(entry + HVLE_SIGNATURE, "HvLE", 4) != 0) {
        return g_strdup("is not there");
    }
    size = get_le32(entry + HVLE_SIZE);
    if (size < HVLE_HEADER || size % LOG_SECTOR != 0 || size > left) {
        return g_strdup("is cut off");
    }
    if (!is_hashed(entry, size)) {
        return g_strdup("has a wrong hash");
    }
    if (!hive_is_bins_size(get_le32(entry + HVLE_BINS_SIZE)) ||
        !has_pages(entry, size)) {
        return g_strdup("contradicts itself");
    }
    return get_le32(entry + HVLE_SEQUENCE) == sequence
           ? NULL : g_strdup_printf("has sequence number %u instead of %u",
                                    get_le32(entry + HVLE_SEQUENCE),
                                    sequence);
}

void hvle_read_entries(HiveLog *log)
{
    uint32_t sequence = get_le32(log->data + HIVE_BASE_PRIMARY_SEQ);
    size_t offset = LOG_SECTOR;
    g_autofree char *why = NULL;

    log->entries = g_array_new(FALSE, FALSE, sizeof(uint8_t *));
    while (!(why = check_entry(log->data + offset, log->size - offset,
                               sequence))) {
        const uint8_t *entry = log->data + offset;

        g_array_append_val(log->entries, entry);
        log->newest = sequence++;
        offset += get_le32(entry + HVLE_SIZE);
    }
    if (log->entries->len == 0) {
        log->why_not = g_strdup_printf("its first entry %s", why);
    }
}

/* Its first entry's, which is its base block's. */
static uint32_t oldest(const HiveLog *log)
{
    return get_le32(log->data + HIVE_BASE_PRIMARY_SEQ);
}

static void apply_entry(Replay *replay, const uint8_t *entry)
{
    uint32_t count = get_le32(entry + HVLE_PAGES);
    uint8_t *flags = replay->data + HIVE_BASE_FLAGS;
    const uint8_t *ref = entry + HVLE_HEADER;
    const uint8_t *page = ref + count * HVLE_PAGE_REF;

    put_le32(flags, (get_le32(flags) & ~HIVE_BASE_FLAG_LOCKED) |
                    (get_le32(entry + HVLE_FLAGS) & HIVE_BASE_FLAG_LOCKED));
    replay_set_bins_size(replay, get_le32(entry + HVLE_BINS_SIZE));
    for (uint32_t i = 0; i < count; i++, ref += HVLE_PAGE_REF) {
        uint32_t length = get_le32(ref + HVLE_PAGE_SIZE);

        replay_write(replay, get_le32(ref + HVLE_PAGE_OFFSET), page, length);
        page += length;
    }
}

static void apply(Replay *replay, const HiveLog *log)
{
    replay_use_log(replay, log, LOG_SECTOR);
    for (guint i = 0; i < log->entries->len; i++) {
        apply_entry(replay, g_array_index(log->entries, uint8_t *, i));
    }
}

/* Whether it has a base block, and entries that are not in the hive yet. */
static bool is_of_use(const Replay *replay, const HiveLog *log)
{
    const uint8_t *base = g_bytes_get_data(replay->primary, NULL);

    return log->entries &&
           (!replay->base_valid ||
            oldest(log) >= get_le32(base + HIVE_BASE_SECONDARY_SEQ));
}

/* The log of use that has the oldest entries, or the latest; or NULL. */
static HiveLog *choose(const Replay *replay, LogSet *set)
{
    HiveLog *best = NULL;

    for (unsigned i = 0; i < set->count; i++) {
        HiveLog *log = &set->logs[i];

        if (is_of_use(replay, log) &&
            (!best || (replay->base_valid ? oldest(log) < oldest(best)
                                          : oldest(log) > oldest(best)))) {
            best = log;
        }
    }
    return best;
}

/* The log that goes on where @log ends, or NULL; the latest has none. */
static const HiveLog *find_next(const LogSet *set, const HiveLog *log)
{
    for (unsigned i = 0; i < set->count; i++) {
        const HiveLog *next = &set->logs[i];

        if (next != log && next->entries && oldest(next) > log->newest &&
            oldest(next) - log->newest == 1) {
            return next;
        }
    }
    return NULL;
}

/* Says of each log why it cannot be used, if @first cannot. */
static void explain(const Replay *replay, LogSet *set, const HiveLog *first)
{
    for (unsigned i = 0; i < set->count; i++) {
        HiveLog *log = &set->logs[i];
        char *why_not = NULL;

        if (!log->why_not && !log->entries) {
            why_not = g_strdup("it is of a Windows before 8.1, unlike the "
                               "other log");
        } else if (log->entries && !is_of_use(replay, log)) {
            why_not = g_strdup_printf("its entries from %u to %u are in the "
                                      "hive already", oldest(log),
                                      log->newest);
        } else if (!log->why_not) {
            /* This one is of use, so one was chosen. */
            g_assert(first);
            why_not = g_strdup_printf("it cannot do without %s", first->name);
        }
        if (why_not) {
            g_free(log->why_not);
            log->why_not = why_not;
        }
    }
}

static bool apply_all(Replay *replay, LogSet *set, HiveLog *first)
{
    const HiveLog *next = find_next(set, first);

    replay_start(replay);
    apply(replay, first);
    if (next && next->entries->len > 0) {
        apply(replay, next);
    }
    first->why_not = replay_find_fault(replay);
    return !first->why_not;
}

bool hvle_replay(Replay *replay, LogSet *set)
{
    HiveLog *first = choose(replay, set);

    if (first && first->entries->len > 0 &&
        apply_all(replay, set, first)) {
        return true;
    }
    explain(replay, set, first);
    return false;
}
