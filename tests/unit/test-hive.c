/*
 * Unit test of hives and of merging .reg files, on real hives
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive.h"
#include "le.h"
#include "registry.h"
#include "util.h"
#include "volume.h"

static GBytes *shared_bytes(const char *name)
{
    g_autofree char *path = shared_data(name);

    return path ? read_file(path) : NULL;
}

/*
 * A Windows XP's SYSTEM hive: that of the test guest, which is a real one
 * where there are real files.
 */
static GBytes *xp_hive(void)
{
    g_autoptr(ByteSource) source = guest_source("xp-sp3");
    g_autoptr(Overlay) overlay = NULL;
    g_autoptr(Disk) disk = NULL;
    g_autoptr(Volume) volume = NULL;
    g_autoptr(GError) err = NULL;
    GBytes *bytes;

    if (!source) {
        return NULL;
    }
    overlay = overlay_new(source, 0);
    disk = disk_read(overlay, &err);
    g_assert_no_error(err);
    volume = volume_open(overlay, disk_partition(disk, 1), VOLUME_READ_ONLY,
                         &err);
    g_assert_no_error(err);
    bytes = volume_read(volume, "\\WINDOWS\\system32\\config\\SYSTEM",
                        LIMIT_HIVE_SIZE, &err);
    g_assert_no_error(err);
    return bytes;
}

/* A copy of @bytes in which the byte at @offset is another. */
static GBytes *with_byte(GBytes *bytes, size_t offset, uint8_t value)
{
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    uint8_t *copy = g_memdup2(data, size);

    copy[offset] = value;
    return g_bytes_new_take(copy, size);
}

static RegFile *parse(const char *body)
{
    g_autofree char *text =
        g_strconcat("Windows Registry Editor Version 5.00\r\n\r\n", body,
                    NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(GError) err = NULL;
    RegFile *file = regfile_parse("test.reg", bytes, &err);

    g_assert_no_error(err);
    return file;
}

static Hive *reopen(Hive *hive)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = hive_save(hive, &err);
    Hive *again;

    g_assert_no_error(err);
    again = hive_open(bytes, "saved", &err);
    g_assert_no_error(err);
    return again;
}

static void test_read(void)
{
    g_autoptr(GBytes) bytes = xp_hive();
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "XP", NULL) : NULL;
    g_autofree char *type = NULL;
    uint32_t value;

    if (!bytes) {
        return;
    }
    g_assert_nonnull(hive);
    g_assert_true(hive_get_dword(hive, "Select", "current", &value));
    g_assert_cmpuint(value, ==, 1);
    g_assert_true(hive_get_dword(hive, "select", "LastKnownGood", &value));
    g_assert_cmpuint(value, ==, 3);
    g_assert_false(hive_get_dword(hive, "Select", "NoSuchValue", &value));
    g_assert_false(hive_get_dword(hive, "NoSuchKey\\Below", "x", &value));
    type = hive_get_string(hive, "ControlSet001\\Control\\ProductOptions",
                           "ProductType");
    g_assert_cmpstr(type, ==, "WinNT");
    /* 2005 to 2020: a time, not a number of something else. */
    g_assert_cmpint(hive_last_written(hive), >, 1104537600);
    g_assert_cmpint(hive_last_written(hive), <, 1577836800);
}

