/*
 * A fleet as a table on a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "report-fleet.h"

/* Prints a line for each guest. */
void report_table_print(const Fleet *fleet);

#endif /* REPORT_TABLE_H */
