/*
 * Makes registry hives and their logs, for tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "hive-cell.h"
#include "hive-maker.h"
#include "le.h"
#include "marvin32.h"

#define HVLE_SEED UINT64_C(0x82ef4d887a4e55c5)
#define HVLE_HEADER 40

void set_base(GByteArray *file, size_t field, uint32_t value)
{
    put_le32(file->data + field, value);
    put_le32(file->data + HIVE_BASE_CHECKSUM, hive_base_checksum(file->data));
}

void set_sequence(GByteArray *file, uint32_t primary, uint32_t secondary)
{
    set_base(file, HIVE_BASE_PRIMARY_SEQ, primary);
    set_base(file, HIVE_BASE_SECONDARY_SEQ, secondary);
}

void set_base_time(GByteArray *file, uint64_t time)
{
    set_base(file, HIVE_BASE_LAST_WRITTEN, (uint32_t)time);
    set_base(file, HIVE_BASE_LAST_WRITTEN + 4, time >> 32);
}

void set_bin_time(GByteArray *hive, uint64_t time)
{
    put_le64(hive->data + HIVE_BASE_SIZE + HIVE_BIN_TIMESTAMP, time);
}

void change(GByteArray *hive, uint32_t offset, uint32_t length, uint8_t state)
{
    for (uint32_t i = offset; i < offset + length; i++) {
        /* Not what makes it a bin with one cell. */
        if (i % BIN >= HIVE_BIN_HEADER + 4) {
            hive->data[HIVE_BASE_SIZE + i] = state + i / PAGE;
        }
    }
}

void grow(GByteArray *hive, unsigned bins, uint8_t state)
{
    uint32_t end = hive->len - HIVE_BASE_SIZE;

    for (unsigned i = 0; i < bins; i++, end += BIN) {
        uint8_t bin[BIN] = "hbin";

        put_le32(bin + HIVE_BIN_OFFSET, end);
        put_le32(bin + HIVE_BIN_SIZE, BIN);
        put_le32(bin + HIVE_BIN_HEADER, BIN - HIVE_BIN_HEADER);
        g_byte_array_append(hive, bin, BIN);
        change(hive, end, BIN, state);
    }
    set_base(hive, HIVE_BASE_BINS_SIZE, end);
}

GByteArray *make_hive(unsigned bins, uint32_t sequence)
{
    GByteArray *hive = g_byte_array_new();

    g_byte_array_set_size(hive, HIVE_BASE_SIZE);
    memset(hive->data, 0, HIVE_BASE_SIZE);
    memcpy(hive->data, "regf", 4);
    set_base(hive, HIVE_BASE_MAJOR, 1);
    set_base(hive, HIVE_BASE_MINOR, 3);
    set_base(hive, HIVE_BASE_MINOR + 8, 1);
    set_base(hive, HIVE_BASE_ROOT, HIVE_BIN_HEADER);
    set_base(hive, HIVE_BASE_CLUSTER, 1);
    set_base_time(hive, TIME(1));
    set_sequence(hive, sequence, sequence);
    grow(hive, bins, 0);
    set_bin_time(hive, TIME(1));
    return hive;
}

GByteArray *copy_hive(const GByteArray *hive)
{
    GByteArray *copy = g_byte_array_new();

    return g_byte_array_append(copy, hive->data, hive->len);
}

GByteArray *make_log(const GByteArray *hive, HiveType type, uint32_t sequence)
{
    GByteArray *log = g_byte_array_new();
    uint32_t cluster = get_le32(hive->data + HIVE_BASE_CLUSTER);

    g_byte_array_append(log, hive->data, cluster * 512);
    set_base(log, HIVE_BASE_TYPE, type);
    set_sequence(log, sequence, sequence);
    return log;
}

/* The log goes on with a new sector. */
static void pad(GByteArray *log, size_t sector)
{
    static const uint8_t zeros[HIVE_BASE_SIZE];

    if (log->len % sector > 0) {
        g_byte_array_append(log, zeros, sector - log->len % sector);
    }
}

static bool differs(const GByteArray *before, const GByteArray *after,
                    uint32_t offset)
{
    return offset + PAGE > before->len ||
           memcmp(before->data + offset, after->data + offset, PAGE) != 0;
}

