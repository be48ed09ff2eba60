/*
 * Unit test of hive logs of the old format, on logs made here
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "hive-maker.h"
#include "le.h"
#include "util.h"

/*
 * A write that was cut off: the hive's base block was written, and half of
 * what changed.
 */
typedef struct Write {
    GByteArray *dirty;
    /* What the log makes of it. */
    GByteArray *after;
    /* Of the old format, and of type HIVE_TYPE_LOG. */
    GByteArray *log;
} Write;

static void write_clear(Write *w)
{
    g_clear_pointer(&w->dirty, g_byte_array_unref);
    g_clear_pointer(&w->after, g_byte_array_unref);
    g_clear_pointer(&w->log, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Write, write_clear)

/* @before and @after are the hive before that write and after it. */
static void cut_off(Write *w, const GByteArray *before,
                    const GByteArray *after)
{
    uint32_t sequence = get_le32(before->data + HIVE_BASE_PRIMARY_SEQ);
    uint32_t bins = before->len - HIVE_BASE_SIZE;

    w->after = copy_hive(after);
    set_base_time(w->after, TIME(2));
    set_bin_time(w->after, TIME(2));
    set_sequence(w->after, sequence + 1, sequence);
    w->log = make_log(w->after, HIVE_TYPE_LOG, sequence + 1);
    add_dirt(w->log, before, w->after);
    w->dirty = copy_hive(before);
    memcpy(w->dirty->data, w->after->data, HIVE_BASE_SIZE);
    if (after->len == before->len) {
        memcpy(w->dirty->data + HIVE_BASE_SIZE, w->after->data +
               HIVE_BASE_SIZE, bins / 2);
    }
}

/* In a hive of @count bins, some pages change all over it. */
static void make_write(Write *w, unsigned count)
{
    g_autoptr(GByteArray) before = make_hive(count, 4711);
    g_autoptr(GByteArray) after = copy_hive(before);
    uint32_t end = count * BIN;

    change(after, 0, BIN, 17);
    change(after, end / 2, 2 * BIN, 18);
    change(after, end - BIN, BIN, 19);
    cut_off(w, before, after);
}

static void test_replay(void)
{
    g_auto(Write) w = { NULL };
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_write(&w, 8);
    result = recover(&(Case){ w.dirty, .log1 = w.log }, &recovery, NULL);
    assert_clean(result->data, result->len);
    g_assert_cmpmem(result->data + HIVE_BASE_SIZE, 8 * BIN,
                    w.after->data + HIVE_BASE_SIZE, 8 * BIN);
    /* Four bins of eight pages. */
    g_assert_cmpuint(recovery.pages, ==, 32);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG1");
    g_assert_null(recovery.logs[1]);
    /* Above the hive's and the log's, which are 4712. */
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_PRIMARY_SEQ), ==,
                     4713);
    /* Other than that the base block is the hive's own. */
    set_sequence(result, 4712, 4711);
    g_assert_cmpmem(result->data, HIVE_BASE_SIZE, w.dirty->data,
                    HIVE_BASE_SIZE);
}

/* A sector holds the bitmap of 508 bins; more need a second one. */
static void test_bitmap_sizes(void)
{
    static const unsigned counts[] = { 507, 508, 509, 700, 1020, 1021 };

    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_auto(Write) w = { NULL };

        make_write(&w, counts[i]);
        assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);
    }
}

/* Windows 2000: another type, and pages of 512 bytes one by one. */
static void test_windows_2000(void)
{
    g_autoptr(GByteArray) before = make_hive(4, 8);
    g_autoptr(GByteArray) after = copy_hive(before);
    g_auto(Write) w = { NULL };

    change(after, PAGE, PAGE, 1);
    change(after, 4 * PAGE, 3 * PAGE, 1);
    change(after, 31 * PAGE, PAGE, 1);
    cut_off(&w, before, after);
    set_base(w.log, HIVE_BASE_TYPE, HIVE_TYPE_LOG_2000);
    assert_recovers(&(Case){ w.dirty, .log = w.log }, w.after);
}

