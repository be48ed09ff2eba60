/*
 * Unit test of FAT volumes that mkfs.fat makes and mtools fills: what is read
 * is what was put there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fat.h"
#include "guest-limits.h"
#include "util.h"

/* What mkfs.fat is told, and how large the volume is, in KiB. */
static const struct {
    const char *arguments;
    unsigned size;
} kinds[] = {
    { "-F 12", 1440 },
    { "-F 12 -s 8 -r 16", 8192 },
    { "-F 16 -s 1", 4096 },
    { "-F 16 -s 4 -f 1", 32768 },
    { "-F 16 -S 4096 -s 1", 32768 },
    { "-F 32 -s 1", 40960 },
    /* As Windows' setup makes an EFI system partition of 100 MiB. */
    { "-F 32 -s 2", 102400 },
    { "-F 32 -S 4096 -s 1", 307200 },
};

/* Where the volume is in its file, as if that were a disk. */
#define START (1024 * 1024)

/* A volume, and a directory of files to put on it. */
typedef struct Volume {
    char *directory;
    char *image;
    ByteSource *source;
    Overlay *overlay;
    FatVolume *fat;
} Volume;

static char *in_directory(const Volume *v, const char *name)
{
    return g_build_filename(v->directory, name, NULL);
}

static bool have_tools(void)
{
    static const char *const names[] = { "mkfs.fat", "mcopy" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_find_program_in_path(names[i]);

        if (!path) {
            g_test_skip("mkfs.fat or mtools are not installed");
            return false;
        }
    }
    return true;
}

/* Runs a command line in the volume's directory. */
static G_GNUC_PRINTF(2, 3)
void run(const Volume *v, const char *format, ...)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *line = NULL;
    g_autofree char *output = NULL;
    g_autofree char *errors = NULL;
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "MTOOLS_SKIP_CHECK",
                                         "1", TRUE);
    va_list args;
    int status;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_sync(v->directory, argv, env, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 &output, &errors, &status, &err);
    g_assert_no_error(err);
    if (!g_spawn_check_wait_status(status, &err)) {
        g_error("%s: %s%s", line, output, errors);
    }
}

static void make_directory(const Volume *v, const char *path)
{
    run(v, "mmd -i volume@@%u ::%s", START, path);
}

/* Bytes by which each place in each file can be told from others. */
static GBytes *contents(const char *name, size_t size)
{
    uint8_t *bytes = g_malloc(size);
    g_autoptr(GRand) rand = g_rand_new_with_seed(g_str_hash(name));

    for (size_t i = 0; i < size; i++) {
        bytes[i] = g_rand_int(rand);
    }
    return g_bytes_new_take(bytes, size);
}

/* Copies @size bytes to @path, with slashes. */
static void put_file(const Volume *v, const char *path, size_t size)
{
    g_autoptr(GBytes) bytes = contents(path, size);
    g_autofree char *file = in_directory(v, "file");

    g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL),
                                      size, NULL));
    run(v, "mcopy -o -i volume@@%u file '::%s'", START, path);
}

static char *with_backslashes(const char *path)
{
    return g_strdelimit(g_strdup(path), "/", '\\');
}

static void check_file(const Volume *v, const char *path, const char *name,
                       size_t size)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *windows_path = with_backslashes(path);
    g_autoptr(GBytes) expected = contents(name, size);
    g_autoptr(GBytes) bytes = fat_read(v->fat, windows_path, size, &err);
    bool exists;

    g_assert_no_error(err);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, size);
    g_assert_true(g_bytes_equal(bytes, expected));
    g_assert_true(fat_exists(v->fat, windows_path, &exists, NULL));
    g_assert_true(exists);
}

static void check_none(const Volume *v, const char *path)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *windows_path = with_backslashes(path);
    bool exists;

    g_assert_true(fat_exists(v->fat, windows_path, &exists, NULL));
    g_assert_false(exists);
    g_assert_null(fat_read(v->fat, windows_path, MiB, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND);
}

static void volume_make(Volume *v, unsigned kind)
{
    int fd;

    v->directory = g_dir_make_tmp("test-fat-XXXXXX", NULL);
    v->image = in_directory(v, "volume");
    fd = g_creat(v->image, 0600);
    g_assert_cmpint(ftruncate(fd, START + kinds[kind].size * 1024), ==, 0);
    close(fd);
    run(v, "mkfs.fat %s --offset %u volume %u", kinds[kind].arguments,
        START / (strstr(kinds[kind].arguments, "-S 4096") ? 4096 : 512),
        kinds[kind].size);
}

/* Opens what is in the image now. */
static void volume_load(Volume *v)
{
    g_autoptr(GError) err = NULL;
    Partition partition = { .number = 1, .start = START };
    bool is_fat;

    v->source = file_source_new(v->image);
    v->overlay = overlay_new(v->source, 0);
    partition.size = v->source->size - START;
    g_assert_true(fat_probe(v->overlay, &partition, &is_fat, NULL));
    g_assert_true(is_fat);
    v->fat = fat_open(v->overlay, &partition, &err);
    g_assert_no_error(err);
}

static void volume_clear(Volume *v)
{
    static const char *const names[] = { "volume", "file" };

    g_clear_pointer(&v->fat, fat_free);
    g_clear_pointer(&v->overlay, overlay_free);
    g_clear_pointer(&v->source, source_free);
    for (unsigned i = 0; v->directory && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = in_directory(v, names[i]);

        g_unlink(path);
    }
    if (v->directory) {
        g_rmdir(v->directory);
    }
    g_clear_pointer(&v->directory, g_free);
    g_clear_pointer(&v->image, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Volume, volume_clear)

/* Calls @test with a volume of each kind. */
static void for_each_kind(void (*test)(Volume *v))
{
    for (unsigned i = 0; have_tools() && i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Volume) v = { 0 };

        g_test_message("%s", kinds[i].arguments);
        volume_make(&v, i);
        test(&v);
    }
}