/* What Select names as Current, Default and LastKnownGood, but not Failed. */
static void test_control_sets(void)
{
    g_autoptr(GBytes) bytes = xp_hive();
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "XP", NULL) : NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(RegFile) file = NULL;
    g_autoptr(GArray) sets = NULL;
    g_autoptr(GArray) none = NULL;
    g_autoptr(GError) err = NULL;

    if (!bytes) {
        return;
    }
    sets = registry_control_sets(hive, "XP", warnings, NULL);
    g_assert_cmpuint(sets->len, ==, 2);
    g_assert_cmpuint(g_array_index(sets, unsigned, 0), ==, 1);
    g_assert_cmpuint(g_array_index(sets, unsigned, 1), ==, 3);
    g_assert_cmpuint(warnings->len, ==, 0);

    /* One is 0, one has no key, one is not a number: each with a line. */
    file = parse("[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n"
                 "\"Current\"=dword:00000000\r\n"
                 "\"Default\"=dword:00000063\r\n"
                 "\"LastKnownGood\"=\"x\"\r\n");
    g_ptr_array_set_size(warnings, 0);
    {
        g_autoptr(GPtrArray) changes = change_list_new();

        g_assert_true(registry_merge(hive, REGISTRY_SYSTEM, file, "why", sets,
                                 changes, NULL));
        g_assert_cmpuint(changes->len, ==, 1);
    }
    none = registry_control_sets(hive, "XP", warnings, &err);
    g_assert_null(none);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_cmpuint(warnings->len, ==, 3);
}

static void check_value(Hive *hive, const char *path, const char *name,
                        uint32_t type, const void *data, size_t length)
{
    HiveKey key = hive_find_key(hive, path);
    g_autoptr(GBytes) bytes = NULL;
    uint32_t is;

    g_assert_cmpuint(key, !=, HIVE_NO_KEY);
    bytes = hive_get_value(hive, key, name, &is);
    g_assert_nonnull(bytes);
    g_assert_cmpuint(is, ==, type);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                    data, length);
}

#define MERGE \
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\xenprep]\r\n" \
    "\"Start\"=dword:00000000\r\n" \
    "\"Group\"=\"SCSI miniport\"\r\n" \
    "@=hex:01,02,03\r\n" \
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Disk]\r\n" \
    "\"Start\"=dword:00000003\r\n" \
    "\"NoSuchValue\"=-\r\n"

static void check_merged(Hive *hive)
{
    static const char *const sets[] = { "ControlSet001", "ControlSet003" };

    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *xenprep = g_strconcat(sets[i], "\\Services\\xenprep",
                                               NULL);
        g_autofree char *disk = g_strconcat(sets[i], "\\Services\\Disk",
                                              NULL);

        check_value(hive, xenprep, "Start", REG_DWORD, "\0\0\0\0", 4);
        check_value(hive, xenprep, "Group", REG_SZ,
                    "S\0C\0S\0I\0 \0m\0i\0n\0i\0p\0o\0r\0t\0\0\0", 28);
        check_value(hive, xenprep, "", REG_BINARY, "\1\2\3", 3);
        check_value(hive, disk, "start", REG_DWORD, "\3\0\0\0", 4);
        /* A value that the merge does not speak of is as it was. */
        check_value(hive, disk, "Type", REG_DWORD, "\1\0\0\0", 4);
    }
}

static void test_merge(void)
{
    g_autoptr(GBytes) bytes = xp_hive();
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "XP", NULL) : NULL;
    g_autoptr(Hive) saved = NULL;
    g_autoptr(RegFile) file = parse(MERGE);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GArray) sets = NULL;

    if (!bytes) {
        return;
    }
    sets = registry_control_sets(hive, "XP", warnings, NULL);
    g_assert_true(registry_merge(hive, REGISTRY_SYSTEM, file, "why", sets,
                                 changes, NULL));
    g_assert_cmpuint(changes->len, ==, 4);
    saved = reopen(hive);
    check_merged(saved);

    /* Once more: there is nothing to do. */
    g_ptr_array_set_size(changes, 0);
    g_assert_true(registry_merge(saved, REGISTRY_SYSTEM, file, "why", sets,
                                 changes, NULL));
    g_assert_cmpuint(changes->len, ==, 0);
}

