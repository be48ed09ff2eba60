/*
 * A request to the helper, parsed
 *
 * The client is trusted, but it may be of another build: whatever is not
 * understood is an error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>

#include "guest/error.h"
#include "guest/source-cache.h"
#include "xenprep-remote.h"
#include "xenprep-request-options.h"

/* A cursor over REQUEST's payload. */
typedef struct Payload {
    const uint8_t *p;
    size_t left;
} Payload;

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
    /* The user's files are on this host, but the disk may be far away. */
    if (request->sources->len == 0) {
        source->bytes = source_cache_new(source->bytes);
    }
    g_ptr_array_add(request->sources, source);
    return true;
}

static bool parse_fixed(Request *request, Payload *payload, XenprepWire *wire,
                        GError **errp)
{
    uint32_t verb, mode, n;

    if (!take32(payload, &verb) || !take32(payload, &mode) ||
        !take32(payload, &n)) {
        return request_fail(errp, "it is too short");
    }
    if (verb < XENPREP_VERB_PREPARE || verb > XENPREP_VERB_CHECK ||
        (mode != XENPREP_MODE_PLAN &&
         (mode != XENPREP_MODE_APPLY || verb != XENPREP_VERB_PREPARE))) {
        return request_fail(errp, "unknown verb or mode");
    }
    request->verb = verb;
    request->mode = mode;
    if (n < 1 || n > XENPREP_MAX_SOURCES) {
        return request_fail(errp, "bad number of sources");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!parse_source(request, payload, wire)) {
            return request_fail(errp, "bad source");
        }
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
        request_fail(errp, g_strerror(-ret));
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
        !request_parse_options(request, (const char *)payload.p, payload.left,
                               errp)) {
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
        g_clear_pointer(&request->boot_ini_operations, g_ptr_array_unref);
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
