/*
 * Sources on the other side of the socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>

#include "guest/error.h"
#include "xenprep-remote.h"

typedef struct RemoteSource {
    ByteSource source;
    XenprepWire *wire;
    uint32_t number;
    char *name;
    /* -errno once the client has answered otherwise than it should, or 0. */
    int broken;
} RemoteSource;

/* READ's payload, and the error in front of READ_REPLY's. */
#define READ_SIZE 16
#define REPLY_ERROR_SIZE 4

static int send_read(RemoteSource *s, uint64_t offset, uint32_t length)
{
    uint8_t fixed[READ_SIZE];

    xenprep_put32(fixed, s->number);
    xenprep_put32(fixed + 4, length);
    xenprep_put64(fixed + 8, offset);
    return xenprep_wire_send(s->wire, XENPREP_MSG_READ, fixed, sizeof(fixed),
                             NULL, 0);
}

/*
 * Returns 0 or -errno of the conversation; *@err is the errno of the read.
 */
static int recv_reply(RemoteSource *s, void *buf, uint32_t length,
                      uint32_t *err)
{
    uint8_t fixed[REPLY_ERROR_SIZE];
    XenprepFrame frame;
    int ret = xenprep_wire_recv_frame(s->wire, &frame);

    if (ret < 0) {
        return ret;
    }
    if (frame.type != XENPREP_MSG_READ_REPLY ||
        frame.length < sizeof(fixed)) {
        return -EPROTO;
    }
    ret = xenprep_wire_recv_payload(s->wire, fixed, sizeof(fixed));
    if (ret < 0) {
        return ret;
    }
    *err = xenprep_get32(fixed);
    if (frame.length != sizeof(fixed) + (*err ? 0 : length)) {
        return -EPROTO;
    }
    return *err ? 0 : xenprep_wire_recv_payload(s->wire, buf, length);
}

static bool read_piece(RemoteSource *s, uint64_t offset, void *buf,
                       uint32_t length, GError **errp)
{
    uint32_t err = 0;
    int ret = s->broken;

    if (ret == 0) {
        ret = send_read(s, offset, length);
    }
    if (ret == 0) {
        ret = recv_reply(s, buf, length, &err);
    }
    s->broken = ret;
    if (ret < 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                    "%s: the client does not answer: %s", s->name,
                    g_strerror(-ret));
    } else if (err) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                    "%s: read error at offset %" G_GUINT64_FORMAT ": %s",
                    s->name, offset, g_strerror(err));
    }
    return ret == 0 && err == 0;
}

static bool remote_pread(ByteSource *source, uint64_t offset, void *buf,
                         size_t length, GError **errp)
{
    RemoteSource *s = (RemoteSource *)source;
    uint8_t *p = buf;

    while (length > 0) {
        uint32_t n = MIN(length, XENPREP_MAX_READ);

        if (!read_piece(s, offset, p, n, errp)) {
            return false;
        }
        p += n;
        offset += n;
        length -= n;
    }
    return true;
}

static void remote_free(ByteSource *source)
{
    RemoteSource *s = (RemoteSource *)source;

    g_free(s->name);
    g_free(s);
}

ByteSource *remote_source_new(XenprepWire *wire, uint32_t number,
                              uint64_t size, const char *name)
{
    RemoteSource *s = g_new0(RemoteSource, 1);

    s->source.size = size;
    s->source.pread = remote_pread;
    s->source.free = remote_free;
    s->wire = wire;
    s->number = number;
    s->name = g_strdup(name);
    return &s->source;
}
