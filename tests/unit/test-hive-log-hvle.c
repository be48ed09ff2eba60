/*
 * Unit test of hive logs of the new format, on logs made here
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "hive-maker.h"
#include "le.h"

#define BINS 6
#define ENTRIES 4

/* The number of the first entry, and the secondary number of the hive. */
#define FIRST 100

/*
 * A hive that four entries change, two in each log; the third lets it grow.
 * The hive's base block is marked dirty, as it is before the first of them.
 */
typedef struct Writes {
    GByteArray *dirty;
    /* The hive after so many entries. */
    GByteArray *states[ENTRIES + 1];
    GByteArray *older;
    GByteArray *newer;
    /* Where each entry is in its log. */
    size_t places[ENTRIES];
} Writes;

static void writes_clear(Writes *w)
{
    g_clear_pointer(&w->dirty, g_byte_array_unref);
    for (unsigned i = 0; i <= ENTRIES; i++) {
        g_clear_pointer(&w->states[i], g_byte_array_unref);
    }
    g_clear_pointer(&w->older, g_byte_array_unref);
    g_clear_pointer(&w->newer, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Writes, writes_clear)

static const Entry entries[ENTRIES] = {
    { FIRST, .refs = { { 0, BIN }, { 2 * BIN, BIN } } },
    { FIRST + 1, .refs = { { BIN, 2 * BIN }, { 5 * BIN, BIN } } },
    { FIRST + 2, .refs = { { 0, BIN }, { 6 * BIN, 2 * BIN } } },
    { FIRST + 3, .refs = { { 7 * BIN, PAGE }, { 3 * BIN, BIN } } },
};

static void make_states(Writes *w)
{
    w->states[0] = make_hive(BINS, FIRST);
    for (unsigned i = 0; i < ENTRIES; i++) {
        GByteArray *state = copy_hive(w->states[i]);

        w->states[i + 1] = state;
        if (i == 2) {
            grow(state, 2, 99);
        }
        for (unsigned j = 0; entries[i].refs[j].size > 0; j++) {
            change(state, entries[i].refs[j].offset, entries[i].refs[j].size,
                   50 + i);
        }
    }
}

static void make_writes(Writes *w)
{
    make_states(w);
    w->dirty = copy_hive(w->states[0]);
    set_sequence(w->dirty, FIRST + 1, FIRST);
    w->older = make_log(w->states[0], HIVE_TYPE_LOG_ENTRIES, FIRST);
    w->newer = make_log(w->states[2], HIVE_TYPE_LOG_ENTRIES, FIRST + 2);
    for (unsigned i = 0; i < ENTRIES; i++) {
        w->places[i] = add_entry(i < 2 ? w->older : w->newer,
                                 w->states[i + 1], &entries[i]);
    }
}

static void test_two_logs(void)
{
    g_auto(Writes) w = { NULL };
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_writes(&w);
    assert_recovers(&(Case){ w.dirty, NULL, w.older, w.newer }, w.states[4]);
    result = recover(&(Case){ w.dirty, NULL, w.newer, w.older }, &recovery,
                     NULL);
    g_assert_cmpmem(result->data + HIVE_BASE_SIZE, 8 * BIN,
                    w.states[4]->data + HIVE_BASE_SIZE, 8 * BIN);
    g_assert_cmpuint(recovery.pages, ==, 8);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG2");
    g_assert_cmpstr(recovery.logs[1], ==, ".LOG1");
    g_assert_null(recovery.logs[2]);
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_PRIMARY_SEQ), ==,
                     FIRST + 4);
    /* Other than that and its size, the base block is the hive's own. */
    set_sequence(result, FIRST + 1, FIRST);
    set_base(result, HIVE_BASE_BINS_SIZE, BINS * BIN);
    g_assert_cmpmem(result->data, HIVE_BASE_SIZE, w.dirty->data,
                    HIVE_BASE_SIZE);
}

