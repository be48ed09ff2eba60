/*
 * HAL change: files beside the installed ones, for an entry of boot.ini
 *
 * They keep their names of the setup CD where those are free.  Under three of
 * these setup installs its choice, whatever it is: those files get names of
 * our own.  NTLDR takes 8.3 names only.
 *
 * Which kernel /KERNEL= names: the one that NTLDR would choose by itself for
 * that entry on a processor with PAE and NX, as Xen's and QEMU's are.  NTLDR
 * turns PAE on or off whatever kernel is named, and the two have to agree; so
 * the one with PAE is named together with /PAE.  See docs/hal.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "guest-limits.h"
#include "hal-change-internal.h"

static const struct {
    const char *setup_name, *file_name;
} renamed[] = {
    { HAL_FILE, "halstd.dll" },
    { KERNEL_FILE, "ntkrnlup.exe" },
    { KERNEL_FILE_PAE, "ntkrpaup.exe" },
};

static const char *file_name(const HalWanted *wanted)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(renamed); i++) {
        if (g_ascii_strcasecmp(renamed[i].setup_name,
                               wanted->setup_name) == 0) {
            return renamed[i].file_name;
        }
    }
    return wanted->setup_name;
}

/* A file that is wanted, and what is there under its name. */
typedef struct Target {
    const HalWanted *wanted;
    char *path;
    /* NULL: nothing. */
    GBytes *bytes;
} Target;

static void target_free(Target *target)
{
    g_free(target->path);
    g_clear_pointer(&target->bytes, g_bytes_unref);
    g_free(target);
}

/*
 * Refuses a file that is not Windows' own under that name: nobody knows who
 * needs it.  Another HAL, or kernel, may be exchanged.
 */
static bool check_replaceable(const Target *target, GError **errp)
{
    const HalWanted *wanted = target->wanted;
    g_auto(Hal) hal = { 0 };
    g_auto(Kernel) kernel = { 0 };
    bool good = wanted->role == HAL_ROLE_HAL
                ? hal_parse(target->path, target->bytes, &hal, NULL) &&
                  hal.type && g_str_equal(hal.type->file, wanted->setup_name)
                : kernel_parse(target->path, target->bytes, &kernel, NULL) &&
                  g_strcmp0(kernel.setup_name, wanted->setup_name) == 0;

    if (!good) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: there is something else under the name that is "
                    "needed for %s: rename it in the source VM",
                    target->path, wanted->setup_name);
    }
    return good;
}

static bool look_at_target(const HalChange *change, Target *target,
                           GError **errp)
{
    bool exists;

    target->path = hal_change_path(change, file_name(target->wanted));
    if (!volume_exists(change->volume, target->path, &exists, errp)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    target->bytes = volume_read(change->volume, target->path, LIMIT_PE_SIZE,
                                errp);
    return target->bytes && check_replaceable(target, errp);
}

static GPtrArray *find_targets(const HalChange *change, const GArray *wanted,
                               GError **errp)
{
    g_autoptr(GPtrArray) targets =
        g_ptr_array_new_with_free_func((GDestroyNotify)target_free);

    for (guint i = 0; i < wanted->len; i++) {
        Target *target = g_new0(Target, 1);

        target->wanted = &g_array_index(wanted, HalWanted, i);
        g_ptr_array_add(targets, target);
        if (!look_at_target(change, target, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&targets);
}

/* Whether all that is needed is there, from an earlier change. */
static bool all_there(const HalChange *change, const GPtrArray *targets)
{
    g_auto(HalSet) set = { .change = change };

    for (guint i = 0; i < targets->len; i++) {
        const Target *target = g_ptr_array_index(targets, i);

        if (!target->wanted->optional &&
            (!target->bytes ||
             !hal_set_add(&set, target->wanted, target->bytes, NULL))) {
            return false;
        }
    }
    return hal_set_check(&set, NULL);
}

static void write_target(const HalChange *change, const Target *target,
                         const DriverFile *file)
{
    char *reason;

    if (target->bytes && g_bytes_equal(target->bytes, file->bytes)) {
        return;
    }
    reason = hal_change_reason(change, target->wanted);
    if (target->bytes) {
        char *more = g_strconcat(reason, "; the one there is of another "
                                 "version", NULL);

        g_free(reason);
        reason = more;
    }
    g_ptr_array_add(change->edits,
                    hal_change_edit(target->path, !target->bytes, file,
                                    reason));
}

static bool write_targets(const HalChange *change, const GArray *wanted,
                          const GPtrArray *targets, GError **errp)
{
    g_autoptr(GPtrArray) files = NULL;

    if (all_there(change, targets)) {
        return true;
    }
    files = hal_source_read(change, wanted, errp);
    for (guint i = 0; files && i < targets->len; i++) {
        const DriverFile *file = g_ptr_array_index(files, i);

        if (file) {
            write_target(change, g_ptr_array_index(targets, i), file);
        }
    }
    return files != NULL;
}

static void set_names(const HalChange *change, const GArray *wanted,
                      HalNames *names)
{
    bool pae = change->pae != PAE_NEVER;
    HalRole kernel = pae ? HAL_ROLE_KERNEL_PAE : HAL_ROLE_KERNEL;

    for (guint i = 0; i < wanted->len; i++) {
        const HalWanted *w = &g_array_index(wanted, HalWanted, i);

        if (w->role == HAL_ROLE_HAL) {
            names->hal = g_strdup(file_name(w));
        } else if (w->role == kernel) {
            names->kernel = g_strdup(file_name(w));
            names->pae = pae;
        }
    }
}

bool hal_change_beside(const HalChange *change, HalNames *names,
                       GError **errp)
{
    g_autoptr(GArray) wanted = hal_change_wanted(change);
    g_autoptr(GPtrArray) targets = NULL;

    hal_change_want_pae(change, wanted, change->pae == PAE_NEVER);
    targets = find_targets(change, wanted, errp);
    if (!targets || !write_targets(change, wanted, targets, errp)) {
        return false;
    }
    set_names(change, wanted, names);
    return true;
}
