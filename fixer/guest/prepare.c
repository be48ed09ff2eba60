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
 * Then the volume as it was before is asked whether what was taken was free.
 * After that the overlay is planned again, as if it were a guest that is seen
 * for the first time.  If that plan is not empty, something was not written
 * as it should be, and no patch leaves this process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "boot-sector.h"
#include "clock.h"
#include "error.h"
#include "prepare-internal.h"
#include "volume-taken.h"

static void job_clear(Job *job)
{
    g_clear_pointer(&job->parts, g_ptr_array_unref);
    g_clear_pointer(&job->volume, volume_free);
    g_clear_pointer(&job->system, hive_file_free);
    g_clear_pointer(&job->software, hive_file_free);
    g_clear_pointer(&job->edits, g_ptr_array_unref);
    g_clear_pointer(&job->boot_ini, boot_ini_edit_free);
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
        g_ptr_array_unref(preparation->witnesses);
        g_array_unref(preparation->discards);
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
    p->witnesses = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                  witness_free);
    p->discards = g_array_new(FALSE, FALSE, sizeof(DiscardExtent));
    p->warnings = g_ptr_array_new_with_free_func(g_free);
    return p;
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

static bool write_files(Job *job, GError **errp)
{
    g_autoptr(Volume) volume = NULL;

    if (job->edits->len == 0) {
        return true;
    }
    clock_freeze(prepare_edit_time(job));
    volume = volume_open(job->overlay, job->result->windows->place.partition,
                         VOLUME_READ_WRITE, errp);
    return volume && write_all(job, volume, errp) &&
           volume_close(g_steal_pointer(&volume), errp);
}

static bool apply(Job *job, GError **errp)
{
    Preparation *p = job->result;

    return write_files(job, errp) && prepare_write_boot_ini(job, errp) &&
           (!job->set_geometry ||
            boot_sector_set_geometry(job->overlay, disk_active(p->disk),
                                     &job->bios, p->warnings, errp));
}

/* Says that @change was found to be needed once more. */
static void set_did_not_last(const Change *change, const Profile *profile,
                             GError **errp)
{
    g_autofree char *why =
        profile ? g_strdup_printf(": profile '%s' may contradict itself",
                                  profile->name)
                : NULL;

    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: the change did not last (%s)%s", change->path,
                change->reason, why ? why : "");
}

/*
 * Whether boot.ini reads back as @text; NULL if it was not opened.  On a
 * damaged volume what was written may have been its own record.
 */
static bool verify_boot_ini(const Job *second, GBytes *text, GError **errp)
{
    g_autoptr(GBytes) again =
        second->boot_ini ? boot_ini_edit_text(second->boot_ini) : NULL;

    if (text && (!again || !g_bytes_equal(text, again))) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    BOOT_INI_PATH ": it does not read back as it was written");
        return false;
    }
    return true;
}

/*
 * A second plan, over what the first one wrote, has to be empty.  Entries of
 * boot.ini are edited by number, which makes no sense a second time.
 */
static bool verify(Job *job, GBytes *boot_ini, GError **errp)
{
    g_autoptr(Preparation) again = preparation_new();
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    PrepareOptions options = *job->options;
    g_auto(Job) second = {
        .overlay = job->overlay,
        .options = &options,
        .result = again,
    };

    if (options.boot_ini_operations) {
        options.boot_ini_operations = nothing;
    }
    if (!prepare_look_at_disk(&second, errp) || !prepare_plan(&second, errp)) {
        g_prefix_error(errp, "the prepared guest cannot be read back: ");
        return false;
    }
    if (again->changes->len > 0) {
        set_did_not_last(g_ptr_array_index(again->changes, 0),
                         options.profile, errp);
        return false;
    }
    return verify_boot_ini(&second, boot_ini, errp);
}

void boot_ini_operation_free(BootIniOperation *operation)
{
    g_free(operation->text);
    g_free(operation);
}

/* Whether any change is to the partition @number. */
static bool changes_partition(const Preparation *p, unsigned number)
{
    for (guint i = 0; i < p->changes->len; i++) {
        const Change *change = g_ptr_array_index(p->changes, i);

        if (number == (change->partition
                       ? change->partition
                       : p->windows->place.partition->number)) {
            return true;
        }
    }
    return false;
}

static bool find_witnesses(Job *job, GError **errp)
{
    Preparation *p = job->result;

    for (guint i = 0; i < p->disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(p->disk->partitions,
                                                    Partition, i);

        if (changes_partition(p, partition->number) &&
            !witness_find(job->overlay, partition, p->windows, p->witnesses,
                          errp)) {
            return false;
        }
    }
    return true;
}

/* Whether each cluster that the changes took was free to be taken. */
static bool check_taken(Job *job, GError **errp)
{
    Preparation *p = job->result;

    for (guint i = 0; i < p->kinds->len; i++) {
        const Partition *partition = &g_array_index(p->disk->partitions,
                                                    Partition, i);

        if (g_array_index(p->kinds, VolumeKind, i) == VOLUME_NTFS &&
            changes_partition(p, partition->number) &&
            !volume_check_taken(job->overlay, partition, p->warnings, errp)) {
            return false;
        }
    }
    return true;
}

static bool run(Job *job, bool apply_too, GError **errp)
{
    g_autoptr(GBytes) boot_ini = NULL;

    if (!prepare_look_at_disk(job, errp) || !prepare_plan(job, errp)) {
        return false;
    }
    if (!apply_too || job->result->changes->len == 0) {
        return true;
    }
    if (!apply(job, errp)) {
        return false;
    }
    boot_ini = job->boot_ini ? boot_ini_edit_text(job->boot_ini) : NULL;
    /* Hives are large, and the second plan reads its own. */
    job_clear(job);
    return check_taken(job, errp) && verify(job, boot_ini, errp) &&
           (!job->options->witnesses || find_witnesses(job, errp));
}

/* The same for a disk without Windows, where that is allowed. */
static bool run_or_pass(Job *job, bool apply_too, GError **errp)
{
    GError *err = NULL;

    if (run(job, apply_too, &err)) {
        return true;
    }
    if (job->options->require_guest ||
        !g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NO_GUEST)) {
        g_propagate_error(errp, err);
        return false;
    }
    g_ptr_array_add(job->result->warnings, g_strdup(err->message));
    g_error_free(err);
    return true;
}

/*
 * On the volumes as they will be: a cluster that was freed may be discarded,
 * one that was free may be in use now, and hold what it held before.
 */
static bool find_discards(Job *job, GError **errp)
{
    const DiscardOptions *options = &job->options->discard;
    Preparation *p = job->result;
    GArray *discards;

    if (!options->free_clusters && !options->pagefiles) {
        return true;
    }
    if (!p->disk) {
        g_ptr_array_add(p->warnings, g_strdup("nothing is discarded, since "
                                              "there are no partitions"));
        return true;
    }
    /* Hives are large. */
    job_clear(job);
    discards = discard_find(job->overlay, p->disk, p->kinds, options,
                            p->warnings, errp);
    if (!discards) {
        return false;
    }
    g_array_unref(p->discards);
    p->discards = discards;
    return true;
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

    return run_or_pass(&job, apply_too, errp) &&
           (!apply_too || find_discards(&job, errp))
           ? g_steal_pointer(&p) : NULL;
}
