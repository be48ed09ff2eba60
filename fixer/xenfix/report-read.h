/*
 * The report of one guest of a fleet
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_READ_H
#define REPORT_READ_H

#include "report-fleet.h"

/* Of the names of reports. */
#define FLEET_SUFFIX ".json"

/*
 * The guest whose report is STEM.json in a directory, also if that cannot be
 * read.  Adds its size to @total; if that is beyond LIMIT_FLEET_SIZE then, it
 * was not read.
 */
FleetGuest *fleet_guest_read(const char *directory, const char *stem,
                             uint64_t *total);

void fleet_guest_free(FleetGuest *guest);

#endif /* REPORT_READ_H */
