/*
 * What the files of hive-log share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_LOG_INTERNAL_H
#define GUEST_HIVE_LOG_INTERNAL_H

#include "hive-log.h"

/* Logs are made of sectors. */
#define LOG_SECTOR 512

/* A log file that is not empty; the rest is zero until it is looked into. */
typedef struct HiveLog {
    /* ".LOG1" */
    const char *name;
    const uint8_t *data;
    size_t size;
    /* Why it cannot be used, to be freed; NULL while it can. */
    char *why_not;
    /* The highest sequence number in it; 0 if its base block is bad. */
    uint32_t newest;
    /* const uint8_t *: those of a log of the new format. */
    GArray *entries;
} HiveLog;

typedef struct LogSet {
    HiveLog logs[HIVE_LOGS_USED_MAX];
    unsigned count;
} LogSet;

/* A copy of the hive while logs are applied to it. */
typedef struct Replay {
    /* As it was, HIVE_BASE_SIZE bytes at least. */
    GBytes *primary;
    /* Whether that has a base block, so that its fields can be believed. */
    bool base_valid;
    /* The copy; what it lacks of the size that its base block says is zero. */
    uint8_t *data;
    size_t size;
    HiveRecovery done;
} Replay;

/* Drops what was done, and starts from the hive as it was. */
void replay_start(Replay *replay);

/* The log is used: its base block, too, if the hive has none. */
void replay_use_log(Replay *replay, const HiveLog *log, size_t base_size);

/* From now on the hive has so many bytes of bins; see hive_is_bins_size(). */
void replay_set_bins_size(Replay *replay, uint32_t bins_size);

/* Overwrites bytes of bins, @offset from the first; they must be there. */
void replay_write(Replay *replay, uint32_t offset, const uint8_t *data,
                  uint32_t length);

/* Why the hive in @replay cannot be what Windows wrote, to be freed; or NULL */
char *replay_find_fault(const Replay *replay);

/* Whether a hive can have, and we can edit, so many bytes of bins. */
bool hive_is_bins_size(uint32_t size);

/* A type of the old format. */
bool hive_log_is_dirt(const HiveLog *log);

/*
 * Replays logs of the old format, HIVE_TYPE_LOG and HIVE_TYPE_LOG_2000.
 * False if there are none that Windows would use, with @why_not in each.
 */
bool dirt_replay(Replay *replay, LogSet *set);

/* The same for logs of the new format. */
bool hvle_replay(Replay *replay, LogSet *set);

/* Finds the entries of a log of the new format. */
void hvle_read_entries(HiveLog *log);

#endif /* GUEST_HIVE_LOG_INTERNAL_H */
