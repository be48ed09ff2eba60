/*
 * The reports of a fleet: one JSON file for each guest, in a directory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_FLEET_H
#define REPORT_FLEET_H

#include "block/win-xenprep-compat.h"
#include "qapi/qapi-types-block-core.h"

/* All strings are clean: see xenprep-report.h. */
typedef struct FleetGuest {
    /* Name of the file in the directory, to be shown. */
    char *file;
    /* What the guest is called, with the file if that has another name. */
    char *name;
    /* NULL if it cannot be read. */
    WinXenfixGuest *report;
    /* Then: the cause and the remedy in one line. */
    char *error;
} FleetGuest;

typedef struct Fleet {
    /* FleetGuest, in the order of the names of their files */
    GPtrArray *guests;
    /* How many there are of each outcome, and that cannot be read. */
    int outcomes[WIN_XENPREP_OUTCOME__MAX];
    int unreadable;
    /* How many are ready, and would not boot by the check after that. */
    int would_not_boot;
    /* How many somebody has to do something about. */
    unsigned open;
} Fleet;

/*
 * Reads all reports of a directory.  A report that cannot be read is a guest
 * all the same.  NULL and @errp if the directory cannot be read, has no report
 * or too many, or if they are too large together.
 */
Fleet *fleet_read(const char *directory, Error **errp);

void fleet_free(Fleet *fleet);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)

/* Whether a guest is ready to run on its new host, or said to be. */
bool fleet_guest_ready(const FleetGuest *guest);

/* Whether somebody has to do something about the guest. */
bool fleet_guest_open(const FleetGuest *guest);

#endif /* REPORT_FLEET_H */
