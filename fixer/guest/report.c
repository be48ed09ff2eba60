/*
 * Report: what was found and changed, as JSON
 *
 * The members are those of ImageInfoSpecificWinXenprep in QEMU's QAPI schema,
 * where each is documented; the client parses the text by that schema.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <json-glib/json-glib.h>

#include "report.h"

/* Strings of the guest may hold anything; JSON is UTF-8. */
static void add_string_value(JsonBuilder *json, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_builder_add_string_value(json, valid);
}

static void add_string(JsonBuilder *json, const char *name, const char *value)
{
    json_builder_set_member_name(json, name);
    add_string_value(json, value);
}

static void add_int(JsonBuilder *json, const char *name, int64_t value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_int_value(json, value);
}

static void add_bool(JsonBuilder *json, const char *name, bool value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, value);
}

static void begin_array(JsonBuilder *json, const char *name)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
}

static void add_strings(JsonBuilder *json, const char *name,
                        const char *const *strings, guint n)
{
    begin_array(json, name);
    for (guint i = 0; i < n; i++) {
        add_string_value(json, strings[i]);
    }
    json_builder_end_array(json);
}

static void add_partition(JsonBuilder *json, const Partition *partition,
                          VolumeKind kind)
{
    json_builder_begin_object(json);
    add_int(json, "number", partition->number);
    add_int(json, "type", partition->type);
    add_int(json, "start", partition->start);
    add_int(json, "size", partition->size);
    add_bool(json, "active", partition->active);
    if (kind != VOLUME_UNKNOWN) {
        add_string(json, "filesystem",
                   kind == VOLUME_NTFS ? "NTFS" : "BitLocker");
    }
    json_builder_end_object(json);
}

static void add_partitions(JsonBuilder *json, const Preparation *p)
{
    begin_array(json, "partitions");
    for (guint i = 0; i < p->kinds->len; i++) {
        add_partition(json, &g_array_index(p->disk->partitions, Partition, i),
                      g_array_index(p->kinds, VolumeKind, i));
    }
    json_builder_end_array(json);
}

static void add_controllers(JsonBuilder *json, const Windows *windows,
                            const char *adapter_type)
{
    g_autofree char *conclusion = controllers_conclude(windows->controllers,
                                                       adapter_type);

    begin_array(json, "controllers");
    for (guint i = 0; i < windows->controllers->len; i++) {
        const Controller *c = g_ptr_array_index(windows->controllers, i);

        json_builder_begin_object(json);
        add_string(json, "bus", controller_bus_string(c->bus));
        if (c->device) {
            add_string(json, "device", c->device);
        }
        if (c->service) {
            add_string(json, "service", c->service);
        }
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    add_string(json, "conclusion", conclusion);
}

static void add_place(JsonBuilder *json, const WindowsPlace *place)
{
    add_int(json, "partition", place->partition->number);
    add_string(json, "system-root", windows_root(place));
}

static void add_windows(JsonBuilder *json, const Windows *windows,
                        const char *adapter_type)
{
    g_autofree char *version = pe_version_string(&windows->version);
    g_autofree char *machine = pe_machine_string(windows->machine);

    json_builder_set_member_name(json, "windows");
    json_builder_begin_object(json);
    add_string(json, "name", windows->name);
    if (windows->product_name) {
        add_string(json, "product-name", windows->product_name);
    }
    add_string(json, "version", version);
    add_int(json, "service-pack", windows->service_pack);
    add_string(json, "product-type", windows->product_type);
    add_string(json, "machine", machine);
    add_place(json, &windows->place);
    begin_array(json, "control-sets");
    for (guint i = 0; i < windows->control_sets->len; i++) {
        json_builder_add_int_value(json, g_array_index(windows->control_sets,
                                                       unsigned, i));
    }
    json_builder_end_array(json);
    add_controllers(json, windows, adapter_type);
    json_builder_end_object(json);
}

static void add_other_windows(JsonBuilder *json, const Preparation *p)
{
    begin_array(json, "other-windows");
    for (guint i = 0; i < p->others->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(p->others, i);

        json_builder_begin_object(json);
        add_place(json, place);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void add_driver_sources(JsonBuilder *json, const Preparation *p)
{
    begin_array(json, "driver-sources");
    for (guint i = 0; i < p->driver_sources->len; i++) {
        const DriverSource *source = g_ptr_array_index(p->driver_sources, i);

        json_builder_begin_object(json);
        add_string(json, "path", source->path);
        add_bool(json, "used", source->used);
        if (source->has_version) {
            g_autofree char *version = pe_version_string(&source->version);

            add_string(json, "version", version);
        }
        add_string(json, "reason", source->reason);
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
    };
    static const char *const actions[] = {
        [CHANGE_CREATE] = "create",
        [CHANGE_MODIFY] = "modify",
        [CHANGE_DELETE] = "delete",
    };

    json_builder_begin_object(json);
    add_string(json, "object", objects[change->object]);
    add_string(json, "action", actions[change->action]);
    add_int(json, "partition", windows->place.partition->number);
    add_string(json, "path", change->path);
    if (change->values->len > 0) {
        add_strings(json, "values",
                    (const char *const *)change->values->pdata,
                    change->values->len);
    }
    if (change->source) {
        add_string(json, "source", change->source);
    }
    add_string(json, "reason", change->reason);
    json_builder_end_object(json);
}

static void add_changes(JsonBuilder *json, const Preparation *p)
{
    begin_array(json, "changes");
    for (guint i = 0; i < p->changes->len; i++) {
        add_change(json, g_ptr_array_index(p->changes, i), p->windows);
    }
    json_builder_end_array(json);
}

static char *to_text(JsonBuilder *json)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(json);

    json_generator_set_root(generator, root);
    return json_generator_to_data(generator, NULL);
}

char *report_to_json(const Preparation *p, const ReportFacts *facts)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    add_string(json, "profile", facts->profile);
    if (facts->adapter_type) {
        add_string(json, "adapter-type", facts->adapter_type);
    }
    if (p->windows) {
        add_windows(json, p->windows, facts->adapter_type);
    }
    add_other_windows(json, p);
    add_driver_sources(json, p);
    add_partitions(json, p);
    add_changes(json, p);
    add_strings(json, "warnings", (const char *const *)p->warnings->pdata,
                p->warnings->len);
    add_int(json, "patches", facts->patches);
    add_int(json, "patched-bytes", facts->patched_bytes);
    add_strings(json, "sandbox", facts->sandbox,
                g_strv_length((char **)facts->sandbox));
    json_builder_end_object(json);
    return to_text(json);
}
