/*
 * Prepare: the pipeline that makes a guest boot from another controller
 *
 * Notes on the design
 *
 * Look, then touch: the guest is identified and the plan is made on a volume
 * that is mounted read only.  It is mounted read-write only if there is
 * something to do, and even then whatever is written goes into the overlay:
 * a failure at any point, a full volume too, is an error and the overlay is
 * dropped.  No free space is computed beforehand.
 *
 * The registry is merged in memory while planning, which tells exactly what
 * would change; so a plan is nothing but a list of files and their contents.
 *
 * After that the overlay is planned again, as if it were a guest that is seen
 * for the first time.  If that plan is not empty, something was not written
 * as it should be, and no patch leaves this process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "clock.h"
#include "error.h"
#include "prepare.h"
#include "registry.h"

/* Why keys of the user's own .reg files are set. */
#define REG_FILE_REASON "asked for by reg-file"

/* What of Windows 2000's boot loader's 16 MiB may be left for SYSTEM. */
#define WINDOWS_2000_HIVE_SIZE (10 * 1024 * 1024)

/* What is at hand while one plan is made and applied. */
typedef struct Job {
    Overlay *overlay;
    const PrepareOptions *options;
    /* Read only. */
    Volume *volume;
    /* With the registry merged; SOFTWARE only if somebody asked for it. */
    HiveFile *system;
    HiveFile *software;
    /* FileEdit *: all that has to be written. */
    GPtrArray *edits;
    Preparation *result;
} Job;

