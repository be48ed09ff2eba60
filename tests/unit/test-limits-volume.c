/*
 * Limits of what is looked at in a volume and its Windows: at each of them,
 * and one beyond
 *
 * docs/limits.rst says which limits are tested elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "volume-internal.h"

#include <ntfs-3g/dir.h>
#include <ntfs-3g/index.h>

#include "check-internal.h"
#include "disk.h"
#include "driver-place.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-file.h"
#include "hive-fixture.h"
#include "inspect-internal.h"
#include "modules.h"
#include "util.h"
#include "volume-locate.h"
#include "volume-owners.h"

#define FOLDER "\\WINDOWS\\system32"

/* A test guest, in which the hive SYSTEM is one of the test's. */
typedef struct Guest {
    ByteSource *source;
    Overlay *overlay;
    Disk *disk;
    Volume *volume;
    Windows windows;
    HiveFile system;
    GPtrArray *warnings;
} Guest;

static void guest_clear(Guest *g)
{
    g_clear_pointer(&g->system.hive, hive_free);
    g_clear_pointer(&g->warnings, g_ptr_array_unref);
    g_clear_pointer(&g->volume, volume_free);
    g_clear_pointer(&g->disk, disk_free);
    g_clear_pointer(&g->overlay, overlay_free);
    g_clear_pointer(&g->source, source_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static void mount(Guest *g)
{
    g_autoptr(GError) err = NULL;

    g->volume = volume_open(g->overlay, disk_partition(g->disk, 1),
                            VOLUME_READ_WRITE, &err);
    g_assert_no_error(err);
}

/* False if the guest cannot be built here; the test is skipped then. */
static bool guest_open(Guest *g, const char *registry)
{
    g_autoptr(GError) err = NULL;

    g->source = guest_source("xp-sp3-built");
    if (!g->source) {
        return false;
    }
    g->overlay = overlay_new(g->source, LIMIT_OVERLAY_SIZE);
    g->disk = disk_read(g->overlay, &err);
    g_assert_no_error(err);
    mount(g);
    g->windows = (Windows) {
        .place = { disk_partition(g->disk, 1), (char *)"\\WINDOWS" },
        .machine = PE_MACHINE_I386,
    };
    g->warnings = g_ptr_array_new_with_free_func(g_free);
    g->system.hive = registry ? fixture_hive(registry) : NULL;
    return true;
}

static void assert_message(GError *err, int code, const char *part)
{
    g_assert_error(err, GUEST_ERROR, code);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, part));
    g_assert_null(strchr(err->message, '\n'));
}

static char *repeat(const char *text, unsigned n)
{
    GString *all = g_string_new(NULL);

    while (n-- > 0) {
        g_string_append(all, text);
    }
    return g_string_free(all, FALSE);
}

/* ------------------------------------------------------------- directories */

/* The root is in itself, by the name of a dot. */
static void test_path_depth(void)
{
    g_autofree char *most = repeat("\\.", LIMIT_PATH_DEPTH);
    g_autofree char *more = repeat("\\.", LIMIT_PATH_DEPTH + 1);
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    VolumeFileInfo info;
    bool exists;

    if (!guest_open(&g, NULL)) {
        return;
    }
    volume_stat(g.volume, most, &info, &err);
    g_assert_no_error(err);
    g_assert_true(info.directory);
    g_assert_true(volume_exists(g.volume, more, &exists, NULL));
    g_assert_false(exists);
    g_assert_false(volume_stat(g.volume, more, &info, &err));
    assert_message(err, GUEST_ERROR_NOT_FOUND, "...: a path of 131 names, "
                   "more than 130, leads nowhere in Windows; mend it in the "
                   "source VM");
}

/* The record of the folder's index, or of that index's bitmap. */
static ATTR_RECORD *find_record(ntfs_attr_search_ctx *context,
                                ATTR_TYPES type)
{
    g_assert_cmpint(ntfs_attr_lookup(type, NTFS_INDEX_I30, 4, CASE_SENSITIVE,
                                     0, NULL, 0, context), ==, 0);
    return context->attr;
}

