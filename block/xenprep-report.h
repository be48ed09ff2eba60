/*
 * What the helper says: its report, and its error messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REPORT_H
#define XENPREP_REPORT_H

#include "qapi/qapi-types-block-core.h"

/*
 * Makes one line of UTF-8 out of what the helper sent as one: a terminal or a
 * log file can show it without harm, whatever it was.
 */
char *xenprep_text_clean(const char *text, size_t length);

/*
 * Parses the report.  All its strings are clean as above.  NULL and @errp if
 * it is no JSON, or does not fit the schema.
 */
ImageInfoSpecificWinXenprep *
xenprep_report_parse(const char *json, size_t length, Error **errp);

#endif /* XENPREP_REPORT_H */
