/*
 * Driver files: whether the files are there that services name
 *
 * A file that will be written counts as there: it was looked at when it was
 * chosen.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "driver-files.h"
#include "driver-fit.h"
#include "error.h"
#include "file-edit.h"
#include "guest-limits.h"

typedef struct VolumeFiles {
    DriverFiles files;
    Volume *volume;
    const Windows *windows;
    const GPtrArray *edits;
    /* From a path in lower case to its state: one file has many asking. */
    GHashTable *known;
} VolumeFiles;

static bool is_edited(const VolumeFiles *files, const char *path)
{
    for (guint i = 0; i < files->edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(files->edits, i);

        if (g_ascii_strcasecmp(edit->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* The names of all files that will be written, NULL-terminated. */
static GPtrArray *edited_names(const VolumeFiles *files)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < files->edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(files->edits, i);

        g_ptr_array_add(names, (gpointer)file_edit_name(edit));
    }
    g_ptr_array_add(names, NULL);
    return names;
}

static bool is_fit(VolumeFiles *files, const PeInfo *pe, bool *fit,
                   GError **errp)
{
    g_autoptr(GPtrArray) names = edited_names(files);
    g_autofree char *why = NULL;

    if (!driver_find_unfit(files->volume, files->windows,
                           (char **)names->pdata, pe, &why, errp)) {
        return false;
    }
    *fit = !why;
    return true;
}

/* The state of a file that is there and has contents. */
static bool look_inside(VolumeFiles *files, const char *path,
                        DriverFileState *state, GError **errp)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = volume_read(files->volume, path, LIMIT_PE_SIZE,
                                          &err);
    g_autoptr(PeInfo) pe = bytes ? pe_parse_code(path, bytes, NULL) : NULL;
    bool fit = false;

    if (!bytes && g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return false;
    }
    if (!bytes) {
        *state = DRIVER_FILE_UNKNOWN;
        return true;
    }
    if (pe && !is_fit(files, pe, &fit, errp)) {
        return false;
    }
    *state = fit ? DRIVER_FILE_FITS : DRIVER_FILE_UNFIT;
    return true;
}

static bool look_at(VolumeFiles *files, const char *path,
                    DriverFileState *state, GError **errp)
{
    VolumeFileInfo info;
    bool exists;

    if (is_edited(files, path)) {
        *state = DRIVER_FILE_FITS;
        return true;
    }
    if (!volume_exists(files->volume, path, &exists, errp)) {
        return false;
    }
    if (!exists) {
        *state = DRIVER_FILE_MISSING;
        return true;
    }
    if (!volume_stat(files->volume, path, &info, errp)) {
        return false;
    }
    if (info.directory || info.size == 0) {
        *state = info.directory ? DRIVER_FILE_UNFIT : DRIVER_FILE_EMPTY;
        return true;
    }
    return look_inside(files, path, state, errp);
}

static bool volume_state(DriverFiles *base, const char *path,
                         DriverFileState *state, GError **errp)
{
    VolumeFiles *files = (VolumeFiles *)base;
    g_autofree char *key = g_ascii_strdown(path, -1);
    gpointer known;

    if (g_hash_table_lookup_extended(files->known, key, NULL, &known)) {
        *state = GPOINTER_TO_UINT(known);
        return true;
    }
    if (!look_at(files, path, state, errp)) {
        return false;
    }
    g_hash_table_insert(files->known, g_steal_pointer(&key),
                        GUINT_TO_POINTER(*state));
    return true;
}

DriverFiles *driver_files_new(Volume *volume, const Windows *windows,
                              const GPtrArray *edits)
{
    VolumeFiles *files = g_new0(VolumeFiles, 1);

    files->files.state = volume_state;
    files->volume = volume;
    files->windows = windows;
    files->edits = edits;
    files->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         NULL);
    return &files->files;
}

void driver_files_free(DriverFiles *base)
{
    VolumeFiles *files = (VolumeFiles *)base;

    if (files) {
        g_hash_table_unref(files->known);
        g_free(files);
    }
}

const char *driver_file_state_text(DriverFileState state)
{
    switch (state) {
    case DRIVER_FILE_FITS:
        return "is there";
    case DRIVER_FILE_UNKNOWN:
        return "cannot be read";
    case DRIVER_FILE_UNFIT:
        return "does not fit the guest";
    case DRIVER_FILE_MISSING:
        return "is missing";
    case DRIVER_FILE_EMPTY:
        return "is empty";
    }
    g_assert_not_reached();
}
