/*
 * Unit test of undo files: what is written is read, and nothing else is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "../../fixer/xenfix/undo-internal.h"
#include "../../fixer/xenfix/undo-store.h"

#define DISK_SIZE (1024 * 1024)
/* Of the file that sample() makes: see undo-internal.h. */
#define FIRST_PATCH UNDO_HEADER_SIZE
#define SECOND_PATCH (FIRST_PATCH + UNDO_PATCH_FIXED + 2 * 512)
#define FIRST_MARK (SECOND_PATCH + UNDO_PATCH_FIXED + 2 * 1024)

static const uint8_t old_bytes[1024] = { 'o', 'l', 'd' };
static const uint8_t new_bytes[1024] = { 'n', 'e', 'w' };

static UndoFile *sample_undo(void)
{
    const UndoPatch patches[] = {
        { 512, 512, old_bytes, new_bytes },
        { 8192, 1024, new_bytes, old_bytes },
    };
    const UndoMark marks[] = {
        { UNDO_MARK_IDENTITY, "the partition table", 0, 512, "i" },
        { UNDO_MARK_WITNESS, "partition 1: $LogFile", 4096, 8192, "w" },
    };
    UndoFile *undo = undo_file_new("qcow2", DISK_SIZE);

    g_array_append_vals(undo->patches, patches, G_N_ELEMENTS(patches));
    g_array_append_vals(undo->marks, marks, G_N_ELEMENTS(marks));
    return undo;
}

static GByteArray *sample(void)
{
    g_autoptr(UndoFile) undo = sample_undo();
    g_autoptr(GError) error = NULL;
    GByteArray *file = undo_file_encode(undo, &error);

    g_assert_no_error(error);
    return file;
}

static UndoFile *decode(const GByteArray *file, GError **error)
{
    uint8_t *data = g_malloc(file->len + 1);

    memcpy(data, file->data, file->len);
    return undo_file_decode(data, file->len, error);
}

static void assert_sample(const UndoFile *undo)
{
    const UndoPatch *patch = &g_array_index(undo->patches, UndoPatch, 1);
    const UndoMark *mark = &g_array_index(undo->marks, UndoMark, 1);

    g_assert_cmpstr(undo->format, ==, "qcow2");
    g_assert_cmpuint(undo->disk_size, ==, DISK_SIZE);
    g_assert_cmpuint(undo->patches->len, ==, 2);
    g_assert_cmpuint(undo_file_patch_bytes(undo), ==, 1536);
    g_assert_cmpuint(patch->offset, ==, 8192);
    g_assert_cmpmem(patch->old_bytes, patch->length, new_bytes, 1024);
    g_assert_cmpmem(patch->new_bytes, patch->length, old_bytes, 1024);
    g_assert_cmpuint(undo->marks->len, ==, 2);
    g_assert_cmpint(mark->kind, ==, UNDO_MARK_WITNESS);
    g_assert_cmpstr(mark->what, ==, "partition 1: $LogFile");
    g_assert_cmpuint(mark->offset, ==, 4096);
    g_assert_cmpuint(mark->length, ==, 8192);
    g_assert_cmpint(mark->digest[0], ==, 'w');
}

static void test_round_trip(void)
{
    g_autoptr(GByteArray) file = sample();
    g_autoptr(GError) error = NULL;
    g_autoptr(UndoFile) undo = decode(file, &error);

    g_assert_no_error(error);
    g_assert_false(undo->done);
    assert_sample(undo);
}

static void test_seal(void)
{
    g_autoptr(GByteArray) file = sample();
    g_autoptr(UndoFile) sealed = NULL;

    undo_file_seal(file->data, file->data + UNDO_SEAL_OFFSET);
    sealed = decode(file, NULL);
    g_assert_true(sealed->done);
    /* Torn anywhere, it is not done. */
    for (guint at = UNDO_SEAL_OFFSET; at < UNDO_HEADER_SIZE; at++) {
        g_autoptr(GByteArray) torn = sample();
        g_autoptr(UndoFile) undo = NULL;

        memcpy(torn->data, file->data, at);
        undo = decode(torn, NULL);
        g_assert_nonnull(undo);
        g_assert_false(undo->done);
    }
}

static void assert_damaged(const GByteArray *file)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(decode(file, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error->message, '\n'));
}

static void test_damage(void)
{
    g_autoptr(GByteArray) file = sample();

    for (guint at = 0; at < file->len; at++) {
        if (at < UNDO_SEAL_OFFSET || at >= UNDO_HEADER_SIZE) {
            file->data[at] ^= 0x10;
            assert_damaged(file);
            file->data[at] ^= 0x10;
        }
    }
    while (file->len > 0) {
        g_byte_array_set_size(file, file->len - 1);
        assert_damaged(file);
    }
}

