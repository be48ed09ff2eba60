/*
 * Prepare: how NTLDR starts the Windows, boot.ini and the HAL
 *
 * boot.ini is on the system partition, which need not be that of Windows, and
 * is of interest by itself: where it is wrong no Windows may be found, and
 * then it has to be possible to mend it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "clock.h"
#include "error.h"
#include "guest-limits.h"
#include "prepare-internal.h"

#define ASKED_FOR "asked for by boot-ini"
#define REASON_AUTO \
    "the disk will be on IDE, and what scsi() and signature() start from is " \
    "a SCSI adapter"
#define REASON_HAL "starts the new HAL; the entry from before stays"

/* The number by which the editor knows the entry that is started. */
#define STARTED_ENTRY 0

bool prepare_is_boot_ini_only(const Job *job)
{
    return !job->options->profile && !job->options->hal;
}

static bool has_operations(const Job *job)
{
    const GPtrArray *operations = job->options->boot_ini_operations;

    return operations && operations->len > 0;
}

/* Windows Vista and later have no boot.ini, and need no other HAL. */
static bool adds_entry(const Job *job)
{
    g_autofree char *needless =
        job->options->hal ? hal_change_needless(job->result->windows) : NULL;

    return job->options->hal && !needless && !job->options->hal->replace;
}

/* Whether it is an error that there is no boot.ini. */
static bool needs_boot_ini(const Job *job)
{
    return job->options->boot_ini == BOOT_INI_REWRITE_ARC ||
           has_operations(job) || prepare_is_boot_ini_only(job) ||
           adds_entry(job);
}

/* The active partition if it is NTFS, else NULL. */
static const Partition *system_partition(const Job *job, GError **errp)
{
    const Preparation *p = job->result;
    const Partition *active = disk_active(p->disk);

    if (p->disk->scheme == DISK_GPT) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    BOOT_INI_PATH ": the disk has a GPT, from which UEFI "
                    "starts Windows by its BCD: there is no boot.ini to "
                    "change");
    } else if (!active) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    BOOT_INI_PATH ": no partition of the disk is active, so "
                    "that NTLDR reads no boot.ini: mark the one that NTLDR is "
                    "on as active in the source VM");
    } else if (g_array_index(p->kinds, VolumeKind, active->number - 1) !=
               VOLUME_NTFS) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: it is active, so that boot.ini is there, "
                    "but it is not NTFS, which is all that can be changed "
                    "here: edit boot.ini in the source VM", active->number);
        active = NULL;
    }
    return active;
}

static BootIniEdit *read_boot_ini(Job *job, Volume *volume, GError **errp)
{
    VolumeFileInfo info;
    g_autoptr(GBytes) text = volume_read(volume, BOOT_INI_PATH,
                                         LIMIT_BOOT_INI_SIZE, errp);

    if (!text || !volume_stat(volume, BOOT_INI_PATH, &info, errp)) {
        return NULL;
    }
    job->boot_ini_mtime = info.mtime;
    return boot_ini_edit_new(text, errp);
}

/* What was not looked at when Windows was found. */
static bool check_volume(Job *job, Volume *volume, const Partition *system,
                         GError **errp)
{
    const Windows *windows = job->result->windows;

    if (windows && windows->place.partition->number == system->number) {
        return true;
    }
    return volume_check_clean(volume, job->options->force_dirty_volume,
                              job->result->warnings, errp) &&
           (windows || prepare_check_other_volumes(job, system, errp));
}

static BootIniEdit *open_boot_ini(Job *job, const Partition *system,
                                  GError **errp)
{
    g_autoptr(Volume) volume = volume_open(job->overlay, system,
                                           VOLUME_READ_ONLY, errp);
    bool exists;

    if (!volume || !check_volume(job, volume, system, errp) ||
        !volume_exists(volume, BOOT_INI_PATH, &exists, errp)) {
        return NULL;
    }
    if (!exists) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "partition %u: there is no " BOOT_INI_PATH " (Windows "
                    "Vista and later have none): write one in the source VM",
                    system->number);
        return NULL;
    }
    return read_boot_ini(job, volume, errp);
}

/*
 * NTLDR can do without boot.ini, and where it is to be looked for, whoever
 * found Windows has said.  But what is there and cannot be changed the user
 * has to hear of: it may be that it does not start from IDE.
 */
