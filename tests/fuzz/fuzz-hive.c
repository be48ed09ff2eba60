/*
 * Fuzz target: a hive and its logs, opened, completed, edited and saved
 *
 * The input: a byte of flags, then the hive, .LOG, .LOG1 and .LOG2, each with
 * its length (32 bits) in front; an empty log is none.  Checksums can be made
 * right, as whoever means harm would.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "fuzz.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-log.h"
#include "hive.h"
#include "le.h"
#include "marvin32.h"
#include "registry.h"

#define MEND_HIVE 1
#define MEND_LOGS 2
#define USE_PRIMARY 4

/* An entry of a log of the new format; see hive-log-hvle.c. */
#define ENTRY_ALIGN 512
#define ENTRY_SIZE 4
#define ENTRY_DATA_HASH 24
#define ENTRY_HEADER_HASH 32
#define ENTRY_HEADER 40
#define ENTRY_SEED UINT64_C(0x82ef4d887a4e55c5)

/* How much of a hive is read: the rest is no different. */
#define MAX_KEYS 512

static void mend_entry(uint8_t *entry, size_t left)
{
    uint32_t size = get_le32(entry + ENTRY_SIZE);

    if (memcmp(entry, "HvLE", 4) == 0 && size >= ENTRY_HEADER &&
        size <= left) {
        put_le64(entry + ENTRY_DATA_HASH,
                 marvin32(ENTRY_SEED, entry + ENTRY_HEADER,
                          size - ENTRY_HEADER));
        put_le64(entry + ENTRY_HEADER_HASH,
                 marvin32(ENTRY_SEED, entry, ENTRY_HEADER_HASH));
    }
}

static GBytes *mend(GBytes *bytes)
{
    gsize size;
    uint8_t *data = g_bytes_unref_to_data(bytes, &size);

    if (size >= HIVE_BASE_CORE_SIZE) {
        put_le32(data + HIVE_BASE_CHECKSUM, hive_base_checksum(data));
    }
    for (gsize at = ENTRY_ALIGN; at + ENTRY_HEADER <= size;
         at += ENTRY_ALIGN) {
        mend_entry(data + at, size - at);
    }
    return g_bytes_new_take(data, size);
}

/* The next part of the input, NULL if it is empty. */
static GBytes *take_file(FuzzInput *input, bool mended)
{
    GBytes *bytes = fuzz_take_part(input);

    if (g_bytes_get_size(bytes) == 0) {
        g_bytes_unref(bytes);
        return NULL;
    }
    return mended ? mend(bytes) : bytes;
}

/* What Windows would make of them; NULL if it would refuse. */
static GBytes *recover(GBytes *primary, const HiveLogs *logs, bool drop)
{
    HiveRecovery recovery;
    GError *err = NULL;
    GBytes *bytes;

    if (drop && hive_is_dirty(primary)) {
        return hive_use_primary(primary, logs);
    }
    bytes = hive_recover(primary, logs, "it", &recovery, &err);
    if (!bytes) {
        fuzz_expect_error(err);
    }
    return bytes;
}

static void read_keys(Hive *hive, HiveKey key, unsigned *left)
{
    g_autoptr(GArray) keys = hive_subkeys(hive, key);

    for (guint i = 0; *left > 0 && i < keys->len; i++) {
        HiveKey subkey = g_array_index(keys, HiveKey, i);
        g_autofree char *name = hive_key_name(hive, subkey);
        g_autofree char *text = hive_key_string(hive, subkey, "Group");
        uint32_t start;

        (*left)--;
        g_assert_true(g_utf8_validate(name, -1, NULL));
        g_assert_true(!text || g_utf8_validate(text, -1, NULL));
        hive_key_dword(hive, subkey, "Start", &start);
        read_keys(hive, subkey, left);
    }
}

static const char edits[] =
    "REGEDIT4\n\n"
    "[-HKEY_LOCAL_MACHINE\\SYSTEM\\Old]\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\atapi]\n"
    "\"Start\"=dword:00000000\n\"Group\"=\"SCSI miniport\"\n"
    "\"ImagePath\"=hex(2):61,00,62,00,00,00\n\"ErrorControl\"=-\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\New\\Key]\n@=\"value\"\n";

/* Merges the edits; false if the hive is too damaged for it. */
static bool edit(Hive *hive)
{
    g_autoptr(GBytes) text = g_bytes_new_static(edits, strlen(edits));
    g_autoptr(RegFile) file = regfile_parse("fuzz.reg", text, NULL);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    GError *err = NULL;
    g_autoptr(GArray) sets = registry_control_sets(hive, "it", warnings,
                                                   &err);

    if (!sets || !registry_merge(hive, REGISTRY_SYSTEM, file, "because", sets,
                                 changes, &err)) {
        fuzz_expect_error(err);
        return false;
    }
    return true;
}

/* What was saved is a good hive with what was put into it. */
static void check_saved(Hive *hive)
{
    GError *err = NULL;
    g_autoptr(GBytes) saved = hive_save(hive, &err);
    g_autoptr(Hive) again = NULL;
    g_autofree char *value = NULL;

    if (!saved) {
        fuzz_expect_error(err);
        return;
    }
    again = hive_open(saved, "again", &err);
    g_assert_no_error(err);
    value = hive_get_string(again, "New\\Key", "");
    g_assert_cmpstr(value, ==, "value");
    g_assert_cmpuint(hive_find_key(again, "Old"), ==, HIVE_NO_KEY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    uint8_t flags = fuzz_take8(&input);
    g_autoptr(GBytes) primary = take_file(&input, flags & MEND_HIVE);
    g_autoptr(GBytes) log = take_file(&input, flags & MEND_LOGS);
    g_autoptr(GBytes) log1 = take_file(&input, flags & MEND_LOGS);
    g_autoptr(GBytes) log2 = take_file(&input, flags & MEND_LOGS);
    const HiveLogs logs = { log, log1, log2 };
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(Hive) hive = NULL;
    unsigned left = MAX_KEYS;
    GError *err = NULL;

    bytes = primary ? recover(primary, &logs, flags & USE_PRIMARY) : NULL;
    if (!bytes) {
        return 0;
    }
    hive = hive_open(bytes, "it", &err);
    if (!hive) {
        fuzz_expect_error(err);
        return 0;
    }
    read_keys(hive, hive_find_key(hive, ""), &left);
    if (edit(hive)) {
        check_saved(hive);
    }
    return 0;
}