static void test_delete(void)
{
    g_autoptr(GBytes) bytes = xp_hive();
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "XP", NULL) : NULL;
    g_autoptr(Hive) saved = NULL;
    g_autoptr(RegFile) file =
        parse("[-HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
              "partmgr]\r\n"
              "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\disk]"
              "\r\n\"Group\"=-\r\n");
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GArray) sets = NULL;
    HiveKey disk;
    uint32_t type;

    if (!bytes) {
        return;
    }
    sets = registry_control_sets(hive, "XP", warnings, NULL);
    g_assert_true(registry_merge(hive, REGISTRY_SYSTEM, file, "why", sets,
                                 changes, NULL));
    g_assert_cmpuint(changes->len, ==, 3);
    saved = reopen(hive);
    g_assert_cmpuint(hive_find_key(saved, "ControlSet001\\Services\\partmgr"),
                     ==, HIVE_NO_KEY);
    g_assert_cmpuint(hive_find_key(saved, "ControlSet003\\Services\\partmgr"),
                     ==, HIVE_NO_KEY);
    disk = hive_find_key(saved, "ControlSet001\\Services\\disk");
    g_assert_cmpuint(disk, !=, HIVE_NO_KEY);
    g_assert_null(hive_get_value(saved, disk, "Group", &type));
}

