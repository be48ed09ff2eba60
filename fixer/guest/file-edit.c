/*
 * File edit: one file of the guest that is to be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "file-edit.h"

FileEdit *file_edit_new(const char *path, GBytes *bytes, const char *reason)
{
    FileEdit *edit = g_new0(FileEdit, 1);

    edit->path = g_strdup(path);
    edit->bytes = g_bytes_ref(bytes);
    edit->reason = g_strdup(reason);
    return edit;
}

const char *file_edit_name(const FileEdit *edit)
{
    const char *separator = strrchr(edit->path, '\\');

    return separator ? separator + 1 : edit->path;
}

void file_edit_free(FileEdit *edit)
{
    g_free(edit->path);
    g_clear_pointer(&edit->bytes, g_bytes_unref);
    g_free(edit->source);
    g_free(edit->reason);
    g_free(edit);
}

GPtrArray *file_edit_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)file_edit_free);
}