/* Windows XP: the number of the log is one less than the hive's. */
static void test_windows_xp(void)
{
    g_auto(Write) w = { NULL };
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_write(&w, 700);
    set_sequence(w.dirty, 4713, 4712);
    set_sequence(w.log, 4712, 4712);
    assert_recovers(&(Case){ w.dirty, .log = w.log }, w.after);
    result = recover(&(Case){ w.dirty, .log = w.log }, &recovery, NULL);
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_PRIMARY_SEQ), ==,
                     4714);
}

/* The same on the hive of a real Windows XP. */
static void test_real_hive(void)
{
    g_autofree char *path =
        shared_data("hives/xp-sp3-x86-virtualpc.SYSTEM");
    g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
    g_autoptr(GByteArray) before = NULL;
    g_autoptr(GByteArray) after = NULL;
    g_auto(Write) w = { NULL };
    gsize size;

    if (!bytes) {
        return;
    }
    size = g_bytes_get_size(bytes);
    before = g_byte_array_new();
    g_byte_array_append(before, g_bytes_get_data(bytes, NULL), size);
    after = copy_hive(before);
    /* Not an offset of a bin or a size: names, data. */
    for (uint32_t offset = HIVE_BASE_SIZE + 3000; offset < size;
         offset += 100000) {
        after->data[offset] ^= 0x20;
    }
    /* As long as the bins, which the file of a real hive need not be. */
    g_byte_array_set_size(before, HIVE_BASE_SIZE +
                          get_le32(before->data + HIVE_BASE_BINS_SIZE));
    g_byte_array_set_size(after, before->len);
    cut_off(&w, before, after);
    assert_recovers(&(Case){ w.dirty, .log = w.log }, w.after);
}

/* A disk with sectors of 4096 bytes. */
static void test_large_sectors(void)
{
    g_autoptr(GByteArray) before = make_hive(8, 1);
    g_autoptr(GByteArray) after = NULL;
    g_auto(Write) w = { NULL };

    set_base(before, HIVE_BASE_CLUSTER, 8);
    after = copy_hive(before);
    change(after, 3 * BIN, BIN, 5);
    cut_off(&w, before, after);
    assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);
    memset(w.dirty->data, 0x55, HIVE_BASE_SIZE);
    assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);
}

static void test_grow_and_shrink(void)
{
    g_autoptr(GByteArray) small = make_hive(3, 1);
    g_autoptr(GByteArray) large = copy_hive(small);
    g_auto(Write) growing = { NULL };
    g_auto(Write) shrinking = { NULL };

    grow(large, 5, 9);
    cut_off(&growing, small, large);
    assert_recovers(&(Case){ growing.dirty, .log1 = growing.log },
                    growing.after);

    /* The file stays as long as it is. */
    cut_off(&shrinking, large, large);
    set_base(shrinking.log, HIVE_BASE_BINS_SIZE, 3 * BIN);
    set_base(shrinking.after, HIVE_BASE_BINS_SIZE, 3 * BIN);
    assert_recovers(&(Case){ shrinking.dirty, .log1 = shrinking.log },
                    shrinking.after);
}

/* The log says that the hive grows, but does not have its new end. */
static void test_missing_end(void)
{
    g_autoptr(GByteArray) small = make_hive(3, 1);
    g_autoptr(GByteArray) large = copy_hive(small);
    g_auto(Write) w = { NULL };

    grow(large, 5, 9);
    cut_off(&w, small, large);
    /* The first of the new bins is no longer in the list. */
    w.log->data[PAGE + 4 + 3] = 0;
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "(.LOG1: with it there is no hive bin at offset 16384)");
}

/* The base block is bad: it comes from the log, the time from the bin. */
static void test_bad_base_block(void)
{
    g_auto(Write) w = { NULL };

    make_write(&w, 8);
    /* The first bin is as it was when the write began, or newer. */
    w.dirty->data[HIVE_BASE_ROOT] ^= 0xff;
    assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);
    set_bin_time(w.dirty, TIME(1));
    assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);
    memset(w.dirty->data, 0, 512);
    assert_recovers(&(Case){ w.dirty, .log1 = w.log }, w.after);

    set_bin_time(w.dirty, TIME(3));
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "(.LOG1: it belongs to an earlier write than the hive's "
                   "last)");
    memset(w.dirty->data, 'x', 512);
    memcpy(w.dirty->data, "regf", 4);
    memset(w.dirty->data + HIVE_BASE_SIZE, 0, 32);
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "nothing in the hive says which write it belongs to");
}

