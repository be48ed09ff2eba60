/*
 * The options of a request to the helper: a JSON object, member by member
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <json-glib/json-glib.h>

#include "guest/error.h"
#include "xenprep-request-options.h"

/* Lists and objects in all of the options; a request has some ten. */
#define MAX_BRACKETS 1024

bool request_fail(GError **errp, const char *why)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "the client's request is not understood: %s", why);
    return false;
}

/*
 * Parsers of the options' members.  Each puts the value of @node into @field,
 * a member of @request of the right type; false if it makes no sense.
 */
typedef bool MemberParser(const Request *request, JsonNode *node,
                          void *field);

/* The index of a source other than the disk. */
static bool parse_index(const Request *request, JsonNode *node, void *field)
{
    int64_t value = json_node_get_int(node);

    *(unsigned *)field = value;
    return value > 0 && value < request->sources->len;
}

/* [ first, count ] */
static bool parse_range(const Request *request, JsonNode *node, void *field)
{
    JsonArray *array = json_node_get_array(node);
    int64_t first, count;

    if (json_array_get_length(array) != 2) {
        return false;
    }
    first = json_array_get_int_element(array, 0);
    count = json_array_get_int_element(array, 1);
    *(RequestRange *)field = (RequestRange) { .first = first, .count = count };
    return first > 0 && count > 0 && first < request->sources->len &&
           count <= request->sources->len - first;
}

/* The elements of @node if all of them are strings, else NULL. */
static char **string_list(JsonNode *node)
{
    JsonArray *array = json_node_get_array(node);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);

        if (json_node_get_value_type(element) != G_TYPE_STRING) {
            return NULL;
        }
        g_ptr_array_add(list, json_node_dup_string(element));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

static bool parse_strings(const Request *request, JsonNode *node, void *field)
{
    char ***strings = field;

    g_strfreev(*strings);
    *strings = string_list(node);
    return *strings != NULL;
}

static bool parse_force(const Request *request, JsonNode *node, void *field)
{
    g_auto(GStrv) refusals = string_list(node);
    RequestForce *force = field;

    for (char **refusal = refusals; refusal && *refusal; refusal++) {
        if (g_str_equal(*refusal, "dirty-volume")) {
            force->dirty_volume = true;
        } else if (g_str_equal(*refusal, "hal-family")) {
            force->hal_family = true;
        } else {
            return false;
        }
    }
    return refusals != NULL;
}

static bool parse_hal(const Request *request, JsonNode *node, void *field)
{
    const char *text = json_node_get_string(node);
    const HalType **hal = field;

    *hal = text ? hal_find_option(text) : NULL;
    return *hal != NULL;
}