/* Lets the folder's index have so many bytes. */
static void set_index_size(Guest *g, int64_t size)
{
    ntfs_inode *dir = volume_open_inode(g->volume, FOLDER, NULL);
    ntfs_attr_search_ctx *context = ntfs_attr_get_search_ctx(dir, NULL);
    ATTR_RECORD *record = find_record(context, AT_INDEX_ALLOCATION);

    g_assert_true(record->non_resident);
    record->data_size = cpu_to_sle64(size);
    record->initialized_size = cpu_to_sle64(size);
    record->allocated_size = cpu_to_sle64(size);
    ntfs_inode_mark_dirty(dir);
    ntfs_attr_put_search_ctx(context);
    g_assert_cmpint(ntfs_inode_close(dir), ==, 0);
    volume_close(g_steal_pointer(&g->volume), NULL);
    mount(g);
}

/* How many of @count files are taken as places that drivers may be in. */
static guint driver_places(Guest *g, unsigned count)
{
    char *sources[] = { (char *)"system32\\place*", NULL };
    Profile profile = { .sources = sources };
    g_autoptr(GPtrArray) places = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    g_autoptr(GError) err = NULL;

    for (unsigned i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf(FOLDER "\\place%u.dll", i);
        bool exists;

        volume_exists(g->volume, path, &exists, &err);
        g_assert_no_error(err);
        if (!exists) {
            volume_create(g->volume, path, bytes, &err);
            g_assert_no_error(err);
        }
    }
    places = driver_places_new(g->volume, &g->windows, &profile, NULL, &err);
    g_assert_no_error(err);
    return places->len;
}

static void test_driver_places(void)
{
    g_auto(Guest) g = { 0 };

    if (guest_open(&g, NULL)) {
        g_assert_cmpuint(driver_places(&g, LIMIT_DRIVER_PLACES), ==,
                         LIMIT_DRIVER_PLACES);
        g_assert_cmpuint(driver_places(&g, LIMIT_DRIVER_PLACES + 1), ==,
                         LIMIT_DRIVER_PLACES);
    }
}

#define TOO_LONG \
    "a directory of more than 65536 names or 64 MiB is not listed; make it " \
    "smaller in the source VM"

static void test_directory_size(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    char **names;

    if (!guest_open(&g, NULL)) {
        return;
    }
    set_index_size(&g, LIMIT_DIRECTORY_SIZE);
    names = volume_list(g.volume, FOLDER, &err);
    g_assert_no_error(err);
    g_strfreev(names);
    set_index_size(&g, LIMIT_DIRECTORY_SIZE + 4096);
    g_assert_null(volume_list(g.volume, FOLDER, &err));
    assert_message(err, GUEST_ERROR_REFUSED, FOLDER ": " TOO_LONG);
}

/* Lets what says which blocks of the folder are in use have so many bytes. */
static void set_bitmap_size(Guest *g, int64_t size)
{
    ntfs_inode *dir = volume_open_inode(g->volume, FOLDER, NULL);
    ntfs_attr *bitmap = ntfs_attr_open(dir, AT_BITMAP, NTFS_INDEX_I30, 4);

    g_assert_nonnull(bitmap);
    g_assert_cmpint(ntfs_attr_truncate(bitmap, size), ==, 0);
    ntfs_attr_close(bitmap);
    g_assert_cmpint(ntfs_inode_close(dir), ==, 0);
}

/* One bit for each of the smallest blocks that there can be. */
static void test_directory_bitmap(void)
{
    const int64_t most = LIMIT_DIRECTORY_SIZE / 512 / 8;
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    char **names;

    if (!guest_open(&g, NULL)) {
        return;
    }
    set_bitmap_size(&g, most);
    names = volume_list(g.volume, FOLDER, &err);
    g_assert_no_error(err);
    g_strfreev(names);
    set_bitmap_size(&g, most + 8);
    g_assert_null(volume_list(g.volume, FOLDER, &err));
    assert_message(err, GUEST_ERROR_REFUSED, FOLDER ": " TOO_LONG);
}