static void job_clear(Job *job)
{
    g_clear_pointer(&job->volume, volume_free);
    g_clear_pointer(&job->system, hive_file_free);
    g_clear_pointer(&job->software, hive_file_free);
    g_clear_pointer(&job->edits, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

void preparation_free(Preparation *preparation)
{
    if (preparation) {
        g_clear_pointer(&preparation->disk, disk_free);
        g_array_unref(preparation->kinds);
        g_clear_pointer(&preparation->windows, windows_free);
        g_ptr_array_unref(preparation->others);
        g_ptr_array_unref(preparation->driver_sources);
        g_ptr_array_unref(preparation->changes);
        g_ptr_array_unref(preparation->warnings);
        g_free(preparation);
    }
}

static Preparation *preparation_new(void)
{
    Preparation *p = g_new0(Preparation, 1);

    p->kinds = g_array_new(FALSE, FALSE, sizeof(VolumeKind));
    p->others = g_ptr_array_new_with_free_func((GDestroyNotify)
                                               windows_place_free);
    p->driver_sources = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                       driver_source_free);
    p->changes = change_list_new();
    p->warnings = g_ptr_array_new_with_free_func(g_free);
    return p;
}

static bool look_at_disk(Job *job, GError **errp)
{
    Preparation *p = job->result;

    p->disk = disk_read(job->overlay, errp);
    for (guint i = 0; p->disk && i < p->disk->partitions->len; i++) {
        VolumeKind kind;

        if (!volume_probe(job->overlay,
                          &g_array_index(p->disk->partitions, Partition, i),
                          &kind, errp)) {
            return false;
        }
        g_array_append_val(p->kinds, kind);
    }
    return p->disk != NULL;
}

static HiveFile *open_hive(Job *job, const char *name, GError **errp)
{
    return hive_file_open(job->volume, job->result->windows, name,
                          job->options->dirty_hive, job->result->warnings,
                          errp);
}

/* The time that all edits bear: seconds since 1970, UTC. */
static int64_t edit_time(const Job *job)
{
    return job->options->epoch >= 0
           ? job->options->epoch
           : MAX(job->system->mtime, hive_last_written(job->system->hive));
}

static HiveFile *need_software(Job *job, GError **errp)
{
    if (!job->software) {
        job->software = open_hive(job, REGISTRY_SOFTWARE, errp);
        if (job->software) {
            hive_set_time(job->software->hive, edit_time(job));
        }
    }
    return job->software;
}

/*
 * hiberfil.sys is where NTLDR looks for it, which need not be the volume that
 * Windows is on.
 */
static bool check_other_volumes(Job *job, const Partition *boot,
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
static bool identify(Job *job, GError **errp)
{
    Preparation *p = job->result;
    g_auto(WindowsPlace) place = { 0 };

    if (!windows_find(job->overlay, p->disk, job->options->windows, &place,
                      p->others, p->warnings, errp)) {
        return false;
    }
    job->volume = volume_open(job->overlay, place.partition,
                              VOLUME_READ_ONLY, errp);
    if (!job->volume || !volume_check_clean(job->volume, errp) ||
        !check_other_volumes(job, place.partition, errp)) {
        return false;
    }
    p->windows = windows_identify(job->volume, &place, errp);
    return p->windows &&
           profile_check_guest(job->options->profile, p->windows, errp);
}

/* Opens the registry, and adds what it tells of the Windows. */
static bool open_registry(Job *job, GError **errp)
{
    Preparation *p = job->result;

    job->system = open_hive(job, REGISTRY_SYSTEM, errp);
    if (!job->system) {
        return false;
    }
    hive_set_time(job->system->hive, edit_time(job));
    return windows_read_registry(p->windows, job->system->hive,
                                 job->system->where, p->warnings, errp);
}

/* What the guest calls itself; that it cannot be read is no reason to stop. */
static void read_details(Job *job)
{
    g_autoptr(GError) err = NULL;
    HiveFile *software = need_software(job, &err);

    if (software) {
        windows_read_product_name(job->result->windows, software->hive);
    } else {
        g_ptr_array_add(job->result->warnings,
                        g_strdup_printf("the product's name cannot be read: "
                                        "%s", err->message));
    }
}

/* The files that are to be written, but for hives. */
static bool plan_drivers(Job *job, GError **errp)
{
    Preparation *p = job->result;

    return drivers_plan(job->volume, p->windows, job->options->profile,
                        job->options->user_files, job->edits,
                        p->driver_sources, p->warnings, errp);
}

/* Adds to the report the edits from @first on. */
static void report_edits(Job *job, guint first)
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
            (!need_software(job, errp) ||
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

/* The profile has the last word: without it the guest does not boot. */
static bool plan_registry(Job *job, GError **errp)
{
    const PrepareOptions *options = job->options;

    if (!merge_all(job, options->reg_files, REG_FILE_REASON, errp) ||
        !merge_all(job, options->profile->registry,
                   options->profile->registry_reason, errp)) {
        return false;
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

static bool plan(Job *job, GError **errp)
{
    guint drivers;

    job->edits = file_edit_list_new();
    if (!identify(job, errp) || !open_registry(job, errp)) {
        return false;
    }
    if (job->options->details) {
        read_details(job);
    }
    if (!plan_drivers(job, errp)) {
        return false;
    }
    drivers = job->edits->len;
    report_edits(job, 0);
    if (!plan_registry(job, errp) || !plan_hives(job, errp)) {
        return false;
    }
    warn_of_large_hive(job);
    report_edits(job, drivers);
    return true;
}

static bool write_file(Volume *volume, const FileEdit *edit, GError **errp)
{
    return edit->create
           ? volume_create(volume, edit->path, edit->bytes, errp)
           : volume_replace(volume, edit->path, edit->bytes, errp);
}

static bool write_all(Job *job, Volume *volume, GError **errp)
{
    for (guint i = 0; i < job->edits->len; i++) {
        if (!write_file(volume, g_ptr_array_index(job->edits, i), errp)) {
            return false;
        }
    }
    return true;
}

static bool apply(Job *job, GError **errp)
{
    g_autoptr(Volume) volume = NULL;

    clock_freeze(edit_time(job));
    volume = volume_open(job->overlay, job->result->windows->place.partition,
                         VOLUME_READ_WRITE, errp);
    return volume && write_all(job, volume, errp) &&
           volume_close(g_steal_pointer(&volume), errp);
}

/* A second plan, over what the first one wrote, has to be empty. */
static bool verify(Job *job, GError **errp)
{
    g_autoptr(Preparation) again = preparation_new();
    g_auto(Job) second = {
        .overlay = job->overlay,
        .options = job->options,
        .result = again,
    };

    if (!look_at_disk(&second, errp) || !plan(&second, errp)) {
        g_prefix_error(errp, "the prepared guest cannot be read back: ");
        return false;
    }
    if (again->changes->len > 0) {
        const Change *change = g_ptr_array_index(again->changes, 0);

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the change did not last (%s): profile '%s' may "
                    "contradict itself", change->path, change->reason,
                    job->options->profile->name);
        return false;
    }
    return true;
}

static bool run(Job *job, bool apply_too, GError **errp)
{
    if (!look_at_disk(job, errp) || !plan(job, errp)) {
        return false;
    }
    if (!apply_too || job->result->changes->len == 0) {
        return true;
    }
    if (!apply(job, errp)) {
        return false;
    }
    /* Hives are large, and the second plan reads its own. */
    job_clear(job);
    return verify(job, errp);
}

Preparation *prepare_run(Overlay *overlay, const PrepareOptions *options,
                         bool apply_too, GError **errp)
{
    g_autoptr(Preparation) p = preparation_new();
    g_auto(Job) job = {
        .overlay = overlay,
        .options = options,
        .result = p,
    };
    GError *err = NULL;

    if (run(&job, apply_too, &err)) {
        return g_steal_pointer(&p);
    }
    if (!options->require_guest &&
        g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NO_GUEST)) {
        g_ptr_array_add(p->warnings, g_strdup(err->message));
        g_error_free(err);
        return g_steal_pointer(&p);
    }
    g_propagate_error(errp, err);
    return NULL;
}