/* Two logs: the one of the hive's last write, .LOG1 if both are. */
static void test_which_log(void)
{
    g_auto(Write) w = { NULL };
    g_autoptr(GByteArray) other = NULL;
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_write(&w, 8);
    other = copy_hive(w.log);
    set_base_time(other, TIME(1));
    assert_recovers(&(Case){ w.dirty, .log1 = w.log, .log2 = other },
                    w.after);
    assert_recovers(&(Case){ w.dirty, .log1 = other, .log2 = w.log },
                    w.after);
    assert_refused(&(Case){ w.dirty, .log1 = other, .log2 = other },
                   "(.LOG1: it belongs to another write than the hive's "
                   "last; .LOG2: it belongs");
    result = recover(&(Case){ w.dirty, w.log, w.log, w.log }, &recovery,
                     NULL);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG1");

    /* .LOG came with the installation image. */
    assert_refused(&(Case){ w.dirty, w.log, .log1 = other },
                   "(.LOG1: it belongs to another write than the hive's "
                   "last)");
}

/* Without a base block the newer log is that of the last write. */
static void test_newer_log(void)
{
    g_auto(Write) w = { NULL };
    g_autoptr(GByteArray) newer = NULL;
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_write(&w, 8);
    newer = copy_hive(w.log);
    set_base_time(newer, TIME(3));
    w.dirty->data[0] = 0;
    result = recover(&(Case){ w.dirty, NULL, w.log, newer }, &recovery,
                     NULL);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG2");
    assert_recovers(&(Case){ w.dirty, NULL, newer, w.log }, w.after);
}

/* A page of the log that would destroy a bin: the other log is tried. */
static void test_bad_page(void)
{
    /* Fields of a bin's header: signature, offset, size. */
    static const struct {
        size_t field;
        uint32_t value;
    } bad[] = {
        { 0, 0x6e696278 }, { 4, BIN }, { 8, 0 }, { 8, BIN + 512 },
        { 8, 9 * BIN }, { 8, 0xfffff000 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Write) w = { NULL };
        g_autoptr(GByteArray) log = NULL;
        HiveRecovery recovery;
        g_autoptr(GByteArray) result = NULL;

        make_write(&w, 8);
        log = copy_hive(w.log);
        /* The page behind base block and bitmap is the first bin's first. */
        put_le32(log->data + 2 * PAGE + bad[i].field, bad[i].value);
        assert_refused(&(Case){ w.dirty, .log1 = log },
                       "(.LOG1: with it there is no hive bin at offset 4096)");
        result = recover(&(Case){ w.dirty, NULL, log, w.log }, &recovery,
                         NULL);
        g_assert_cmpstr(recovery.logs[0], ==, ".LOG2");
        g_assert_null(recovery.logs[1]);
        g_assert_cmpuint(recovery.pages, ==, 32);
    }
}

static const struct {
    size_t field;
    uint32_t value;
    const char *message;
} bad_fields[] = {
    { HIVE_BASE_PRIMARY_SEQ, 4710, ".LOG1: sequence numbers 4710 and 4712" },
    { HIVE_BASE_TYPE, 0, "it is a file of type 0, not a log" },
    { HIVE_BASE_TYPE, 3, "it is a file of type 3, not a log" },
    { HIVE_BASE_TYPE, HIVE_TYPE_LOG_ENTRIES, "first entry is not there" },
    { HIVE_BASE_CLUSTER, 0, "its sector size cannot be right" },
    { HIVE_BASE_CLUSTER, 9, "its sector size cannot be right" },
    { HIVE_BASE_CLUSTER, 2, "it has no list of pages" },
    { HIVE_BASE_BINS_SIZE, 0, "the hive's size in it cannot be right" },
    { HIVE_BASE_BINS_SIZE, 8 * BIN + 512, "size in it cannot be right" },
    { HIVE_BASE_BINS_SIZE, LIMIT_HIVE_SIZE, "size in it cannot be right" },
    { HIVE_BASE_BINS_SIZE, 0xfffff000, "size in it cannot be right" },
    { HIVE_BASE_BINS_SIZE, LIMIT_HIVE_SIZE - BIN, "it is cut off" },
};

