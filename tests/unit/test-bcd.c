/*
 * Unit test of the BCD: on a real one, and on made ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bcd-fixture.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-fixture.h"
#include "le.h"
#include "util.h"

#define ID(n) "{" #n #n #n #n #n #n #n #n "-0000-11db-8000-0019dbd09914}"
#define LOADER "\\Windows\\system32\\winload.exe"

static const Guid a_partition = { .bytes = "0123456789abcde" };
static const Guid a_disk = { .bytes = "fedcba987654321" };

/* A BCD, and what was said of it. */
typedef struct Store {
    Hive *hive;
    Bcd *bcd;
    GPtrArray *warnings;
    GError *err;
} Store;

static void store_clear(Store *store)
{
    g_clear_pointer(&store->bcd, bcd_free);
    g_clear_pointer(&store->hive, hive_free);
    g_clear_pointer(&store->warnings, g_ptr_array_unref);
    g_clear_error(&store->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Store, store_clear)

static void store_open(Store *store, GBytes *bytes)
{
    g_autoptr(GError) err = NULL;

    store->hive = hive_open(bytes, "BCD", &err);
    g_assert_no_error(err);
    store->warnings = g_ptr_array_new_with_free_func(g_free);
    store->bcd = bcd_read(store->hive, "BCD", store->warnings, &store->err);
    if (store->err) {
        g_test_message("%s", store->err->message);
        g_assert_null(strchr(store->err->message, '\n'));
    }
}

static void store_make(Store *store, const BcdFixture *fixture)
{
    g_autoptr(GBytes) bytes = bcd_fixture_make(fixture);

    store_open(store, bytes);
    g_assert_no_error(store->err);
}

/* What hivexregedit exports of an object's element; NULL without the tool. */
static char *export_element(const char *path, const char *id,
                            const char *type)
{
    g_autofree char *key = g_strdup_printf("\\Objects\\%s\\Elements\\%s", id,
                                           type);
    const char *argv[] = {
        "hivexregedit", "--export", "--unsafe-printable-strings", path, key,
        NULL,
    };
    g_autofree char *text = NULL;
    char *value;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                      NULL, &text, NULL, &status, NULL) || status != 0) {
        return NULL;
    }
    value = strstr(text, "\"Element\"=");
    g_assert_nonnull(value);
    value += strlen("\"Element\"=");
    return g_strndup(value, strcspn(value, "\r\n"));
}

/* As "str(1):..." */
static void assert_exported(const char *path, const char *id,
                            const char *type, const char *string)
{
    g_autofree char *text = export_element(path, id, type);

    g_assert_nonnull(text);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, string));
}

/* The bytes of @guid as an export has them. */
static void assert_exported_guid(const char *hex, unsigned at,
                                 const Guid *guid)
{
    const char *start = strchr(hex, ':');

    g_assert_nonnull(start);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmpuint(g_ascii_strtoull(start + 1 + 3 * (at + i), NULL, 16), ==,
                         guid->bytes[i]);
    }
}

/* A real one, and what another reader finds in it. */
static void test_real(void)
{
    g_autofree char *path = shared_data("hives/uefi-gpt.BCD");
    g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
    g_autofree char *id = NULL;
    g_autofree char *lower = NULL;
    g_autofree char *device = NULL;
    g_autofree char *judge = g_find_program_in_path("hivexregedit");
    g_auto(Store) store = { 0 };
    const BcdEntry *entry;

    if (!path) {
        return;
    }
    store_open(&store, bytes);
    g_assert_no_error(store.err);
    g_assert_cmpuint(store.warnings->len, ==, 0);
    entry = store.bcd->started;
    g_assert_nonnull(entry);
    g_assert_cmpint(entry->type, ==, BCD_OBJECT_WINDOWS);
    g_assert_cmpstr(entry->path, ==, "\\Windows\\system32\\winload.efi");
    g_assert_cmpstr(entry->system_root, ==, "\\Windows");
    g_assert_cmpint(entry->os_device.kind, ==, BCD_DEVICE_GPT);
    g_assert_false(entry->winpe);
    g_assert_false(entry->safe_mode);
    if (!judge) {
        g_test_skip("hivexregedit is not installed (Debian: "
                    "libwin-hivex-perl)");
        return;
    }
    id = guid_to_string(&entry->id);
    lower = g_ascii_strdown(id, -1);
    assert_exported(path, "{9dea862c-5cdd-4e70-acc1-f32b344d4795}",
                    "23000003", lower);
    assert_exported(path, lower, "12000004", entry->description);
    assert_exported(path, lower, "12000002", entry->path);
    device = export_element(path, lower, "21000001");
    assert_exported_guid(device, 32, &entry->os_device.partition);
    assert_exported_guid(device, 56, &entry->os_device.disk);
}

