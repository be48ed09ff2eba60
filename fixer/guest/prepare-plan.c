/*
 * Prepare: what has to be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-sector.h"
#include "error.h"
#include "prepare-internal.h"
#include "profile-apply.h"
#include "registry.h"

/* Why keys of the user's own .reg files are set. */
#define REG_FILE_REASON "asked for by reg-file"

/* What of Windows 2000's boot loader's 16 MiB may be left for SYSTEM. */
#define WINDOWS_2000_HIVE_SIZE (10 * 1024 * 1024)

/* The files that are to be written, but for hives. */
static bool plan_drivers(Job *job, GError **errp)
{
    Preparation *p = job->result;

    for (guint i = 0; i < job->parts->len; i++) {
        if (!drivers_plan(job->volume, p->windows,
                          g_ptr_array_index(job->parts, i),
                          job->options->user_files, job->edits,
                          p->driver_sources, p->warnings, errp)) {
            return false;
        }
    }
    return true;
}

void prepare_report_edits(Job *job, guint first)
{
    for (guint i = first; i < job->edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(job->edits, i);

        g_ptr_array_add(job->result->changes,
                        change_new(CHANGE_FILE, edit->create ? CHANGE_CREATE
                                                             : CHANGE_MODIFY,
                                   edit->path, edit->source, edit->reason));
    }
}

static bool merge_into(Job *job, HiveFile *file, const RegFile *reg_file,
                       const char *reason, GError **errp)
{
    Preparation *p = job->result;

    return registry_merge(file->hive, file->name, reg_file, reason,
                          p->windows->control_sets, p->changes, errp);
}

static bool merge_all(Job *job, const GPtrArray *reg_files,
                      const char *reason, GError **errp)
{
    for (guint i = 0; reg_files && i < reg_files->len; i++) {
        const RegFile *reg_file = g_ptr_array_index(reg_files, i);

        if (!merge_into(job, job->system, reg_file, reason, errp)) {
            return false;
        }
        if (registry_touches(reg_file, REGISTRY_SOFTWARE) &&
            (!prepare_need_software(job, errp) ||
             !merge_into(job, job->software, reg_file, reason, errp))) {
            return false;
        }
    }
    return true;
}

/* The user is told of what the profile could not leave to him. */
static void find_overruled(Job *job)
{
    const GPtrArray *reg_files = job->options->reg_files;
    Preparation *p = job->result;

    for (guint i = 0; reg_files && i < reg_files->len; i++) {
        const RegFile *reg_file = g_ptr_array_index(reg_files, i);

        registry_find_overruled(job->system->hive, job->system->name,
                                reg_file, p->windows->control_sets,
                                p->warnings);
        if (job->software) {
            registry_find_overruled(job->software->hive, job->software->name,
                                    reg_file, p->windows->control_sets,
                                    p->warnings);
        }
    }
}

static bool plan_part(Job *job, const Profile *part,
                      const ProfileTarget *target, GError **errp)
{
    return merge_all(job, part->registry, part->registry_reason, errp) &&
           profile_apply(part, target, errp);
}

static bool same_sets(const GArray *a, const GArray *b)
{
    return a->len == b->len &&
           (a->len == 0 ||
            memcmp(a->data, b->data, a->len * sizeof(unsigned)) == 0);
}

/*
 * Merges the user's .reg files.  Where they change what Select names, they
 * are for those control sets, too.
 */
static bool plan_reg_files(Job *job, GError **errp)
{
    const GPtrArray *files = job->options->reg_files;
    Preparation *p = job->result;
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    GArray *sets;
    bool same;

    if (!merge_all(job, files, REG_FILE_REASON, errp)) {
        return false;
    }
    sets = registry_control_sets(job->system->hive, job->system->where, known,
                                 errp);
    if (!sets) {
        return false;
    }
    same = same_sets(p->windows->control_sets, sets);
    g_array_unref(p->windows->control_sets);
    p->windows->control_sets = sets;
    return same || merge_all(job, files, REG_FILE_REASON, errp);
}

/* The profile has the last word: without it the guest does not boot. */
static bool plan_registry(Job *job, GError **errp)
{
    Preparation *p = job->result;
    g_autoptr(DriverFiles) files = driver_files_new(job->volume, p->windows,
                                                    job->edits);
    ProfileTarget target = {
        .system = job->system->hive,
        .windows = p->windows,
        .files = files,
        .strict_filters = job->options->strict_filters,
        .changes = p->changes,
        .warnings = p->warnings,
    };

    if (!plan_reg_files(job, errp)) {
        return false;
    }
    for (guint i = 0; i < job->parts->len; i++) {
        if (!plan_part(job, g_ptr_array_index(job->parts, i), &target,
                       errp)) {
            return false;
        }
    }
    find_overruled(job);
    return true;
}

