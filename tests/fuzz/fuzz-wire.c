/*
 * The socket of the protocol, in the hands of a fuzz target
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <poll.h>
#include <sys/socket.h>

#include "fuzz-wire.h"
#include "xenprep-wire.h"

/* The linker puts these in the place of the C library's. */
ssize_t __wrap_recv(int fd, void *buf, size_t length, int flags);
ssize_t __wrap___recv_chk(int fd, void *buf, size_t length, size_t size,
                          int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

static FuzzWireRecv *receive_bytes;
static FuzzWireSent *message_sent;
static void *peer;
static GByteArray *unfinished;

void fuzz_wire_set(FuzzWireRecv *receive, FuzzWireSent *sent, void *opaque)
{
    g_clear_pointer(&unfinished, g_byte_array_unref);
    unfinished = g_byte_array_new();
    receive_bytes = receive;
    message_sent = sent;
    peer = opaque;
}

ssize_t __wrap_recv(int fd, void *buf, size_t length, int flags)
{
    g_assert_cmpint(fd, ==, FUZZ_WIRE_FD);
    return receive_bytes(buf, length, peer);
}

ssize_t __wrap___recv_chk(int fd, void *buf, size_t length, size_t size,
                          int flags)
{
    g_assert_cmpuint(length, <=, size);
    return __wrap_recv(fd, buf, length, flags);
}

/* Hands over the messages that are complete. */
static void hand_over(void)
{
    while (unfinished->len >= XENPREP_HEADER_SIZE) {
        uint32_t type = xenprep_get32(unfinished->data);
        uint32_t length = xenprep_get32(unfinished->data + 4);

        g_assert_cmpuint(length, <=, XENPREP_MAX_PAYLOAD);
        if (unfinished->len - XENPREP_HEADER_SIZE < length) {
            return;
        }
        message_sent(type, unfinished->data + XENPREP_HEADER_SIZE, length,
                     peer);
        g_byte_array_remove_range(unfinished, 0,
                                  XENPREP_HEADER_SIZE + length);
    }
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    ssize_t sent = 0;

    g_assert_cmpint(fd, ==, FUZZ_WIRE_FD);
    for (size_t i = 0; i < msg->msg_iovlen; i++) {
        g_byte_array_append(unfinished, msg->msg_iov[i].iov_base,
                            msg->msg_iov[i].iov_len);
        sent += msg->msg_iov[i].iov_len;
    }
    hand_over();
    return sent;
}

/* Nothing ever waits. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    g_assert_not_reached();
}
