/*
 * Fuzz target: the helper's side of the protocol
 *
 * The input: the payload of a REQUEST and the bytes of all sources but the
 * disk, each with its length (32 bits) in front; then how READs are answered,
 * a byte each:
 *
 *     below 128  honestly, and so as many times as this says more
 *     else       one of the lies below
 *
 * When the input has ended, so has the client.  The disk is that of
 * fuzz-base.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>

#include "fuzz-base.h"
#include "fuzz-wire.h"
#include "xenprep-verbs.h"

enum {
    LIE_ERROR = 0x80,
    LIE_SHORT,
    LIE_LONG,
    LIE_TYPE,
    LIE_HUGE,
    /* Bytes of the input, their number in front, in place of any answer. */
    LIE_BYTES,
    /* Honest, but of a disk with an edit more. */
    EDIT_DISK,
};

typedef struct Peer {
    FuzzInput script;
    /* READs that are yet to be answered honestly. */
    unsigned honest;
    ByteSource *disk;
    GBytes *other;
    /* What the helper has not received yet. */
    GByteArray *pending;
    bool ended;
} Peer;

static void put32(Peer *peer, uint32_t value)
{
    uint8_t bytes[4];

    xenprep_put32(bytes, value);
    g_byte_array_append(peer->pending, bytes, sizeof(bytes));
}

static void put_frame(Peer *peer, uint32_t type, uint32_t length)
{
    put32(peer, type);
    put32(peer, length);
}

static void put_zeros(Peer *peer, size_t length)
{
    guint at = peer->pending->len;

    g_byte_array_set_size(peer->pending, at + length);
    memset(peer->pending->data + at, 0, length);
}

/* What source @number has there; it goes on with zeros. */
static void put_source(Peer *peer, uint32_t number, uint64_t offset,
                       uint32_t length)
{
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(peer->other, &size);
    guint at = peer->pending->len;

    put_zeros(peer, length);
    if (number > 0 && offset < size) {
        memcpy(peer->pending->data + at, bytes + offset,
               MIN(length, size - offset));
    } else if (number == 0 && offset < peer->disk->size) {
        source_read(peer->disk, offset, peer->pending->data + at,
                    MIN(length, peer->disk->size - offset), NULL);
    }
}

static void answer_honestly(Peer *peer, uint32_t number, uint64_t offset,
                            uint32_t length)
{
    put_frame(peer, XENPREP_MSG_READ_REPLY, 4 + length);
    put32(peer, 0);
    put_source(peer, number, offset, length);
}

static void answer_bytes(Peer *peer)
{
    size_t n = fuzz_take8(&peer->script);
    g_autoptr(GBytes) bytes = fuzz_take_bytes(&peer->script, n);

    g_byte_array_append(peer->pending, g_bytes_get_data(bytes, NULL),
                        g_bytes_get_size(bytes));
}

static void lie(Peer *peer, uint8_t how, uint32_t length)
{
    switch (how) {
    case LIE_ERROR:
        put_frame(peer, XENPREP_MSG_READ_REPLY, 4);
        put32(peer, EIO);
        break;
    case LIE_SHORT:
        put_frame(peer, XENPREP_MSG_READ_REPLY, 4 + length - 1);
        put_zeros(peer, 4 + length - 1);
        break;
    case LIE_LONG:
        put_frame(peer, XENPREP_MSG_READ_REPLY, 4 + length + 1);
        put_zeros(peer, 4 + length + 1);
        break;
    case LIE_TYPE:
        put_frame(peer, XENPREP_MSG_REQUEST, 4 + length);
        put_zeros(peer, 4 + length);
        break;
    case LIE_HUGE:
        put_frame(peer, XENPREP_MSG_READ_REPLY, UINT32_MAX);
        break;
    default:
        answer_bytes(peer);
    }
}

static void answer(Peer *peer, uint32_t number, uint64_t offset,
                   uint32_t length)
{
    uint8_t how;

    if (peer->honest > 0) {
        peer->honest--;
        answer_honestly(peer, number, offset, length);
        return;
    }
    if (peer->script.left == 0) {
        return;
    }
    how = fuzz_take8(&peer->script);
    if (how < LIE_ERROR) {
        peer->honest = how;
        answer_honestly(peer, number, offset, length);
    } else if (how == EDIT_DISK) {
        fuzz_base_edit(peer->disk, &peer->script);
        answer_honestly(peer, number, offset, length);
    } else {
        lie(peer, how, length);
    }
}

static size_t receive(uint8_t *buf, size_t length, void *opaque)
{
    Peer *peer = opaque;
    size_t n = MIN(length, peer->pending->len);

    memcpy(buf, peer->pending->data, n);
    g_byte_array_remove_range(peer->pending, 0, n);
    return n;
}

/* The helper keeps to the protocol, whatever the client does. */
static void sent(uint32_t type, const uint8_t *payload, size_t length,
                 void *opaque)
{
    Peer *peer = opaque;

    g_assert_false(peer->ended);
    switch (type) {
    case XENPREP_MSG_READ:
        g_assert_cmpuint(length, ==, 16);
        g_assert_cmpuint(xenprep_get32(payload + 4), >, 0);
        g_assert_cmpuint(xenprep_get32(payload + 4), <=, XENPREP_MAX_READ);
        answer(peer, xenprep_get32(payload), xenprep_get64(payload + 8),
               xenprep_get32(payload + 4));
        break;
    case XENPREP_MSG_PATCH:
        g_assert_cmpuint(length, >, 8);
        g_assert_cmpuint(xenprep_get64(payload), >=, XENPREP_SECTOR_SIZE);
        break;
    case XENPREP_MSG_REPORT:
        g_assert_cmpuint(length, <=, XENPREP_MAX_REPORT);
        g_assert_true(g_utf8_validate((const char *)payload, length, NULL));
        break;
    case XENPREP_MSG_ERROR:
        g_assert_cmpuint(length, <=, XENPREP_MAX_ERROR);
        g_assert_true(g_utf8_validate((const char *)payload, length, NULL));
        peer->ended = true;
        break;
    case XENPREP_MSG_END:
        peer->ended = true;
        break;
    default:
        g_assert_cmpuint(type, ==, XENPREP_MSG_HELLO);
    }
}

static void serve(Session *session)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Request) request = request_receive(&session->wire, &err);

    if (!request || !verb_run(session, request, &err)) {
        g_assert_nonnull(err);
        answer_error(session, err);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_base_load();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    g_autoptr(GBytes) request = fuzz_take_part(&input);
    g_autoptr(GBytes) other = fuzz_take_part(&input);
    g_autoptr(ByteSource) disk = fuzz_base_new();
    g_autoptr(GByteArray) pending = g_byte_array_new();
    Peer peer = {
        .script = input,
        .disk = disk,
        .other = other,
        .pending = pending,
    };
    Session session = {
        .wire = { .fd = FUZZ_WIRE_FD, .patience_ms = -1 },
    };
    gsize length;
    const uint8_t *payload = g_bytes_get_data(request, &length);

    put_frame(&peer, XENPREP_MSG_REQUEST, length);
    g_byte_array_append(pending, payload, length);
    fuzz_wire_set(receive, sent, &peer);
    serve(&session);
    g_assert_true(peer.ended);
    return 0;
}
