/*
 * Says what a guest is, for tests in Python
 *
 * Usage: inspect-guest DISK [--windows=PARTITION:\PATH] [--use-primary]
 *
 * Prints the report, or the error's message and ends with 1; on stderr how
 * many bytes of the disk were read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "guest-limits.h"
#include "inspect.h"
#include "util.h"

/* The disk, and what was read of it. */
typedef struct Meter {
    ByteSource source;
    ByteSource *disk;
    uint64_t bytes;
} Meter;

static bool meter_pread(ByteSource *source, uint64_t offset, void *buf,
                        size_t length, GError **errp)
{
    Meter *meter = (Meter *)source;

    meter->bytes += length;
    return meter->disk->pread(meter->disk, offset, buf, length, errp);
}

int main(int argc, char **argv)
{
    static const char *const sandbox[] = { "none", NULL };
    InspectOptions options = {
        .adapter_type = "lsilogic",
        .sandbox = sandbox,
    };
    g_autoptr(ByteSource) disk = file_source_new(argv[1]);
    Meter meter = {
        .source = { .size = disk->size, .pread = meter_pread },
        .disk = disk,
    };
    g_autoptr(Overlay) overlay = overlay_new(&meter.source,
                                             LIMIT_OVERLAY_SIZE);
    g_autoptr(GError) err = NULL;
    g_autofree char *report = NULL;

    for (int i = 2; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "--windows=")) {
            options.windows = argv[i] + strlen("--windows=");
        } else if (g_str_equal(argv[i], "--use-primary")) {
            options.dirty_hive = DIRTY_HIVE_USE_PRIMARY;
        }
    }
    report = inspect_run(overlay, &options, &err);
    puts(report ? report : err->message);
    fprintf(stderr, "%" G_GUINT64_FORMAT "\n", meter.bytes);
    return report ? 0 : 1;
}
