/*
 * What the helper says: its report, and its error messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REPORT_H
#define XENPREP_REPORT_H

#include "qapi/qapi-types-block-core.h"
#include "xenprep-protocol.h"

/* The report; each verb has one of these types, the other members are NULL. */
typedef struct XenprepReport {
    ImageInfoSpecificWinXenprep *prepare;
    WinXenfixInfo *inspect;
    WinXenfixCheck *check;
} XenprepReport;

void xenprep_report_clear(XenprepReport *report);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XenprepReport, xenprep_report_clear)

/*
 * Makes one line of UTF-8 out of what the helper sent as one: a terminal or a
 * log file can show it without harm, whatever it was.
 */
char *xenprep_text_clean(const char *text, size_t length);

/*
 * Makes all strings of parsed JSON clean in that way.  Takes @obj; returns it,
 * or what it became.
 */
QObject *xenprep_report_clean(QObject *obj);

/*
 * Parses the report of @verb into *@report, all members of which are NULL.
 * All its strings are clean as above.  False and @errp if it is no JSON, or
 * does not fit the schema.
 */
bool xenprep_report_parse(XenprepVerb verb, const char *json, size_t length,
                          XenprepReport *report, Error **errp);

#endif /* XENPREP_REPORT_H */
