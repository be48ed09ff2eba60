/*
 * A request to the helper, parsed
 *
 * The client is trusted, but it may be of another build: whatever is not
 * understood is an error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <json-glib/json-glib.h>

#include "guest/error.h"
#include "xenprep-remote.h"
#include "xenprep-request.h"

/* A cursor over REQUEST's payload. */
typedef struct Payload {
    const uint8_t *p;
    size_t left;
} Payload;

static bool fail(GError **errp, const char *why)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "the client's request is not understood: %s", why);
    return false;
}

static bool take(Payload *payload, size_t length, const uint8_t **bytes)
{
    if (payload->left < length) {
        return false;
    }
    *bytes = payload->p;
    payload->p += length;
    payload->left -= length;
    return true;
}

static bool take32(Payload *payload, uint32_t *value)
{
    const uint8_t *p;

    if (!take(payload, 4, &p)) {
        return false;
    }
    *value = xenprep_get32(p);
    return true;
}

static bool take64(Payload *payload, uint64_t *value)
{
    const uint8_t *p;

    if (!take(payload, 8, &p)) {
        return false;
    }
    *value = xenprep_get64(p);
    return true;
}

static void source_clear(void *opaque)
{
    RequestSource *source = opaque;

    g_free(source->name);
    source_free(source->bytes);
    g_free(source);
}

static bool parse_source(Request *request, Payload *payload,
                         XenprepWire *wire)
{
    RequestSource *source;
    const uint8_t *name;
    uint64_t size;
    uint32_t length;

    if (!take64(payload, &size) || !take32(payload, &length) ||
        length > XENPREP_MAX_NAME || !take(payload, length, &name)) {
        return false;
    }
    source = g_new0(RequestSource, 1);
    source->name = g_strndup((const char *)name, length);
    source->bytes = remote_source_new(wire, request->sources->len, size,
                                      source->name);
    g_ptr_array_add(request->sources, source);
    return true;
}

static bool parse_fixed(Request *request, Payload *payload, XenprepWire *wire,
                        GError **errp)
{
    uint32_t verb, mode, n;

    if (!take32(payload, &verb) || !take32(payload, &mode) ||
        !take32(payload, &n)) {
        return fail(errp, "it is too short");
    }
    if (verb < XENPREP_VERB_PREPARE || verb > XENPREP_VERB_CHECK ||
        (mode != XENPREP_MODE_PLAN &&
         (mode != XENPREP_MODE_APPLY || verb != XENPREP_VERB_PREPARE))) {
        return fail(errp, "unknown verb or mode");
    }
    request->verb = verb;
    request->mode = mode;
    if (n < 1 || n > XENPREP_MAX_SOURCES) {
        return fail(errp, "bad number of sources");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!parse_source(request, payload, wire)) {
            return fail(errp, "bad source");
        }
    }
    return true;
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
    bool *dirty_volume = field;

    for (char **refusal = refusals; refusal && *refusal; refusal++) {
        if (!g_str_equal(*refusal, "dirty-volume")) {
            return false;
        }
        *dirty_volume = true;
    }
    return refusals != NULL;
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
    MEMBER("force", ARRAY, parse_force, force_dirty_volume),
    MEMBER("auto-reboot", VALUE, parse_auto_reboot, auto_reboot_off),
    MEMBER("machine", VALUE, parse_string, machine),
    MEMBER("details", VALUE, parse_bool, details),
    MEMBER("witnesses", VALUE, parse_bool, witnesses),
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

static bool parse_options(Request *request, Payload *payload, GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!json_parser_load_from_data(parser, (const char *)payload->p,
                                    payload->left, errp)) {
        return false;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return fail(errp, "its options are no JSON object");
    }
    json_object_iter_init(&iter, json_node_get_object(root));
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!parse_member(request, name, node)) {
            g_autofree char *why = g_strdup_printf("option %s", name);

            return fail(errp, why);
        }
    }
    if (request->verb == XENPREP_VERB_PREPARE &&
        !request->profile == !request->profile_source) {
        return fail(errp, "it names no profile, or two");
    }
    if (request->verb == XENPREP_VERB_CHECK && !request->machine) {
        return fail(errp, "it names no machine");
    }
    return true;
}

static uint8_t *receive_payload(XenprepWire *wire, size_t *length,
                                GError **errp)
{
    g_autofree uint8_t *payload = NULL;
    XenprepFrame frame;
    int ret = xenprep_wire_recv_frame(wire, &frame);

    if (ret == 0 && frame.type != XENPREP_MSG_REQUEST) {
        ret = -EPROTO;
    }
    if (ret == 0) {
        /* One byte more: an empty payload is no failure to allocate. */
        payload = g_malloc(frame.length + 1);
        ret = xenprep_wire_recv_payload(wire, payload, frame.length);
    }
    if (ret < 0) {
        fail(errp, g_strerror(-ret));
        return NULL;
    }
    *length = frame.length;
    return g_steal_pointer(&payload);
}

Request *request_receive(XenprepWire *wire, GError **errp)
{
    g_autoptr(Request) request = g_new0(Request, 1);
    g_autofree uint8_t *bytes = NULL;
    Payload payload = { 0 };

    request->sources = g_ptr_array_new_with_free_func(source_clear);
    request->require_guest = true;
    request->source_date_epoch = -1;
    bytes = receive_payload(wire, &payload.left, errp);
    payload.p = bytes;
    if (!bytes || !parse_fixed(request, &payload, wire, errp) ||
        !parse_options(request, &payload, errp)) {
        return NULL;
    }
    return g_steal_pointer(&request);
}

void request_free(Request *request)
{
    if (request) {
        g_ptr_array_unref(request->sources);
        g_free(request->profile);
        g_free(request->windows);
        g_strfreev(request->without);
        g_free(request->machine);
        g_free(request);
    }
}

/* The first source behind @from that is not beside the profile. */
static guint end_of_beside(const Request *request, guint from)
{
    guint end = request->sources->len;

    if (request->reg_sources.count && request->reg_sources.first > from) {
        end = MIN(end, request->reg_sources.first);
    }
    if (request->driver_sources.count &&
        request->driver_sources.first > from) {
        end = MIN(end, request->driver_sources.first);
    }
    return end;
}

ByteSource *request_find_beside(Request *request, const char *name)
{
    guint end = end_of_beside(request, request->profile_source);

    /* The profile itself is one of them, if it includes itself. */
    for (guint i = request->profile_source; i < end; i++) {
        RequestSource *source = g_ptr_array_index(request->sources, i);

        if (g_str_equal(source->name, name)) {
            return source->bytes;
        }
    }
    return NULL;
}
