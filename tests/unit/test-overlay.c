/*
 * Unit test of the overlay, against a plain array of bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "overlay.h"

/* Neither a multiple of a block nor of a sector. */
#define DISK_SIZE (20 * 4096 + 1234)
#define MAX_SIZE (1024 * 1024)

typedef struct Fixture {
    uint8_t before[DISK_SIZE];
    uint8_t model[DISK_SIZE];
    GBytes *bytes;
    ByteSource *disk;
    Overlay *overlay;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    for (size_t i = 0; i < DISK_SIZE; i++) {
        f->before[i] = g_test_rand_int();
    }
    memcpy(f->model, f->before, DISK_SIZE);
    f->bytes = g_bytes_new_static(f->before, DISK_SIZE);
    f->disk = source_new_bytes(f->bytes);
    f->overlay = overlay_new(f->disk, MAX_SIZE);
}

static void teardown(Fixture *f, gconstpointer data)
{
    overlay_free(f->overlay);
    source_free(f->disk);
    g_bytes_unref(f->bytes);
}

static void write_both(Fixture *f, uint64_t offset, const void *buf,
                       size_t length)
{
    g_assert_true(overlay_write(f->overlay, offset, buf, length,
                                &(GError *){ NULL }));
    memcpy(f->model + offset, buf, length);
}

static void check_reads(Fixture *f)
{
    for (int i = 0; i < 200; i++) {
        size_t offset = g_test_rand_int_range(0, DISK_SIZE);
        size_t length = g_test_rand_int_range(0, DISK_SIZE - offset + 1);
        g_autofree uint8_t *buf = g_malloc(length);

        g_assert_true(overlay_read(f->overlay, offset, buf, length,
                                   &(GError *){ NULL }));
        g_assert_cmpmem(buf, length, f->model + offset, length);
    }
}

typedef struct Patched {
    uint8_t image[DISK_SIZE];
    uint64_t end;
    unsigned runs;
    uint64_t bytes;
} Patched;

/* Applies a patch and checks what every patch has to be. */
static bool apply_patch(uint64_t offset, const void *data, size_t length,
                        void *opaque, GError **errp)
{
    Patched *p = opaque;

    g_assert_cmpuint(offset % 512, ==, 0);
    g_assert_true(length % 512 == 0 || offset + length == DISK_SIZE);
    g_assert_cmpuint(offset, >=, p->end);
    g_assert_cmpuint(length, >, 0);
    for (size_t at = 0; at < length; at += 512) {
        g_assert_cmpint(memcmp(p->image + offset + at,
                               (const uint8_t *)data + at,
                               MIN(512, length - at)), !=, 0);
    }
    memcpy(p->image + offset, data, length);
    p->end = offset + length;
    p->runs++;
    p->bytes += length;
    return true;
}

static Patched *collect(Fixture *f)
{
    Patched *p = g_new0(Patched, 1);

    memcpy(p->image, f->before, DISK_SIZE);
    g_assert_true(overlay_foreach_patch(f->overlay, apply_patch, p,
                                        &(GError *){ NULL }));
    g_assert_cmpmem(p->image, DISK_SIZE, f->model, DISK_SIZE);
    return p;
}

static void test_empty(Fixture *f, gconstpointer data)
{
    g_autofree Patched *p = collect(f);

    g_assert_cmpuint(p->runs, ==, 0);
    check_reads(f);
}

static void test_random_writes(Fixture *f, gconstpointer data)
{
    for (int i = 0; i < 100; i++) {
        size_t offset = g_test_rand_int_range(0, DISK_SIZE);
        size_t length = g_test_rand_int_range(1, MIN(9000,
                                                     DISK_SIZE - offset) + 1);
        g_autofree uint8_t *buf = g_malloc(length);

        for (size_t j = 0; j < length; j++) {
            buf[j] = g_test_rand_int();
        }
        write_both(f, offset, buf, length);
        g_free(collect(f));
    }
    check_reads(f);
}

static void test_same_bytes_are_no_patch(Fixture *f, gconstpointer data)
{
    g_autofree Patched *p = NULL;

    write_both(f, 1000, f->before + 1000, 10000);
    p = collect(f);
    g_assert_cmpuint(p->runs, ==, 0);
}

static void test_one_byte_is_one_sector(Fixture *f, gconstpointer data)
{
    uint8_t byte = ~f->before[5000];
    g_autofree Patched *p = NULL;

    write_both(f, 5000, &byte, 1);
    p = collect(f);
    g_assert_cmpuint(p->runs, ==, 1);
    g_assert_cmpuint(p->bytes, ==, 512);
}

static void test_short_last_sector(Fixture *f, gconstpointer data)
{
    uint8_t byte = ~f->before[DISK_SIZE - 1];
    g_autofree Patched *p = NULL;

    write_both(f, DISK_SIZE - 1, &byte, 1);
    p = collect(f);
    g_assert_cmpuint(p->runs, ==, 1);
    g_assert_cmpuint(p->bytes, ==, DISK_SIZE % 512);
}

static void test_runs_join_over_blocks(Fixture *f, gconstpointer data)
{
    g_autofree uint8_t *buf = g_malloc(3 * 4096);
    g_autofree Patched *p = NULL;

    for (size_t i = 0; i < 3 * 4096; i++) {
        buf[i] = ~f->before[4096 + i];
    }
    write_both(f, 4096, buf, 3 * 4096);
    p = collect(f);
    g_assert_cmpuint(p->runs, ==, 1);
}

static void test_beyond_the_end(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;
    uint8_t buf[2] = { 0 };

    g_assert_false(overlay_write(f->overlay, DISK_SIZE - 1, buf, 2, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_clear_error(&err);
    g_assert_false(overlay_read(f->overlay, UINT64_MAX, buf, 2, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
}

static void test_limit(Fixture *f, gconstpointer data)
{
    g_autoptr(Overlay) small = overlay_new(f->disk, 8192);
    g_autoptr(GError) err = NULL;

    g_assert_true(overlay_write(small, 0, f->before, 8192, &err));
    g_assert_no_error(err);
    g_assert_false(overlay_write(small, 8192, f->before, 1, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
}

static bool stop_at_once(uint64_t offset, const void *data, size_t length,
                         void *opaque, GError **errp)
{
    unsigned *calls = opaque;

    (*calls)++;
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "stop");
    return false;
}

static void test_stopped(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;
    unsigned calls = 0;

    write_both(f, 0, (uint8_t[]){ ~f->before[0] }, 1);
    write_both(f, 8192, (uint8_t[]){ ~f->before[8192] }, 1);
    g_assert_false(overlay_foreach_patch(f->overlay, stop_at_once, &calls,
                                         &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_IO);
    g_assert_cmpuint(calls, ==, 1);
}

#define ADD(path, func) \
    g_test_add("/overlay/" path, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("empty", test_empty);
    ADD("random-writes", test_random_writes);
    ADD("same-bytes-are-no-patch", test_same_bytes_are_no_patch);
    ADD("one-byte-is-one-sector", test_one_byte_is_one_sector);
    ADD("short-last-sector", test_short_last_sector);
    ADD("runs-join-over-blocks", test_runs_join_over_blocks);
    ADD("beyond-the-end", test_beyond_the_end);
    ADD("limit", test_limit);
    ADD("stopped", test_stopped);
    return g_test_run();
}