/* Three in the menu, one that was taken off it, and what is no Windows. */
static const BcdFixture usual = {
    .default_entry = ID(2),
    .entries = {
        { ID(1), BCD_OBJECT_NTLDR, "Earlier Version of Windows",
          { .kind = BCD_DEVICE_MBR, .signature = 1, .offset = 32256 },
          "\\ntldr" },
        { ID(2), BCD_OBJECT_WINDOWS, "Windows 7",
          { .kind = BCD_DEVICE_MBR, .signature = 0x8e4b2d17,
            .offset = 0x123456789a00 }, LOADER, "\\Windows\\" },
        { ID(3), BCD_OBJECT_WINDOWS, NULL, { .kind = BCD_DEVICE_BOOT },
          LOADER, "\\", "26000022=hex:01\n25000080=hex:01,00,00,00,00,00,00,"
          "00\n22000011=\"kernel.exe\"\n22000012=\"other.dll\"" },
        { ID(4), BCD_OBJECT_WINDOWS, "Recovery", { .kind = BCD_DEVICE_FILE },
          "\\windows\\system32\\winload.exe", "\\windows", NULL, true },
        { ID(5), BCD_OBJECT_RESUME, "Resume", { .kind = BCD_DEVICE_BOOT },
          "\\Windows\\system32\\winresume.exe", NULL, NULL, true },
    },
};

static void test_entries(void)
{
    g_auto(Store) store = { 0 };
    const BcdEntry *entry;
    g_autofree char *name = NULL;

    store_make(&store, &usual);
    g_assert_cmpuint(store.warnings->len, ==, 0);
    g_assert_cmpuint(store.bcd->entries->len, ==, 4);
    g_assert_cmpuint(store.bcd->shown, ==, 3);
    g_assert_null(store.bcd->next);
    g_assert_null(store.bcd->why_none);
    entry = store.bcd->started;
    g_assert_true(entry == g_ptr_array_index(store.bcd->entries, 1));
    g_assert_cmpstr(entry->system_root, ==, "\\Windows");
    g_assert_cmpstr(entry->path, ==, LOADER);
    g_assert_cmpint(entry->os_device.kind, ==, BCD_DEVICE_MBR);
    g_assert_cmphex(entry->os_device.signature, ==, 0x8e4b2d17);
    g_assert_cmphex(entry->os_device.offset, ==, 0x123456789a00);
    g_assert_null(entry->kernel);
    g_assert_false(entry->winpe || entry->safe_mode);
    name = bcd_entry_name(entry);
    g_assert_cmpstr(name, ==,
                    "{22222222-0000-11DB-8000-0019DBD09914} (Windows 7)");
}

static void test_other_entries(void)
{
    g_auto(Store) store = { 0 };
    const BcdEntry *entry;
    g_autofree char *name = NULL;

    store_make(&store, &usual);
    entry = g_ptr_array_index(store.bcd->entries, 0);
    g_assert_cmpint(entry->type, ==, BCD_OBJECT_NTLDR);
    g_assert_null(entry->system_root);
    entry = g_ptr_array_index(store.bcd->entries, 2);
    g_assert_cmpint(entry->device.kind, ==, BCD_DEVICE_BOOT);
    g_assert_cmpstr(entry->system_root, ==, "");
    g_assert_cmpstr(entry->kernel, ==, "kernel.exe");
    g_assert_cmpstr(entry->hal, ==, "other.dll");
    g_assert_true(entry->winpe && entry->safe_mode);
    name = bcd_entry_name(entry);
    g_assert_cmpstr(name, ==, "{33333333-0000-11DB-8000-0019DBD09914}");
    /* Of what is not in the menu only Windows is of interest. */
    entry = g_ptr_array_index(store.bcd->entries, 3);
    g_assert_cmpstr(entry->description, ==, "Recovery");
    g_assert_cmpint(entry->os_device.kind, ==, BCD_DEVICE_FILE);
}

/* The description of what starts; NULL, and the reason is @why. */
static void assert_started(const BcdFixture *fixture, const char *expected,
                           const char *why)
{
    g_auto(Store) store = { 0 };

    store_make(&store, fixture);
    g_assert_cmpstr(store.bcd->started ? store.bcd->started->description
                                       : NULL, ==, expected);
    g_assert_cmpstr(store.bcd->why_none, ==, why);
}

#define WINDOWS(n, name) \
    { ID(n), BCD_OBJECT_WINDOWS, name, { .kind = BCD_DEVICE_BOOT } }

