/*
 * What is said of a guest of a fleet, on a page as on a terminal
 *
 * All strings are clean, but may hold what HTML takes for an element.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "report-fleet.h"

/* "prepared" or another outcome, or "unreadable". */
const char *report_outcome(const FleetGuest *guest);

/* The Windows; NULL if there is none, or it is not known. */
const WinXenprepWindows *report_find_windows(const FleetGuest *guest);

/* That by its name; NULL if that is not known. */
const char *report_windows(const FleetGuest *guest);

/* That with its edition, service pack and machine, to be freed, or NULL. */
char *report_windows_long(const FleetGuest *guest);

/* "boots" and the like; @check may be NULL. */
const char *report_verdict(const WinXenfixCheck *check);

/* The two checks; NULL where there is none. */
const WinXenfixCheck *report_before(const FleetGuest *guest);
const WinXenfixCheck *report_after(const FleetGuest *guest);

/* The link that @check's verdict is due to; NULL if it is yes. */
const WinXenfixLink *report_culprit(const WinXenfixCheck *check);

/*
 * What the screen would show, of a STOP error its number only, or which link is
 * to blame; to be freed.  NULL if the verdict is yes.
 */
char *report_symptom(const WinXenfixCheck *check);

/* What the user should know though it is no error: each string once. */
GPtrArray *report_warnings(const FleetGuest *guest);

/* Why it has that outcome, or how much was changed; to be freed. */
char *report_notes(const FleetGuest *guest);

/* "40 guests: 35 prepared, 5 refused", to be freed. */
char *report_summary(const Fleet *fleet);

#endif /* REPORT_WORDS_H */