static bool parse_boot_ini(const Request *request, JsonNode *node,
                           void *field)
{
    static const char *const modes[] = {
        [BOOT_INI_KEEP] = "keep",
        [BOOT_INI_AUTO] = "auto",
        [BOOT_INI_REWRITE_ARC] = "rewrite-arc",
    };
    const char *text = json_node_get_string(node);

    for (unsigned i = 0; text && i < G_N_ELEMENTS(modes); i++) {
        if (g_str_equal(modes[i], text)) {
            *(BootIniMode *)field = i;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    BootIniOperationKind kind;
    bool has_number, has_text;
} operations[] = {
    { "default", BOOT_INI_DEFAULT, true, false },
    { "timeout", BOOT_INI_TIMEOUT, true, false },
    { "add", BOOT_INI_ADD, false, true },
    { "remove", BOOT_INI_REMOVE, true, false },
    { "switch", BOOT_INI_SWITCH, true, true },
};

/* [ name ], with a number, a text, or both behind it */
static BootIniOperation *parse_operation(JsonArray *array)
{
    guint n = json_array_get_length(array);
    const char *name = n > 0 ? json_array_get_string_element(array, 0) : NULL;

    for (unsigned i = 0; name && i < G_N_ELEMENTS(operations); i++) {
        unsigned at = 1;
        int64_t number = 0;
        const char *text = NULL;
        BootIniOperation *operation;

        if (!g_str_equal(operations[i].name, name) ||
            n != 1u + operations[i].has_number + operations[i].has_text) {
            continue;
        }
        if (operations[i].has_number) {
            number = json_array_get_int_element(array, at++);
        }
        if (operations[i].has_text) {
            text = json_array_get_string_element(array, at++);
        }
        if (number < -1 || number > INT_MAX ||
            !text == operations[i].has_text) {
            return NULL;
        }
        operation = g_new0(BootIniOperation, 1);
        operation->kind = operations[i].kind;
        operation->number = number;
        operation->text = g_strdup(text);
        return operation;
    }
    return NULL;
}

static bool parse_operations(const Request *request, JsonNode *node,
                             void *field)
{
    GPtrArray **list = field;
    JsonArray *array = json_node_get_array(node);

    g_clear_pointer(list, g_ptr_array_unref);
    *list = g_ptr_array_new_with_free_func((GDestroyNotify)
                                           boot_ini_operation_free);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        BootIniOperation *operation =
            JSON_NODE_HOLDS_ARRAY(element)
            ? parse_operation(json_node_get_array(element)) : NULL;

        if (!operation) {
            return false;
        }
        g_ptr_array_add(*list, operation);
    }
    return true;
}

static bool parse_auto_reboot(const Request *request, JsonNode *node,
                              void *field)
{
    const char *text = json_node_get_string(node);
    bool off = g_strcmp0(text, "off") == 0;

    *(bool *)field = off;
    return off || g_strcmp0(text, "keep") == 0;
}

static bool parse_dirty_hive(const Request *request, JsonNode *node,
                             void *field)
{
    const char *text = json_node_get_string(node);
    bool use_primary = g_strcmp0(text, "use-primary") == 0;

    *(DirtyHive *)field = use_primary ? DIRTY_HIVE_USE_PRIMARY
                                      : DIRTY_HIVE_REFUSE;
    return use_primary || g_strcmp0(text, "refuse") == 0;
}

static bool parse_string(const Request *request, JsonNode *node, void *field)
{
    char **string = field;

    g_free(*string);
    *string = json_node_dup_string(node);
    return *string != NULL;
}

static bool parse_bool(const Request *request, JsonNode *node, void *field)
{
    *(bool *)field = json_node_get_boolean(node);
    return json_node_get_value_type(node) == G_TYPE_BOOLEAN;
}

static bool parse_epoch(const Request *request, JsonNode *node, void *field)
{
    int64_t *epoch = field;

    *epoch = json_node_get_int(node);
    return json_node_get_value_type(node) == G_TYPE_INT64 && *epoch >= 0;
}

static const struct {
    const char *name;
    JsonNodeType type;
    MemberParser *parse;
    size_t field;
} members[] = {
#define MEMBER(name, type, parse, field) \
    { name, JSON_NODE_##type, parse, offsetof(Request, field) }
    MEMBER("profile", VALUE, parse_string, profile),
    MEMBER("profile-source", VALUE, parse_index, profile_source),
    MEMBER("reg-sources", ARRAY, parse_range, reg_sources),
    MEMBER("driver-sources", ARRAY, parse_range, driver_sources),
    MEMBER("container-source", VALUE, parse_index, container_source),
    MEMBER("windows", VALUE, parse_string, windows),
    MEMBER("dirty-hive", VALUE, parse_dirty_hive, dirty_hive),
    MEMBER("without", ARRAY, parse_strings, without),
    MEMBER("force", ARRAY, parse_force, force),
    MEMBER("hal", VALUE, parse_hal, hal),
    MEMBER("hal-replace", VALUE, parse_bool, hal_replace),
    MEMBER("boot-ini", VALUE, parse_boot_ini, boot_ini),
    MEMBER("boot-ini-operations", ARRAY, parse_operations,
           boot_ini_operations),
    MEMBER("auto-reboot", VALUE, parse_auto_reboot, auto_reboot_off),
    MEMBER("strict-filters", VALUE, parse_bool, strict_filters),
    MEMBER("machine", VALUE, parse_string, machine),
    MEMBER("details", VALUE, parse_bool, details),
    MEMBER("witnesses", VALUE, parse_bool, witnesses),
    MEMBER("discard-free", VALUE, parse_bool, discard_free),
    MEMBER("drop-pagefile", VALUE, parse_bool, drop_pagefile),
    MEMBER("require-guest", VALUE, parse_bool, require_guest),
    MEMBER("source-date-epoch", VALUE, parse_epoch, source_date_epoch),
#undef MEMBER
};

/* Takes over one member of the options; false if it makes no sense. */
static bool parse_member(Request *request, const char *name, JsonNode *node)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(members); i++) {
        if (g_str_equal(members[i].name, name)) {
            return JSON_NODE_TYPE(node) == members[i].type &&
                   members[i].parse(request, node,
                                    (char *)request + members[i].field);
        }
    }
    return false;
}

static bool has_something_to_do(const Request *request)
{
    return request->profile || request->profile_source || request->hal ||
           request->boot_ini == BOOT_INI_REWRITE_ARC ||
           (request->boot_ini_operations &&
            request->boot_ini_operations->len > 0);
}

/*
 * The parser calls itself for each list and each object within another, and
 * stops at nothing.  Where brackets are does not matter: this many do no harm.
 */
static bool may_be_parsed(const char *text, size_t length)
{
    unsigned brackets = 0;

    for (size_t i = 0; i < length; i++) {
        brackets += text[i] == '[' || text[i] == '{';
    }
    return brackets <= MAX_BRACKETS;
}

bool request_parse_options(Request *request, const char *text, size_t length,
                           GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!may_be_parsed(text, length)) {
        return request_fail(errp, "its options have too many brackets");
    }
    if (!json_parser_load_from_data(parser, text, length, errp)) {
        return false;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return request_fail(errp, "its options are no JSON object");
    }
    json_object_iter_init(&iter, json_node_get_object(root));
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!parse_member(request, name, node)) {
            g_autofree char *why = g_strdup_printf("option %s", name);

            return request_fail(errp, why);
        }
    }
    if (request->profile && request->profile_source) {
        return request_fail(errp, "it names two profiles");
    }
    if (request->verb == XENPREP_VERB_PREPARE && !has_something_to_do(request)) {
        return request_fail(errp, "it asks for nothing");
    }
    if (request->verb == XENPREP_VERB_CHECK && !request->machine) {
        return request_fail(errp, "it names no machine");
    }
    return true;
}
