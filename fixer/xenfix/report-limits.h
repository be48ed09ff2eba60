/*
 * Limits of the reports that make a page of a fleet, each with its reason
 *
 * What is in a report came from a guest in the end.  Each is checked before
 * memory is taken; docs/limits.rst has the tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_LIMITS_H
#define REPORT_LIMITS_H

#include "qemu/units.h"

/* A guest's report: those of real guests have 20 to 70 KiB. */
#define LIMIT_FLEET_REPORT (4 * MiB)

/* Reports in a directory: nobody reads a page of more guests. */
#define LIMIT_FLEET_GUESTS 10000

/* All reports of a directory: 10,000 real ones have up to 700 MiB. */
#define LIMIT_FLEET_SIZE (1024 * MiB)

#endif /* REPORT_LIMITS_H */
