/*
 * A source that reads ahead, and keeps what it has read
 *
 * Notes on the design
 *
 * NTFS is read in pieces of one or four KiB, most of which lie near to each
 * other: the MFT's records, the blocks of an index, the bins of a hive.  Each
 * costs a question to the client, and on a disk that is far away a delay.  So
 * whole blocks are read, a few at once when one follows the other.  That is
 * about as many bytes as without: much is read twice.
 *
 * A block of which a part cannot be read does not make the rest unreadable:
 * a disk may be cut off, or have bad sectors where nobody looks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "source-cache.h"

#define BLOCK_SIZE (64 * KiB)

/* Blocks that are read at once: what a READ of the protocol can have. */
#define MAX_WINDOW 16

/*
 * Blocks that are kept, 16 MiB: as much as is read of a guest whose MFT and
 * hives are in hundreds of pieces.
 */
#define MAX_BLOCKS 256

#define NO_BLOCK UINT64_MAX

typedef struct Block {
    uint64_t number;
    /* When it was of use: a count of all uses. */
    uint64_t used;
    uint8_t *data;
} Block;

typedef struct CacheSource {
    ByteSource source;
    ByteSource *below;
    Block blocks[MAX_BLOCKS];
    uint64_t uses;
    /* How many blocks are read at once if the next one is @next. */
    unsigned window;
    uint64_t next;
    /* The last one that could not be read. */
    uint64_t bad;
    uint8_t *buffer;
} CacheSource;

static Block *find_block(CacheSource *s, uint64_t number)
{
    for (unsigned i = 0; i < MAX_BLOCKS; i++) {
        if (s->blocks[i].data && s->blocks[i].number == number) {
            return &s->blocks[i];
        }
    }
    return NULL;
}

/* An empty block, or else that which was of no use for longest. */
static Block *reuse_block(CacheSource *s)
{
    Block *oldest = &s->blocks[0];

    for (unsigned i = 0; i < MAX_BLOCKS; i++) {
        if (!s->blocks[i].data) {
            s->blocks[i].data = g_malloc(BLOCK_SIZE);
            return &s->blocks[i];
        }
        if (s->blocks[i].used < oldest->used) {
            oldest = &s->blocks[i];
        }
    }
    return oldest;
}

static uint64_t last_block(const CacheSource *s)
{
    return (s->source.size - 1) / BLOCK_SIZE;
}

/* How many blocks to read from @number on, of which @wanted are asked for. */
static unsigned choose_window(CacheSource *s, uint64_t number,
                              uint64_t wanted)
{
    uint64_t left = last_block(s) - number + 1;
    unsigned n = 1;

    s->window = number == s->next ? MIN(s->window * 2, MAX_WINDOW) : 1;
    wanted = MIN(MAX(wanted, s->window), MIN(left, MAX_WINDOW));
    while (n < wanted && !find_block(s, number + n)) {
        n++;
    }
    return n;
}

static bool fetch(CacheSource *s, uint64_t number, unsigned n)
{
    uint64_t offset = number * BLOCK_SIZE;
    size_t length = MIN((uint64_t)n * BLOCK_SIZE, s->source.size - offset);

    if (!source_read(s->below, offset, s->buffer, length, NULL)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        Block *block = reuse_block(s);
        size_t at = (size_t)i * BLOCK_SIZE;

        block->number = number + i;
        block->used = ++s->uses;
        memcpy(block->data, s->buffer + at, MIN(BLOCK_SIZE, length - at));
    }
    s->next = number + n;
    return true;
}

/* The block, of those that are asked for @wanted follow it; or NULL. */
static Block *get_block(CacheSource *s, uint64_t number, uint64_t wanted)
{
    Block *block = find_block(s, number);
    unsigned n;

    if (block) {
        block->used = ++s->uses;
    }
    if (block || number == s->bad) {
        return block;
    }
    n = choose_window(s, number, wanted);
    if (!fetch(s, number, n) && (n == 1 || !fetch(s, number, 1))) {
        s->bad = number;
        return NULL;
    }
    return find_block(s, number);
}

static bool cache_pread(ByteSource *source, uint64_t offset, void *buf,
                        size_t length, GError **errp)
{
    CacheSource *s = (CacheSource *)source;
    uint8_t *p = buf;

    while (length > 0) {
        uint64_t number = offset / BLOCK_SIZE;
        size_t at = offset % BLOCK_SIZE;
        size_t n = MIN(length, BLOCK_SIZE - at);
        Block *block = get_block(s, number,
                                 (at + length - 1) / BLOCK_SIZE + 1);

        if (block) {
            memcpy(p, block->data + at, n);
        } else if (!source_read(s->below, offset, p, n, errp)) {
            return false;
        }
        p += n;
        offset += n;
        length -= n;
    }
    return true;
}

static void cache_free(ByteSource *source)
{
    CacheSource *s = (CacheSource *)source;

    for (unsigned i = 0; i < MAX_BLOCKS; i++) {
        g_free(s->blocks[i].data);
    }
    source_free(s->below);
    g_free(s->buffer);
    g_free(s);
}

ByteSource *source_cache_new(ByteSource *below)
{
    CacheSource *s = g_new0(CacheSource, 1);

    s->source.size = below->size;
    s->source.pread = cache_pread;
    s->source.free = cache_free;
    s->below = below;
    s->window = 1;
    s->next = NO_BLOCK;
    s->bad = NO_BLOCK;
    s->buffer = g_malloc(MAX_WINDOW * BLOCK_SIZE);
    return &s->source;
}
