/*
 * A source that reads ahead, and keeps what it has read
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SOURCE_CACHE_H
#define GUEST_SOURCE_CACHE_H

#include "source.h"

/*
 * A source with the bytes of @below, which it takes.  It reads those in large
 * pieces; where such a one cannot be read, only what is asked for.
 */
ByteSource *source_cache_new(ByteSource *below);

#endif /* GUEST_SOURCE_CACHE_H */
