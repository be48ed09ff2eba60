/*
 * The socket of the protocol, in the hands of a fuzz target
 *
 * A program that is linked with -Wl,--wrap for recv, sendmsg and poll talks
 * to what is set here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* The descriptor to be used; it is never open. */
#define FUZZ_WIRE_FD (-2)

/* Up to @length bytes; 0: the peer is gone. */
typedef size_t FuzzWireRecv(uint8_t *buf, size_t length, void *opaque);

/* A whole message was sent: its type, and its payload. */
typedef void FuzzWireSent(uint32_t type, const uint8_t *payload,
                          size_t length, void *opaque);

/* Until the next call; what was sent of a message that has no end is freed. */
void fuzz_wire_set(FuzzWireRecv *receive, FuzzWireSent *sent, void *opaque);

#endif /* FUZZ_WIRE_H */