/* What an EFI system partition holds. */
#define BCD "/EFI/Microsoft/Boot/BCD"
#define BOOT_MANAGER "/EFI/Microsoft/Boot/bootmgfw.efi"

static void read_system_partition(Volume *v)
{
    make_directory(v, "/EFI");
    make_directory(v, "/EFI/Microsoft");
    make_directory(v, "/EFI/Microsoft/Boot");
    put_file(v, BCD, 24576);
    put_file(v, BOOT_MANAGER, 600001);
    put_file(v, "/empty", 0);
    volume_load(v);
    check_file(v, BCD, BCD, 24576);
    check_file(v, "/efi/MICROSOFT/boot/bcd", BCD, 24576);
    check_file(v, BOOT_MANAGER, BOOT_MANAGER, 600001);
    check_file(v, "/EFI/Microsoft/Boot/BOOTMGFW.EFI", BOOT_MANAGER, 600001);
    check_file(v, "/EMPTY", "/empty", 0);
    check_none(v, "/EFI/Microsoft/Boot/BCD.LOG");
    check_none(v, "/EFI/Microsof/Boot/BCD");
    check_none(v, "/EFI/Microsoft/Boot/BCD/BCD");
}

static void test_system_partition(void)
{
    for_each_kind(read_system_partition);
}

static void read_names(Volume *v)
{
    static const char *const names[] = {
        "/A long name with blanks.and dots.text",
        "/\xc3\xa9t\xc3\xa9 \xd0\x96.txt", "/lower.txt", "/MiXeD.TxT",
        "/NODOT", "/exactly thirteen characters..efi",
        "/twenty-six letters in here", "/.hidden",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        put_file(v, names[i], 100 + i);
    }
    volume_load(v);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *upper = g_utf8_strup(names[i], -1);

        g_test_message("%s", names[i]);
        check_file(v, names[i], names[i], 100 + i);
        check_file(v, upper, names[i], 100 + i);
    }
    check_file(v, "/ALONGN~1.TEX", names[0], 100);
}

static void test_names(void)
{
    for_each_kind(read_names);
}

/* A file in pieces, where others were deleted before. */
static void read_fragments(Volume *v)
{
    for (unsigned i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("/%u.bin", i);

        put_file(v, name, 40000);
    }
    for (unsigned i = 0; i < 6; i += 2) {
        run(v, "mdel -i volume@@%u ::/%u.bin", START, i);
    }
    put_file(v, "/large.bin", 500000);
    put_file(v, "/2.bin", 1);
    volume_load(v);
    check_file(v, "/large.bin", "/large.bin", 500000);
    check_file(v, "/2.bin", "/2.bin", 1);
    for (unsigned i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("/%u.bin", i);

        if (i & 1) {
            check_file(v, name, name, 40000);
        } else if (i != 2) {
            check_none(v, name);
        }
    }
}

static void test_fragments(void)
{
    for_each_kind(read_fragments);
}

#define MANY 40

static char *many_name(unsigned i)
{
    return g_strdup_printf("/many/the name of number %u takes four "
                           "entries.bin", i);
}

/* A whole directory at once: each file is as many bytes as its number. */
static void put_many(const Volume *v)
{
    g_autofree char *folder = in_directory(v, "many");

    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    for (unsigned i = 0; i < MANY; i++) {
        g_autofree char *name = many_name(i);
        g_autofree char *file = in_directory(v, name);
        g_autoptr(GBytes) bytes = contents(name, i);

        g_assert_true(g_file_set_contents(file, g_bytes_get_data(bytes, NULL),
                                          i, NULL));
    }
    run(v, "mcopy -s -i volume@@%u many ::/", START);
    for (unsigned i = 0; i < MANY; i++) {
        g_autofree char *name = many_name(i);
        g_autofree char *file = in_directory(v, name);

        g_unlink(file);
    }
    g_rmdir(folder);
}

/* A directory of several clusters, and a deep one. */
static void read_directories(Volume *v)
{
    g_autoptr(GString) path = g_string_new("/deep");

    put_many(v);
    make_directory(v, path->str);
    for (unsigned i = 0; i < 5; i++) {
        g_string_append(path, "/d");
        make_directory(v, path->str);
    }
    g_string_append(path, "/file");
    put_file(v, path->str, 1000);
    volume_load(v);
    for (unsigned i = 0; i < MANY; i++) {
        g_autofree char *name = many_name(i);

        check_file(v, name, name, i);
    }
    check_file(v, path->str, path->str, 1000);
    check_none(v, "/many/the name of number 40 takes four entries.bin");
}

static void test_directories(void)
{
    for_each_kind(read_directories);
}

/* What begins otherwise. */
static void test_probe(void)
{
    g_autofree uint8_t *zeros = g_malloc0(MiB);
    g_autoptr(GBytes) bytes = g_bytes_new_static(zeros, MiB);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    static const uint64_t sizes[] = { MiB, 512, 511, 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Partition partition = { .number = 1, .size = sizes[i] };
        g_autoptr(GError) err = NULL;
        bool is_fat = true;

        g_assert_true(fat_probe(overlay, &partition, &is_fat, NULL));
        g_assert_false(is_fat);
        g_assert_null(fat_open(overlay, &partition, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fat/system-partition", test_system_partition);
    g_test_add_func("/fat/names", test_names);
    g_test_add_func("/fat/fragments", test_fragments);
    g_test_add_func("/fat/directories", test_directories);
    g_test_add_func("/fat/probe", test_probe);
    return g_test_run();
}