void add_dirt(GByteArray *log, const GByteArray *before,
              const GByteArray *after)
{
    size_t sector = log->len;
    uint32_t pages = (after->len - HIVE_BASE_SIZE) / PAGE;
    g_autofree uint8_t *bitmap = g_malloc0(pages / 8);

    for (uint32_t i = 0; i < pages; i++) {
        if (differs(before, after, HIVE_BASE_SIZE + i * PAGE)) {
            bitmap[i / 8] |= 1 << i % 8;
        }
    }
    g_byte_array_append(log, (const uint8_t *)"DIRT", 4);
    g_byte_array_append(log, bitmap, pages / 8);
    pad(log, sector);
    for (uint32_t i = 0; i < pages; i++) {
        if (bitmap[i / 8] >> i % 8 & 1) {
            g_byte_array_append(log, after->data + HIVE_BASE_SIZE + i * PAGE,
                                PAGE);
        }
    }
    set_base(log, HIVE_BASE_BINS_SIZE, after->len - HIVE_BASE_SIZE);
}

void seal_entry(GByteArray *log, size_t offset)
{
    uint8_t *p = log->data + offset;
    size_t size = log->len - offset;

    if (get_le32(p + 4) >= HVLE_HEADER && get_le32(p + 4) <= size) {
        size = get_le32(p + 4);
    }
    put_le64(p + 24, marvin32(HVLE_SEED, p + HVLE_HEADER,
                              size - HVLE_HEADER));
    put_le64(p + 32, marvin32(HVLE_SEED, p, 32));
}

size_t add_entry(GByteArray *log, const GByteArray *hive, const Entry *entry)
{
    size_t offset = log->len;
    uint8_t header[HVLE_HEADER] = "HvLE";
    uint32_t count = 0;

    g_byte_array_append(log, header, sizeof(header));
    for (; entry->refs[count].size > 0; count++) {
        uint8_t ref[8];

        put_le32(ref, entry->refs[count].offset);
        put_le32(ref + 4, entry->refs[count].size);
        g_byte_array_append(log, ref, sizeof(ref));
    }
    for (uint32_t i = 0; i < count; i++) {
        g_byte_array_append(log, hive->data + HIVE_BASE_SIZE +
                            entry->refs[i].offset, entry->refs[i].size);
    }
    pad(log, PAGE);
    put_le32(log->data + offset + 4, log->len - offset);
    put_le32(log->data + offset + 8, entry->flags);
    put_le32(log->data + offset + 12, entry->sequence);
    put_le32(log->data + offset + 16, entry->bins_size
             ? entry->bins_size : hive->len - HIVE_BASE_SIZE);
    put_le32(log->data + offset + 20, count);
    seal_entry(log, offset);
    return offset;
}

/* Memory of its own, of exactly that size, so that sanitizers see its end. */
static GBytes *bytes_of(const GByteArray *array)
{
    return array ? g_bytes_new(array->data, array->len) : NULL;
}

GByteArray *recover(const Case *c, HiveRecovery *recovery, GError **errp)
{
    g_autoptr(GBytes) primary = bytes_of(c->hive);
    g_autoptr(GBytes) log = bytes_of(c->log);
    g_autoptr(GBytes) log1 = bytes_of(c->log1);
    g_autoptr(GBytes) log2 = bytes_of(c->log2);
    HiveLogs logs = { log, log1, log2 };
    GBytes *result = hive_recover(primary, &logs, "here", recovery, errp);

    return result ? g_bytes_unref_to_array(result) : NULL;
}

void assert_clean(const uint8_t *base, size_t size)
{
    g_autofree char *why = hive_base_why_dirty(base);

    g_assert_cmpstr(why, ==, NULL);
    g_assert_cmpuint(get_le32(base + HIVE_BASE_TYPE), ==, HIVE_TYPE_PRIMARY);
    g_assert_cmpuint(get_le32(base + HIVE_BASE_BINS_SIZE), <=,
                     size - HIVE_BASE_SIZE);
}

void assert_recovers(const Case *c, const GByteArray *expected)
{
    g_autoptr(GError) err = NULL;
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = recover(c, &recovery, &err);

    g_assert_no_error(err);
    assert_clean(result->data, result->len);
    g_assert_cmpuint(get_le32(result->data + HIVE_BASE_BINS_SIZE), ==,
                     get_le32(expected->data + HIVE_BASE_BINS_SIZE));
    g_assert_cmpmem(result->data + HIVE_BASE_SIZE,
                    result->len - HIVE_BASE_SIZE,
                    expected->data + HIVE_BASE_SIZE,
                    expected->len - HIVE_BASE_SIZE);
}

void assert_refused(const Case *c, const char *part)
{
    g_autoptr(GError) err = NULL;
    HiveRecovery recovery;
    g_autoptr(GByteArray) result = recover(c, &recovery, &err);

    g_assert_null(result);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_true(g_str_has_prefix(err->message,
                                   "here: the registry hive is dirty ("));
    g_assert_nonnull(strstr(err->message, part));
    g_assert_true(g_str_has_suffix(err->message, ": boot it in the source VM "
                                   "and shut it down fully, or copy its .LOG "
                                   "files too"));
}