/* One log, also if it is .LOG, or the only good one. */
static void test_one_log(void)
{
    g_auto(Writes) w = { NULL };

    make_writes(&w);
    assert_recovers(&(Case){ w.dirty, .log1 = w.older }, w.states[2]);
    assert_recovers(&(Case){ w.dirty, .log2 = w.older }, w.states[2]);
    assert_recovers(&(Case){ w.dirty, .log = w.older }, w.states[2]);
    w.newer->data[8] ^= 1;
    assert_recovers(&(Case){ w.dirty, NULL, w.newer, w.older }, w.states[2]);
}

/* The first entry is newer than the hive's number: no matter how much. */
static void test_jump(void)
{
    g_auto(Writes) w = { NULL };

    make_writes(&w);
    set_sequence(w.dirty, 8, 7);
    assert_recovers(&(Case){ w.dirty, NULL, w.older, w.newer }, w.states[4]);
}

/* Entries that are in the hive already. */
static void test_old_logs(void)
{
    g_auto(Writes) w = { NULL };
    g_autoptr(GByteArray) hive = NULL;

    make_writes(&w);
    hive = copy_hive(w.states[2]);
    set_sequence(hive, FIRST + 3, FIRST + 2);
    assert_recovers(&(Case){ hive, NULL, w.older, w.newer }, w.states[4]);
    set_sequence(hive, FIRST + 5, FIRST + 4);
    assert_refused(&(Case){ hive, NULL, w.older, w.newer },
                   "(.LOG1: its entries from 100 to 101 are in the hive "
                   "already; .LOG2: its entries from 102 to 103 are in the "
                   "hive already)");
}

/* A number is missing, within a log or between them: it ends there. */
static void test_gaps(void)
{
    g_auto(Writes) w = { NULL };
    Entry late = entries[1];
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_writes(&w);
    late.sequence++;
    g_byte_array_set_size(w.older, w.places[1]);
    add_entry(w.older, w.states[2], &late);
    result = recover(&(Case){ w.dirty, NULL, w.older, w.newer }, &recovery,
                     NULL);
    g_assert_cmpmem(result->data + HIVE_BASE_SIZE, BINS * BIN,
                    w.states[1]->data + HIVE_BASE_SIZE, BINS * BIN);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG1");
    g_assert_null(recovery.logs[1]);
    /* Above those, too, that were not applied, and never shall be. */
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_PRIMARY_SEQ), ==,
                     FIRST + 4);
}

/* Entries that were there before follow the last one: not in order. */
static void test_remains(void)
{
    g_auto(Writes) w = { NULL };
    Entry old = entries[0];

    make_writes(&w);
    old.sequence = 3;
    add_entry(w.newer, w.states[0], &old);
    assert_recovers(&(Case){ w.dirty, NULL, w.older, w.newer }, w.states[4]);
}

/* Changes one byte of an entry, of all that there is in one. */
static void test_bad_bytes(void)
{
    static const size_t fields[] = {
        /* Signature, size, flags, number, size of bins, pages, hashes. */
        0, 4, 5, 7, 8, 12, 15, 17, 18, 20, 23, 24, 31, 32, 39,
        /* The first page's offset, size, and contents; the end. */
        41, 45, 100, 3000, 0x2200 - 1,
    };
    g_auto(Writes) w = { NULL };

    make_writes(&w);
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GByteArray) older = copy_hive(w.older);
        g_autoptr(GByteArray) newer = copy_hive(w.newer);

        older->data[w.places[1] + fields[i]] ^= 0x10;
        assert_recovers(&(Case){ w.dirty, NULL, older, w.newer },
                        w.states[1]);
        newer->data[w.places[2] + fields[i]] ^= 0x10;
        assert_recovers(&(Case){ w.dirty, NULL, w.older, newer },
                        w.states[2]);
        older->data[w.places[0] + fields[i]] ^= 0x10;
        assert_refused(&(Case){ w.dirty, NULL, older, w.newer },
                       "; .LOG2: it cannot do without .LOG1)");
    }
}

