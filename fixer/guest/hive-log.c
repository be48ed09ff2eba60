/*
 * Hive log: a dirty registry hive as Windows would have it after loading
 *
 * Notes on the design
 *
 * Nothing is applied of which it is not certain that Windows would apply it:
 * a base block with a checksum says which format a log has and which write
 * it belongs to; the files of the formats (hive-log-dirt, hive-log-hvle) say
 * what that means.  Windows, too, would go on without a log only by leaving
 * something out, so that there is no way but to refuse if none can be used.
 *
 * Logs are replayed into a copy.  In the end that has to be a row of bins, as
 * any hive that Windows loads; in particular a hive that grows has to get the
 * whole of its new end from the logs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-cell.h"
#include "hive-log-internal.h"
#include "le.h"

/* Bins are whole pages of memory. */
#define BIN_UNIT 4096

static void log_set_clear(LogSet *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        g_free(set->logs[i].why_not);
        g_clear_pointer(&set->logs[i].entries, g_array_unref);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogSet, log_set_clear)

static void replay_clear(Replay *replay)
{
    g_free(replay->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Replay, replay_clear)

/* Why this cannot be a log that was written to its end, to be freed. */
static char *find_log_fault(const HiveLog *log)
{
    uint32_t primary, secondary;

    if (log->size < HIVE_BASE_CORE_SIZE ||
        memcmp(log->data + HIVE_BASE_SIGNATURE, "regf", 4) != 0) {
        return g_strdup("it does not begin with a base block");
    }
    if (!hive_base_is_valid(log->data)) {
        return g_strdup("its base block's checksum is wrong");
    }
    primary = get_le32(log->data + HIVE_BASE_PRIMARY_SEQ);
    secondary = get_le32(log->data + HIVE_BASE_SECONDARY_SEQ);
    return primary == secondary
           ? NULL : g_strdup_printf("sequence numbers %u and %u", primary,
                                    secondary);
}

static void look_into(HiveLog *log)
{
    uint32_t type;

    log->why_not = find_log_fault(log);
    if (log->why_not) {
        return;
    }
    log->newest = get_le32(log->data + HIVE_BASE_PRIMARY_SEQ);
    type = get_le32(log->data + HIVE_BASE_TYPE);
    if (type == HIVE_TYPE_LOG_ENTRIES) {
        hvle_read_entries(log);
    } else if (!hive_log_is_dirt(log)) {
        log->why_not = g_strdup_printf("it is a file of type %u, not a log",
                                       type);
    }
}

static void add_log(LogSet *set, const char *name, GBytes *bytes)
{
    if (bytes && g_bytes_get_size(bytes) > 0) {
        HiveLog *log = &set->logs[set->count++];

        log->name = name;
        log->data = g_bytes_get_data(bytes, &log->size);
        look_into(log);
    }
}

/*
 * A Windows that uses .LOG1 and .LOG2 may have a .LOG that came with its
 * installation image; one that uses .LOG may have the other two, empty.
 */
static void read_logs(LogSet *set, const HiveLogs *logs)
{
    add_log(set, ".LOG1", logs->log1);
    add_log(set, ".LOG2", logs->log2);
    if (set->count == 0) {
        add_log(set, ".LOG", logs->log);
    }
}

bool hive_is_bins_size(uint32_t size)
{
    return size > 0 && size % BIN_UNIT == 0 &&
           size <= LIMIT_HIVE_SIZE - HIVE_BASE_SIZE;
}

void replay_start(Replay *replay)
{
    gsize size;
    const void *data = g_bytes_get_data(replay->primary, &size);

    g_free(replay->data);
    replay->data = g_memdup2(data, size);
    replay->size = size;
    memset(&replay->done, 0, sizeof(replay->done));
}

void replay_use_log(Replay *replay, const HiveLog *log, size_t base_size)
{
    unsigned i = 0;

    while (replay->done.logs[i]) {
        i++;
    }
    replay->done.logs[i] = log->name;
    if (!replay->base_valid) {
        memcpy(replay->data, log->data, base_size);
    }
}

void replay_set_bins_size(Replay *replay, uint32_t bins_size)
{
    size_t size = HIVE_BASE_SIZE + bins_size;

    if (size > replay->size) {
        replay->data = g_realloc(replay->data, size);
        memset(replay->data + replay->size, 0, size - replay->size);
        replay->size = size;
    }
    put_le32(replay->data + HIVE_BASE_BINS_SIZE, bins_size);
}

void replay_write(Replay *replay, uint32_t offset, const uint8_t *data,
                  uint32_t length)
{
    memcpy(replay->data + HIVE_BASE_SIZE + offset, data, length);
    replay->done.pages++;
}

char *replay_find_fault(const Replay *replay)
{
    const uint8_t *bins = replay->data + HIVE_BASE_SIZE;
    uint32_t end = get_le32(replay->data + HIVE_BASE_BINS_SIZE);
    uint32_t bin = 0;

    while (bin < end) {
        const uint8_t *header = bins + bin;
        uint32_t size = get_le32(header + HIVE_BIN_SIZE);

        if (memcmp(header + HIVE_BIN_SIGNATURE, "hbin", 4) != 0 ||
            get_le32(header + HIVE_BIN_OFFSET) != bin ||
            size == 0 || size % BIN_UNIT != 0 || size > end - bin) {
            return g_strdup_printf("with it there is no hive bin at offset "
                                   "%u", HIVE_BASE_SIZE + bin);
        }
        bin += size;
    }
    return NULL;
}

/* Above all numbers that are believed. */
static uint32_t next_sequence(const uint8_t *base, bool base_valid,
                              const LogSet *set)
{
    uint32_t newest = 0;

    if (base_valid) {
        newest = MAX(get_le32(base + HIVE_BASE_PRIMARY_SEQ),
                     get_le32(base + HIVE_BASE_SECONDARY_SEQ));
    }
    for (unsigned i = 0; i < set->count; i++) {
        newest = MAX(newest, set->logs[i].newest);
    }
    return newest + 1;
}

static bool is_new_format(const LogSet *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (set->logs[i].entries) {
            return true;
        }
    }
    return false;
}

