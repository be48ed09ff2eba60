/*
 * Cabinets and KWAJ files made by gcab, by Windows, and by people who wanted
 * to crash a parser
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cabinet.h"
#include "error.h"
#include "expand.h"
#include "guest-limits.h"
#include "util.h"

/* Bytes that compress, but not to nothing. */
static GBytes *some_bytes(gsize size)
{
    guint8 *data = g_malloc(size);
    guint32 state = 1;

    for (gsize i = 0; i < size; i++) {
        state = state * 1103515245 + 12345;
        data[i] = state >> 28;
    }
    return g_bytes_new_take(data, size);
}

static void run_gcab(const char *dir, const char *compress)
{
    const char *argv[] = { "gcab", "-c", compress, "t.cab", "a.bin", "b.bin",
                           NULL };
    g_autoptr(GError) err = NULL;
    int status;

    g_spawn_sync(dir, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, &status, &err);
    g_assert_no_error(err);
    g_assert_true(g_spawn_check_wait_status(status, &err));
}

static void write_file(const char *dir, const char *name, GBytes *bytes)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    g_assert_true(g_file_set_contents(path, data, size, NULL));
}

static void check_gcab(const char *path, GBytes *a, GBytes *b)
{
    g_autoptr(ByteSource) source = file_source_new(path);
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);
    /* the second first: the first must be decompressed on the way */
    g_autoptr(GBytes) second = NULL;
    g_autoptr(GBytes) first = NULL;

    g_assert_no_error(err);
    second = cabinet_extract(cabinet, "B.BIN", 1024 * 1024, &err);
    g_assert_no_error(err);
    first = cabinet_extract(cabinet, "a.bin", 1024 * 1024, &err);
    g_assert_no_error(err);
    g_assert_true(g_bytes_equal(first, a));
    g_assert_true(g_bytes_equal(second, b));
}

/* Many blocks of 32 KiB, two members in one folder. */
static void test_gcab(gconstpointer compress)
{
    static const char *const names[] = { "a.bin", "b.bin", "t.cab" };
    g_autofree char *program = g_find_program_in_path("gcab");
    g_autofree char *dir = NULL;
    g_autofree char *cabinet = NULL;
    g_autoptr(GBytes) a = some_bytes(200000);
    g_autoptr(GBytes) b = some_bytes(70001);

    if (!program) {
        g_test_skip("gcab is not installed");
        return;
    }
    dir = g_dir_make_tmp("test-cabinet-XXXXXX", NULL);
    cabinet = g_build_filename(dir, "t.cab", NULL);
    write_file(dir, "a.bin", a);
    write_file(dir, "b.bin", b);
    run_gcab(dir, compress);
    check_gcab(cabinet, a, b);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);

        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* What a file or a member of it gives, as a row of the table says it. */
static char *result_string(GBytes *data, GError *err)
{
    g_autofree char *sum = NULL;

    g_assert_true(!data == !!err);
    if (!data) {
        g_assert_cmpint(err->code, !=, GUEST_ERROR_NOT_FOUND);
        return g_strdup(err->message);
    }
    sum = g_compute_checksum_for_bytes(G_CHECKSUM_MD5, data);
    return g_strdup_printf("%zu %s", g_bytes_get_size(data), sum);
}

static char *cabinet_result(ByteSource *source, const char *member)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);
    g_autoptr(GBytes) data = NULL;
    g_autofree char *name = g_strcompress(member);

    if (!cabinet) {
        g_assert_cmpstr(member, ==, "-");
        return result_string(NULL, err);
    }
    data = cabinet_extract(cabinet, name, LIMIT_PE_SIZE, &err);
    if (err && g_str_has_prefix(err->message, name)) {
        /* the cause, behind "MEMBER: " */
        g_autofree char *cause = g_strdup(err->message + strlen(name) + 2);

        g_free(err->message);
        err->message = g_steal_pointer(&cause);
    }
    return result_string(data, err);
}

static char *expand_result(ByteSource *source, const char *member)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) data = expand_file(source, member, LIMIT_PE_SIZE, &err);

    return result_string(data, err);
}

static char *sample_result(const char *path, const char *member)
{
    g_autoptr(ByteSource) source = file_source_new(path);

    return g_str_has_suffix(path, ".cab") ? cabinet_result(source, member)
                                          : expand_result(source, member);
}

/* A function that is called for each row of the table. */
typedef void RowFunc(const char *path, const char *member, const char *result,
                     void *opaque);

