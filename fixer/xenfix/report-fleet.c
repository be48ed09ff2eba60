/*
 * The reports of a fleet: one JSON file for each guest, in a directory
 *
 * Notes on the design
 *
 * A directory is read while guests are being prepared, too: a report has its
 * name when it is complete.  Names that begin with a dot belong to reports that
 * are being written, all that do not end in ".json" to somebody else.
 *
 * A guest is never left out.  One whose report cannot be read is there with the
 * reason: a page that lacks it would say by that that all is well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <dirent.h>

#include "report-fleet.h"
#include "report-limits.h"
#include "report-read.h"

#include "qapi/error.h"

bool fleet_guest_ready(const FleetGuest *guest)
{
    return guest->report &&
           (guest->report->outcome == WIN_XENPREP_OUTCOME_PREPARED ||
            guest->report->outcome == WIN_XENPREP_OUTCOME_UNCHANGED);
}

static bool would_not_boot(const FleetGuest *guest)
{
    return fleet_guest_ready(guest) && guest->report->after &&
           guest->report->after->boots == WIN_XENFIX_ANSWER_NO;
}

bool fleet_guest_open(const FleetGuest *guest)
{
    return !fleet_guest_ready(guest) || would_not_boot(guest);
}

void fleet_free(Fleet *fleet)
{
    g_ptr_array_unref(fleet->guests);
    g_free(fleet);
}

static int compare_stems(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether all names could be read; a part of them is a part of the fleet. */
static bool read_names(DIR *dir, GPtrArray *stems)
{
    struct dirent *entry;

    /* One too many is enough. */
    while (stems->len <= LIMIT_FLEET_GUESTS) {
        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            return errno == 0;
        }
        if (entry->d_name[0] != '.' &&
            g_str_has_suffix(entry->d_name, FLEET_SUFFIX)) {
            g_ptr_array_add(stems, g_strndup(entry->d_name,
                                             strlen(entry->d_name) -
                                             strlen(FLEET_SUFFIX)));
        }
    }
    return true;
}

static GPtrArray *read_directory(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) stems = g_ptr_array_new_with_free_func(g_free);
    DIR *dir = opendir(directory);
    bool ok = dir && read_names(dir, stems);
    int saved = errno;

    if (dir) {
        closedir(dir);
    }
    if (!ok) {
        error_setg_errno(errp, saved, "cannot read '%s', which should be the "
                         "directory of the guests' reports", directory);
        return NULL;
    }
    return g_steal_pointer(&stems);
}

/* The names of the reports without their suffix, sorted. */
static GPtrArray *list_reports(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) stems = read_directory(directory, errp);

    if (!stems) {
        return NULL;
    }
    if (stems->len > LIMIT_FLEET_GUESTS) {
        error_setg(errp, "'%s' has more than %d reports; spread them over "
                   "several directories", directory, LIMIT_FLEET_GUESTS);
        return NULL;
    }
    if (stems->len == 0) {
        error_setg(errp, "'%s' has no report, a file whose name ends in "
                   FLEET_SUFFIX "; name the directory that has the guests' "
                   "reports", directory);
        return NULL;
    }
    g_ptr_array_sort(stems, compare_stems);
    return g_steal_pointer(&stems);
}

static void count(Fleet *fleet, const FleetGuest *guest)
{
    if (guest->report) {
        fleet->outcomes[guest->report->outcome]++;
    } else {
        fleet->unreadable++;
    }
    fleet->would_not_boot += would_not_boot(guest);
    fleet->open += fleet_guest_open(guest);
}

Fleet *fleet_read(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) stems = list_reports(directory, errp);
    g_autoptr(Fleet) fleet = NULL;
    uint64_t total = 0;

    if (!stems) {
        return NULL;
    }
    fleet = g_new0(Fleet, 1);
    fleet->guests = g_ptr_array_new_with_free_func(
        (GDestroyNotify)fleet_guest_free);
    for (unsigned i = 0; i < stems->len; i++) {
        FleetGuest *guest = fleet_guest_read(directory, stems->pdata[i],
                                             &total);

        g_ptr_array_add(fleet->guests, guest);
        if (total > LIMIT_FLEET_SIZE) {
            error_setg(errp, "the reports in '%s' have more than %d MiB "
                       "together; spread them over several directories",
                       directory, (int)(LIMIT_FLEET_SIZE / MiB));
            return NULL;
        }
        count(fleet, guest);
    }
    return g_steal_pointer(&fleet);
}
