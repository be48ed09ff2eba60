/*
 * HAL change: the installed files themselves are exchanged
 *
 * Each is copied first, to a name that ends in .old.  Copies of an earlier
 * change are not written over, as the first of them is what setup installed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hal-change-internal.h"

/* Copies of one file: .old, .ol2 to .ol9. */
#define COPIES 9

static const char *installed_name(HalRole role)
{
    return role == HAL_ROLE_HAL ? HAL_FILE
           : role == HAL_ROLE_KERNEL ? KERNEL_FILE
           : KERNEL_FILE_PAE;
}

/* Refuses an entry that names other files: it would start those as before. */
static bool check_switch(const HalChange *change, const char *name,
                         const char *usual, const char *or_usual,
                         GError **errp)
{
    g_autofree char *value = hal_change_switch(change, name);

    if (!value || g_ascii_strcasecmp(value, usual) == 0 ||
        g_ascii_strcasecmp(value, or_usual) == 0) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                BOOT_INI_PATH ": the entry that is started has /%s=%s, so that "
                "it would not start %s, which is to be replaced: take the "
                "switch out ('win-xenfix boot-ini --set-option -/%s'), or do "
                "without replace", name, value, usual, name);
    return false;
}

static bool exists(const HalChange *change, const char *name, bool *result,
                   GError **errp)
{
    g_autofree char *path = hal_change_path(change, name);

    return volume_exists(change->volume, path, result, errp);
}

/* The kernel for PAE is exchanged if there is one, or NTLDR may want one. */
static GArray *find_wanted(const HalChange *change, GError **errp)
{
    g_autoptr(GArray) wanted = hal_change_wanted(change);
    bool there;

    if (!exists(change, KERNEL_FILE_PAE, &there, errp)) {
        return NULL;
    }
    if (there || change->pae != PAE_NEVER) {
        hal_change_want_pae(change, wanted, change->pae == PAE_NEVER);
    }
    return g_steal_pointer(&wanted);
}

/* ---------------------------------------------------------------- copies */

/* hal.old, hal.ol2 and so on. */
static char *copy_name(const char *name, unsigned n)
{
    g_autofree char *stem = g_strndup(name, strcspn(name, "."));

    return n == 1 ? g_strconcat(stem, ".old", NULL)
                  : g_strdup_printf("%s.ol%u", stem, n);
}

static bool is_copy(const HalChange *change, const char *path,
                    GBytes *bytes, bool *same, GError **errp)
{
    g_autoptr(GBytes) there = NULL;
    VolumeFileInfo info;

    *same = false;
    if (!volume_stat(change->volume, path, &info, errp)) {
        return false;
    }
    if (info.directory || info.size != g_bytes_get_size(bytes)) {
        return true;
    }
    there = volume_read(change->volume, path, LIMIT_PE_SIZE, errp);
    *same = there && g_bytes_equal(there, bytes);
    return there != NULL;
}

static void add_copy(const HalChange *change, const char *name,
                     const char *path, GBytes *bytes)
{
    g_autofree char *reason = g_strdup_printf("copy of %s, which is replaced",
                                              name);
    FileEdit *edit = file_edit_new(path, bytes, reason);

    edit->create = true;
    edit->source = hal_change_path(change, name);
    g_ptr_array_add(change->edits, edit);
}

/* Keeps @bytes, which are those of the file @name, under the first name. */
static bool keep_copy(const HalChange *change, const char *name,
                      GBytes *bytes, GError **errp)
{
    for (unsigned n = 1; n <= COPIES; n++) {
        g_autofree char *copy = copy_name(name, n);
        g_autofree char *path = hal_change_path(change, copy);
        bool there, same;

        if (!exists(change, copy, &there, errp)) {
            return false;
        }
        if (!there) {
            add_copy(change, name, path, bytes);
            return true;
        }
        if (!is_copy(change, path, bytes, &same, errp)) {
            return false;
        }
        if (same) {
            return true;
        }
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: there are %d copies of it already: remove those that are "
                "not needed in the source VM", name, COPIES);
    return false;
}

/* ------------------------------------------------------------- the edits */

static bool replace_file(const HalChange *change, const HalWanted *wanted,
                         const DriverFile *file, GError **errp)
{
    const char *name = installed_name(wanted->role);
    g_autofree char *path = hal_change_path(change, name);
    g_autoptr(GBytes) old = NULL;
    bool there;

    if (!exists(change, name, &there, errp)) {
        return false;
    }
    if (there) {
        old = volume_read(change->volume, path, LIMIT_PE_SIZE, errp);
        if (!old) {
            return false;
        }
        if (g_bytes_equal(old, file->bytes)) {
            return true;
        }
        if (!keep_copy(change, name, old, errp)) {
            return false;
        }
    }
    g_ptr_array_add(change->edits,
                    hal_change_edit(path, !there, file,
                                    hal_change_reason(change, wanted)));
    return true;
}

/* The one that is left out is the last one. */
static bool replace_files(const HalChange *change, const GArray *wanted,
                          const GPtrArray *files, GError **errp)
{
    for (guint i = 0; i < wanted->len; i++) {
        const HalWanted *w = &g_array_index(wanted, HalWanted, i);
        const DriverFile *file = g_ptr_array_index(files, i);

        if (!file) {
            hal_change_warn(change, "%s: the source has no %s, so that it "
                            "stays: with /PAE Windows would not start (STOP "
                            "0x79)", installed_name(w->role), w->setup_name);
        } else if (!replace_file(change, w, file, errp)) {
            return false;
        }
    }
    return true;
}

bool hal_change_replace(const HalChange *change, GError **errp)
{
    g_autoptr(GArray) wanted = NULL;
    g_autoptr(GPtrArray) files = NULL;

    if (!check_switch(change, "HAL", HAL_FILE, HAL_FILE, errp) ||
        !check_switch(change, "KERNEL", KERNEL_FILE, KERNEL_FILE_PAE, errp)) {
        return false;
    }
    wanted = find_wanted(change, errp);
    if (!wanted || wanted->len == 0) {
        return wanted != NULL;
    }
    files = hal_source_read(change, wanted, errp);
    return files && replace_files(change, wanted, files, errp);
}
