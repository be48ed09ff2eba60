/*
 * Unit test of hive logs, on hives and logs that Windows wrote
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "hive-base.h"
#include "hive-log.h"
#include "hive-maker.h"
#include "le.h"
#include "util.h"

/* A hive of the real files, and its logs: NULL if they are not there. */
typedef struct Sample {
    GBytes *hive;
    HiveLogs logs;
} Sample;

static void sample_clear(Sample *s)
{
    g_clear_pointer(&s->hive, g_bytes_unref);
    g_clear_pointer(&s->logs.log1, g_bytes_unref);
    g_clear_pointer(&s->logs.log2, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sample, sample_clear)

static GBytes *read_sample(const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat("hives/", name, suffix, NULL);
    g_autofree char *path = shared_data(file);

    return path ? read_file(path) : NULL;
}

static bool open_sample(Sample *s, const char *name)
{
    s->hive = read_sample(name, "");
    if (s->hive) {
        s->logs.log1 = read_sample(name, ".LOG1");
        s->logs.log2 = read_sample(name, ".LOG2");
    }
    return s->logs.log1 != NULL;
}

/* A difference that is known, and why. */
typedef struct Difference {
    size_t offset;
    uint8_t ours;
    uint8_t windows;
} Difference;

static const struct {
    const char *name;
    const char *windows;
    unsigned pages;
    const char *logs[HIVE_LOGS_USED_MAX];
    uint32_t sequence;
    Difference differences[8];
} recovered[] = {
    /* Windows wrote the hive once more: nothing but sequence numbers. */
    { "logs/NewDirtyHive1/NewDirtyHive",
      "logs/NewDirtyHive1/RecoveredHive_Windows10", 4, { ".LOG1", ".LOG2" },
      6, { { 0 } } },
    { "logs/OldDirtyHive/OldDirtyHive",
      "logs/OldDirtyHive/RecoveredHive_Windows7", 64, { ".LOG1" }, 6,
      {
          /* The time in the first bin: when Windows wrote it again. */
          { 0x1014, 0x60, 0xe0 }, { 0x1015, 0xa8, 0x36 },
          { 0x1016, 0xc8, 0xc6 }, { 0x1017, 0xf1, 0x12 },
          { 0x1018, 0x27, 0x28 },
          /*
           * How long names of values of the key "4500" are at most: Windows
           * corrected that, its only value has a name of one letter.
           */
          { 0x6bdc8, 0x18, 0x02 },
      } },
    /* The same files with a base block that is damaged. */
    { "logs/BadBaseBlockHive/BadBaseBlockHive",
      "logs/OldDirtyHive/RecoveredHive_Windows7", 64, { ".LOG1" }, 6,
      {
          { 0x1014, 0x60, 0xe0 }, { 0x1015, 0xa8, 0x36 },
          { 0x1016, 0xc8, 0xc6 }, { 0x1017, 0xf1, 0x12 },
          { 0x1018, 0x27, 0x28 }, { 0x6bdc8, 0x18, 0x02 },
      } },
};

/* Of the base block: numbers, time, file's name, checksum. */
static bool may_differ(size_t offset)
{
    return (offset >= HIVE_BASE_PRIMARY_SEQ && offset < HIVE_BASE_MAJOR) ||
           (offset >= 48 && offset < 112) ||
           (offset >= HIVE_BASE_CHECKSUM && offset < HIVE_BASE_CHECKSUM + 4);
}

static void assert_as_windows(GBytes *result, GBytes *windows,
                              const Difference *difference)
{
    gsize size;
    const uint8_t *ours = g_bytes_get_data(result, &size);
    const uint8_t *theirs = g_bytes_get_data(windows, NULL);

    g_assert_cmpuint(size, ==, g_bytes_get_size(windows));
    for (size_t i = 0; i < size; i++) {
        if (ours[i] == theirs[i] || may_differ(i)) {
            continue;
        }
        g_assert_cmphex(i, ==, difference->offset);
        g_assert_cmphex(ours[i], ==, difference->ours);
        g_assert_cmphex(theirs[i], ==, difference->windows);
        difference++;
    }
    g_assert_cmphex(difference->offset, ==, 0);
}

static void test_as_windows(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(recovered); i++) {
        g_auto(Sample) sample = { NULL };
        g_autoptr(GError) err = NULL;
        g_autoptr(GBytes) result = NULL;
        g_autoptr(GBytes) windows = NULL;
        const uint8_t *base;
        HiveRecovery recovery;

        if (!open_sample(&sample, recovered[i].name)) {
            return;
        }
        g_assert_true(hive_is_dirty(sample.hive));
        result = hive_recover(sample.hive, &sample.logs, "here", &recovery,
                              &err);
        g_assert_no_error(err);
        g_assert_cmpuint(recovery.pages, ==, recovered[i].pages);
        g_assert_cmpstr(recovery.logs[0], ==, recovered[i].logs[0]);
        g_assert_cmpstr(recovery.logs[1], ==, recovered[i].logs[1]);
        base = g_bytes_get_data(result, NULL);
        assert_clean(base, g_bytes_get_size(result));
        g_assert_cmpuint(get_le32(base + HIVE_BASE_PRIMARY_SEQ), ==,
                         recovered[i].sequence);
        windows = read_sample(recovered[i].windows, "");
        assert_as_windows(result, windows, recovered[i].differences);
    }
}

