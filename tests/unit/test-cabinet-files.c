/*
 * Cabinets made by gcab, by Windows, and by people who wanted to crash a
 * parser
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>

#include "cabinet.h"
#include "error.h"
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
    g_autoptr(Cabinet) cabinet = cabinet_open(source, "t.cab", &err);
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

/* A row of cabinet-samples.txt: what the member or the cabinet gives. */
static char *sample_result(const char *path, const char *file,
                           const char *member)
{
    g_autoptr(ByteSource) source = file_source_new(path);
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, file, &err);
    g_autoptr(GBytes) data = NULL;

    if (cabinet) {
        g_autofree char *name = g_strcompress(member);

        data = cabinet_extract(cabinet, name, 64 * 1024 * 1024, &err);
        g_assert_false(g_error_matches(err, GUEST_ERROR,
                                       GUEST_ERROR_NOT_FOUND));
        if (data) {
            return g_compute_checksum_for_bytes(G_CHECKSUM_MD5, data);
        }
    } else {
        g_assert_cmpstr(member, ==, "-");
    }
    g_assert_nonnull(strstr(err->message, file));
    /* the cause, behind "cabinet FILE: " or "MEMBER in cabinet FILE: " */
    return g_strdup(strstr(err->message, file) + strlen(file) + 2);
}

static void check_samples(const char *dir, GHashTable *seen)
{
    g_autoptr(GBytes) bytes = read_file(XENPREP_SOURCE
                                        "/tests/unit/cabinet-samples.txt");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL),
                                      g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\t", 3);
        g_autofree char *path = NULL;
        g_autofree char *result = NULL;

        if (**line == '#' || **line == '\0') {
            continue;
        }
        path = g_build_filename(dir, fields[0], NULL);
        result = sample_result(path, fields[0], fields[1]);
        g_test_message("%s %s", fields[0], fields[1]);
        g_assert_cmpstr(result, ==, fields[2]);
        g_hash_table_add(seen, g_strdup(fields[0]));
    }
}

static void test_samples(void)
{
    g_autofree char *path = shared_data("cab");
    g_autoptr(GHashTable) seen = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (!path) {
        return;
    }
    seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    check_samples(path, seen);
    /* no file of the shared data is left out */
    dir = g_dir_open(path, 0, NULL);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".cab")) {
            g_assert_true(g_hash_table_contains(seen, name));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/cabinet-files/gcab/stored", "-n", test_gcab);
    g_test_add_data_func("/cabinet-files/gcab/mszip", "-z", test_gcab);
    g_test_add_func("/cabinet-files/samples", test_samples);
    return g_test_run();
}
