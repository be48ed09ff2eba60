/*
 * Framing of the protocol: whole messages over a stream socket
 *
 * Compiled into both sides, hence plain C without GLib and QEMU.  Errors are
 * returned as -errno; a peer that closed the socket is -EPIPE, one that sends
 * what cannot be a message is -EPROTO, one that is silent is -ETIMEDOUT.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_WIRE_H
#define XENPREP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "xenprep-protocol.h"

typedef struct XenprepWire {
    /* The socket, owned by the caller. */
    int fd;
    /*
     * Milliseconds that this side will yet wait for its peer, over all calls;
     * what this side itself spends does not count.  Negative: no limit.
     */
    int64_t patience_ms;
} XenprepWire;

typedef struct XenprepFrame {
    uint32_t type;
    /* Bytes of the payload. */
    uint32_t length;
} XenprepFrame;

static inline void xenprep_put32(uint8_t *p, uint32_t v)
{
    p[0] = v;
    p[1] = v >> 8;
    p[2] = v >> 16;
    p[3] = v >> 24;
}

static inline void xenprep_put64(uint8_t *p, uint64_t v)
{
    xenprep_put32(p, v);
    xenprep_put32(p + 4, v >> 32);
}

static inline uint32_t xenprep_get32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t xenprep_get64(const uint8_t *p)
{
    return xenprep_get32(p) | (uint64_t)xenprep_get32(p + 4) << 32;
}

/*
 * Sends one message whose payload is @fixed followed by @data; either may be
 * NULL with length 0.  Returns 0 or -errno.
 */
int xenprep_wire_send(XenprepWire *wire, XenprepMessage type,
                      const void *fixed, size_t fixed_length,
                      const void *data, size_t data_length);

/*
 * Receives a message's header.  The caller decides from type and length
 * whether it wants the payload, then reads all of it by
 * xenprep_wire_recv_payload(), in one or several calls.  Returns 0 or -errno;
 * a length over XENPREP_MAX_PAYLOAD is -EPROTO.
 */
int xenprep_wire_recv_frame(XenprepWire *wire, XenprepFrame *frame);
int xenprep_wire_recv_payload(XenprepWire *wire, void *buf, size_t length);

/* Sends this side's HELLO.  Returns 0 or -errno. */
int xenprep_wire_send_hello(XenprepWire *wire);

/*
 * Receives the peer's HELLO and stores its version, whatever it is: to refuse
 * it, naming both, is the caller's part.  Returns 0 or -errno.
 */
int xenprep_wire_recv_hello(XenprepWire *wire, uint32_t *version);

#endif /* XENPREP_WIRE_H */
