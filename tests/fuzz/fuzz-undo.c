/*
 * Fuzz target: undo files of win-xenfix
 *
 * The first byte says whether the checksums of the rest are made right, as
 * whoever means harm would.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "fuzz.h"
#include "../../fixer/xenfix/undo-internal.h"

static void mend(uint8_t *file, size_t size)
{
    uint64_t le_size = GUINT64_TO_LE(size);

    if (size < UNDO_HEADER_SIZE) {
        return;
    }
    memcpy(file, UNDO_MAGIC, UNDO_MAGIC_SIZE);
    memcpy(file + UNDO_AT_FILE_SIZE, &le_size, sizeof(le_size));
    undo_digest(file + UNDO_HEADER_SIZE, size - UNDO_HEADER_SIZE,
                file + UNDO_AT_BODY_DIGEST);
    undo_digest(file, UNDO_AT_HEADER_DIGEST, file + UNDO_AT_HEADER_DIGEST);
}

/* What the decoder promises of patches. */
static void check_patches(const UndoFile *undo)
{
    uint64_t end = UNDO_SECTOR_SIZE;

    for (guint i = 0; i < undo->patches->len; i++) {
        const UndoPatch *patch = &g_array_index(undo->patches, UndoPatch, i);

        g_assert_cmpuint(patch->offset, >=, end);
        g_assert_cmpuint(patch->length, >, 0);
        g_assert_cmpuint(patch->length, <=, undo->disk_size);
        g_assert_cmpuint(patch->offset, <=, undo->disk_size - patch->length);
        g_assert_cmpuint(patch->offset % UNDO_SECTOR_SIZE, ==, 0);
        end = patch->offset + patch->length;
    }
}

/* A file that was understood is written as another that says the same. */
static void encode_again(const UndoFile *undo)
{
    g_autoptr(GByteArray) file = undo_file_encode(undo, NULL);
    g_autoptr(UndoFile) again = NULL;

    g_assert_nonnull(file);
    again = undo_file_decode(g_memdup2(file->data, file->len), file->len,
                             NULL);
    g_assert_nonnull(again);
    g_assert_cmpuint(again->patches->len, ==, undo->patches->len);
    g_assert_cmpuint(again->marks->len, ==, undo->marks->len);
    g_assert_cmpuint(undo_file_patch_bytes(again), ==,
                     undo_file_patch_bytes(undo));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    bool mended = fuzz_take8(&input) & 1;
    uint8_t *file = g_malloc(input.left + 1);
    g_autoptr(UndoFile) undo = NULL;
    GError *err = NULL;

    memcpy(file, input.p, input.left);
    if (mended) {
        mend(file, input.left);
    }
    undo = undo_file_decode(file, input.left, &err);
    if (!undo) {
        fuzz_expect_error(err);
        return 0;
    }
    check_patches(undo);
    encode_again(undo);
    return 0;
}
