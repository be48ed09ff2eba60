/*
 * Hive files: the guest's registry hives as files of its volume
 *
 * Windows 2000 and older keep a mirror of SYSTEM, SYSTEM.ALT, in place of a
 * log: their boot loader takes it if SYSTEM was being written when the power
 * failed.  The mirror has to follow an edit, or the guest may boot without it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "drivers.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-file.h"
#include "registry.h"

#define CONFIG "system32\\config\\"

void hive_file_free(HiveFile *file)
{
    if (file) {
        g_free(file->path);
        g_clear_pointer(&file->hive, hive_free);
        g_free(file);
    }
}

HiveFile *hive_file_open(Volume *volume, const WindowsPlace *place,
                         const char *name, DirtyHive dirty_hive,
                         GPtrArray *warnings, GError **errp)
{
    g_autoptr(HiveFile) file = g_new0(HiveFile, 1);
    g_autofree char *below = g_strconcat(CONFIG, name, NULL);
    g_autofree char *where = NULL;
    g_autoptr(GBytes) bytes = NULL;
    VolumeFileInfo info;

    file->name = name;
    file->path = windows_path(place, below);
    if (!volume_stat(volume, file->path, &info, errp)) {
        return NULL;
    }
    file->mtime = info.mtime;
    bytes = volume_read(volume, file->path, LIMIT_HIVE_SIZE, errp);
    if (!bytes) {
        return NULL;
    }
    where = g_strdup_printf("partition %u: %s", place->partition->number,
                            file->path);
    file->hive = hive_open(bytes, where, errp);
    return file->hive ? g_steal_pointer(&file) : NULL;
}

static FileEdit *edit_new(const char *path, GBytes *bytes, const char *reason)
{
    FileEdit *edit = g_new0(FileEdit, 1);

    edit->path = g_strdup(path);
    edit->bytes = g_bytes_ref(bytes);
    edit->reason = g_strdup(reason);
    return edit;
}

bool hive_file_plan(HiveFile *file, Volume *volume, GPtrArray *edits,
                    GPtrArray *warnings, GError **errp)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *mirror = g_strconcat(file->path, ".ALT", NULL);
    bool has_mirror;

    if (!file->changed) {
        return true;
    }
    bytes = hive_save(file->hive, errp);
    if (!bytes || !volume_exists(volume, mirror, &has_mirror, errp)) {
        return false;
    }
    g_ptr_array_add(edits, edit_new(file->path, bytes,
                                    "holds the registry keys that change"));
    if (has_mirror) {
        g_ptr_array_add(edits, edit_new(mirror, bytes,
                                        "is the mirror of SYSTEM, which "
                                        "Windows 2000 boots with if SYSTEM "
                                        "is damaged"));
    }
    return true;
}
