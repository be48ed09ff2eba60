/*
 * The undo file: what win-xenfix changes on a disk, as it was and as it will be
 *
 * Bytes in memory and nothing else: no file, nothing of QEMU.  The layout is
 * told by docs/undo-file.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_FILE_H
#define UNDO_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define UNDO_FILE_VERSION 1

#define UNDO_SECTOR_SIZE 512
#define UNDO_DIGEST_SIZE 32

/* The first sector.  All of it but the seal is written once. */
#define UNDO_HEADER_SIZE 512
#define UNDO_SEAL_OFFSET 480

/*
 * Limits, so that the size of a damaged file does not become ours: of the
 * patches the protocol's own (xenprep-protocol.h); the marks of a volume have
 * the MFT's first 64 MiB, in as many runs as that has.
 */
#define UNDO_MAX_PATCHES (1024 * 1024)
#define UNDO_MAX_PATCH_BYTES (64 * 1024 * 1024)
#define UNDO_MAX_MARKS 4096
#define UNDO_MAX_MARK_BYTES (512 * 1024 * 1024)
#define UNDO_MAX_WHAT 1024
#define UNDO_MAX_FORMAT 31

#define UNDO_ERROR undo_error_quark()
GQuark undo_error_quark(void);

typedef enum UndoError {
    UNDO_ERROR_IO,
    /* It is no undo file, or not as it was written. */
    UNDO_ERROR_DAMAGED,
    UNDO_ERROR_VERSION,
} UndoError;

/* A run of sectors. */
typedef struct UndoPatch {
    uint64_t offset;
    uint64_t length;
    const uint8_t *old_bytes;
    const uint8_t *new_bytes;
} UndoPatch;

typedef enum UndoMarkKind {
    /* Never changes as long as it is the same disk. */
    UNDO_MARK_IDENTITY = 1,
    /* Changes when somebody uses the guest. */
    UNDO_MARK_WITNESS = 2,
} UndoMarkKind;

/* Bytes of the disk that are to be as they were. */
typedef struct UndoMark {
    UndoMarkKind kind;
    /* For people: "partition 1: $LogFile". */
    const char *what;
    uint64_t offset;
    uint64_t length;
    /* SHA-256 of the bytes with all patches in them. */
    uint8_t digest[UNDO_DIGEST_SIZE];
} UndoMark;

typedef struct UndoFile {
    /* All patches are on the disk; if not, any may be. */
    bool done;
    /* The image: its format, and the size of the disk. */
    char *format;
    uint64_t disk_size;
    /* UndoPatch, ascending, none overlapping. */
    GArray *patches;
    /* UndoMark. */
    GArray *marks;
    /* What the pointers of both point into; freed with g_free(). */
    GPtrArray *memory;
} UndoFile;

/* Takes nothing; the caller adds patches and marks. */
UndoFile *undo_file_new(const char *format, uint64_t disk_size);

/* NULL is allowed. */
void undo_file_free(UndoFile *undo);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(UndoFile, undo_file_free)

/* The bytes of all patches together. */
uint64_t undo_file_patch_bytes(const UndoFile *undo);

/* The bytes of all marks together. */
uint64_t undo_file_mark_bytes(const UndoFile *undo);

/* What an undo file may have at most. */
uint64_t undo_file_max_size(void);

/*
 * The file, of a state that is not done.  NULL and @error if @undo is more
 * than a file may have.
 */
GByteArray *undo_file_encode(const UndoFile *undo, GError **error);

/*
 * Makes sense of a file; takes @data, to be freed with g_free().  Whatever the
 * bytes are, what is returned can be used without further checks: patches are
 * sorted runs of sectors of the disk, but never its first one.
 */
UndoFile *undo_file_decode(uint8_t *data, size_t size, GError **error);

/* The bytes at UNDO_SEAL_OFFSET that make the file with this @header done. */
void undo_file_seal(const uint8_t header[UNDO_SEAL_OFFSET],
                    uint8_t seal[UNDO_DIGEST_SIZE]);

#endif /* UNDO_FILE_H */
