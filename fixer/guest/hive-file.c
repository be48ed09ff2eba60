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
#include "registry.h"

#define CONFIG "system32\\config\\"
#define MIRROR ".ALT"

void hive_file_free(HiveFile *file)
{
    if (file) {
        g_free(file->path);
        g_free(file->where);
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
 * Whether Windows 2000 would boot with @mirror in place of the dirty @hive.
 * It writes SYSTEM first and its mirror at once after that: a mirror that is
 * further behind is none of this hive's.  Where the hive's own numbers are
 * damaged, Windows does not compare them either.
 */
static bool is_mirror_of(GBytes *mirror, GBytes *hive)
{
    gsize size;
    const uint8_t *base = g_bytes_get_data(hive, NULL);
    const uint8_t *other = g_bytes_get_data(mirror, &size);
    uint32_t sequence;

    if (!hive_base_is_hive(other, size) || hive_is_dirty(mirror)) {
        return false;
    }
    sequence = get_le32(other + HIVE_BASE_PRIMARY_SEQ);
    return !hive_base_is_valid(base) ||
           (sequence >= get_le32(base + HIVE_BASE_SECONDARY_SEQ) &&
            sequence <= get_le32(base + HIVE_BASE_PRIMARY_SEQ));
}

/*
 * The mirror of the dirty hive in @bytes if Windows 2000 would boot with it;
 * else NULL, with an error only if that cannot be told.
 */
static GBytes *read_mirror(const HiveFile *file, Volume *volume,
                           GBytes *bytes, GError **errp)
{
    g_autoptr(GBytes) mirror = NULL;

    if (!file->mirrored ||
        !read_beside(file, volume, MIRROR, &mirror, errp) || !mirror) {
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
                    g_strdup_printf("its last changes are lost, and it may "
                                    "be half written "
                                    "(dirty-hive=use-primary): %s",
                                    err->message));
}

/* What the dirty hive in @bytes is with what Windows keeps beside it. */
static GBytes *recover(HiveFile *file, Volume *volume, GBytes *bytes,
                       DirtyHive dirty_hive, GPtrArray *warnings,
                       GError **errp)
{
    g_auto(HiveLogs) logs = { 0 };
    g_autoptr(GError) refusal = NULL;
    GError *err = NULL;
    HiveRecovery recovery;
    GBytes *clean;

    if (!read_logs(file, volume, &logs, errp)) {
        return NULL;
    }
    clean = hive_recover(bytes, &logs, file->where, &recovery, &refusal);
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
        /* Whatever the mirror is, it may be the better one. */
        file->mirrored = false;
    } else {
        g_propagate_error(errp, g_steal_pointer(&refusal));
    }
    return clean;
}

static HiveFile *file_new(const Windows *windows, const char *name)
{
    HiveFile *file = g_new0(HiveFile, 1);
    g_autofree char *below = g_strconcat(CONFIG, name, NULL);

    file->name = name;
    file->path = windows_path(&windows->place, below);
    file->where = g_strdup_printf("partition %u: %s",
                                  windows->place.partition->number,
                                  file->path);
    file->mirrored = windows_is_2000(windows) &&
                     g_str_equal(name, REGISTRY_SYSTEM);
    return file;
}

/* The hive's bytes, clean. */
static GBytes *read_clean(HiveFile *file, Volume *volume,
                          DirtyHive dirty_hive, GPtrArray *warnings,
                          GError **errp)
{
    g_autoptr(GBytes) bytes = volume_read(volume, file->path,
                                          LIMIT_HIVE_SIZE, errp);

    return !bytes || !hive_is_dirty(bytes)
           ? g_steal_pointer(&bytes)
           : recover(file, volume, bytes, dirty_hive, warnings, errp);
}

HiveFile *hive_file_open(Volume *volume, const Windows *windows,
                         const char *name, DirtyHive dirty_hive,
                         GPtrArray *warnings, GError **errp)
{
    g_autoptr(HiveFile) file = file_new(windows, name);
    g_autoptr(GBytes) bytes = NULL;
    VolumeFileInfo info;

    if (!volume_stat(volume, file->path, &info, errp)) {
        return NULL;
    }
    file->mtime = info.mtime;
    bytes = read_clean(file, volume, dirty_hive, warnings, errp);
    file->hive = bytes ? hive_open(bytes, file->where, errp) : NULL;
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

    if (!file->mirrored) {
        return true;
    }
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

/* An edited hive must be newer than whatever its logs hold. */
static void note_logs(HiveFile *file, Volume *volume, GPtrArray *warnings)
{
    g_auto(HiveLogs) logs = { 0 };
    g_autoptr(GError) err = NULL;

    if (read_logs(file, volume, &logs, &err)) {
        hive_note_log(file->hive, hive_logs_newest(&logs));
    } else {
        g_ptr_array_add(warnings, g_strdup(err->message));
    }
}

static void warn_of_damage(const HiveFile *file, GPtrArray *warnings)
{
    g_autofree char *damage = hive_describe_damage(file->hive);

    if (damage) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("%s is damaged, and was before: %s",
                                        file->path, damage));
    }
}

bool hive_file_plan(HiveFile *file, Volume *volume, GPtrArray *edits,
                    GPtrArray *warnings, GError **errp)
{
    g_autoptr(GBytes) bytes = NULL;

    note_logs(file, volume, warnings);
    warn_of_damage(file, warnings);
    bytes = hive_save(file->hive, errp);
    if (!bytes) {
        return false;
    }
    g_ptr_array_add(edits,
                    file_edit_new(file->path, bytes,
                                  "holds the registry keys that change"));
    return plan_mirror(file, volume, bytes, edits, errp);
}