/* Makes the checksums right, as whoever means harm would. */
static void mend(GByteArray *file)
{
    uint64_t size = GUINT64_TO_LE(file->len);

    memcpy(file->data + UNDO_AT_FILE_SIZE, &size, sizeof(size));
    undo_digest(file->data + UNDO_HEADER_SIZE, file->len - UNDO_HEADER_SIZE,
                file->data + UNDO_AT_BODY_DIGEST);
    undo_digest(file->data, UNDO_AT_HEADER_DIGEST,
                file->data + UNDO_AT_HEADER_DIGEST);
}

static void put(GByteArray *file, guint at, uint64_t value, guint size)
{
    for (guint i = 0; i < size; i++) {
        file->data[at + i] = value >> 8 * i;
    }
}

/* One number that no sound file has. */
static void test_hostile(void)
{
    static const struct {
        guint at;
        guint size;
        uint64_t value;
    } numbers[] = {
        { UNDO_AT_VERSION, 4, 2 },
        { UNDO_AT_DISK_SIZE, 8, 8192 + 512 },
        { UNDO_AT_PATCHES, 4, 0 },
        { UNDO_AT_PATCHES, 4, 1 },
        { UNDO_AT_PATCHES, 4, 3 },
        { UNDO_AT_PATCHES, 4, UINT32_MAX },
        { UNDO_AT_MARKS, 4, 1 },
        { UNDO_AT_MARKS, 4, 3 },
        { UNDO_AT_MARKS, 4, UINT32_MAX },
        { UNDO_AT_FORMAT + 31, 1, 'x' },
        { FIRST_PATCH, 8, 0 },
        { FIRST_PATCH, 8, 513 },
        { FIRST_PATCH, 8, 8192 },
        { FIRST_PATCH, 8, DISK_SIZE },
        { FIRST_PATCH, 8, UINT64_MAX - 511 },
        { FIRST_PATCH + 8, 8, 0 },
        { FIRST_PATCH + 8, 8, 511 },
        { FIRST_PATCH + 8, 8, DISK_SIZE },
        { FIRST_PATCH + 8, 8, UINT64_MAX - 511 },
        { FIRST_PATCH + 8, 8, UINT64_C(1) << 63 },
        { SECOND_PATCH, 8, 512 },
        { FIRST_MARK, 4, 0 },
        { FIRST_MARK, 4, 3 },
        { FIRST_MARK + 4, 4, 0 },
        { FIRST_MARK + 4, 4, UINT32_MAX },
        { FIRST_MARK + 8, 8, DISK_SIZE },
        { FIRST_MARK + 8, 8, UINT64_MAX },
        { FIRST_MARK + 16, 8, 0 },
        { FIRST_MARK + 16, 8, DISK_SIZE + 1 },
        { FIRST_MARK + 16, 8, UINT64_MAX },
        { FIRST_MARK + UNDO_MARK_FIXED, 1, 0xff },
        { FIRST_MARK + UNDO_MARK_FIXED, 1, '\0' },
    };

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GByteArray) file = sample();

        put(file, numbers[i].at, numbers[i].value, numbers[i].size);
        mend(file);
        assert_damaged(file);
    }
}

static void test_more_than_it_says(void)
{
    g_autoptr(GByteArray) file = sample();

    g_byte_array_append(file, (const uint8_t *)"x", 1);
    mend(file);
    assert_damaged(file);
}

static void test_too_much(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(UndoFile) undo = sample_undo();

    g_array_index(undo->patches, UndoPatch, 1).length =
        UNDO_MAX_PATCH_BYTES;
    g_assert_null(undo_file_encode(undo, &error));
    g_assert_error(error, UNDO_ERROR, UNDO_ERROR_IO);
}

/* ------------------------------------------------------ on the host */

typedef struct Place {
    char *folder;
    char *path;
    char *new_path;
} Place;

static void set_up(Place *place, gconstpointer unused)
{
    place->folder = g_dir_make_tmp("undo-XXXXXX", NULL);
    g_assert_nonnull(place->folder);
    place->path = g_build_filename(place->folder, "disk.xenfix-undo", NULL);
    place->new_path = g_strconcat(place->path, ".new", NULL);
}

static void tear_down(Place *place, gconstpointer unused)
{
    g_unlink(place->path);
    g_unlink(place->new_path);
    g_assert_cmpint(g_rmdir(place->folder), ==, 0);
    g_free(place->folder);
    g_free(place->path);
    g_free(place->new_path);
}

