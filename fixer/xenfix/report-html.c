/*
 * HTML of which no text can break out
 *
 * All of a page is written by report_html(), whose first argument is ours and
 * whose others are anybody's.  Control characters and those that turn the
 * direction of writing are gone before: see report-fleet.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-html.h"

void report_html(GString *html, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_markup_vprintf_escaped(fmt, ap);
    va_end(ap);
    g_string_append(html, text);
}

void report_html_fact(GString *html, const char *term, const char *value)
{
    if (value && *value) {
        report_html(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", term, value);
    }
}
