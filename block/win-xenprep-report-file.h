/*
 * The file that the report of a prepared guest goes to: report=FILE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENPREP_REPORT_FILE_H
#define WIN_XENPREP_REPORT_FILE_H

#include "xenprep-collect.h"

/*
 * Whether @path may be written: there is no such file, or an empty one, or an
 * earlier report.  To be asked before there is anything to be lost.
 */
bool win_xenprep_report_file_check(const char *path, Error **errp);

/*
 * Writes that the disk @source was prepared, and how.  The file appears as a
 * whole or not at all.
 */
bool win_xenprep_report_file_write(const char *path, const char *source,
                                   const XenprepResult *result,
                                   Error **errp);

/* Writes that it was not, and why: @refused, for the guest is in the way. */
bool win_xenprep_report_file_write_error(const char *path, const char *source,
                                         bool refused, const char *why,
                                         Error **errp);

/* Whether a report that was written still is there. */
bool win_xenprep_report_file_is_there(const char *path);

/* "NAME: Windows XP prepared ...", for people; to be freed. */
char *win_xenprep_report_file_summary(const char *path, const char *source,
                                      const XenprepResult *result);

#endif /* WIN_XENPREP_REPORT_FILE_H */