/* Entries the hashes of which are right, but not what they say. */
static const struct {
    size_t field;
    uint32_t value;
    const char *message;
} bad_fields[] = {
    { 4, 0, "is cut off" },
    { 4, 39, "is cut off" },
    { 4, 0x2200 - 1, "is cut off" },
    { 4, 0x2200 + 512, "is cut off" },
    { 4, 0xfffffe00, "is cut off" },
    { 4, 512, "contradicts itself" },
    { 12, 0, "has sequence number 0 instead of 100" },
    { 12, FIRST + 1, "has sequence number 101 instead of 100" },
    { 16, 0, "contradicts itself" },
    { 16, 2 * BIN, "contradicts itself" },
    { 16, BINS * BIN + 512, "contradicts itself" },
    { 16, LIMIT_HIVE_SIZE, "contradicts itself" },
    { 16, 0xfffff000, "contradicts itself" },
    { 20, 1000, "contradicts itself" },
    { 20, 0x20000001, "contradicts itself" },
    { 20, UINT32_MAX, "contradicts itself" },
    { 40, BINS * BIN, "contradicts itself" },
    { 40, BINS * BIN - 512, "contradicts itself" },
    { 40, 0xfffff000, "contradicts itself" },
    { 44, BIN + 513, "contradicts itself" },
    { 44, UINT32_MAX, "contradicts itself" },
    { 52, 0xfffff001, "contradicts itself" },
};

static void test_bad_entries(void)
{
    g_auto(Writes) w = { NULL };

    make_writes(&w);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_fields); i++) {
        g_autoptr(GByteArray) log = copy_hive(w.older);
        g_autofree char *part = g_strdup_printf("(.LOG1: its first entry %s)",
                                                bad_fields[i].message);

        g_byte_array_set_size(log, w.places[1]);
        put_le32(log->data + w.places[0] + bad_fields[i].field,
                 bad_fields[i].value);
        seal_entry(log, w.places[0]);
        assert_refused(&(Case){ w.dirty, .log1 = log }, part);
    }
}

/* So many pages that a multiplication would overflow, all of them empty. */
static void test_huge_count(void)
{
    static const Entry entry = { FIRST, .refs = { { 0, BIN } } };
    g_autoptr(GByteArray) hive = make_hive(1, FIRST);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG_ENTRIES, FIRST);
    size_t place = add_entry(log, hive, &entry);

    set_sequence(hive, FIRST + 1, FIRST);
    memset(log->data + place + 40, 0, log->len - place - 40);
    put_le32(log->data + place + 20, 0x20000001);
    seal_entry(log, place);
    assert_refused(&(Case){ hive, .log1 = log }, "contradicts itself");
}

/* The later of two pages of one entry that overlap wins. */
static void test_overlap(void)
{
    static const Entry entry = {
        FIRST, .refs = { { 0, 2 * BIN }, { BIN - PAGE, 2 * PAGE } },
    };
    g_autoptr(GByteArray) hive = make_hive(2, FIRST);
    g_autoptr(GByteArray) after = copy_hive(hive);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG_ENTRIES, FIRST);
    size_t place;

    change(after, 0, 2 * BIN, 7);
    place = add_entry(log, after, &entry);
    /* What the first page has there is not what shall be in the end. */
    memset(log->data + place + 40 + 16 + BIN - PAGE, 'x', 2 * PAGE);
    seal_entry(log, place);
    set_sequence(hive, FIRST + 1, FIRST);
    assert_recovers(&(Case){ hive, .log1 = log }, after);
}

static void test_growth(void)
{
    static const Entry whole = { FIRST, .refs = { { 2 * BIN, 3 * BIN } } };
    static const Entry part = { FIRST, .refs = { { 2 * BIN, 2 * BIN } } };
    static const Entry shrink = { FIRST + 1, .bins_size = 3 * BIN,
                                  .refs = { { 0, BIN } } };
    g_autoptr(GByteArray) hive = make_hive(2, FIRST);
    g_autoptr(GByteArray) after = copy_hive(hive);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG_ENTRIES, FIRST);

    set_sequence(hive, FIRST + 1, FIRST);
    grow(after, 3, 44);
    add_entry(log, after, &whole);
    assert_recovers(&(Case){ hive, .log1 = log }, after);

    /* It becomes smaller again; the file does not. */
    add_entry(log, after, &shrink);
    set_base(after, HIVE_BASE_BINS_SIZE, 3 * BIN);
    assert_recovers(&(Case){ hive, .log1 = log }, after);

    g_byte_array_set_size(log, PAGE);
    set_base(after, HIVE_BASE_BINS_SIZE, 5 * BIN);
    add_entry(log, after, &part);
    assert_refused(&(Case){ hive, .log1 = log }, "(.LOG1: with it there is "
                   "no hive bin at offset 20480)");
}