/* Keys that a merge must not touch. */
static void test_foreign_keys(void)
{
    static const char *const keys[] = {
        "[HKEY_LOCAL_MACHINE\\SAM\\SAM]\r\n",
        "[HKEY_CURRENT_USER\\Software]\r\n",
        "[-HKEY_LOCAL_MACHINE\\SYSTEM]\r\n",
        "[-HKEY_LOCAL_MACHINE\\SOFTWARE]\r\n",
        "[-HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n",
        "[HKEY_LOCAL_MACHINE\\SYSTEMROOT\\x]\r\n",
        "[-HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet]\r\n",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(RegFile) file = parse(keys[i]);
        g_autoptr(GError) err = NULL;

        g_assert_false(registry_check_file(file, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_true(g_str_has_prefix(err->message, "test.reg:3:"));
        g_assert_nonnull(strstr(err->message, " cannot be "));
    }
}

/* No log of the hive, as it was or as it is noted, can match it any more. */
static void test_base_block(void)
{
    g_autoptr(GBytes) bytes = shared_bytes("hives/edge/special");
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "special", NULL) : NULL;
    g_autoptr(GBytes) same = NULL;
    g_autoptr(GBytes) saved = NULL;
    g_autoptr(Hive) again = NULL;
    const uint8_t *before, *after;

    if (!bytes) {
        return;
    }
    same = hive_save(hive, NULL);
    g_assert_true(g_bytes_equal(same, bytes));

    hive_note_log(hive, 5000);
    hive_note_log(hive, 4000);
    g_assert_cmpuint(hive_create_key(hive, "new", NULL), !=, HIVE_NO_KEY);
    saved = hive_save(hive, NULL);
    before = g_bytes_get_data(bytes, NULL);
    after = g_bytes_get_data(saved, NULL);
    g_assert_cmpuint(get_le32(after + HIVE_BASE_PRIMARY_SEQ), ==, 5001);
    g_assert_cmpuint(get_le32(after + HIVE_BASE_SECONDARY_SEQ), ==, 5001);
    g_assert_cmpuint(get_le64(after + HIVE_BASE_LAST_WRITTEN), ==,
                     get_le64(before + HIVE_BASE_LAST_WRITTEN) + 1);

    hive_set_time(hive, 1704067200);
    g_assert_cmpuint(hive_create_key(hive, "newer", NULL), !=, HIVE_NO_KEY);
    g_bytes_unref(saved);
    saved = hive_save(hive, NULL);
    again = hive_open(saved, "again", NULL);
    g_assert_cmpint(hive_last_written(again), ==, 1704067200);
}

/* Names that are not what a .reg file can hold, and keys that lead away. */
static void test_odd_keys(void)
{
    g_autoptr(GBytes) bytes = shared_bytes("hives/edge/special");
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "special", NULL) : NULL;
    g_autoptr(GArray) keys = hive ? hive_subkeys(hive, hive_find_key(hive,
                                                                     ""))
                                  : NULL;
    g_autofree char *name = NULL;
    g_autofree char *longest = g_strnfill(256, 'n');
    g_autoptr(GError) err = NULL;

    if (!bytes) {
        return;
    }
    g_assert_cmpuint(keys->len, ==, 3);
    name = hive_key_name(hive, g_array_index(keys, HiveKey, 2));
    g_assert_cmpstr(name, ==, "zero\357\277\275key");
    g_assert_cmpuint(hive_find_key(hive, "zero"), ==, HIVE_NO_KEY);
    g_assert_cmpuint(hive_find_key(hive, "WEIRD™"), !=, HIVE_NO_KEY);

    g_assert_cmpuint(hive_create_key(hive, longest, &err), ==, HIVE_NO_KEY);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_clear_error(&err);
    g_assert_cmpuint(hive_create_key(hive, "a\\\\b", &err), ==, HIVE_NO_KEY);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_clear_error(&err);
    g_assert_false(hive_delete_key(hive, hive_find_key(hive, ""), &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
}

/*
 * regedit writes where a link leads; here nobody follows it.  A key is its
 * offset in the file; after the cell's size and "nk" come the flags.
 */
static void test_link(void)
{
    g_autoptr(GBytes) bytes = shared_bytes("hives/edge/special");
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "special", NULL) : NULL;
    g_autoptr(GBytes) linked = NULL;
    g_autoptr(Hive) again = NULL;
    g_autoptr(GError) err = NULL;

    if (hive) {
        linked = with_byte(bytes, hive_find_key(hive, "weird™") + 6, 0x10);
        again = hive_open(linked, "special", &err);
        g_assert_no_error(err);
        g_assert_cmpuint(hive_create_key(again, "weird™\\new", &err), ==,
                         HIVE_NO_KEY);
        g_assert_nonnull(strstr(err->message, "key weird™\\new: it leads "
                                "through a link"));
    }
}

/* A dirty hive is refused, a damaged or foreign file is an error. */
static void test_refusals(void)
{
    g_autoptr(GBytes) bytes = xp_hive();
    g_autoptr(GBytes) checksum = NULL;
    g_autoptr(GBytes) text = g_bytes_new_static("regf", 4);
    g_autoptr(GError) err = NULL;

    if (!bytes) {
        return;
    }
    g_assert_null(hive_open(text, "here", &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_clear_error(&err);

    checksum = with_byte(bytes, 508, 0x5a);
    g_assert_null(hive_open(checksum, "here", &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_nonnull(strstr(err->message, "here: the registry hive is dirty"));
    g_clear_error(&err);
}

/* Real ones: the logs of the first are lost, the second ends too soon. */
static void test_real_refusals(void)
{
    static const struct {
        const char *name;
        GuestError code;
        const char *part;
    } hives[] = {
        { "hives/win8.1-x64-dirty-nolog.SYSTEM", GUEST_ERROR_REFUSED,
          "205 and 204" },
        { "hives/edge/TruncatedHive", GUEST_ERROR_INVALID, "cut off" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(hives); i++) {
        g_autoptr(GBytes) bytes = shared_bytes(hives[i].name);
        g_autoptr(GError) err = NULL;

        if (bytes) {
            g_assert_null(hive_open(bytes, "here", &err));
            g_assert_error(err, GUEST_ERROR, (int)hives[i].code);
            g_assert_nonnull(strstr(err->message, hives[i].part));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hive/read", test_read);
    g_test_add_func("/hive/control-sets", test_control_sets);
    g_test_add_func("/hive/merge", test_merge);
    g_test_add_func("/hive/delete", test_delete);
    g_test_add_func("/hive/foreign-keys", test_foreign_keys);
    g_test_add_func("/hive/base-block", test_base_block);
    g_test_add_func("/hive/odd-keys", test_odd_keys);
    g_test_add_func("/hive/link", test_link);
    g_test_add_func("/hive/refusals", test_refusals);
    g_test_add_func("/hive/real-refusals", test_real_refusals);
    return g_test_run();
}
