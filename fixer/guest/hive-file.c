/*
 * Hive files: the guest's registry hives as files of its volume
 *
 * A dirty hive is completed from its logs, as Windows itself would do it when
 * it starts next.  If it is edited, it is written as a clean one; its logs are
 * left as they are, since a clean hive has none.
 *
 * Windows 2000 and older keep a mirror of SYSTEM, SYSTEM.ALT, in place of a
 * log: their boot loader takes it if SYSTEM was being written when the power
 * failed.  The mirror has to follow an edit, or the guest may boot without it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "file-edit.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-file.h"
#include "hive-log.h"
#include "le.h"

#define CONFIG "system32\\config\\"
#define MIRROR ".ALT"

/* The minor version of its hives. */
#define WINDOWS_2000_MINOR 3

void hive_file_free(HiveFile *file)
{
    if (file) {
        g_free(file->path);
        g_clear_pointer(&file->hive, hive_free);
        g_free(file);
    }
}

/* *@bytes is PATH + @suffix, or NULL if there is none or it is empty. */
static bool read_beside(const HiveFile *file, Volume *volume,
                        const char *suffix, GBytes **bytes, GError **errp)
{
    g_autofree char *path = g_strconcat(file->path, suffix, NULL);
    bool exists;

    *bytes = NULL;
    if (!volume_exists(volume, path, &exists, errp)) {
        return false;
    }
    if (exists) {
        *bytes = volume_read(volume, path, LIMIT_HIVE_SIZE, errp);
        if (!*bytes) {
            return false;
        }
        if (g_bytes_get_size(*bytes) == 0) {
            g_clear_pointer(bytes, g_bytes_unref);
        }
    }
    return true;
}

