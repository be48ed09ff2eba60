/*
 * HTML of which no text can break out
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_HTML_H
#define REPORT_HTML_H

/* Adds HTML.  What the conversions stand for is text, and is escaped. */
void G_GNUC_PRINTF(2, 3)
report_html(GString *html, const char *fmt, ...);

/* Adds a term and what it is; nothing if @value is NULL, or empty. */
void report_html_fact(GString *html, const char *term, const char *value);

#endif /* REPORT_HTML_H */