static void for_each_row(const char *dir, GHashTable *seen, RowFunc *func,
                         void *opaque)
{
    g_autoptr(GBytes) bytes = read_file(XENPREP_SOURCE
                                        "/tests/unit/cabinet-samples.txt");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL),
                                      g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\t", 3);
        g_autofree char *path = NULL;

        if (**line == '#' || **line == '\0') {
            continue;
        }
        g_assert_cmpuint(g_strv_length(fields), ==, 3);
        path = g_build_filename(dir, fields[0], NULL);
        g_test_message("%s %s", fields[0], fields[1]);
        func(path, fields[1], fields[2], opaque);
        g_hash_table_add(seen, g_steal_pointer(&path));
    }
}

/* No file of the shared data is left out. */
static void check_all_seen(const char *path, GHashTable *seen)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        if (g_file_test(below, G_FILE_TEST_IS_DIR)) {
            check_all_seen(below, seen);
        } else if (!g_hash_table_contains(seen, below)) {
            g_test_message("%s has no row in the table", below);
            g_test_fail();
        }
    }
}

static void check_row(const char *path, const char *member,
                      const char *result, void *opaque)
{
    g_autofree char *found = sample_result(path, member);

    g_assert_cmpstr(found, ==, result);
}

static void test_samples(void)
{
    g_autofree char *path = shared_data("cab");
    g_autoptr(GHashTable) seen = NULL;

    if (path) {
        seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for_each_row(path, seen, check_row, NULL);
        check_all_seen(path, seen);
    }
}

/* The MD5 of what 7z extracts, to be freed; NULL if it refuses. */
static char *sum_of_7z(const char *path, const char *member)
{
    const char *argv[] = { "7z", "e", "-so", "-y", "--", path, member, NULL };
    g_autoptr(GError) err = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                G_SUBPROCESS_FLAGS_STDERR_SILENCE, &err);
    g_autoptr(GBytes) data = NULL;

    g_assert_no_error(err);
    g_subprocess_communicate(process, NULL, NULL, &data, NULL, &err);
    g_assert_no_error(err);
    return g_subprocess_get_successful(process)
           ? g_compute_checksum_for_bytes(G_CHECKSUM_MD5, data) : NULL;
}

/* 7z's decompressors are its own.  It has other ideas of odd names. */
static void check_row_with_7z(const char *path, const char *member,
                              const char *result, void *opaque)
{
    g_autofree char *name = g_strcompress(member);
    unsigned *count = opaque;
    g_autofree char *sum = NULL;

    if (g_str_has_suffix(path, ".cab") && g_ascii_isdigit(*result) &&
        strchr(result, ' ') && g_str_is_ascii(name)) {
        sum = sum_of_7z(path, g_strdelimit(name, "\\", '/'));
    }
    if (sum) {
        g_assert_cmpstr(sum, ==, strchr(result, ' ') + 1);
        ++*count;
    }
}

static void test_samples_with_7z(void)
{
    g_autofree char *program = g_find_program_in_path("7z");
    g_autofree char *path = shared_data("cab");
    g_autoptr(GHashTable) seen = NULL;
    unsigned count = 0;

    if (!path) {
        return;
    }
    if (!program) {
        g_test_skip("7z is not installed");
        return;
    }
    seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for_each_row(path, seen, check_row_with_7z, &count);
    g_assert_cmpuint(count, >=, 50);
}

/* Members of two folders, in the order of their data. */
static void test_places(void)
{
    static const char *const members[] = {
        "mszip1.txt", "mszip2.txt", "lzx1.txt", "lzx2.txt",
    };
    g_autofree char *path =
        shared_data("cab/libmspack_libmspack_normal_2files_2folders.cab");
    g_autoptr(ByteSource) source = path ? file_source_new(path) : NULL;
    g_autoptr(Cabinet) cabinet = path ? cabinet_open(source, NULL) : NULL;
    uint64_t before = 0;

    for (gsize i = 0; cabinet && i < G_N_ELEMENTS(members); i++) {
        uint64_t place = 0;

        g_assert_true(cabinet_find(cabinet, members[i], &place));
        g_assert_true(i == 0 || place > before);
        before = place;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/cabinet-files/gcab/stored", "-n", test_gcab);
    g_test_add_data_func("/cabinet-files/gcab/mszip", "-z", test_gcab);
    g_test_add_func("/cabinet-files/places", test_places);
    g_test_add_func("/cabinet-files/samples", test_samples);
    g_test_add_func("/cabinet-files/samples-7z", test_samples_with_7z);
    return g_test_run();
}
