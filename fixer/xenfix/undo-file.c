/*
 * The undo file: what win-xenfix changes on a disk, as it was and as it will be
 *
 * Notes on the design
 *
 * The file is written once and then read by whoever finds it, years later
 * perhaps, and put there by anybody: it is checked as if an enemy had made it.
 * Checksums tell damage; all else is checked for its own sake.
 *
 * Only its state changes.  "Done" is a checksum that is written into a gap of
 * the header, and anything else in that gap means "not done", so that a write
 * of it that was cut off, or torn, is the state in front of it.  That state is
 * the cautious one: each sector is then looked at before it is believed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "undo-internal.h"

G_DEFINE_QUARK(win-xenfix-undo-error, undo_error)

void undo_digest(const uint8_t *data, size_t size,
                 uint8_t digest[UNDO_DIGEST_SIZE])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = UNDO_DIGEST_SIZE;

    g_checksum_update(checksum, data, size);
    g_checksum_get_digest(checksum, digest, &length);
}

void undo_file_seal(const uint8_t header[UNDO_SEAL_OFFSET],
                    uint8_t seal[UNDO_DIGEST_SIZE])
{
    undo_digest(header, UNDO_SEAL_OFFSET, seal);
}

UndoFile *undo_file_new(const char *format, uint64_t disk_size)
{
    UndoFile *undo = g_new0(UndoFile, 1);

    undo->format = g_strdup(format);
    undo->disk_size = disk_size;
    undo->patches = g_array_new(FALSE, FALSE, sizeof(UndoPatch));
    undo->marks = g_array_new(FALSE, FALSE, sizeof(UndoMark));
    undo->memory = g_ptr_array_new_with_free_func(g_free);
    return undo;
}

void undo_file_free(UndoFile *undo)
{
    if (undo) {
        g_free(undo->format);
        g_array_unref(undo->patches);
        g_array_unref(undo->marks);
        g_ptr_array_unref(undo->memory);
        g_free(undo);
    }
}

uint64_t undo_file_patch_bytes(const UndoFile *undo)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < undo->patches->len; i++) {
        bytes += g_array_index(undo->patches, UndoPatch, i).length;
    }
    return bytes;
}

uint64_t undo_file_mark_bytes(const UndoFile *undo)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < undo->marks->len; i++) {
        bytes += g_array_index(undo->marks, UndoMark, i).length;
    }
    return bytes;
}

uint64_t undo_file_max_size(void)
{
    return UNDO_HEADER_SIZE + 2ULL * UNDO_MAX_PATCH_BYTES +
           (uint64_t)UNDO_MAX_PATCHES * UNDO_PATCH_FIXED +
           (uint64_t)UNDO_MAX_MARKS * (UNDO_MARK_FIXED + UNDO_MAX_WHAT);
}

static void append32(GByteArray *file, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(file, (const uint8_t *)&value, sizeof(value));
}

static void append64(GByteArray *file, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    g_byte_array_append(file, (const uint8_t *)&value, sizeof(value));
}

static void append_patch(GByteArray *file, const UndoPatch *patch)
{
    append64(file, patch->offset);
    append64(file, patch->length);
    g_byte_array_append(file, patch->old_bytes, patch->length);
    g_byte_array_append(file, patch->new_bytes, patch->length);
}

static void append_mark(GByteArray *file, const UndoMark *mark)
{
    size_t length = strlen(mark->what);

    append32(file, mark->kind);
    append32(file, length);
    append64(file, mark->offset);
    append64(file, mark->length);
    g_byte_array_append(file, mark->digest, sizeof(mark->digest));
    g_byte_array_append(file, (const uint8_t *)mark->what, length);
}

static void put32(uint8_t *to, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    memcpy(to, &value, sizeof(value));
}

static void put64(uint8_t *to, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    memcpy(to, &value, sizeof(value));
}

/* The header of a file whose body is there. */
static void fill_header(GByteArray *file, const UndoFile *undo)
{
    uint8_t *header = file->data;

    memcpy(header + UNDO_AT_MAGIC, UNDO_MAGIC, UNDO_MAGIC_SIZE);
    put32(header + UNDO_AT_VERSION, UNDO_FILE_VERSION);
    put64(header + UNDO_AT_FILE_SIZE, file->len);
    put64(header + UNDO_AT_DISK_SIZE, undo->disk_size);
    put32(header + UNDO_AT_PATCHES, undo->patches->len);
    put32(header + UNDO_AT_MARKS, undo->marks->len);
    memcpy(header + UNDO_AT_FORMAT, undo->format, strlen(undo->format));
    undo_digest(header + UNDO_HEADER_SIZE, file->len - UNDO_HEADER_SIZE,
                header + UNDO_AT_BODY_DIGEST);
    undo_digest(header, UNDO_AT_HEADER_DIGEST,
                header + UNDO_AT_HEADER_DIGEST);
}

static bool fits(const UndoFile *undo, GError **error)
{
    if (undo->patches->len > UNDO_MAX_PATCHES ||
        undo_file_patch_bytes(undo) > UNDO_MAX_PATCH_BYTES ||
        undo->marks->len > UNDO_MAX_MARKS ||
        undo_file_mark_bytes(undo) > UNDO_MAX_MARK_BYTES ||
        strlen(undo->format) > UNDO_MAX_FORMAT) {
        g_set_error(error, UNDO_ERROR, UNDO_ERROR_IO,
                    "%u changes of %" G_GUINT64_FORMAT " bytes and %u marks "
                    "of %" G_GUINT64_FORMAT " in an image of format %s are "
                    "more than an undo file can have", undo->patches->len,
                    undo_file_patch_bytes(undo), undo->marks->len,
                    undo_file_mark_bytes(undo), undo->format);
        return false;
    }
    return true;
}

GByteArray *undo_file_encode(const UndoFile *undo, GError **error)
{
    g_autoptr(GByteArray) file = g_byte_array_new();

    if (!fits(undo, error)) {
        return NULL;
    }
    g_byte_array_set_size(file, UNDO_HEADER_SIZE);
    memset(file->data, 0, UNDO_HEADER_SIZE);
    for (guint i = 0; i < undo->patches->len; i++) {
        append_patch(file, &g_array_index(undo->patches, UndoPatch, i));
    }
    for (guint i = 0; i < undo->marks->len; i++) {
        append_mark(file, &g_array_index(undo->marks, UndoMark, i));
    }
    fill_header(file, undo);
    return g_steal_pointer(&file);
}