/* ".LOG1: ...; .LOG2: ...", to be freed. */
static char *describe(const LogSet *set)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < set->count; i++) {
        const HiveLog *log = &set->logs[i];

        if (log->why_not) {
            g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "",
                                   log->name, log->why_not);
        }
    }
    return g_string_free(text, FALSE);
}

static void set_refused(const char *where, const char *why_dirty,
                        const LogSet *set, GError **errp)
{
    g_autofree char *why_not = describe(set);
    g_autofree char *which = set->count == 0
        ? g_strdup("are missing or empty")
        : g_strdup_printf("cannot be used (%s)", why_not);

    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: the registry hive is dirty (%s), its last changes are "
                "only in its logs, which %s: boot it in the source VM and "
                "shut it down fully, or copy its .LOG files too", where,
                why_dirty, which);
}

/* Whether there is something of a hive that logs could complete. */
static bool is_hive(const uint8_t *base, gsize size)
{
    return hive_base_is_hive(base, size) ||
           (size >= HIVE_BASE_SIZE + HIVE_BIN_HEADER &&
            memcmp(base + HIVE_BASE_SIZE + HIVE_BIN_SIGNATURE, "hbin", 4)
            == 0);
}

bool hive_is_dirty(GBytes *primary)
{
    gsize size;
    const uint8_t *base = g_bytes_get_data(primary, &size);
    g_autofree char *why = is_hive(base, size) ? hive_base_why_dirty(base)
                                               : NULL;

    return why != NULL;
}

GBytes *hive_recover(GBytes *primary, const HiveLogs *logs, const char *where,
                     HiveRecovery *recovery, GError **errp)
{
    const uint8_t *base = g_bytes_get_data(primary, NULL);
    g_autofree char *why_dirty = NULL;
    g_auto(LogSet) set = { .count = 0 };
    g_auto(Replay) replay = { .primary = primary };

    memset(recovery, 0, sizeof(*recovery));
    if (!hive_is_dirty(primary)) {
        return g_bytes_ref(primary);
    }
    why_dirty = hive_base_why_dirty(base);
    replay.base_valid = hive_base_is_valid(base);
    read_logs(&set, logs);
    if (is_new_format(&set) ? !hvle_replay(&replay, &set)
                            : !dirt_replay(&replay, &set)) {
        set_refused(where, why_dirty, &set, errp);
        return NULL;
    }
    hive_base_make_clean(replay.data,
                         next_sequence(base, replay.base_valid, &set));
    *recovery = replay.done;
    return g_bytes_new_take(g_steal_pointer(&replay.data), replay.size);
}

GBytes *hive_use_primary(GBytes *primary, const HiveLogs *logs)
{
    gsize size;
    const uint8_t *base = g_bytes_get_data(primary, &size);
    g_auto(LogSet) set = { .count = 0 };
    uint8_t *copy = g_memdup2(base, size);

    read_logs(&set, logs);
    hive_base_make_clean(copy, next_sequence(base, hive_base_is_valid(base),
                                             &set));
    return g_bytes_new_take(copy, size);
}

uint32_t hive_logs_newest(const HiveLogs *logs)
{
    g_auto(LogSet) set = { .count = 0 };
    uint32_t newest = 0;

    read_logs(&set, logs);
    for (unsigned i = 0; i < set.count; i++) {
        newest = MAX(newest, set.logs[i].newest);
    }
    return newest;
}