/* A hive is a file that changes when one of its keys does. */
static bool plan_hive(Job *job, HiveFile *file, GError **errp)
{
    bool changed;

    return registry_settle(file->hive, file->name, job->result->changes,
                           &changed, errp) &&
           (!changed || hive_file_plan(file, job->volume, job->edits,
                                       job->result->warnings, errp));
}

static bool plan_hives(Job *job, GError **errp)
{
    return plan_hive(job, job->system, errp) &&
           (!job->software || plan_hive(job, job->software, errp));
}

/*
 * The boot loader of Windows 2000 has 16 MiB for the kernel, the HAL, the boot
 * drivers and SYSTEM together.
 */
static void warn_of_large_hive(Job *job)
{
    for (guint i = 0; i < job->edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(job->edits, i);
        size_t size = g_bytes_get_size(edit->bytes);

        if (windows_is_2000(job->result->windows) &&
            g_str_equal(edit->path, job->system->path) &&
            size > WINDOWS_2000_HIVE_SIZE) {
            g_ptr_array_add(job->result->warnings,
                            g_strdup_printf("%s: with %zu KiB it may be too "
                                            "large for the boot loader of "
                                            "Windows 2000", edit->path,
                                            size / 1024));
        }
    }
}

static bool has_fix(const Job *job, ProfileFix fix)
{
    for (guint i = 0; i < job->parts->len; i++) {
        const Profile *part = g_ptr_array_index(job->parts, i);

        if (part->fixes & fix) {
            return true;
        }
    }
    return false;
}

static void report_geometry(Job *job, const Partition *system,
                            const BootSector *boot)
{
    const BiosGeometry *bios = &job->bios;
    g_autofree char *reason =
        g_strdup_printf("the BIOS will give the disk %u heads of %u sectors, "
                        "not %u of %u, and the boot code believes the boot "
                        "sector", bios->heads, bios->sectors_per_track,
                        boot->heads, boot->sectors_per_track);
    Change *change = change_new(CHANGE_BOOT_SECTOR, CHANGE_MODIFY, "\\$Boot",
                                NULL, reason);

    change->partition = system->number;
    if (boot->heads != bios->heads) {
        g_ptr_array_add(change->values, g_strdup("Heads"));
    }
    if (boot->sectors_per_track != bios->sectors_per_track) {
        g_ptr_array_add(change->values, g_strdup("SectorsPerTrack"));
    }
    g_ptr_array_add(job->result->changes, change);
}

/* The boot sector that the BIOS starts, of whatever volume. */
static bool plan_boot_sector(Job *job, GError **errp)
{
    Preparation *p = job->result;
    const Partition *system = disk_active(p->disk);
    g_autofree char *hidden = NULL;
    BootSector boot;

    if (!has_fix(job, PROFILE_FIX_NTFS_HEADS) || !system ||
        g_array_index(p->kinds, VolumeKind, system->number - 1) !=
        VOLUME_NTFS) {
        return true;
    }
    if (!boot_sector_read(job->overlay, system, &boot, errp) ||
        !bios_geometry_read(job->overlay, &job->bios, errp)) {
        return false;
    }
    hidden = boot_sector_check_hidden(&boot, system);
    if (hidden) {
        g_ptr_array_add(p->warnings, g_steal_pointer(&hidden));
    }
    job->set_geometry = !boot_sector_has_geometry(&boot, &job->bios);
    if (job->set_geometry) {
        report_geometry(job, system, &boot);
    }
    return true;
}

/* The drivers, and what the registry has to say of them. */
static bool plan_injection(Job *job, GError **errp)
{
    guint drivers;

    if (!plan_drivers(job, errp)) {
        return false;
    }
    drivers = job->edits->len;
    prepare_report_edits(job, 0);
    if (!plan_registry(job, errp) || !plan_hives(job, errp)) {
        return false;
    }
    warn_of_large_hive(job);
    prepare_report_edits(job, drivers);
    return true;
}

bool prepare_plan(Job *job, GError **errp)
{
    job->edits = file_edit_list_new();
    if (prepare_is_boot_ini_only(job)) {
        return prepare_plan_boot(job, errp);
    }
    return prepare_identify(job, errp) && plan_boot_sector(job, errp) &&
           plan_injection(job, errp) && prepare_plan_boot(job, errp);
}
