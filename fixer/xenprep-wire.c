/*
 * Framing of the protocol: whole messages over a stream socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "xenprep-wire.h"

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until the socket is ready for @events, on the account of patience. */
static int wait_ready(XenprepWire *wire, short events)
{
    struct pollfd pfd = { .fd = wire->fd, .events = events };

    while (true) {
        int64_t start = wire->patience_ms < 0 ? 0 : now_ms();
        int timeout = wire->patience_ms < 0 ? -1
                      : wire->patience_ms > 60000 ? 60000
                      : (int)wire->patience_ms;
        int ret = poll(&pfd, 1, timeout);
        int err = errno;

        if (wire->patience_ms >= 0) {
            wire->patience_ms -= now_ms() - start;
            if (wire->patience_ms < 0) {
                wire->patience_ms = 0;
            }
        }
        if (ret > 0) {
            return 0;
        }
        if (ret < 0 && err != EINTR) {
            return -err;
        }
        if (wire->patience_ms == 0) {
            return -ETIMEDOUT;
        }
    }
}

static int translate_errno(int err)
{
    return err == ECONNRESET ? -EPIPE : -err;
}

/* Drops the first @done bytes of an iovec array. */
static void iov_advance(struct iovec **iov, size_t *n, size_t done)
{
    while (*n > 0 && done >= (*iov)->iov_len) {
        done -= (*iov)->iov_len;
        (*iov)++;
        (*n)--;
    }
    if (*n > 0) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
        (*iov)->iov_len -= done;
    }
}

int xenprep_wire_send(XenprepWire *wire, XenprepMessage type,
                      const void *fixed, size_t fixed_length,
                      const void *data, size_t data_length)
{
    uint8_t header[XENPREP_HEADER_SIZE];
    struct iovec parts[] = {
        { header, sizeof(header) },
        { (void *)fixed, fixed_length },
        { (void *)data, data_length },
    };
    struct iovec *iov = parts;
    size_t n = sizeof(parts) / sizeof(parts[0]);

    if (fixed_length > XENPREP_MAX_PAYLOAD ||
        data_length > XENPREP_MAX_PAYLOAD - fixed_length) {
        return -EMSGSIZE;
    }
    xenprep_put32(header, type);
    xenprep_put32(header + 4, fixed_length + data_length);

    while (n > 0) {
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n };
        ssize_t ret = sendmsg(wire->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (ret >= 0) {
            iov_advance(&iov, &n, ret);
        } else if (errno == EAGAIN) {
            int err = wait_ready(wire, POLLOUT);

            if (err < 0) {
                return err;
            }
        } else if (errno != EINTR) {
            return translate_errno(errno);
        }
    }
    return 0;
}

int xenprep_wire_recv_payload(XenprepWire *wire, void *buf, size_t length)
{
    uint8_t *p = buf;

    while (length > 0) {
        ssize_t ret = recv(wire->fd, p, length, MSG_DONTWAIT);

        if (ret > 0) {
            p += ret;
            length -= ret;
        } else if (ret == 0) {
            return -EPIPE;
        } else if (errno == EAGAIN) {
            int err = wait_ready(wire, POLLIN);

            if (err < 0) {
                return err;
            }
        } else if (errno != EINTR) {
            return translate_errno(errno);
        }
    }
    return 0;
}

int xenprep_wire_recv_frame(XenprepWire *wire, XenprepFrame *frame)
{
    uint8_t header[XENPREP_HEADER_SIZE];
    int ret = xenprep_wire_recv_payload(wire, header, sizeof(header));

    if (ret < 0) {
        return ret;
    }
    frame->type = xenprep_get32(header);
    frame->length = xenprep_get32(header + 4);
    return frame->length > XENPREP_MAX_PAYLOAD ? -EPROTO : 0;
}

/* HELLO's payload: magic and version. */
#define HELLO_SIZE (XENPREP_MAGIC_SIZE + 4)

int xenprep_wire_send_hello(XenprepWire *wire)
{
    uint8_t hello[HELLO_SIZE];

    memcpy(hello, XENPREP_MAGIC, XENPREP_MAGIC_SIZE);
    xenprep_put32(hello + XENPREP_MAGIC_SIZE, XENPREP_PROTOCOL_VERSION);
    return xenprep_wire_send(wire, XENPREP_MSG_HELLO, hello, sizeof(hello),
                             NULL, 0);
}

int xenprep_wire_recv_hello(XenprepWire *wire, uint32_t *version)
{
    uint8_t hello[HELLO_SIZE];
    XenprepFrame frame;
    int ret = xenprep_wire_recv_frame(wire, &frame);

    if (ret < 0) {
        return ret;
    }
    if (frame.type != XENPREP_MSG_HELLO || frame.length != sizeof(hello)) {
        return -EPROTO;
    }
    ret = xenprep_wire_recv_payload(wire, hello, sizeof(hello));
    if (ret < 0) {
        return ret;
    }
    if (memcmp(hello, XENPREP_MAGIC, XENPREP_MAGIC_SIZE) != 0) {
        return -EPROTO;
    }
    *version = xenprep_get32(hello + XENPREP_MAGIC_SIZE);
    return 0;
}
