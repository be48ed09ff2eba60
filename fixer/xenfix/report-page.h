/*
 * A page that shows a fleet: one file of HTML that needs no other
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report-fleet.h"

/* How each page begins, and no other file does. */
#define REPORT_PAGE_HEAD "<!DOCTYPE html>\n" \
    "<!-- Made by win-xenfix report -->\n"

/* The page, the same for the same reports; to be freed. */
char *report_page(const Fleet *fleet, size_t *length);

#endif /* REPORT_PAGE_H */