static bool do_without(Job *job, bool has_system, GError *err,
                       GError **errp)
{
    if (needs_boot_ini(job) ||
        g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    if (has_system &&
        !g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_ptr_array_add(job->result->warnings,
                        g_strdup_printf(BOOT_INI_PATH " is left as it is: %s",
                                        err->message));
    }
    g_error_free(err);
    return true;
}

/* Opens boot.ini for editing; it may lack if nobody asked for that. */
static bool need_boot_ini(Job *job, GError **errp)
{
    GError *err = NULL;
    const Partition *system = system_partition(job, &err);

    job->boot_ini = system ? open_boot_ini(job, system, &err) : NULL;
    return job->boot_ini || do_without(job, system, err, errp);
}

/* Adds to the report what was done to boot.ini since there were @n changes. */
static void report_boot_ini(Job *job, guint n, const char *source,
                            const char *reason)
{
    const GPtrArray *changes = boot_ini_edit_changes(job->boot_ini);
    Change *change;

    if (changes->len == n) {
        return;
    }
    change = change_new(CHANGE_FILE, CHANGE_MODIFY, BOOT_INI_PATH, source,
                        reason);
    change->partition = disk_active(job->result->disk)->number;
    for (guint i = n; i < changes->len; i++) {
        g_ptr_array_add(change->values,
                        g_strdup(g_ptr_array_index(changes, i)));
    }
    g_ptr_array_add(job->result->changes, change);
}

static guint changes_so_far(const Job *job)
{
    return boot_ini_edit_changes(job->boot_ini)->len;
}

static bool rewrite_arc(Job *job, GError **errp)
{
    bool started_only = job->options->boot_ini == BOOT_INI_AUTO;
    guint n = changes_so_far(job);

    if (!boot_ini_edit_rewrite_arc(job->boot_ini, job->result->disk,
                                   started_only, job->result->warnings,
                                   errp)) {
        return false;
    }
    report_boot_ini(job, n, NULL, started_only ? REASON_AUTO : ASKED_FOR);
    return true;
}

/* The entry that is changed must be the one that starts the Windows. */
static bool check_started(Job *job, const BootEntry *started, GError **errp)
{
    const WindowsPlace *place = &job->result->windows->place;

    if (started && boot_path_is_at(started->path, job->result->disk,
                                   place->partition, place->system_root,
                                   false)) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                BOOT_INI_PATH ": the entry that is started is not that of "
                "partition %u, %s, whose HAL is to be changed: make it the "
                "default first ('win-xenfix boot-ini --default')",
                place->partition->number, windows_root(place));
    return false;
}

/* Nobody can choose the old entry where there is no menu. */
static void warn_of_timeout(Job *job)
{
    const BootIni *ini = boot_ini_edit_parsed(job->boot_ini);

    if (!ini->has_timeout || ini->timeout == 0) {
        g_ptr_array_add(job->result->warnings,
                        g_strdup(BOOT_INI_PATH ": the menu waits for no key, "
                                 "so that the entry from before can hardly be "
                                 "chosen: 'win-xenfix boot-ini --timeout 30' "
                                 "changes that"));
    }
}

static bool add_entry(Job *job, const HalNames *names, GError **errp)
{
    const HalType *to = job->options->hal->to;
    guint n = changes_so_far(job);

    if (!boot_ini_edit_add_hal(job->boot_ini, names->hal, names->kernel,
                               to->name, errp) ||
        (names->pae &&
         !boot_ini_edit_switch(job->boot_ini, STARTED_ENTRY, "/PAE", errp))) {
        return false;
    }
    if (changes_so_far(job) > n) {
        warn_of_timeout(job);
    }
    report_boot_ini(job, n, NULL, REASON_HAL);
    return true;
}

static bool change_hal(Job *job, GError **errp)
{
    Preparation *p = job->result;
    const HalRequest *request = job->options->hal;
    const BootEntry *started =
        job->boot_ini ? boot_ini_started(boot_ini_edit_parsed(job->boot_ini))
                      : NULL;
    g_auto(HalNames) names = { 0 };
    guint n = job->edits->len;

    if ((job->boot_ini && !check_started(job, started, errp)) ||
        !hal_change_plan(job->volume, p->windows, started, request, &names,
                         job->edits, p->driver_sources, p->warnings, errp)) {
        return false;
    }
    prepare_report_edits(job, n);
    return request->replace || add_entry(job, &names, errp);
}

static bool plan_hal(Job *job, GError **errp)
{
    char *needless;

    if (!job->options->hal) {
        return true;
    }
    needless = hal_change_needless(job->result->windows);
    if (needless) {
        g_ptr_array_add(job->result->warnings, needless);
        return true;
    }
    return change_hal(job, errp);
}