/* Adds names of boot.ini's record to the folder, from @first to @last. */
static void add_names(Guest *g, unsigned first, unsigned last)
{
    ntfs_inode *dir = volume_open_inode(g->volume, FOLDER, NULL);
    ntfs_inode *file = volume_open_inode(g->volume, "\\boot.ini", NULL);
    size_t size = sizeof(FILE_NAME_ATTR) + 16 * sizeof(ntfschar);
    g_autofree FILE_NAME_ATTR *name = g_malloc0(size);

    name->parent_directory = MK_LE_MREF(dir->mft_no, 1);
    name->file_name_type = FILE_NAME_POSIX;
    for (unsigned i = first; i <= last; i++) {
        g_autofree char *text = g_strdup_printf("%08x", i);

        name->file_name_length = strlen(text);
        for (unsigned j = 0; text[j]; j++) {
            name->file_name[j] = cpu_to_le16(text[j]);
        }
        volume_search_all_space(g->volume);
        g_assert_cmpint(ntfs_index_add_filename(
            dir, name, MK_MREF(file->mft_no, 1)), ==, 0);
    }
    ntfs_inode_close(file);
    ntfs_inode_close(dir);
}

static unsigned count_names(Guest *g)
{
    g_autoptr(GError) err = NULL;
    g_auto(GStrv) names = volume_list(g->volume, FOLDER, &err);

    g_assert_no_error(err);
    return g_strv_length(names);
}

static void test_directory_entries(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    unsigned before;

    if (!guest_open(&g, NULL)) {
        return;
    }
    before = count_names(&g);
    add_names(&g, 1, LIMIT_DIRECTORY_ENTRIES - before);
    g_assert_cmpuint(count_names(&g), ==, LIMIT_DIRECTORY_ENTRIES);
    add_names(&g, LIMIT_DIRECTORY_ENTRIES, LIMIT_DIRECTORY_ENTRIES);
    g_assert_null(volume_list(g.volume, FOLDER, &err));
    assert_message(err, GUEST_ERROR_REFUSED, FOLDER ": " TOO_LONG);
}

/* As long as it says, and a byte more if that is there. */
static void test_mft_size(void)
{
    g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(DiskExtent));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(DiskExtent));
    g_auto(Guest) g = { 0 };
    uint64_t length = 0;

    if (!guest_open(&g, NULL)) {
        return;
    }
    g_assert_true(volume_locate_mft(g.volume, 4096, some, NULL));
    g_assert_cmpuint(some->len, ==, 1);
    g_assert_cmpuint(g_array_index(some, DiskExtent, 0).length, ==, 4096);
    g_assert_true(volume_locate_mft(g.volume, LIMIT_MFT_SIZE, all, NULL));
    for (guint i = 0; i < all->len; i++) {
        length += g_array_index(all, DiskExtent, i).length;
    }
    g_assert_cmpuint(length, >, 4096);
    g_assert_cmpuint(length, <=, LIMIT_MFT_SIZE);
}

static bool count_run(const OwnedRun *run, void *opaque, GError **errp)
{
    unsigned *count = opaque;

    (*count)++;
    return true;
}

/* Of this size it says it is; a byte more, and not one record is read. */
static void test_mft_walk(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    unsigned count = 0;

    if (!guest_open(&g, NULL)) {
        return;
    }
    g_assert_true(volume_foreach_owned_run(g.volume, count_run, &count,
                                           NULL));
    g_assert_cmpuint(count, >, 100);
    count = 0;
    g.volume->ntfs->mft_na->initialized_size = LIMIT_MFT_WALK + 1;
    g_assert_false(volume_foreach_owned_run(g.volume, count_run, &count,
                                            &err));
    assert_message(err, GUEST_ERROR_INVALID, "larger than the volume");
    g_clear_error(&err);
    g.volume->size = LIMIT_MFT_WALK + 1;
    g_assert_false(volume_foreach_owned_run(g.volume, count_run, &count,
                                            &err));
    assert_message(err, GUEST_ERROR_NO_SPACE, "the MFT has more than");
    g_assert_cmpuint(count, ==, 0);
}

