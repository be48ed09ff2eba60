/*
 * Reads an undo file, whoever wrote it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "undo-internal.h"

/* What has not been read yet. */
typedef struct Reader {
    const uint8_t *at;
    uint64_t left;
} Reader;

/* The next bytes, or NULL if there are not so many. */
static const uint8_t *take(Reader *reader, uint64_t length)
{
    const uint8_t *at = reader->at;

    if (length > reader->left) {
        return NULL;
    }
    reader->at += length;
    reader->left -= length;
    return at;
}

static bool damaged(GError **error, const char *why)
{
    g_set_error(error, UNDO_ERROR, UNDO_ERROR_DAMAGED,
                "the undo file is damaged: %s", why);
    return false;
}

static bool digest_is(const uint8_t *data, size_t size, const uint8_t *wanted)
{
    uint8_t digest[UNDO_DIGEST_SIZE];

    undo_digest(data, size, digest);
    return memcmp(digest, wanted, sizeof(digest)) == 0;
}

/* Whether it is a file of ours, and as it was written. */
static bool check_header(const uint8_t *header, size_t size, GError **error)
{
    if (size < UNDO_HEADER_SIZE ||
        memcmp(header, UNDO_MAGIC, UNDO_MAGIC_SIZE) != 0) {
        g_set_error(error, UNDO_ERROR, UNDO_ERROR_DAMAGED,
                    "it is no undo file of win-xenfix");
        return false;
    }
    if (undo_get32(header + UNDO_AT_VERSION) != UNDO_FILE_VERSION) {
        g_set_error(error, UNDO_ERROR, UNDO_ERROR_VERSION,
                    "the undo file has version %u, this program knows "
                    "version %d: use the win-xenfix that wrote it",
                    undo_get32(header + UNDO_AT_VERSION), UNDO_FILE_VERSION);
        return false;
    }
    if (!digest_is(header, UNDO_AT_HEADER_DIGEST,
                   header + UNDO_AT_HEADER_DIGEST) ||
        header[UNDO_AT_FORMAT + UNDO_MAX_FORMAT] != '\0') {
        return damaged(error, "its header is not as it was written");
    }
    if (undo_get64(header + UNDO_AT_FILE_SIZE) != size) {
        return damaged(error, "a part of it is missing");
    }
    if (!digest_is(header + UNDO_HEADER_SIZE, size - UNDO_HEADER_SIZE,
                   header + UNDO_AT_BODY_DIGEST)) {
        return damaged(error, "its contents are not as they were written");
    }
    return true;
}

/* Whether @offset and @length are a place on the disk. */
static bool on_disk(const UndoFile *undo, uint64_t offset, uint64_t length)
{
    return length > 0 && offset <= undo->disk_size &&
           length <= undo->disk_size - offset;
}

/* Sectors; only the disk's last one may be shorter. */
static bool is_run(const UndoFile *undo, const UndoPatch *patch)
{
    return patch->offset % UNDO_SECTOR_SIZE == 0 &&
           (patch->length % UNDO_SECTOR_SIZE == 0 ||
            patch->offset + patch->length == undo->disk_size);
}

/* @end: where the patch before it ends; the first sector never changes. */
static bool read_patch(Reader *reader, UndoFile *undo, uint64_t *end,
                       GError **error)
{
    const uint8_t *fixed = take(reader, UNDO_PATCH_FIXED);
    UndoPatch patch;

    if (!fixed) {
        return damaged(error, "it ends within a change");
    }
    patch.offset = undo_get64(fixed);
    patch.length = undo_get64(fixed + 8);
    if (!on_disk(undo, patch.offset, patch.length) || !is_run(undo, &patch) ||
        patch.offset < *end) {
        return damaged(error, "a change has no place on the disk");
    }
    patch.old_bytes = take(reader, patch.length);
    patch.new_bytes = take(reader, patch.length);
    if (!patch.old_bytes || !patch.new_bytes) {
        return damaged(error, "it ends within a change");
    }
    *end = patch.offset + patch.length;
    g_array_append_val(undo->patches, patch);
    return true;
}

/* @left: how many bytes marks may still have. */
static bool check_mark(const UndoFile *undo, const UndoMark *mark,
                       uint64_t *left)
{
    if ((mark->kind != UNDO_MARK_IDENTITY &&
         mark->kind != UNDO_MARK_WITNESS) ||
        !on_disk(undo, mark->offset, mark->length) || mark->length > *left) {
        return false;
    }
    *left -= mark->length;
    return true;
}

static bool read_mark(Reader *reader, UndoFile *undo, uint64_t *left,
                      GError **error)
{
    const uint8_t *fixed = take(reader, UNDO_MARK_FIXED);
    const char *text = NULL;
    uint32_t length = 0;
    UndoMark mark;
    char *what;

    if (fixed) {
        length = undo_get32(fixed + 4);
        text = (const char *)take(reader, length);
    }
    if (!text || length == 0 || length > UNDO_MAX_WHAT ||
        !g_utf8_validate(text, length, NULL)) {
        return damaged(error, "a mark has no name");
    }
    mark.kind = undo_get32(fixed);
    mark.offset = undo_get64(fixed + 8);
    mark.length = undo_get64(fixed + 16);
    memcpy(mark.digest, fixed + 24, sizeof(mark.digest));
    if (!check_mark(undo, &mark, left)) {
        return damaged(error, "a mark has no place on the disk");
    }
    what = g_strndup(text, length);
    g_ptr_array_add(undo->memory, what);
    mark.what = what;
    g_array_append_val(undo->marks, mark);
    return true;
}

/* The header is sound; its numbers are still anybody's. */
static bool read_body(Reader *reader, const uint8_t *header, UndoFile *undo,
                      GError **error)
{
    uint32_t patches = undo_get32(header + UNDO_AT_PATCHES);
    uint32_t marks = undo_get32(header + UNDO_AT_MARKS);
    uint64_t end = UNDO_SECTOR_SIZE;
    uint64_t left = UNDO_MAX_MARK_BYTES;

    if (patches == 0 || patches > UNDO_MAX_PATCHES ||
        marks > UNDO_MAX_MARKS) {
        return damaged(error, "it has too many parts, or none");
    }
    for (uint32_t i = 0; i < patches; i++) {
        if (!read_patch(reader, undo, &end, error)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < marks; i++) {
        if (!read_mark(reader, undo, &left, error)) {
            return false;
        }
    }
    if (reader->left > 0) {
        return damaged(error, "there is more in it than it says");
    }
    return true;
}

UndoFile *undo_file_decode(uint8_t *data, size_t size, GError **error)
{
    g_autofree uint8_t *owned = data;
    g_autoptr(UndoFile) undo = NULL;
    uint8_t seal[UNDO_DIGEST_SIZE];
    Reader reader;

    if (!check_header(data, size, error)) {
        return NULL;
    }
    undo = undo_file_new((const char *)data + UNDO_AT_FORMAT,
                         undo_get64(data + UNDO_AT_DISK_SIZE));
    g_ptr_array_add(undo->memory, g_steal_pointer(&owned));
    reader.at = data + UNDO_HEADER_SIZE;
    reader.left = size - UNDO_HEADER_SIZE;
    if (!read_body(&reader, data, undo, error)) {
        return NULL;
    }
    undo_file_seal(data, seal);
    undo->done = memcmp(seal, data + UNDO_SEAL_OFFSET, sizeof(seal)) == 0;
    return g_steal_pointer(&undo);
}