static bool operate(Job *job, const BootIniOperation *operation,
                    GError **errp)
{
    BootIniEdit *edit = job->boot_ini;

    switch (operation->kind) {
    case BOOT_INI_DEFAULT:
        return boot_ini_edit_default(edit, operation->number, errp);
    case BOOT_INI_TIMEOUT:
        return boot_ini_edit_timeout(edit, operation->number, errp);
    case BOOT_INI_ADD:
        return boot_ini_edit_add(edit, operation->text, job->result->disk,
                                 errp);
    case BOOT_INI_REMOVE:
        return boot_ini_edit_remove(edit, operation->number, errp);
    case BOOT_INI_SWITCH:
        return boot_ini_edit_switch(edit, operation->number, operation->text,
                                    errp);
    }
    g_assert_not_reached();
}

static bool operate_all(Job *job, GError **errp)
{
    const GPtrArray *operations = job->options->boot_ini_operations;
    guint n;

    if (!has_operations(job)) {
        return true;
    }
    n = changes_so_far(job);
    for (guint i = 0; i < operations->len; i++) {
        if (!operate(job, g_ptr_array_index(operations, i), errp)) {
            return false;
        }
    }
    report_boot_ini(job, n, NULL, ASKED_FOR);
    return true;
}

/* It stays, and what that means is the user's business. */
static void warn_of_scsi(Job *job)
{
    const BootIni *ini = boot_ini_edit_parsed(job->boot_ini);
    const char *started = boot_ini_started_path(ini);
    g_auto(ArcPath) arc = { 0 };

    if (arc_path_parse(started, &arc) && arc.kind != ARC_MULTI) {
        g_ptr_array_add(job->result->warnings,
                        g_strdup_printf(BOOT_INI_PATH ": the default entry %s "
                                        "does not start from IDE: "
                                        "'win-xenfix boot-ini --rewrite-arc' "
                                        "makes it multi()", started));
    }
}

static bool is_boot_ini(const Change *change)
{
    return g_str_equal(change->path, BOOT_INI_PATH);
}

/* Edits of which the later ones undo the others are none. */
static void forget_nothing(Job *job, GBytes *before)
{
    GPtrArray *changes = job->result->changes;
    g_autoptr(GBytes) after = boot_ini_edit_text(job->boot_ini);

    for (guint i = changes->len; i-- > 0 && g_bytes_equal(before, after); ) {
        if (is_boot_ini(g_ptr_array_index(changes, i))) {
            g_ptr_array_remove_index(changes, i);
        }
    }
}

/* What is asked of boot.ini, and what the new HAL asks of it. */
static bool plan_all(Job *job, GError **errp)
{
    if (job->boot_ini && job->options->boot_ini != BOOT_INI_KEEP &&
        !rewrite_arc(job, errp)) {
        return false;
    }
    if (!plan_hal(job, errp) || !operate_all(job, errp)) {
        return false;
    }
    if (job->boot_ini && job->options->boot_ini == BOOT_INI_KEEP) {
        warn_of_scsi(job);
    }
    return true;
}

bool prepare_plan_boot(Job *job, GError **errp)
{
    g_autoptr(GBytes) before = NULL;

    if (!need_boot_ini(job, errp)) {
        return false;
    }
    before = job->boot_ini ? boot_ini_edit_text(job->boot_ini) : NULL;
    if (!plan_all(job, errp)) {
        return false;
    }
    if (before) {
        forget_nothing(job, before);
    }
    return true;
}

static bool has_boot_ini_changed(const Job *job)
{
    const GPtrArray *changes = job->result->changes;
    bool changed = false;

    for (guint i = 0; i < changes->len; i++) {
        changed = changed || is_boot_ini(g_ptr_array_index(changes, i));
    }
    return changed;
}

bool prepare_write_boot_ini(Job *job, GError **errp)
{
    g_autoptr(GBytes) text = NULL;
    g_autoptr(Volume) volume = NULL;

    if (!has_boot_ini_changed(job)) {
        return true;
    }
    text = boot_ini_edit_text(job->boot_ini);
    clock_freeze(prepare_edit_time(job));
    volume = volume_open(job->overlay, disk_active(job->result->disk),
                         VOLUME_READ_WRITE, errp);
    return volume && volume_replace(volume, BOOT_INI_PATH, text, errp) &&
           volume_close(g_steal_pointer(&volume), errp);
}