static void test_bad_logs(void)
{
    g_auto(Write) w = { NULL };

    make_write(&w, 8);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_fields); i++) {
        g_autoptr(GByteArray) log = copy_hive(w.log);

        set_base(log, bad_fields[i].field, bad_fields[i].value);
        assert_refused(&(Case){ w.dirty, .log1 = log },
                       bad_fields[i].message);
    }
    w.log->data[PAGE] = 'd';
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "(.LOG1: it has no list of pages)");
    w.log->data[HIVE_BASE_CHECKSUM] ^= 1;
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "(.LOG1: its base block's checksum is wrong)");
    memset(w.log->data, 0, w.log->len);
    assert_refused(&(Case){ w.dirty, .log1 = w.log },
                   "(.LOG1: it does not begin with a base block)");
}

/* Cut anywhere, even within its last page. */
static void test_truncated(void)
{
    g_auto(Write) w = { NULL };
    static const size_t odd[] = { 1, 3, 511, 513, 515, 516, 517, 1023 };

    make_write(&w, 700);
    for (unsigned i = 0; i < G_N_ELEMENTS(odd); i++) {
        GByteArray log = { w.log->data, odd[i] };

        assert_refused(&(Case){ w.dirty, .log1 = &log }, "(.LOG1: it ");
    }
    for (size_t size = PAGE; size < w.log->len; size += PAGE) {
        GByteArray log = { w.log->data, MIN(size + size % 511, w.log->len -
                                            1) };

        assert_refused(&(Case){ w.dirty, .log1 = &log }, "(.LOG1: it ");
    }
}

/*
 * Any byte of the log is another.  Its pages have no checksum: all that can
 * be asked for is that the base block's is heeded, and the result a hive.
 */
static void test_mutations(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(512);
    g_auto(Write) w = { NULL };

    make_write(&w, 600);
    for (unsigned i = 0; i < 3000; i++) {
        g_autoptr(GByteArray) log = copy_hive(w.log);
        size_t at = g_rand_int_range(random, 0, i % 3 ? log->len : 3 * PAGE);
        HiveRecovery recovery;
        g_autoptr(GByteArray) result = NULL;

        log->data[at] ^= g_rand_int_range(random, 1, 256);
        if (i % 2 && at < HIVE_BASE_CHECKSUM) {
            set_base(log, HIVE_BASE_MAJOR, 1);
        }
        result = recover(&(Case){ w.dirty, .log1 = log }, &recovery, NULL);
        if (result) {
            assert_clean(result->data, result->len);
        }
        g_assert_true(!result || i % 2 || at >= PAGE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hive-log-dirt/replay", test_replay);
    g_test_add_func("/hive-log-dirt/bitmap-sizes", test_bitmap_sizes);
    g_test_add_func("/hive-log-dirt/windows-2000", test_windows_2000);
    g_test_add_func("/hive-log-dirt/windows-xp", test_windows_xp);
    g_test_add_func("/hive-log-dirt/real-hive", test_real_hive);
    g_test_add_func("/hive-log-dirt/large-sectors", test_large_sectors);
    g_test_add_func("/hive-log-dirt/grow-and-shrink", test_grow_and_shrink);
    g_test_add_func("/hive-log-dirt/missing-end", test_missing_end);
    g_test_add_func("/hive-log-dirt/bad-base-block", test_bad_base_block);
    g_test_add_func("/hive-log-dirt/which-log", test_which_log);
    g_test_add_func("/hive-log-dirt/newer-log", test_newer_log);
    g_test_add_func("/hive-log-dirt/bad-page", test_bad_page);
    g_test_add_func("/hive-log-dirt/bad-logs", test_bad_logs);
    g_test_add_func("/hive-log-dirt/truncated", test_truncated);
    g_test_add_func("/hive-log-dirt/mutations", test_mutations);
    return g_test_run();
}