static void test_started(void)
{
    static const BcdFixture dangling = {
        .default_entry = ID(9), .entries = { WINDOWS(1, "one") },
    };
    static const BcdFixture only = { .entries = { WINDOWS(1, "one") } };
    static const BcdFixture rubbish = {
        .default_entry = "rubbish", .entries = { WINDOWS(1, "one") },
    };
    static const BcdFixture two = {
        .entries = { WINDOWS(1, "one"), WINDOWS(2, "two") },
    };
    static const BcdFixture none = {
        .entries = { { ID(1), BCD_OBJECT_WINDOWS, "one", .hidden = true } },
    };
    static const BcdFixture hidden = {
        .default_entry = ID(2),
        .entries = { WINDOWS(1, "one"),
                     { ID(2), BCD_OBJECT_WINDOWS, "two", .hidden = true } },
    };

    assert_started(&dangling, NULL, "its default entry does not exist");
    assert_started(&only, "one", NULL);
    assert_started(&rubbish, "one", NULL);
    assert_started(&two, NULL,
                   "none of the entries of its menu is the default");
    assert_started(&none, NULL, "it has neither a default entry nor a menu");
    assert_started(&hidden, "two", NULL);
}

static void test_next(void)
{
    static const BcdFixture fixture = {
        .default_entry = ID(1), .next = ID(3),
        .entries = { WINDOWS(1, "one"), WINDOWS(2, "two"),
                     { ID(3), BCD_OBJECT_RESUME, "three", .hidden = true } },
    };
    static const BcdFixture dangling = {
        .default_entry = ID(1), .next = ID(4),
        .entries = { WINDOWS(1, "one") },
    };
    g_auto(Store) store = { 0 };
    g_auto(Store) other = { 0 };

    store_make(&store, &fixture);
    g_assert_cmpstr(store.bcd->next->description, ==, "three");
    g_assert_cmpuint(store.bcd->shown, ==, 2);
    store_make(&other, &dangling);
    g_assert_null(other.bcd->next);
}

static void test_no_boot_manager(void)
{
    g_autoptr(Hive) hive =
        fixture_hive("[HKEY_LOCAL_MACHINE\\SYSTEM\\Objects\\" ID(1) "]\r\n");
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;

    g_assert_null(bcd_read(hive, "partition 1: \\Boot\\BCD", warnings, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_true(g_str_has_prefix(err->message, "partition 1: \\Boot\\BCD: "));
    g_assert_nonnull(strstr(err->message, "bcdboot"));
}

/* More entries than are read: the default is read for all that. */
static void test_many_entries(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    g_autoptr(Bcd) bcd = NULL;

    g_string_append(text, "[HKEY_LOCAL_MACHINE\\SYSTEM\\Objects\\"
                    "{9dea862c-5cdd-4e70-acc1-f32b344d4795}\\Elements\\"
                    "23000003]\r\n\"Element\"=\"{000002bb-0000-11db-8000-"
                    "0019dbd09914}\"\r\n");
    for (unsigned i = 0; i < 700; i++) {
        g_string_append_printf(text, "[HKEY_LOCAL_MACHINE\\SYSTEM\\Objects\\"
                               "{%08x-0000-11db-8000-0019dbd09914}\\"
                               "Description]\r\n\"Type\"=dword:10200003\r\n",
                               i);
    }
    hive = fixture_hive(text->str);
    bcd = bcd_read(hive, "BCD", warnings, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(bcd->entries->len, ==, LIMIT_BCD_ENTRIES);
    g_assert_nonnull(bcd->started);
    g_assert_cmphex(bcd->started->id.bytes[0], ==, 0xbb);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(warnings, 0), "512 objects"));
}

static BcdDevice parse_part(GBytes *bytes, size_t size)
{
    g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, size);

    return bcd_device_parse(part);
}

/* A device that is cut off anywhere is none. */
static void test_devices(void)
{
    static const BcdDevice devices[] = {
        { .kind = BCD_DEVICE_BOOT },
        { .kind = BCD_DEVICE_LOCATE },
        { .kind = BCD_DEVICE_MBR, .signature = 0xcafe, .offset = 1 << 20 },
        { .kind = BCD_DEVICE_GPT, .disk = { "D" }, .partition = { "P" } },
        { .kind = BCD_DEVICE_FILE },
        { .kind = BCD_DEVICE_OTHER },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autoptr(GBytes) bytes = bcd_fixture_device(&devices[i]);
        BcdDevice device = bcd_device_parse(bytes);
        g_autofree char *text = bcd_device_describe(&device);

        g_test_message("%s", text);
        g_assert_cmpint(device.kind, ==, devices[i].kind);
        g_assert_cmphex(device.signature, ==, devices[i].signature);
        g_assert_cmphex(device.offset, ==, devices[i].offset);
        g_assert_true(guid_equal(&device.disk, &devices[i].disk));
        g_assert_true(guid_equal(&device.partition, &devices[i].partition));
        for (size_t size = 0; size < g_bytes_get_size(bytes); size++) {
            device = parse_part(bytes, size);
            g_assert_cmpint(device.kind, ==, BCD_DEVICE_NONE);
        }
    }
}

