/*
 * What the helper sends as its result, checked before it counts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_COLLECT_H
#define XENPREP_COLLECT_H

#include "xenprep-options.h"
#include "xenprep-overlay.h"
#include "xenprep-report.h"

/* The outcome. */
typedef struct XenprepResult {
    /* Empty if only a plan was asked for. */
    XenprepOverlay *overlay;
    XenprepReport report;
    /* After a failure: it is the guest that the helper refuses. */
    bool refused;
} XenprepResult;

void xenprep_result_clear(XenprepResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XenprepResult, xenprep_result_clear)

typedef struct XenprepCollection {
    /* What the helper was asked for. */
    const XenprepOptions *options;
    uint64_t disk_size;

    /* What it has sent so far. */
    XenprepResult result;
    bool has_report;
    uint64_t extents;
    uint64_t patches;
    uint64_t patched_bytes;
    uint64_t discarded_bytes;
} XenprepCollection;

/*
 * Each takes what one message has.  False if no sound helper sends that;
 * @errp then tells what is wrong about it.
 */

/* Takes @data, too. */
bool xenprep_collect_patch(XenprepCollection *collection, uint64_t offset,
                           uint64_t length, uint8_t *data, Error **errp);

bool xenprep_collect_zeros(XenprepCollection *collection, uint64_t offset,
                           uint64_t length, Error **errp);

bool xenprep_collect_report(XenprepCollection *collection, const char *json,
                            size_t length, Error **errp);

#endif /* XENPREP_COLLECT_H */
