/*
 * Pieces of JSON that more than one report has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report-json.h"

/*
 * Strings of the guest may hold anything; JSON is UTF-8, and has no control
 * characters.  json-glib escapes them, but for the last one.
 */
static void add_string_value(JsonBuilder *json, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    g_strdelimit(valid, "\x1f", '?');
    json_builder_add_string_value(json, valid);
}

void report_add_string(JsonBuilder *json, const char *name,
                       const char *value)
{
    json_builder_set_member_name(json, name);
    add_string_value(json, value);
}

void report_add_optional(JsonBuilder *json, const char *name,
                         const char *value)
{
    if (value) {
        report_add_string(json, name, value);
    }
}

void report_add_int(JsonBuilder *json, const char *name, int64_t value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_int_value(json, value);
}

void report_add_bool(JsonBuilder *json, const char *name, bool value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, value);
}

void report_begin_array(JsonBuilder *json, const char *name)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
}

void report_begin_object(JsonBuilder *json, const char *name)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_object(json);
}

void report_add_strings(JsonBuilder *json, const char *name,
                        const char *const *strings, guint n)
{
    report_begin_array(json, name);
    for (guint i = 0; i < n; i++) {
        add_string_value(json, strings[i]);
    }
    json_builder_end_array(json);
}

static void add_partition(JsonBuilder *json, const Partition *partition,
                          VolumeKind kind)
{
    json_builder_begin_object(json);
    report_add_int(json, "number", partition->number);
    report_add_int(json, "type", partition->type);
    if (!guid_is_zero(&partition->type_guid)) {
        g_autofree char *guid = guid_to_string(&partition->type_guid);

        report_add_string(json, "type-guid", guid);
    }
    report_add_int(json, "start", partition->start);
    report_add_int(json, "size", partition->size);
    report_add_bool(json, "active", partition->active);
    if (kind != VOLUME_UNKNOWN) {
        report_add_string(json, "filesystem",
                          kind == VOLUME_NTFS ? "NTFS" : "BitLocker");
    }
    json_builder_end_object(json);
}

void report_add_partitions(JsonBuilder *json, const Disk *disk,
                           const GArray *kinds)
{
    report_begin_array(json, "partitions");
    for (guint i = 0; i < kinds->len; i++) {
        add_partition(json, &g_array_index(disk->partitions, Partition, i),
                      g_array_index(kinds, VolumeKind, i));
    }
    json_builder_end_array(json);
}

static void add_controllers(JsonBuilder *json, const Windows *windows,
                            const char *adapter_type)
{
    g_autofree char *conclusion = controllers_conclude(windows->controllers,
                                                       adapter_type);

    report_begin_array(json, "controllers");
    for (guint i = 0; i < windows->controllers->len; i++) {
        const Controller *c = g_ptr_array_index(windows->controllers, i);

        json_builder_begin_object(json);
        report_add_string(json, "bus", controller_bus_string(c->bus));
        report_add_optional(json, "device", c->device);
        report_add_optional(json, "service", c->service);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    report_add_string(json, "conclusion", conclusion);
}

static void add_place(JsonBuilder *json, const WindowsPlace *place)
{
    report_add_int(json, "partition", place->partition->number);
    report_add_string(json, "system-root", windows_root(place));
}

void report_add_windows(JsonBuilder *json, const Windows *windows,
                        const char *adapter_type)
{
    g_autofree char *version = pe_version_string(&windows->version);
    g_autofree char *machine = pe_machine_string(windows->machine);

    report_begin_object(json, "windows");
    report_add_string(json, "name", windows->name);
    report_add_optional(json, "product-name", windows->product_name);
    report_add_optional(json, "edition", windows->edition);
    report_add_optional(json, "release", windows->release);
    if (windows->build) {
        report_add_int(json, "build", windows->build);
    }
    report_add_string(json, "version", version);
    report_add_int(json, "service-pack", windows->service_pack);
    report_add_string(json, "product-type", windows->product_type);
    report_add_string(json, "machine", machine);
    add_place(json, &windows->place);
    report_begin_array(json, "control-sets");
    for (guint i = 0; i < windows->control_sets->len; i++) {
        json_builder_add_int_value(json, g_array_index(windows->control_sets,
                                                       unsigned, i));
    }
    json_builder_end_array(json);
    add_controllers(json, windows, adapter_type);
    json_builder_end_object(json);
}

void report_add_places(JsonBuilder *json, const char *name,
                       const GPtrArray *places)
{
    report_begin_array(json, name);
    for (guint i = 0; i < places->len; i++) {
        json_builder_begin_object(json);
        add_place(json, g_ptr_array_index(places, i));
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

char *report_to_text(JsonBuilder *json)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(json);

    json_generator_set_root(generator, root);
    return json_generator_to_data(generator, NULL);
}