/* The largest that its own protection has room for, and one beyond. */
static void test_mft_record_size(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    unsigned count = 0;

    if (!guest_open(&g, NULL)) {
        return;
    }
    g.volume->ntfs->mft_record_size = LIMIT_MFT_RECORD_SIZE;
    g.volume->ntfs->mft_record_size_bits = 16;
    g_assert_true(volume_foreach_owned_run(g.volume, count_run, &count,
                                           NULL));
    g.volume->ntfs->mft_record_size = 2 * LIMIT_MFT_RECORD_SIZE;
    g.volume->ntfs->mft_record_size_bits = 17;
    g_assert_false(volume_foreach_owned_run(g.volume, count_run, &count,
                                            &err));
    assert_message(err, GUEST_ERROR_INVALID, "$MFT has records of 131072");
}

/* Lets the folder say that the blocks of its index have so many bytes. */
static void set_block_size(Guest *g, uint32_t size)
{
    ntfs_inode *dir = volume_open_inode(g->volume, FOLDER, NULL);
    ntfs_attr_search_ctx *context = ntfs_attr_get_search_ctx(dir, NULL);
    ATTR_RECORD *record = find_record(context, AT_INDEX_ROOT);
    INDEX_ROOT *root = (INDEX_ROOT *)((uint8_t *)record +
                                      le16_to_cpu(record->value_offset));

    root->index_block_size = cpu_to_le32(size);
    ntfs_inode_mark_dirty(dir);
    ntfs_attr_put_search_ctx(context);
    g_assert_cmpint(ntfs_inode_close(dir), ==, 0);
}

/* What is larger is not even begun to be read: see who asks for it. */
static void test_index_block_size(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    bool exists;

    if (!guest_open(&g, NULL)) {
        return;
    }
    set_block_size(&g, LIMIT_INDEX_BLOCK_SIZE);
    volume_exists(g.volume, FOLDER "\\zzz", &exists, &err);
    g_clear_error(&err);
    set_block_size(&g, 2 * LIMIT_INDEX_BLOCK_SIZE);
    g_assert_false(volume_exists(g.volume, FOLDER "\\zzz", &exists, &err));
    assert_message(err, GUEST_ERROR_INVALID, "Input/output error");
}

/* ------------------------------------------------------------------ drivers */

static void test_loaded_modules(void)
{
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    g_autoptr(Modules) modules = NULL;
    const char *why;

    if (!guest_open(&g, NULL)) {
        return;
    }
    modules = modules_new(g.volume, &g.windows);
    for (unsigned i = 0; i <= LIMIT_LOADED_MODULES; i++) {
        g_autofree char *path = g_strdup_printf(FOLDER "\\%u.sys", i);
        bool ok = modules_find_fault(modules, path, &why, &err);

        g_assert_true(ok == (i < LIMIT_LOADED_MODULES));
        g_assert_true(!ok || why);
    }
    assert_message(err, GUEST_ERROR_INVALID,
                   "more than 2048 modules would be loaded");
}

/* Services whose files are missing, @n of them, their names as long. */
static GString *services(unsigned n, const char *text)
{
    GString *body = g_string_new(NULL);

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(body, SET1 "Services\\service%04u]\n"
                               "\"Type\"=dword:00000001\n"
                               "\"Start\"=dword:00000000\n"
                               "\"ErrorControl\"=dword:00000001\n%s", i,
                               text);
    }
    return body;
}

