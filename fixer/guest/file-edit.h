/*
 * File edit: one file of the guest that is to be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_FILE_EDIT_H
#define GUEST_FILE_EDIT_H

#include "pe.h"

typedef struct FileEdit {
    /* \WINDOWS\system32\drivers\atapi.sys */
    char *path;
    /* There is none yet; else its data is replaced. */
    bool create;
    GBytes *bytes;
    /* Of a driver. */
    PeVersion version;
    /* Where the bytes come from, for the report; may be NULL. */
    char *source;
    char *reason;
} FileEdit;

/* Replaces the data of @path by @bytes; copies its strings. */
FileEdit *file_edit_new(const char *path, GBytes *bytes, const char *reason);

/* What of its path is the file's own name. */
const char *file_edit_name(const FileEdit *edit);

void file_edit_free(FileEdit *edit);

/* An empty array that owns its edits. */
GPtrArray *file_edit_list_new(void);

#endif /* GUEST_FILE_EDIT_H */
