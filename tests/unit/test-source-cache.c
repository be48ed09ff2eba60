/*
 * Unit test of the source that reads ahead, against a plain array of bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "source-cache.h"

#define BLOCK_SIZE (64 * 1024)

/* Some blocks more than are kept, and a part of one. */
#define SIZE (300 * BLOCK_SIZE + 1234)

/* A disk with a bad sector, which counts its reads. */
typedef struct Disk {
    ByteSource source;
    uint8_t *bytes;
    /* No read may touch this byte; SIZE: none is bad. */
    uint64_t bad;
    unsigned reads;
    uint64_t longest;
    uint64_t total;
} Disk;

typedef struct Fixture {
    Disk disk;
    ByteSource *cache;
} Fixture;

static bool disk_pread(ByteSource *source, uint64_t offset, void *buf,
                       size_t length, GError **errp)
{
    Disk *disk = (Disk *)source;

    disk->reads++;
    disk->longest = MAX(disk->longest, length);
    disk->total += length;
    if (offset <= disk->bad && disk->bad < offset + length) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "bad sector");
        return false;
    }
    memcpy(buf, disk->bytes + offset, length);
    return true;
}

static void setup(Fixture *f, gconstpointer data)
{
    f->disk = (Disk) {
        .source = { .size = SIZE, .pread = disk_pread },
        .bytes = g_malloc(SIZE),
        .bad = SIZE,
    };
    for (size_t i = 0; i < SIZE; i++) {
        f->disk.bytes[i] = g_test_rand_int();
    }
    f->cache = source_cache_new(&f->disk.source);
}

static void teardown(Fixture *f, gconstpointer data)
{
    source_free(f->cache);
    g_free(f->disk.bytes);
}

static void check_read(Fixture *f, uint64_t offset, size_t length)
{
    g_autofree uint8_t *buf = g_malloc(length + 1);
    g_autoptr(GError) err = NULL;
    bool good = source_read(f->cache, offset, buf, length, &err);

    if (offset <= f->disk.bad && f->disk.bad < offset + length) {
        g_assert_false(good);
        g_assert_cmpstr(err->message, ==, "bad sector");
    } else {
        g_assert_no_error(err);
        g_assert_true(good);
        g_assert_cmpmem(buf, length, f->disk.bytes + offset, length);
    }
}

/* Short and long reads, anywhere, with and without a bad sector. */
static void test_random(Fixture *f, gconstpointer data)
{
    for (int i = 0; i < 3000; i++) {
        size_t limit = g_test_rand_bit() ? 8192 : SIZE;
        size_t length = g_test_rand_int_range(0, limit);

        if (i == 1000) {
            f->disk.bad = g_test_rand_int_range(0, SIZE);
        }
        /* What was read before it went bad is still there. */
        if (i == 1000 || i == 2000) {
            source_free(f->cache);
            f->cache = source_cache_new(&f->disk.source);
        }
        check_read(f, g_test_rand_int_range(0, SIZE - length + 1), length);
    }
    g_assert_cmpuint(f->disk.longest, <=, 1024 * 1024);
}

/* Small reads one behind the other are few large ones below. */
static void test_ahead(Fixture *f, gconstpointer data)
{
    for (size_t offset = 0; offset + 1024 <= SIZE; offset += 1024) {
        check_read(f, offset, 1024);
    }
    g_assert_cmpuint(f->disk.reads, <=, 24);
    g_assert_cmpuint(f->disk.total, ==, SIZE);
    /* Far from each other: one block for each. */
    f->disk.reads = f->disk.total = 0;
    for (int i = 8; i > 0; i--) {
        check_read(f, i * 2 * BLOCK_SIZE, 1);
    }
    g_assert_cmpuint(f->disk.reads, ==, 8);
    g_assert_cmpuint(f->disk.total, ==, 8 * BLOCK_SIZE);
}

/* All of a block but the bad sector can be read, at no great cost. */
static void test_bad(Fixture *f, gconstpointer data)
{
    f->disk.bad = 3 * BLOCK_SIZE + 5000;
    for (size_t offset = 0; offset < 8 * BLOCK_SIZE; offset += 512) {
        check_read(f, offset, 512);
    }
    /* The block's sectors, one by one, and some attempts. */
    g_assert_cmpuint(f->disk.reads, <=, 128 * 2 + 12);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/source-cache/random", Fixture, NULL, setup, test_random,
               teardown);
    g_test_add("/source-cache/ahead", Fixture, NULL, setup, test_ahead,
               teardown);
    g_test_add("/source-cache/bad", Fixture, NULL, setup, test_bad, teardown);
    return g_test_run();
}
