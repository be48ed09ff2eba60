/*
 * Sources on the other side of the socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REMOTE_H
#define XENPREP_REMOTE_H

#include "guest/source.h"
#include "xenprep-wire.h"

/*
 * Source @number of the request, @size bytes long, which the client calls
 * @name.  Reads of it go over @wire, which must outlive it.
 */
ByteSource *remote_source_new(XenprepWire *wire, uint32_t number,
                              uint64_t size, const char *name);

#endif /* XENPREP_REMOTE_H */