/*
 * The SYSTEM hive of a Windows 10, which grows twice on the way.  What it is
 * in the end was worked out with another program than this one.
 */
static void test_windows_10(void)
{
    g_auto(Sample) sample = { NULL };
    HiveRecovery recovery;
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) result = NULL;
    g_autofree char *hash = NULL;
    const uint8_t *data;
    gsize size;

    if (!open_sample(&sample, "win10-1709-x64-dirty.SYSTEM")) {
        return;
    }
    result = hive_recover(sample.hive, &sample.logs, "here", &recovery, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(recovery.pages, ==, 315);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG1");
    g_assert_cmpstr(recovery.logs[1], ==, ".LOG2");
    data = g_bytes_get_data(result, &size);
    assert_clean(data, size);
    g_assert_cmpuint(get_le32(data + HIVE_BASE_PRIMARY_SEQ), ==, 2131);
    g_assert_cmphex(get_le32(data + HIVE_BASE_BINS_SIZE), ==, 0xc02000);
    hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                       data + HIVE_BASE_SIZE,
                                       size - HIVE_BASE_SIZE);
    g_assert_cmpstr(hash, ==, "18df453410086f0eee8ed7161a9e8f63"
                    "b2977225aab5d30e5894eda30e0d882d");
}

#define REMEDY \
    ": boot it in the source VM and shut it down fully, or copy its .LOG " \
    "files too"

static const struct {
    const char *name;
    const char *message;
} refused[] = {
    { "win8.1-x64-dirty-nolog.SYSTEM",
      "sequence numbers 205 and 204), its last changes are only in its logs, "
      "which are missing or empty" },
    { "logs/BadLogHive1/BadLogHive",
      "sequence numbers 5 and 4), its last changes are only in its logs, "
      "which cannot be used (.LOG1: its base block's checksum is wrong)" },
    { "logs/BadLogHive2/BadLogHive",
      "sequence numbers 5 and 4), its last changes are only in its logs, "
      "which cannot be used (.LOG1: it has no list of pages)" },
    { "logs/BadLogHive3/BadLogHive",
      "sequence numbers 3 and 2), its last changes are only in its logs, "
      "which cannot be used (.LOG1: its base block's checksum is wrong; "
      ".LOG2: its base block's checksum is wrong)" },
};

