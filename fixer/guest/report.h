/*
 * Report: what was found and changed, as JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include "prepare.h"

/* What the helper adds to a preparation. */
typedef struct ReportFacts {
    /* NULL: none was applied. */
    const char *profile;
    /* Of the VMDK, or NULL. */
    const char *adapter_type;
    /* Runs of sectors that were sent, and their bytes. */
    uint64_t patches;
    uint64_t patched_bytes;
    /* What was sent to read as zeros. */
    uint64_t discarded_bytes;
    /* What confines the helper: NULL-terminated names. */
    const char *const *sandbox;
} ReportFacts;

/* A JSON object, ImageInfoSpecificWinXenprep of QAPI; to be freed. */
char *report_to_json(const Preparation *preparation,
                     const ReportFacts *facts);

#endif /* GUEST_REPORT_H */
