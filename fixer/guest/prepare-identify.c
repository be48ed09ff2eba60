/*
 * Prepare: which guest it is, and whether it may be touched
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "prepare-internal.h"
#include "registry.h"

bool prepare_look_at_disk(Job *job, GError **errp)
{
    Preparation *p = job->result;

    p->disk = disk_read(job->overlay, errp);
    if (!p->disk) {
        return false;
    }
    disk_add_warnings(p->disk, p->warnings);
    for (guint i = 0; i < p->disk->partitions->len; i++) {
        VolumeKind kind;

        if (!volume_probe(job->overlay,
                          &g_array_index(p->disk->partitions, Partition, i),
                          &kind, errp)) {
            return false;
        }
        g_array_append_val(p->kinds, kind);
    }
    return true;
}

static HiveFile *open_hive(Job *job, const char *name, GError **errp)
{
    return hive_file_open(job->volume, job->result->windows, name,
                          job->options->dirty_hive, job->result->warnings,
                          errp);
}

int64_t prepare_edit_time(const Job *job)
{
    if (job->options->epoch >= 0) {
        return job->options->epoch;
    }
    return job->system
           ? MAX(job->system->mtime, hive_last_written(job->system->hive))
           : job->boot_ini_mtime;
}

HiveFile *prepare_need_software(Job *job, GError **errp)
{
    if (!job->software) {
        job->software = open_hive(job, REGISTRY_SOFTWARE, errp);
        if (job->software) {
            hive_set_time(job->software->hive, prepare_edit_time(job));
        }
    }
    return job->software;
}

/*
 * hiberfil.sys is where NTLDR looks for it, which need not be the volume that
 * Windows is on.
 */
bool prepare_check_other_volumes(Job *job, const Partition *boot,
                                 GError **errp)
{
    Preparation *p = job->result;

    for (guint i = 0; i < p->kinds->len; i++) {
        const Partition *other = &g_array_index(p->disk->partitions,
                                                Partition, i);
        g_autoptr(Volume) volume = NULL;
        g_autoptr(GError) err = NULL;

        if (other == boot ||
            g_array_index(p->kinds, VolumeKind, i) != VOLUME_NTFS) {
            continue;
        }
        volume = volume_open(job->overlay, other, VOLUME_READ_ONLY, &err);
        if (!volume) {
            g_ptr_array_add(p->warnings, g_strdup(err->message));
        } else if (!volume_check_not_hibernated(volume, errp)) {
            return false;
        }
    }
    return true;
}

/*
 * Finds Windows; refuses a volume that is not in order, and a Windows that
 * the profile is not for.
 */
static bool find_guest(Job *job, GError **errp)
{
    Preparation *p = job->result;
    g_auto(WindowsPlace) place = { 0 };

    if (!windows_find(job->overlay, p->disk, job->options->windows, &place,
                      p->others, p->warnings, errp)) {
        return false;
    }
    job->volume = volume_open(job->overlay, place.partition,
                              VOLUME_READ_ONLY, errp);
    if (!job->volume ||
        !volume_check_clean(job->volume, job->options->force_dirty_volume,
                            p->warnings, errp) ||
        !prepare_check_other_volumes(job, place.partition, errp)) {
        return false;
    }
    p->windows = windows_identify(job->volume, &place, errp);
    return p->windows && windows_check_machine(p->windows, errp) &&
           (!job->options->profile ||
            profile_check_guest(job->options->profile, p->windows, errp));
}

/* Those parts of the profile, if there is one, that are for the Windows. */
static GPtrArray *fitting_parts(const Job *job)
{
    GPtrArray *parts = job->options->profile
                       ? profile_parts(job->options->profile)
                       : g_ptr_array_new();

    for (guint i = parts->len; i-- > 0; ) {
        if (!profile_fits(g_ptr_array_index(parts, i),
                          job->result->windows)) {
            g_ptr_array_remove_index(parts, i);
        }
    }
    return parts;
}

/* Opens the registry, and adds what it tells of the Windows. */
static bool open_registry(Job *job, GError **errp)
{
    Preparation *p = job->result;

    job->system = open_hive(job, REGISTRY_SYSTEM, errp);
    if (!job->system) {
        return false;
    }
    hive_set_time(job->system->hive, prepare_edit_time(job));
    return windows_read_registry(p->windows, job->system->hive,
                                 job->system->where, p->warnings, errp);
}

static void warn_of_size(Job *job)
{
    Preparation *p = job->result;
    char *too_large = windows_check_size(p->windows, p->disk);

    if (too_large) {
        g_ptr_array_add(p->warnings, too_large);
    }
}

/* What the guest calls itself; that it cannot be read is no reason to stop. */
static void read_details(Job *job)
{
    g_autoptr(GError) err = NULL;
    HiveFile *software = prepare_need_software(job, &err);

    if (software) {
        windows_read_product_name(job->result->windows, software->hive);
    } else {
        g_ptr_array_add(job->result->warnings,
                        g_strdup_printf("the product's name cannot be read: "
                                        "%s", err->message));
    }
}

bool prepare_identify(Job *job, GError **errp)
{
    if (!find_guest(job, errp) || !open_registry(job, errp)) {
        return false;
    }
    warn_of_size(job);
    job->parts = fitting_parts(job);
    if (job->options->details) {
        read_details(job);
    }
    return true;
}
