/*
 * Files as COMPRESS.EXE and makecab leave them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "compress.h"
#include "error.h"
#include "expand.h"
#include "util.h"

#define MAX_SIZE 100000

/* Lines of a sample: over 32 KiB, more than one window and block. */
#define MANY 1400
#define FEW 200

/* Text that repeats itself, near and far, and begins with blanks. */
static GBytes *sample(unsigned count)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)"          MZ", 12);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("line %u of aaaaaaaaaaaaaa%c",
                                                i % 170, i * 7);

        g_byte_array_append(out, (guint8 *)text, strlen(text));
    }
    return g_byte_array_free_to_bytes(out);
}

static GBytes *expand(GBytes *bytes, gsize max_size, GError **errp)
{
    g_autoptr(ByteSource) source = source_new_bytes(bytes);

    return expand_file(source, "atapi.sys", max_size, errp);
}

static void assert_refused(GBytes *bytes, gsize max_size, const char *message)
{
    g_autoptr(GError) err = NULL;

    g_assert_null(expand(bytes, max_size, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_cmpstr(err->message, ==, message);
}

static void test_round_trip(gconstpointer opaque)
{
    const Format *format = opaque;
    g_autoptr(GBytes) bytes = sample(MANY);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GBytes) compressed = format->compress(bytes);
    g_autoptr(GBytes) compressed_empty = format->compress(empty);
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) found = expand(compressed, g_bytes_get_size(bytes),
                                     &err);
    g_autoptr(GBytes) found_empty = NULL;

    g_assert_no_error(err);
    g_assert_true(g_bytes_equal(found, bytes));
    found_empty = expand(compressed_empty, 0, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(g_bytes_get_size(found_empty), ==, 0);
}

static void test_max_size(gconstpointer opaque)
{
    const Format *format = opaque;
    g_autoptr(GBytes) bytes = sample(MANY);
    g_autoptr(GBytes) compressed = format->compress(bytes);
    g_autoptr(GError) err = NULL;

    g_assert_null(expand(compressed, g_bytes_get_size(bytes) - 1, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_nonnull(strstr(err->message, "such a file may have"));
}

/* Every beginning of it: an error, or, where that cannot be told, less. */
static void test_cut(gconstpointer opaque)
{
    const Format *format = opaque;
    g_autoptr(GBytes) bytes = sample(FEW);
    g_autoptr(GBytes) compressed = format->compress(bytes);
    gsize size = g_bytes_get_size(compressed);

    for (gsize length = 14; length < size; length += MIN(37, size - length)) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(compressed, 0, length);
        g_autoptr(GError) err = NULL;
        g_autoptr(GBytes) found = expand(cut, MAX_SIZE, &err);

        if (format->knows_its_length) {
            g_assert_null(found);
            g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        } else {
            g_assert_no_error(err);
            g_assert_cmpuint(g_bytes_get_size(found), <,
                             g_bytes_get_size(bytes));
        }
    }
}

/* Whatever is changed, there is a result or an error, and no more bytes. */
static void test_damage(gconstpointer opaque)
{
    const Format *format = opaque;
    g_autoptr(GBytes) bytes = sample(FEW);
    g_autoptr(GBytes) compressed = format->compress(bytes);
    gsize size = g_bytes_get_size(compressed);

    for (gsize at = 0; at < size; at += at < 200 ? 1 : 101) {
        for (unsigned bit = 0; bit < 8; bit++) {
            guint8 *data = g_memdup2(g_bytes_get_data(compressed, NULL), size);
            g_autoptr(GBytes) changed = g_bytes_new_take(data, size);
            g_autoptr(GBytes) found = NULL;
            g_autoptr(GError) err = NULL;

            data[at] ^= 1 << bit;
            found = expand(changed, MAX_SIZE, &err);
            g_assert_true(!found == !!err);
            g_assert_true(!found || g_bytes_get_size(found) <= MAX_SIZE);
        }
    }
}

/* What SZDD's header says is not what comes out. */
static void test_szdd_length(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("0123456789", 10);
    g_autoptr(GBytes) compressed = szdd_literals(bytes);
    guint8 *length = (guint8 *)g_bytes_get_data(compressed, NULL) + 10;

    *length = 11;
    assert_refused(compressed, 100, "it is truncated or damaged: 10 bytes "
                   "come out, its header says 11");
    *length = 9;
    assert_refused(compressed, 100,
                   "more data comes out than its header says");
    memset(length, 0xff, 4);
    assert_refused(compressed, MAX_SIZE, "its 4294967295 bytes are more than "
                   "the 100000 that such a file may have");
}

static void test_kwaj_refused(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("0123456789", 10);
    g_autoptr(GBytes) compressed = kwaj_stored(bytes);
    guint8 *data = (guint8 *)g_bytes_get_data(compressed, NULL);
    g_autoptr(GBytes) unknown = kwaj_without_length(bytes);

    assert_refused(unknown, 9, "more than the 9 bytes that such a file may "
                   "have come out");
    data[8] = 5;
    assert_refused(compressed, 100, "it is damaged");
    data[8] = STORED;
    data[10] = 100;
    assert_refused(compressed, 100, "it is truncated or damaged: its data "
                   "goes on beyond its end");
}

/* Of several members the one that is asked for, of one that one. */
static void test_cabinet_member(void)
{
    g_autoptr(GBytes) a = g_bytes_new_static("aaa", 3);
    g_autoptr(GBytes) b = g_bytes_new_static("bbbb", 4);
    CabinetMember members[] = { { "x.sys", b }, { "ATAPI.SYS", a } };
    g_autoptr(GBytes) both = cabinet_image(members, 2);
    g_autoptr(GBytes) one = cabinet_image(members, 1);
    g_autoptr(ByteSource) source = source_new_bytes(both);
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) found = expand(both, 10, &err);

    g_assert_no_error(err);
    g_assert_true(g_bytes_equal(found, a));
    g_bytes_unref(found);
    found = expand(one, 10, &err);
    g_assert_no_error(err);
    g_assert_true(g_bytes_equal(found, b));
    g_assert_null(expand_file(source, "y.sys", 10, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND);
}

static bool failing_pread(ByteSource *source, uint64_t offset, void *buf,
                          size_t length, GError **errp)
{
    if (offset == 0 && length == 8) {
        memcpy(buf, "SZDD\x88\xf0\x27\x33", 8);
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "disk on fire");
    return false;
}

static void test_source_fails(void)
{
    ByteSource failing = { .size = 1000, .pread = failing_pread };
    g_autoptr(GError) err = NULL;

    g_assert_null(expand_file(&failing, "atapi.sys", 10000, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_IO);
    g_assert_cmpstr(err->message, ==, "disk on fire");
}

/* -------------------------------------------- with other people's programs */

/* What a program prints that is run in @dir; fails the test if it fails. */
static GBytes *output_of(const char *dir, const char *const *argv)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) err = NULL;
    GBytes *out = NULL;

    g_subprocess_launcher_set_cwd(launcher, dir);
    process = g_subprocess_launcher_spawnv(launcher, argv, &err);
    g_assert_no_error(err);
    g_subprocess_communicate(process, NULL, NULL, &out, NULL, &err);
    g_assert_no_error(err);
    g_assert_true(g_subprocess_get_successful(process));
    return out;
}

static bool is_installed(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    g_autofree char *why = g_strdup_printf("%s is not installed", program);

    if (!path) {
        g_test_skip(why);
    }
    return path != NULL;
}

static void write_bytes(const char *path, GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    g_assert_true(g_file_set_contents(path, data, size, NULL));
}

/* A file in a new directory, whose name is then *@dir, to be freed. */
static char *new_file(const char *name, GBytes *bytes, char **dir)
{
    char *path;

    *dir = g_dir_make_tmp("test-expand-XXXXXX", NULL);
    g_assert_nonnull(*dir);
    path = g_build_filename(*dir, name, NULL);
    write_bytes(path, bytes);
    return path;
}

/* A program reads what the compressor of this test wrote. */
static void check_with(const char *const *argv, bool matches)
{
    g_autoptr(GBytes) bytes = sample(MANY);
    g_autoptr(GBytes) compressed = szdd(bytes, matches);
    g_autoptr(GBytes) found = NULL;
    g_autofree char *dir = NULL;
    g_autofree char *path = NULL;

    if (!is_installed(argv[0])) {
        return;
    }
    path = new_file("sample.sy_", compressed, &dir);
    found = output_of(dir, argv);
    g_assert_true(g_bytes_equal(found, bytes));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void test_7z(void)
{
    const char *const argv[] = { "7z", "e", "-so", "sample.sy_", NULL };

    check_with(argv, false);
    check_with(argv, true);
}

static void test_msexpand(void)
{
    const char *const argv[] = { "sh", "-c", "msexpand < sample.sy_", NULL };

    if (is_installed("msexpand")) {
        check_with(argv, false);
        check_with(argv, true);
    }
}

/* mscompress writes what we read. */
static void test_mscompress(void)
{
    const char *const argv[] = { "mscompress", "sample.sys", NULL };
    g_autoptr(GBytes) bytes = sample(MANY);
    g_autofree char *dir = NULL;
    g_autofree char *plain_path = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GBytes) said = NULL;
    g_autoptr(GBytes) compressed = NULL;
    g_autoptr(GBytes) found = NULL;

    if (!is_installed("mscompress")) {
        return;
    }
    plain_path = new_file("sample.sys", bytes, &dir);
    path = g_strconcat(plain_path, "_", NULL);
    said = output_of(dir, argv);
    compressed = read_file(path);
    g_assert_cmpuint(g_bytes_get_size(compressed), <,
                     g_bytes_get_size(bytes) / 2);
    found = expand(compressed, MAX_SIZE, NULL);
    g_assert_nonnull(found);
    g_assert_true(g_bytes_equal(found, bytes));
    g_assert_cmpint(g_unlink(plain_path), ==, 0);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void add_for_formats(const char *name, GTestDataFunc func)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *path = g_strdup_printf("/expand/%s/%s", name,
                                                formats[i].name);

        g_test_add_data_func(path, &formats[i], func);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_for_formats("round-trip", test_round_trip);
    add_for_formats("max-size", test_max_size);
    add_for_formats("cut", test_cut);
    add_for_formats("damage", test_damage);
    g_test_add_func("/expand/szdd-length", test_szdd_length);
    g_test_add_func("/expand/kwaj-refused", test_kwaj_refused);
    g_test_add_func("/expand/cabinet-member", test_cabinet_member);
    g_test_add_func("/expand/source-fails", test_source_fails);
    g_test_add_func("/expand/7z", test_7z);
    g_test_add_func("/expand/msexpand", test_msexpand);
    g_test_add_func("/expand/mscompress", test_mscompress);
    return g_test_run();
}
