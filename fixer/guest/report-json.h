/*
 * Pieces of JSON that more than one report has
 *
 * What they mean is documented where QEMU's QAPI schema has the types of the
 * same names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REPORT_JSON_H
#define GUEST_REPORT_JSON_H

#include <json-glib/json-glib.h>

#include "windows.h"

/* A member of an object; bytes that are no UTF-8 become U+FFFD. */
void report_add_string(JsonBuilder *json, const char *name,
                       const char *value);

/* The same, but NULL adds nothing. */
void report_add_optional(JsonBuilder *json, const char *name,
                         const char *value);

void report_add_int(JsonBuilder *json, const char *name, int64_t value);

void report_add_bool(JsonBuilder *json, const char *name, bool value);

/* An array of @n strings. */
void report_add_strings(JsonBuilder *json, const char *name,
                        const char *const *strings, guint n);

/* A member whose value is what follows, up to json_builder_end_array(). */
void report_begin_array(JsonBuilder *json, const char *name);

/* Likewise, up to json_builder_end_object(). */
void report_begin_object(JsonBuilder *json, const char *name);

/* "partitions", [WinXenprepPartition]; their VolumeKind is in @kinds. */
void report_add_partitions(JsonBuilder *json, const Disk *disk,
                           const GArray *kinds);

/* "windows", WinXenprepWindows; @adapter_type is the VMDK's, or NULL. */
void report_add_windows(JsonBuilder *json, const Windows *windows,
                        const char *adapter_type);

/* [WinXenprepPlace], of WindowsPlace * */
void report_add_places(JsonBuilder *json, const char *name,
                       const GPtrArray *places);

/* What was built, as text to be freed. */
char *report_to_text(JsonBuilder *json);

#endif /* GUEST_REPORT_JSON_H */