/* What is said of boot drivers that are passed over, if there are @n. */
static char *passed_drivers(unsigned n)
{
    g_autoptr(GString) body = services(n, "");
    g_auto(Guest) g = { 0 };
    g_autoptr(Modules) modules = NULL;
    g_autoptr(GError) err = NULL;
    CheckMachine machine = { 0 };
    Link link = { 0 };
    Check check = { 0 };

    if (!guest_open(&g, body->str)) {
        return NULL;
    }
    modules = modules_new(g.volume, &g.windows);
    check = (Check) {
        .machine = &machine,
        .volume = g.volume,
        .windows = &g.windows,
        .modules = modules,
        .system = &g.system,
        .control_set = 1,
        .warnings = g.warnings,
    };
    g_assert_true(check_boot_drivers(&check, &link, &err));
    g_assert_no_error(err);
    g_assert_cmpint(link.state, ==, LINK_OK);
    g_assert_cmpuint(g.warnings->len, ==, 1);
    g_free(link.object);
    g_free(link.text);
    return g_strdup(g_ptr_array_index(g.warnings, 0));
}

#define PASSED "drivers with Start=0 that NTLDR passes over: "
#define AND_OTHERS " and others"

static void test_passed_drivers(void)
{
    g_autofree char *few = passed_drivers(20);
    g_autofree char *many = few ? passed_drivers(300) : NULL;

    if (!many) {
        return;
    }
    g_assert_true(g_str_has_prefix(many, PASSED "service0000 ("));
    g_assert_false(g_str_has_suffix(few, AND_OTHERS));
    g_assert_true(g_str_has_suffix(many, AND_OTHERS));
    g_assert_cmpuint(strlen(many), <=, strlen(PASSED AND_OTHERS) +
                                       LIMIT_PASSED_DRIVERS);
    g_assert_cmpuint(strlen(many), >, LIMIT_PASSED_DRIVERS - 200);
}

/* ------------------------------------------------------------------ reports */

static Inspection inspection(Guest *g)
{
    return (Inspection) {
        .windows = &g->windows,
        .volume = g->volume,
        .system = &g->system,
        .control_set = 1,
        .storage_drivers = g_ptr_array_new(),
        .vmware = g_ptr_array_new_with_free_func(g_free),
        .hypervisor_drivers = g_ptr_array_new_with_free_func(g_free),
        .warnings = g->warnings,
    };
}

static void inspection_end(Inspection *in)
{
    for (guint i = 0; i < in->storage_drivers->len; i++) {
        StorageDriver *driver = g_ptr_array_index(in->storage_drivers, i);

        g_free(driver->name);
        g_free(driver->group);
        g_free(driver->path);
        g_free(driver);
    }
    g_ptr_array_unref(in->storage_drivers);
    g_ptr_array_unref(in->vmware);
    g_ptr_array_unref(in->hypervisor_drivers);
}

/* A hive with @n drivers of disks is worth @expected warnings. */
static void list_storage_drivers(unsigned n, guint expected)
{
    g_autoptr(GString) body = services(n, "\"Group\"=\"SCSI miniport\"\n");
    g_autoptr(GError) err = NULL;
    g_auto(Guest) g = { 0 };
    Inspection in;

    if (!guest_open(&g, body->str)) {
        return;
    }
    in = inspection(&g);
    g_assert_true(inspect_storage_drivers(&in, &err));
    g_assert_no_error(err);
    g_assert_cmpuint(in.storage_drivers->len, ==,
                     MIN(n, LIMIT_STORAGE_DRIVERS));
    g_assert_cmpuint(g.warnings->len, ==, expected);
    if (expected > 0) {
        g_assert_cmpstr(g_ptr_array_index(g.warnings, 0), ==, "there are "
                        "more than 128 storage drivers, the rest is left out");
    }
    inspection_end(&in);
}

static void test_storage_drivers(void)
{
    list_storage_drivers(LIMIT_STORAGE_DRIVERS, 0);
    list_storage_drivers(LIMIT_STORAGE_DRIVERS + 1, 1);
}

