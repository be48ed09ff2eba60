/*
 * What the helper sends as its result, checked before it counts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "xenprep-collect.h"

static bool check_extent(XenprepCollection *c, const char *what,
                         uint64_t offset, uint64_t length, Error **errp)
{
    uint64_t size = c->disk_size;

    if (c->options->mode == XENPREP_MODE_PLAN) {
        error_setg(errp, "a %s, though it was only to look", what);
        return false;
    }
    if (length == 0 || offset > size || length > size - offset) {
        error_setg(errp, "a %s of %" PRIu64 " bytes at offset %" PRIu64
                   " is not within the disk of %" PRIu64, what, length,
                   offset, size);
        return false;
    }
    if (!QEMU_IS_ALIGNED(offset, XENPREP_SECTOR_SIZE) ||
        (!QEMU_IS_ALIGNED(length, XENPREP_SECTOR_SIZE) &&
         offset + length != size)) {
        error_setg(errp, "a %s of %" PRIu64 " bytes at offset %" PRIu64
                   " is no run of sectors", what, length, offset);
        return false;
    }
    if (offset == 0) {
        error_setg(errp, "a %s of the disk's first sector, which is never "
                   "changed", what);
        return false;
    }
    if (++c->extents > XENPREP_MAX_EXTENTS) {
        error_setg(errp, "more than %d patches", XENPREP_MAX_EXTENTS);
        return false;
    }
    return true;
}

/* Takes @data. */
static bool add_extent(XenprepCollection *c, const char *what,
                       uint64_t offset, uint64_t length, uint8_t *data,
                       Error **errp)
{
    if (!xenprep_overlay_append(c->result.overlay, offset, length, data)) {
        error_setg(errp, "a %s at offset %" PRIu64 " is not behind the one "
                   "before", what, offset);
        return false;
    }
    return true;
}

bool xenprep_collect_patch(XenprepCollection *c, uint64_t offset,
                           uint64_t length, uint8_t *data, Error **errp)
{
    g_autofree uint8_t *owned = data;

    if (!check_extent(c, "patch", offset, length, errp)) {
        return false;
    }
    c->patches++;
    c->patched_bytes += length;
    if (c->patched_bytes > XENPREP_MAX_PATCH_BYTES) {
        error_setg(errp, "its patches have more than %d bytes",
                   XENPREP_MAX_PATCH_BYTES);
        return false;
    }
    return add_extent(c, "patch", offset, length, g_steal_pointer(&owned),
                      errp);
}

bool xenprep_collect_zeros(XenprepCollection *c, uint64_t offset,
                           uint64_t length, Error **errp)
{
    if (!c->options->discard_free && !c->options->drop_pagefile) {
        error_setg(errp, "a run of zeros, though nothing was to be "
                   "discarded");
        return false;
    }
    if (!check_extent(c, "run of zeros", offset, length, errp)) {
        return false;
    }
    c->discarded_bytes += length;
    return add_extent(c, "run of zeros", offset, length, NULL, errp);
}

/* boot.ini can be mended where no Windows is found for what it says. */
static bool needs_windows(const XenprepOptions *options)
{
    return options->profile || options->has_hal;
}

/* What the schema cannot express of a report on a disk that was prepared. */
static bool check_prepared(const XenprepCollection *c, Error **errp)
{
    const ImageInfoSpecificWinXenprep *report = c->result.report.prepare;

    if (report->patches != c->patches ||
        report->patched_bytes != c->patched_bytes) {
        error_setg(errp, "its report counts %" PRId64 " patches of "
                   "%" PRIu64 " bytes, but it sent %" PRIu64 " of %" PRIu64,
                   report->patches, report->patched_bytes, c->patches,
                   c->patched_bytes);
        return false;
    }
    if (report->discarded_bytes != c->discarded_bytes) {
        error_setg(errp, "its report counts %" PRIu64 " bytes that are "
                   "discarded, but it sent %" PRIu64,
                   report->discarded_bytes, c->discarded_bytes);
        return false;
    }
    if (!report->windows && needs_windows(c->options) &&
        c->options->require_guest) {
        error_setg(errp, "its report names no Windows, though one is "
                   "required");
        return false;
    }
    if (!report->windows && needs_windows(c->options) && c->patches > 0) {
        error_setg(errp, "it changes a disk that holds no Windows");
        return false;
    }
    return true;
}

bool xenprep_collect_report(XenprepCollection *c, const char *json,
                            size_t length, Error **errp)
{
    c->has_report = xenprep_report_parse(c->options->verb, json, length,
                                         &c->result.report, errp);
    return c->has_report &&
           (!c->result.report.prepare || check_prepared(c, errp));
}

void xenprep_result_clear(XenprepResult *result)
{
    xenprep_overlay_free(result->overlay);
    xenprep_report_clear(&result->report);
    *result = (XenprepResult) { 0 };
}
