/*
 * Report: what was found and changed, as JSON
 *
 * The members are those of ImageInfoSpecificWinXenprep in QEMU's QAPI schema,
 * where each is documented; the client parses the text by that schema.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report-json.h"
#include "report.h"

static void add_driver_sources(JsonBuilder *json, const Preparation *p)
{
    report_begin_array(json, "driver-sources");
    for (guint i = 0; i < p->driver_sources->len; i++) {
        const DriverSource *source = g_ptr_array_index(p->driver_sources, i);

        json_builder_begin_object(json);
        report_add_string(json, "path", source->path);
        report_add_bool(json, "used", source->used);
        if (source->has_version) {
            g_autofree char *version = pe_version_string(&source->version);

            report_add_string(json, "version", version);
        }
        report_add_string(json, "reason", source->reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void add_change(JsonBuilder *json, const Change *change,
                       const Windows *windows)
{
    static const char *const objects[] = {
        [CHANGE_FILE] = "file",
        [CHANGE_REGISTRY_KEY] = "registry-key",
        [CHANGE_BOOT_SECTOR] = "boot-sector",
    };
    static const char *const actions[] = {
        [CHANGE_CREATE] = "create",
        [CHANGE_MODIFY] = "modify",
        [CHANGE_DELETE] = "delete",
    };

    json_builder_begin_object(json);
    report_add_string(json, "object", objects[change->object]);
    report_add_string(json, "action", actions[change->action]);
    report_add_int(json, "partition", change->partition
                                      ? change->partition
                                      : windows->place.partition->number);
    report_add_string(json, "path", change->path);
    if (change->values->len > 0) {
        report_add_strings(json, "values",
                           (const char *const *)change->values->pdata,
                           change->values->len);
    }
    if (change->source) {
        report_add_string(json, "source", change->source);
    }
    report_add_string(json, "reason", change->reason);
    json_builder_end_object(json);
}

static void add_changes(JsonBuilder *json, const Preparation *p)
{
    report_begin_array(json, "changes");
    for (guint i = 0; i < p->changes->len; i++) {
        add_change(json, g_ptr_array_index(p->changes, i), p->windows);
    }
    json_builder_end_array(json);
}

/* Only for those who asked for them. */
static void add_witnesses(JsonBuilder *json, const Preparation *p)
{
    if (p->witnesses->len == 0) {
        return;
    }
    report_begin_array(json, "witnesses");
    for (guint i = 0; i < p->witnesses->len; i++) {
        const Witness *witness = g_ptr_array_index(p->witnesses, i);

        json_builder_begin_object(json);
        report_add_string(json, "what", witness->what);
        report_add_int(json, "offset", witness->extent.offset);
        report_add_int(json, "length", witness->extent.length);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

/* The entry for what @extent is a part of; the latest are the likeliest. */
static DiscardExtent *find_sum(GArray *sums, const DiscardExtent *extent)
{
    DiscardExtent sum = *extent;

    for (guint i = sums->len; i-- > 0; ) {
        DiscardExtent *old = &g_array_index(sums, DiscardExtent, i);

        if (old->partition == extent->partition &&
            g_strcmp0(old->path, extent->path) == 0) {
            return old;
        }
    }
    sum.length = 0;
    g_array_append_val(sums, sum);
    return &g_array_index(sums, DiscardExtent, sums->len - 1);
}

/* One entry for the free clusters of a volume, and one for each file. */
static void add_discards(JsonBuilder *json, const GArray *discards)
{
    g_autoptr(GArray) sums = g_array_new(FALSE, FALSE, sizeof(DiscardExtent));

    if (discards->len == 0) {
        return;
    }
    for (guint i = 0; i < discards->len; i++) {
        const DiscardExtent *extent = &g_array_index(discards, DiscardExtent,
                                                     i);

        find_sum(sums, extent)->length += extent->length;
    }
    report_begin_array(json, "discards");
    for (guint i = 0; i < sums->len; i++) {
        const DiscardExtent *sum = &g_array_index(sums, DiscardExtent, i);

        json_builder_begin_object(json);
        report_add_int(json, "partition", sum->partition);
        report_add_optional(json, "path", sum->path);
        report_add_int(json, "bytes", sum->length);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

char *report_to_json(const Preparation *p, const ReportFacts *facts)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    report_add_optional(json, "profile", facts->profile);
    if (facts->adapter_type) {
        report_add_string(json, "adapter-type", facts->adapter_type);
    }
    if (p->windows) {
        report_add_windows(json, p->windows, facts->adapter_type);
    }
    report_add_places(json, "other-windows", p->others);
    add_driver_sources(json, p);
    report_add_partitions(json, p->disk, p->kinds);
    add_changes(json, p);
    report_add_strings(json, "warnings",
                       (const char *const *)p->warnings->pdata,
                       p->warnings->len);
    add_witnesses(json, p);
    add_discards(json, p->discards);
    report_add_int(json, "patches", facts->patches);
    report_add_int(json, "patched-bytes", facts->patched_bytes);
    report_add_int(json, "discarded-bytes", facts->discarded_bytes);
    report_add_strings(json, "sandbox", facts->sandbox,
                       g_strv_length((char **)facts->sandbox));
    json_builder_end_object(json);
    return report_to_text(json);
}