static UndoFile *load(const Place *place)
{
    g_autoptr(GError) error = NULL;
    UndoFile *undo;

    g_assert_true(undo_store_load(place->path, &undo, &error));
    g_assert_no_error(error);
    return undo;
}

static void create(const Place *place)
{
    g_autoptr(UndoFile) undo = sample_undo();
    g_autoptr(GError) error = NULL;

    g_assert_true(undo_store_create(place->path, undo, &error));
    g_assert_no_error(error);
}

static void test_store(Place *place, gconstpointer unused)
{
    struct stat st;

    g_assert_null(load(place));
    create(place);
    g_assert_cmpint(stat(place->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    for (int done = 0; done <= 1; done++) {
        g_autoptr(UndoFile) undo = NULL;

        g_assert_true(undo_store_set_done(place->path, done, NULL));
        undo = load(place);
        g_assert_cmpint(undo->done, ==, done);
        assert_sample(undo);
    }
    g_assert_true(undo_store_set_done(place->path, false, NULL));
    g_assert_true(undo_store_remove(place->path, NULL));
    g_assert_null(load(place));
    g_assert_false(undo_store_remove(place->path, NULL));
}

/* What a run that was cut off has left, or what somebody has put there. */
static void test_leftover(Place *place, gconstpointer unused)
{
    g_autofree char *victim = g_build_filename(place->folder, "victim", NULL);
    g_autofree char *contents = NULL;
    g_autoptr(UndoFile) undo = NULL;

    g_assert_true(g_file_set_contents(place->new_path, "half", 4, NULL));
    create(place);
    undo = load(place);
    assert_sample(undo);
    g_assert_true(undo_store_remove(place->path, NULL));

    g_assert_true(g_file_set_contents(victim, "precious", -1, NULL));
    g_assert_cmpint(symlink(victim, place->new_path), ==, 0);
    create(place);
    g_assert_true(g_file_get_contents(victim, &contents, NULL, NULL));
    g_assert_cmpstr(contents, ==, "precious");
    g_unlink(victim);
}

static void assert_not_loaded(const Place *place)
{
    g_autoptr(GError) error = NULL;
    UndoFile *undo;

    g_assert_false(undo_store_load(place->path, &undo, &error));
    g_assert_null(undo);
    g_assert_nonnull(strstr(error->message, place->path));
}

static void test_no_file(Place *place, gconstpointer unused)
{
    int fd;

    g_assert_true(g_file_set_contents(place->path, "", 0, NULL));
    assert_not_loaded(place);
    /* Larger than any; no memory is taken for it. */
    fd = open(place->path, O_WRONLY);
    g_assert_cmpint(ftruncate(fd, 1LL << 40), ==, 0);
    close(fd);
    assert_not_loaded(place);
    g_unlink(place->path);
    g_assert_cmpint(mkfifo(place->path, 0600), ==, 0);
    assert_not_loaded(place);
    g_unlink(place->path);
    g_assert_cmpint(g_mkdir(place->path, 0700), ==, 0);
    assert_not_loaded(place);
    g_rmdir(place->path);
}

static void test_no_place(Place *place, gconstpointer unused)
{
    g_autoptr(UndoFile) undo = sample_undo();
    g_autofree char *nowhere = g_build_filename(place->folder, "none", "undo",
                                                NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(undo_store_create(nowhere, undo, &error));
    g_assert_error(error, UNDO_ERROR, UNDO_ERROR_IO);
    g_assert_false(undo_store_set_done(nowhere, true, NULL));
    /* The name is taken: nothing is left behind. */
    g_assert_cmpint(g_mkdir(place->path, 0700), ==, 0);
    g_assert_false(undo_store_create(place->path, undo, NULL));
    g_assert_cmpint(access(place->new_path, F_OK), ==, -1);
    g_rmdir(place->path);
}

#define ADD_STORE(name, test) \
    g_test_add("/undo-store/" name, Place, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/undo-file/round-trip", test_round_trip);
    g_test_add_func("/undo-file/seal", test_seal);
    g_test_add_func("/undo-file/damage", test_damage);
    g_test_add_func("/undo-file/hostile", test_hostile);
    g_test_add_func("/undo-file/more-than-it-says", test_more_than_it_says);
    g_test_add_func("/undo-file/too-much", test_too_much);
    ADD_STORE("store", test_store);
    ADD_STORE("leftover", test_leftover);
    ADD_STORE("no-file", test_no_file);
    ADD_STORE("no-place", test_no_place);
    return g_test_run();
}