static void logs_clear(HiveLogs *logs)
{
    g_clear_pointer(&logs->log, g_bytes_unref);
    g_clear_pointer(&logs->log1, g_bytes_unref);
    g_clear_pointer(&logs->log2, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HiveLogs, logs_clear)

static bool read_logs(const HiveFile *file, Volume *volume, HiveLogs *logs,
                      GError **errp)
{
    return read_beside(file, volume, ".LOG", &logs->log, errp) &&
           read_beside(file, volume, ".LOG1", &logs->log1, errp) &&
           read_beside(file, volume, ".LOG2", &logs->log2, errp);
}

/*
 * Whether @mirror is of the same moment as the dirty @hive: Windows 2000
 * writes SYSTEM first and its mirror at once after that.  A Windows that was
 * upgraded may have a mirror that is years old.
 */
static bool is_mirror_of(GBytes *mirror, GBytes *hive)
{
    gsize size;
    const uint8_t *base = g_bytes_get_data(hive, NULL);
    const uint8_t *other = g_bytes_get_data(mirror, &size);
    uint32_t sequence;

    if (!hive_base_is_hive(other, size) || hive_is_dirty(mirror) ||
        !hive_base_is_valid(base)) {
        return false;
    }
    sequence = get_le32(other + HIVE_BASE_PRIMARY_SEQ);
    return get_le32(base + HIVE_BASE_MINOR) == WINDOWS_2000_MINOR &&
           get_le32(other + HIVE_BASE_MINOR) == WINDOWS_2000_MINOR &&
           sequence >= get_le32(base + HIVE_BASE_SECONDARY_SEQ) &&
           sequence <= get_le32(base + HIVE_BASE_PRIMARY_SEQ);
}

/*
 * The mirror of the dirty hive in @bytes if Windows 2000 would boot with it;
 * else NULL, with an error only if that cannot be told.
 */
static GBytes *read_mirror(const HiveFile *file, Volume *volume,
                           GBytes *bytes, GError **errp)
{
    g_autoptr(GBytes) mirror = NULL;

    if (!read_beside(file, volume, MIRROR, &mirror, errp) || !mirror) {
        return NULL;
    }
    return is_mirror_of(mirror, bytes) ? g_steal_pointer(&mirror) : NULL;
}

static void warn_of_logs(const HiveFile *file, const HiveRecovery *recovery,
                         GPtrArray *warnings)
{
    g_autofree char *logs = g_strjoinv(" and ", (char **)recovery->logs);

    g_ptr_array_add(warnings,
                    g_strdup_printf("%s is dirty: %u pages of its last "
                                    "changes come from its %s, as at the "
                                    "next start of Windows", file->path,
                                    recovery->pages, logs));
}

static void warn_of_mirror(const HiveFile *file, GPtrArray *warnings)
{
    g_ptr_array_add(warnings,
                    g_strdup_printf("%s is dirty: its mirror, %s" MIRROR ", "
                                    "is taken in its place, as at the next "
                                    "start of Windows", file->path,
                                    file->name));
}

static void warn_of_loss(const GError *err, GPtrArray *warnings)
{
    g_ptr_array_add(warnings,
                    g_strdup_printf("its last changes are lost "
                                    "(dirty-hive=use-primary): %s",
                                    err->message));
}

/* What the dirty hive in @bytes is with what Windows keeps beside it. */
static GBytes *recover(const HiveFile *file, Volume *volume, GBytes *bytes,
                       const char *where, DirtyHive dirty_hive,
                       GPtrArray *warnings, GError **errp)
{
    g_auto(HiveLogs) logs = { 0 };
    g_autoptr(GError) refusal = NULL;
    GError *err = NULL;
    HiveRecovery recovery;
    GBytes *clean;

    if (!read_logs(file, volume, &logs, errp)) {
        return NULL;
    }
    clean = hive_recover(bytes, &logs, where, &recovery, &refusal);
    if (clean) {
        warn_of_logs(file, &recovery, warnings);
        return clean;
    }
    clean = read_mirror(file, volume, bytes, &err);
    if (clean) {
        warn_of_mirror(file, warnings);
    } else if (err) {
        g_propagate_error(errp, err);
    } else if (dirty_hive == DIRTY_HIVE_USE_PRIMARY) {
        warn_of_loss(refusal, warnings);
        clean = hive_use_primary(bytes, &logs);
    } else {
        g_propagate_error(errp, g_steal_pointer(&refusal));
    }
    return clean;
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
    if (hive_is_dirty(bytes)) {
        GBytes *clean = recover(file, volume, bytes, where, dirty_hive,
                                warnings, errp);

        if (!clean) {
            return NULL;
        }
        g_bytes_unref(bytes);
        bytes = clean;
    }
    file->hive = hive_open(bytes, where, errp);
    return file->hive ? g_steal_pointer(&file) : NULL;
}

/*
 * The mirror's own bytes: those of the hive, but for the type in its base
 * block, which some versions of Windows set.
 */
static GBytes *mirror_of(GBytes *hive, GBytes *mirror)
{
    gsize size;
    const uint8_t *old = g_bytes_get_data(mirror, &size);
    const uint8_t *new = g_bytes_get_data(hive, NULL);
    uint8_t *copy;

    if (!hive_base_is_hive(old, size) ||
        memcmp(old + HIVE_BASE_TYPE, new + HIVE_BASE_TYPE, 4) == 0) {
        return g_bytes_ref(hive);
    }
    copy = g_memdup2(new, g_bytes_get_size(hive));
    memcpy(copy + HIVE_BASE_TYPE, old + HIVE_BASE_TYPE, 4);
    hive_base_make_clean(copy, get_le32(copy + HIVE_BASE_PRIMARY_SEQ));
    return g_bytes_new_take(copy, g_bytes_get_size(hive));
}

static bool plan_mirror(HiveFile *file, Volume *volume, GBytes *bytes,
                        GPtrArray *edits, GError **errp)
{
    g_autofree char *path = g_strconcat(file->path, MIRROR, NULL);
    g_autoptr(GBytes) old = NULL;
    g_autoptr(GBytes) new = NULL;

    if (!read_beside(file, volume, MIRROR, &old, errp)) {
        return false;
    }
    if (old) {
        new = mirror_of(bytes, old);
        g_ptr_array_add(edits,
                        file_edit_new(path, new,
                                      "is the mirror of the hive, which "
                                      "Windows 2000 boots with if that is "
                                      "damaged"));
    }
    return true;
}

bool hive_file_plan(HiveFile *file, Volume *volume, GPtrArray *edits,
                    GError **errp)
{
    g_auto(HiveLogs) logs = { 0 };
    g_autoptr(GBytes) bytes = NULL;

    if (!read_logs(file, volume, &logs, errp)) {
        return false;
    }
    hive_note_log(file->hive, hive_logs_newest(&logs));
    bytes = hive_save(file->hive, errp);
    if (!bytes) {
        return false;
    }
    g_ptr_array_add(edits, file_edit_new(file->path, bytes,
                                         "holds the registry keys that change"));
    return plan_mirror(file, volume, bytes, edits, errp);
}
