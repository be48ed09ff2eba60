/*
 * A page of a fleet: the boot path of a guest, before and after
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_LINKS_H
#define REPORT_LINKS_H

#include "report-fleet.h"

/* Adds the links of both checks, either of which may be NULL. */
void report_links_add(GString *html, const WinXenfixCheck *before,
                      const WinXenfixCheck *after);

#endif /* REPORT_LINKS_H */