static void test_refused(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_auto(Sample) sample = { NULL };
        HiveRecovery recovery;
        g_autoptr(GError) err = NULL;
        g_autofree char *message =
            g_strconcat("partition 1: \\x: the registry hive is dirty (",
                        refused[i].message, REMEDY, NULL);

        sample.hive = read_sample(refused[i].name, "");
        if (!sample.hive) {
            return;
        }
        if (g_str_has_prefix(refused[i].name, "logs/")) {
            sample.logs.log1 = read_sample(refused[i].name, ".LOG1");
            sample.logs.log2 = read_sample(refused[i].name, ".LOG2");
        }
        g_assert_null(hive_recover(sample.hive, &sample.logs,
                                   "partition 1: \\x", &recovery, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        g_assert_cmpstr(err->message, ==, message);
    }
}

/* Nothing is done to a hive that is clean, or is none. */
static void test_not_dirty(void)
{
    g_autoptr(GByteArray) hive = make_hive(2, 5);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG, 5);
    const GByteArray files[] = {
        { hive->data, hive->len },
        { (uint8_t *)"", 0 },
        { (uint8_t *)"regf", 4 },
        { hive->data + 1, HIVE_BASE_SIZE + 16 },
        { hive->data + 1, hive->len - 1 },
    };
    g_autoptr(GBytes) log1 = g_bytes_new(log->data, log->len);

    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(files[i].data, files[i].len);
        HiveRecovery recovery = { .pages = 1 };
        g_autoptr(GBytes) result = NULL;

        g_assert_false(hive_is_dirty(bytes));
        result = hive_recover(bytes, &(HiveLogs){ .log1 = log1 }, "here",
                              &recovery, NULL);
        g_assert_true(result == bytes);
        g_assert_cmpuint(recovery.pages, ==, 0);
        g_assert_null(recovery.logs[0]);
    }
}

/* Every kind of nothing that a log can be. */
static void test_no_logs(void)
{
    g_autoptr(GByteArray) hive = make_hive(2, 5);
    g_autoptr(GByteArray) empty = g_byte_array_new();
    g_autoptr(GByteArray) zeros = g_byte_array_new();

    set_sequence(hive, 6, 5);
    g_byte_array_set_size(zeros, 8192);
    memset(zeros->data, 0, zeros->len);
    assert_refused(&(Case){ hive }, "which are missing or empty");
    assert_refused(&(Case){ hive, empty, empty, empty },
                   "which are missing or empty");
    assert_refused(&(Case){ hive, zeros, empty, NULL },
                   "cannot be used (.LOG: it does not begin with a base "
                   "block)");
    assert_refused(&(Case){ hive, zeros, empty, zeros },
                   "cannot be used (.LOG2: it does not begin with a base "
                   "block)");
}

/* Without its logs: as it stands, but above them. */
static void test_use_primary(void)
{
    static const Entry entry = { 8, .refs = { { 0, BIN } } };
    g_autoptr(GByteArray) hive = make_hive(2, 5);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG_ENTRIES, 8);
    g_autoptr(GBytes) log2 = NULL;
    g_autoptr(GBytes) primary = NULL;
    g_autoptr(GBytes) result = NULL;
    const uint8_t *data;
    gsize size;

    add_entry(log, hive, &entry);
    log2 = g_bytes_new(log->data, log->len);
    set_sequence(hive, 6, 5);
    primary = g_bytes_new(hive->data, hive->len);
    result = hive_use_primary(primary, &(HiveLogs){ .log2 = log2 });
    data = g_bytes_get_data(result, &size);
    assert_clean(data, size);
    g_assert_cmpuint(get_le32(data + HIVE_BASE_PRIMARY_SEQ), ==, 9);
    g_assert_cmpmem(data + HIVE_BASE_SIZE, size - HIVE_BASE_SIZE,
                    hive->data + HIVE_BASE_SIZE, hive->len - HIVE_BASE_SIZE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hive-log/as-windows", test_as_windows);
    g_test_add_func("/hive-log/windows-10", test_windows_10);
    g_test_add_func("/hive-log/refused", test_refused);
    g_test_add_func("/hive-log/not-dirty", test_not_dirty);
    g_test_add_func("/hive-log/no-logs", test_no_logs);
    g_test_add_func("/hive-log/use-primary", test_use_primary);
    return g_test_run();
}