/* What a field of a device at @at is changed to, and what that makes it. */
static void test_damaged_devices(void)
{
    static const struct {
        size_t at;
        uint32_t value;
        BcdDeviceKind kind;
    } cases[] = {
        { 16, 2, BCD_DEVICE_OTHER }, { 16, 99, BCD_DEVICE_OTHER },
        /* A disk, by what it is at 32: the offset of the partition. */
        { 16, 0, BCD_DEVICE_FILE },
        { 24, 0, BCD_DEVICE_NONE }, { 24, 15, BCD_DEVICE_NONE },
        { 24, 0x49, BCD_DEVICE_NONE }, { 24, UINT32_MAX, BCD_DEVICE_NONE },
        /* A partition that is cut off. */
        { 24, 16, BCD_DEVICE_NONE }, { 24, 0x37, BCD_DEVICE_NONE },
        { 24, 0x38, BCD_DEVICE_MBR },
        { 48, 3, BCD_DEVICE_FILE }, { 48, 5, BCD_DEVICE_FILE },
        { 48, 1, BCD_DEVICE_OTHER }, { 52, 2, BCD_DEVICE_OTHER },
        { 52, 0, BCD_DEVICE_GPT },
    };
    BcdDevice mbr = { .kind = BCD_DEVICE_MBR, .offset = 3 };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = bcd_fixture_device(&mbr);
        g_autofree uint8_t *copy = g_memdup2(g_bytes_get_data(bytes, NULL),
                                             g_bytes_get_size(bytes));
        g_autoptr(GBytes) changed = NULL;

        put_le32(copy + cases[i].at, cases[i].value);
        changed = g_bytes_new(copy, g_bytes_get_size(bytes));
        g_test_message("%zu: %x", cases[i].at, cases[i].value);
        g_assert_cmpint(bcd_device_parse(changed).kind, ==, cases[i].kind);
    }
}

static void add_partition(Disk *disk, uint64_t start, const Guid *guid)
{
    Partition partition = {
        .number = disk->partitions->len + 1, .start = start, .size = 1 << 20,
    };

    if (guid) {
        partition.guid = *guid;
    }
    g_array_append_val(disk->partitions, partition);
}

static void test_partitions(void)
{
    g_autoptr(Disk) disk = disk_new();
    BcdDevice mbr = {
        .kind = BCD_DEVICE_MBR, .signature = 7, .offset = 2 << 20,
    };
    BcdDevice gpt = {
        .kind = BCD_DEVICE_GPT, .disk = a_disk, .partition = a_partition,
    };
    BcdDevice boot = { .kind = BCD_DEVICE_BOOT };
    BcdDevice locate = { .kind = BCD_DEVICE_LOCATE };
    const Partition *second;

    add_partition(disk, 1 << 20, NULL);
    add_partition(disk, 2 << 20, &a_partition);
    disk->signature = 7;
    second = disk_partition(disk, 2);
    g_assert_true(bcd_device_partition(&mbr, disk, NULL) == second);
    g_assert_true(bcd_device_is_elsewhere(&gpt, disk));
    g_assert_null(bcd_device_partition(&gpt, disk, NULL));
    g_assert_true(bcd_device_partition(&boot, disk, second) == second);
    g_assert_null(bcd_device_partition(&boot, disk, NULL));
    g_assert_null(bcd_device_partition(&locate, disk, second));
    mbr.offset++;
    g_assert_null(bcd_device_partition(&mbr, disk, NULL));
    g_assert_false(bcd_device_is_elsewhere(&mbr, disk));
    mbr.signature++;
    g_assert_true(bcd_device_is_elsewhere(&mbr, disk));
    disk->scheme = DISK_GPT;
    g_assert_true(bcd_device_is_elsewhere(&gpt, disk));
    disk->guid = a_disk;
    g_assert_true(bcd_device_partition(&gpt, disk, NULL) == second);
    gpt.partition.bytes[15]++;
    g_assert_null(bcd_device_partition(&gpt, disk, NULL));
    g_assert_false(bcd_device_is_elsewhere(&gpt, disk));
    mbr.signature--;
    g_assert_true(bcd_device_is_elsewhere(&mbr, disk));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bcd/real", test_real);
    g_test_add_func("/bcd/entries", test_entries);
    g_test_add_func("/bcd/other-entries", test_other_entries);
    g_test_add_func("/bcd/started", test_started);
    g_test_add_func("/bcd/next", test_next);
    g_test_add_func("/bcd/no-boot-manager", test_no_boot_manager);
    g_test_add_func("/bcd/many-entries", test_many_entries);
    g_test_add_func("/bcd/devices", test_devices);
    g_test_add_func("/bcd/damaged-devices", test_damaged_devices);
    g_test_add_func("/bcd/partitions", test_partitions);
    return g_test_run();
}