/* What no log says of the hive's new end is zero. */
static void test_growth_is_zero(void)
{
    static const Entry entry = { FIRST, .refs = { { 2 * BIN, BIN } } };
    g_autoptr(GByteArray) hive = make_hive(2, FIRST);
    g_autoptr(GByteArray) after = copy_hive(hive);
    g_autoptr(GByteArray) log = make_log(hive, HIVE_TYPE_LOG_ENTRIES, FIRST);

    set_sequence(hive, FIRST + 1, FIRST);
    grow(after, 2, 44);
    /* One bin, of which the log has the first half. */
    put_le32(after->data + HIVE_BASE_SIZE + 2 * BIN + 8, 2 * BIN);
    memset(after->data + HIVE_BASE_SIZE + 3 * BIN, 0, BIN);
    add_entry(log, after, &entry);
    assert_recovers(&(Case){ hive, .log1 = log }, after);
}

/* One bit of the base block's flags is in each entry, too. */
static void test_flags(void)
{
    g_auto(Writes) w = { NULL };
    Entry locked = entries[0];
    HiveRecovery recovery;
    g_autoptr(GByteArray) set = NULL;
    g_autoptr(GByteArray) cleared = NULL;

    make_writes(&w);
    locked.flags = HIVE_BASE_FLAG_LOCKED;
    g_byte_array_set_size(w.older, PAGE);
    add_entry(w.older, w.states[1], &locked);
    set_base(w.dirty, HIVE_BASE_FLAGS, 2);
    set = recover(&(Case){ w.dirty, .log1 = w.older }, &recovery, NULL);
    g_assert_cmphex(get_le32(set->data + HIVE_BASE_FLAGS), ==, 3);

    set_base(w.dirty, HIVE_BASE_FLAGS, 3);
    locked.flags = 0;
    g_byte_array_set_size(w.older, PAGE);
    add_entry(w.older, w.states[1], &locked);
    cleared = recover(&(Case){ w.dirty, .log1 = w.older }, &recovery, NULL);
    g_assert_cmphex(get_le32(cleared->data + HIVE_BASE_FLAGS), ==, 2);
}

/* The base block is bad: it is the later log's, which is applied alone. */
static void test_bad_base_block(void)
{
    g_auto(Writes) w = { NULL };
    g_autoptr(GByteArray) hive = NULL;
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = NULL;

    make_writes(&w);
    hive = copy_hive(w.states[2]);
    memset(hive->data, 0xee, 512);
    assert_recovers(&(Case){ hive, NULL, w.older, w.newer }, w.states[4]);
    result = recover(&(Case){ hive, NULL, w.newer, w.older }, &recovery,
                     NULL);
    g_assert_cmpstr(recovery.logs[0], ==, ".LOG1");
    g_assert_null(recovery.logs[1]);
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_PRIMARY_SEQ), ==,
                     FIRST + 4);
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_ROOT), ==, 32);
}

/* A log that is left over from the time before an upgrade to Windows 8.1. */
static void test_mixed_formats(void)
{
    g_auto(Writes) w = { NULL };
    g_autoptr(GByteArray) dirt = NULL;

    make_writes(&w);
    dirt = make_log(w.dirty, HIVE_TYPE_LOG, FIRST);
    add_dirt(dirt, w.states[0], w.states[1]);
    assert_recovers(&(Case){ w.dirty, .log1 = dirt }, w.states[1]);
    assert_recovers(&(Case){ w.dirty, NULL, dirt, w.older }, w.states[2]);
    set_sequence(w.dirty, FIRST + 9, FIRST + 8);
    assert_refused(&(Case){ w.dirty, NULL, dirt, w.older },
                   "(.LOG1: it is of a Windows before 8.1, unlike the other "
                   "log; .LOG2: its entries from 100 to 101 are in the hive "
                   "already)");
}