/* A filter on @n lists; how many of them are told. */
static guint list_filters(unsigned n)
{
    g_autoptr(GString) body = g_string_new(SET1 "Services\\vmmouse]\n"
                                           "\"Start\"=dword:00000003\n");
    g_autoptr(GError) err = NULL;
    g_auto(GStrv) parts = NULL;
    g_auto(Guest) g = { 0 };
    Inspection in;

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(body, SET1 "Control\\Class\\{%u}]\n"
                               "\"UpperFilters\"=hex(7):76,00,6d,00,6d,00,"
                               "6f,00,75,00,73,00,65,00,00,00,00,00\n", i);
    }
    if (!guest_open(&g, body->str)) {
        return 0;
    }
    in = inspection(&g);
    g_assert_true(inspect_leftovers(&in, &err));
    g_assert_no_error(err);
    g_assert_cmpuint(in.vmware->len, ==, 1);
    g_test_message("%s", (char *)g_ptr_array_index(in.vmware, 0));
    parts = g_strsplit(g_ptr_array_index(in.vmware, 0), "UpperFilters of",
                       -1);
    inspection_end(&in);
    return g_strv_length(parts) - 1;
}

static void test_filter_lists(void)
{
    guint most = list_filters(LIMIT_FILTER_LISTS);

    if (most > 0) {
        g_assert_cmpuint(most, ==, LIMIT_FILTER_LISTS);
        g_assert_cmpuint(list_filters(LIMIT_FILTER_LISTS + 1), ==,
                         LIMIT_FILTER_LISTS);
    }
}

static void test_warnings(void)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    Inspection in = { .warnings = warnings };

    for (unsigned i = 0; i < LIMIT_WARNINGS; i++) {
        inspect_warn(&in, "warning %u", i);
    }
    g_assert_cmpuint(warnings->len, ==, LIMIT_WARNINGS);
    g_assert_cmpstr(g_ptr_array_index(warnings, LIMIT_WARNINGS - 1), ==,
                    "warning 255");
    inspect_warn(&in, "one more");
    inspect_warn(&in, "and another one");
    g_assert_cmpuint(warnings->len, ==, LIMIT_WARNINGS + 1);
    g_assert_cmpstr(g_ptr_array_index(warnings, LIMIT_WARNINGS), ==,
                    "there is more to warn of, which is left out");
}

static void test_report_string(void)
{
    g_autofree char *most = repeat("x", LIMIT_REPORT_STRING);
    g_autofree char *more = repeat("x", LIMIT_REPORT_STRING + 1);

    inspect_clip(most);
    g_assert_cmpuint(strlen(most), ==, LIMIT_REPORT_STRING);
    g_assert_true(g_str_has_suffix(most, "xxx"));
    inspect_clip(more);
    g_assert_cmpuint(strlen(more), ==, LIMIT_REPORT_STRING);
    g_assert_true(g_str_has_suffix(more, "x..."));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits-volume/path-depth", test_path_depth);
    g_test_add_func("/limits-volume/driver-places", test_driver_places);
    g_test_add_func("/limits-volume/directory-size", test_directory_size);
    g_test_add_func("/limits-volume/directory-bitmap", test_directory_bitmap);
    g_test_add_func("/limits-volume/directory-entries",
                    test_directory_entries);
    g_test_add_func("/limits-volume/index-block-size",
                    test_index_block_size);
    g_test_add_func("/limits-volume/mft-size", test_mft_size);
    g_test_add_func("/limits-volume/mft-walk", test_mft_walk);
    g_test_add_func("/limits-volume/mft-record-size", test_mft_record_size);
    g_test_add_func("/limits-volume/loaded-modules", test_loaded_modules);
    g_test_add_func("/limits-volume/passed-drivers", test_passed_drivers);
    g_test_add_func("/limits-volume/storage-drivers", test_storage_drivers);
    g_test_add_func("/limits-volume/filter-lists", test_filter_lists);
    g_test_add_func("/limits-volume/warnings", test_warnings);
    g_test_add_func("/limits-volume/report-string", test_report_string);
    return g_test_run();
}
