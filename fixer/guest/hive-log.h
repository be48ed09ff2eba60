/*
 * Hive log: a dirty registry hive as Windows would have it after loading
 *
 * Windows writes what changes in a hive to a log first.  A hive is dirty if
 * the machine stopped before the same was in the hive; the log then is what
 * completes it.  A clean hive never has a log applied.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_LOG_H
#define GUEST_HIVE_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Windows XP has .LOG, Vista and later .LOG1 and .LOG2. */
#define HIVE_LOGS_USED_MAX 2

/* The logs of a hive; NULL for one that is not there or is empty. */
typedef struct HiveLogs {
    GBytes *log;
    GBytes *log1;
    GBytes *log2;
} HiveLogs;

/* What was done to make a hive clean; all zero if it was. */
typedef struct HiveRecovery {
    /*
     * Pages that came out of logs: of 512 bytes each in the old format, of
     * the sizes that the log gives in the new one.
     */
    unsigned pages;
    /* The logs used, in their order: ".LOG1"; NULL after the last. */
    const char *logs[HIVE_LOGS_USED_MAX + 1];
} HiveRecovery;

/* Whether the hive in @primary has to be completed from its logs. */
bool hive_is_dirty(GBytes *primary);

/*
 * The hive in @primary as Windows would have it after loading: @primary
 * itself (a new reference) if it is clean, or is no hive at all, which is
 * for hive_open() to say; else with its logs replayed into a copy, the base
 * block of which is that of a clean hive.  Its sequence numbers are above all
 * that its logs contain, so that what is left of these will never be applied.
 *
 * Logs that Windows would not use are an error, GUEST_ERROR_REFUSED, that
 * says of each log why; @where names the hive in it.
 */
GBytes *hive_recover(GBytes *primary, const HiveLogs *logs, const char *where,
                     HiveRecovery *recovery, GError **errp);

/*
 * The dirty hive in @primary without what is in its logs: a copy that says it
 * is clean, with sequence numbers as above.
 */
GBytes *hive_use_primary(GBytes *primary, const HiveLogs *logs);

/* The highest sequence number in @logs, 0 if there is none. */
uint32_t hive_logs_newest(const HiveLogs *logs);

#endif /* GUEST_HIVE_LOG_H */