/* Cut anywhere: as many entries count as are whole. */
static void test_truncated(void)
{
    g_auto(Writes) w = { NULL };

    make_writes(&w);
    for (size_t size = 1; size < w.older->len; size += 509) {
        GByteArray log = { w.older->data, size };

        if (size >= w.places[1]) {
            assert_recovers(&(Case){ w.dirty, NULL, &log, w.newer },
                            w.states[1]);
        } else {
            assert_refused(&(Case){ w.dirty, .log1 = &log }, "(.LOG1: it");
        }
    }
}

/* Whether it is the hive after so many entries as a whole. */
static bool is_state(const GByteArray *hive, const GByteArray *state)
{
    return hive->len == state->len &&
           memcmp(hive->data + HIVE_BASE_SIZE, state->data + HIVE_BASE_SIZE,
                  hive->len - HIVE_BASE_SIZE) == 0;
}

/* Any bytes of a log are others: no entry with one of them is applied. */
static void test_mutations(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1621);
    g_auto(Writes) w = { NULL };
    unsigned results[3] = { 0 };

    make_writes(&w);
    for (unsigned i = 0; i < 5000; i++) {
        g_autoptr(GByteArray) log = copy_hive(w.older);
        HiveRecovery recovery;
        g_autoptr(GByteArray) result = NULL;
        unsigned state = 0;

        for (unsigned n = i % 3; n < 3; n++) {
            size_t at = g_rand_int_range(random, 0, log->len);

            /* Headers are where the code is. */
            at = i % 2 ? at : w.places[n % 2] + at % 64;
            log->data[at] ^= 1 << g_rand_int_range(random, 0, 8);
        }
        result = recover(&(Case){ w.dirty, .log1 = log }, &recovery, NULL);
        if (result) {
            assert_clean(result->data, result->len);
            state = is_state(result, w.states[1])
                    ? 1 : is_state(result, w.states[2]) ? 2 : 3;
        }
        /* Two bits may undo each other: only then is the log as it was. */
        g_assert_cmpuint(state, <, 3);
        g_assert_true(state < 2 ||
                      memcmp(log->data, w.older->data, log->len) == 0);
        results[state]++;
    }
    g_test_message("%u refused, %u with one entry, %u unchanged", results[0],
                   results[1], results[2]);
    g_assert_cmpuint(results[1], >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hive-log-hvle/two-logs", test_two_logs);
    g_test_add_func("/hive-log-hvle/one-log", test_one_log);
    g_test_add_func("/hive-log-hvle/jump", test_jump);
    g_test_add_func("/hive-log-hvle/old-logs", test_old_logs);
    g_test_add_func("/hive-log-hvle/gaps", test_gaps);
    g_test_add_func("/hive-log-hvle/remains", test_remains);
    g_test_add_func("/hive-log-hvle/bad-bytes", test_bad_bytes);
    g_test_add_func("/hive-log-hvle/bad-entries", test_bad_entries);
    g_test_add_func("/hive-log-hvle/huge-count", test_huge_count);
    g_test_add_func("/hive-log-hvle/overlap", test_overlap);
    g_test_add_func("/hive-log-hvle/growth", test_growth);
    g_test_add_func("/hive-log-hvle/growth-is-zero", test_growth_is_zero);
    g_test_add_func("/hive-log-hvle/flags", test_flags);
    g_test_add_func("/hive-log-hvle/bad-base-block", test_bad_base_block);
    g_test_add_func("/hive-log-hvle/mixed-formats", test_mixed_formats);
    g_test_add_func("/hive-log-hvle/truncated", test_truncated);
    g_test_add_func("/hive-log-hvle/mutations", test_mutations);
    return g_test_run();
}
