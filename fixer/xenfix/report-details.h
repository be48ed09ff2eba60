/*
 * A page of a fleet: all that is known of one guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_DETAILS_H
#define REPORT_DETAILS_H

#include "report-fleet.h"

/* Adds a guest's part of the page, which is "#guest-NUMBER" there. */
void report_details_add(GString *html, const FleetGuest *guest,
                        unsigned number);

#endif /* REPORT_DETAILS_H */
