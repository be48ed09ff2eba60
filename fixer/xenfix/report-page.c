/*
 * A page that shows a fleet: one file of HTML that needs no other
 *
 * Notes on the design
 *
 * Everything is in the file and is shown without a script: what needs somebody,
 * a table of all guests, and all that is known of each.  The script closes the
 * details, and adds what it can do: it sorts and filters the table.  Style
 * sheet and script are files of their own, put in as they are; the page's
 * policy names them by their digests, so that a browser runs and loads nothing
 * else, whatever the text of a guest may be.
 *
 * There is no time in it but those of the reports: the same reports make the
 * same page.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-details.h"
#include "report-html.h"
#include "report-page.h"
#include "report-words.h"

/* report.css and report.js; see embed.py. */
extern const char report_css[];
extern const char report_js[];

/* ---------------------------------------------------------------- head */

/* A source of a Content Security Policy: that text, and no other. */
static char *policy_source(const char *text)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[32];
    gsize length = sizeof(digest);
    g_autofree char *base64 = NULL;

    g_checksum_update(sum, (const guchar *)text, strlen(text));
    g_checksum_get_digest(sum, digest, &length);
    base64 = g_base64_encode(digest, length);
    return g_strdup_printf("'sha256-%s'", base64);
}

/* The policy is ours, and its quotes have to stay. */
static void add_policy(GString *html)
{
    g_autofree char *style = policy_source(report_css);
    g_autofree char *script = policy_source(report_js);

    g_string_append_printf(html, "<meta http-equiv=\"Content-Security-Policy\""
                           " content=\"default-src 'none'; style-src %s; "
                           "script-src %s; base-uri 'none'; "
                           "form-action 'none'\">\n", style, script);
}

static void add_head(GString *html, const Fleet *fleet)
{
    g_string_append(html, REPORT_PAGE_HEAD
                    "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add_policy(html);
    report_html(html, "<meta name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\">\n"
                "<title>%u Windows guests, %u to be looked after</title>\n"
                "<style>", fleet->guests->len, fleet->open);
    g_string_append(html, report_css);
    report_html(html, "</style>\n<script>");
    g_string_append(html, report_js);
    report_html(html, "</script>\n</head>\n");
}

/* ------------------------------------------------------------- summary */

static void add_count(GString *html, int number, const char *word)
{
    if (number) {
        report_html(html, "<li class=\"%s\"><b>%d</b> %s</li>\n", word,
                    number, word);
    }
}

static void add_counts(GString *html, const Fleet *fleet)
{
    report_html(html, "<ul class=\"counts\">\n");
    for (int i = 0; i < WIN_XENPREP_OUTCOME__MAX; i++) {
        add_count(html, fleet->outcomes[i], WinXenprepOutcome_str(i));
    }
    add_count(html, fleet->unreadable, "unreadable");
    report_html(html, "</ul>\n");
}

/* Why somebody has to do something about it. */
static void add_open_guest(GString *html, const FleetGuest *guest,
                           unsigned number)
{
    const WinXenfixLink *link = report_culprit(report_after(guest));
    const char *outcome = report_outcome(guest);
    g_autofree char *notes = report_notes(guest);

    report_html(html, "<li><a href=\"#guest-%u\">%s</a> "
                "<span class=\"outcome %s\">%s</span> ", number, guest->name,
                outcome, outcome);
    if (fleet_guest_ready(guest)) {
        report_html(html, "and would not boot: %s: %s",
                    link ? link->name : "", link ? link->text : "");
    } else {
        report_html(html, "%s", notes);
    }
    report_html(html, "</li>\n");
}

static void add_open_guests(GString *html, const Fleet *fleet)
{
    report_html(html, "<section aria-labelledby=\"open\">\n"
                "<h2 id=\"open\">To be done</h2>\n");
    if (!fleet->open) {
        report_html(html, "<p>Nothing: every guest is ready, and none is known "
                    "not to boot.</p>\n</section>\n");
        return;
    }
    report_html(html, "<ul>\n");
    for (unsigned i = 0; i < fleet->guests->len; i++) {
        const FleetGuest *guest = fleet->guests->pdata[i];

        if (fleet_guest_open(guest)) {
            add_open_guest(html, guest, i + 1);
        }
    }
    report_html(html, "</ul>\n</section>\n");
}

/* --------------------------------------------------------------- table */

static void add_option(GString *html, const char *value)
{
    report_html(html, "<option>%s</option>\n", value);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each Windows that a guest has, once. */
static void add_windows_options(GString *html, const Fleet *fleet)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (unsigned i = 0; i < fleet->guests->len; i++) {
        const char *name = report_windows(fleet->guests->pdata[i]);

        if (name && g_hash_table_add(seen, (void *)name)) {
            g_ptr_array_add(names, (void *)name);
        }
    }
    g_ptr_array_sort(names, compare_strings);
    for (unsigned i = 0; i < names->len; i++) {
        add_option(html, names->pdata[i]);
    }
}

static void add_outcome_options(GString *html, const Fleet *fleet)
{
    for (int i = 0; i < WIN_XENPREP_OUTCOME__MAX; i++) {
        if (fleet->outcomes[i]) {
            add_option(html, WinXenprepOutcome_str(i));
        }
    }
    if (fleet->unreadable) {
        add_option(html, "unreadable");
    }
}

/* Of no use without the script, which shows it. */
static void add_filter(GString *html, const Fleet *fleet)
{
    report_html(html, "<div id=\"filter\" role=\"search\" "
                "aria-label=\"Filter of the guests\" hidden>\n"
                "<p><label for=\"text\">Text, also of the details</label>\n"
                "<input id=\"text\" type=\"search\" autocomplete=\"off\"></p>\n"
                "<p><label for=\"outcome\">Outcome</label>\n"
                "<select id=\"outcome\">\n<option value=\"\">all</option>\n");
    add_outcome_options(html, fleet);
    report_html(html, "</select></p>\n"
                "<p><label for=\"windows\">Windows</label>\n"
                "<select id=\"windows\">\n<option value=\"\">all</option>\n");
    add_windows_options(html, fleet);
    report_html(html, "</select></p>\n"
                "<p><button type=\"button\" id=\"all\">Show all guests"
                "</button>\n"
                "<button type=\"button\" id=\"open-all\">Open all details"
                "</button>\n"
                "<button type=\"button\" id=\"close-all\">Close all details"
                "</button></p>\n</div>\n"
                "<p id=\"shown\" role=\"status\"></p>\n");
}

static void add_verdict(GString *html, const WinXenfixCheck *check)
{
    g_autofree char *symptom = report_symptom(check);

    report_html(html, "<td class=\"%s\">%s",
                check ? WinXenfixAnswer_str(check->boots) : "none",
                report_verdict(check));
    if (symptom) {
        report_html(html, "<br><small>%s</small>", symptom);
    }
    report_html(html, "</td>");
}

static void add_row(GString *html, const FleetGuest *guest, unsigned number)
{
    const char *outcome = report_outcome(guest);
    g_autofree char *windows = report_windows_long(guest);
    g_autofree char *notes = report_notes(guest);

    report_html(html, "<tr data-outcome=\"%s\" data-windows=\"%s\">"
                "<th scope=\"row\"><a href=\"#guest-%u\">%s</a></th>"
                "<td>%s</td><td><span class=\"outcome %s\">%s</span></td>",
                outcome, report_windows(guest) ?: "", number, guest->name,
                windows ?: "not known", outcome, outcome);
    add_verdict(html, report_before(guest));
    add_verdict(html, report_after(guest));
    report_html(html, "<td>%s</td></tr>\n", notes);
}

static void add_table(GString *html, const Fleet *fleet)
{
    report_html(html, "<section aria-labelledby=\"guests\">\n"
                "<h2 id=\"guests\">Guests</h2>\n");
    add_filter(html, fleet);
    report_html(html, "<table id=\"table\">\n"
                "<caption>All guests: what became of each, and whether it "
                "would boot, before and after</caption>\n<thead>\n<tr>"
                "<th scope=\"col\">Guest</th><th scope=\"col\">Windows</th>"
                "<th scope=\"col\">Outcome</th><th scope=\"col\">Before</th>"
                "<th scope=\"col\">After</th><th scope=\"col\">Notes</th>"
                "</tr>\n</thead>\n<tbody>\n");
    for (unsigned i = 0; i < fleet->guests->len; i++) {
        add_row(html, fleet->guests->pdata[i], i + 1);
    }
    report_html(html, "</tbody>\n</table>\n</section>\n");
}

/* ---------------------------------------------------------------- page */

static void add_details(GString *html, const Fleet *fleet)
{
    report_html(html, "<section id=\"details\" "
                "aria-labelledby=\"details-title\">\n"
                "<h2 id=\"details-title\">Details of each guest</h2>\n");
    for (unsigned i = 0; i < fleet->guests->len; i++) {
        report_details_add(html, fleet->guests->pdata[i], i + 1);
    }
    report_html(html, "</section>\n");
}

static void add_body(GString *html, const Fleet *fleet, const char *summary)
{
    report_html(html, "<body>\n<header>\n<h1>Windows guests</h1>\n"
                "<p>%s.</p>\n", summary);
    add_counts(html, fleet);
    report_html(html, "</header>\n<main>\n");
    add_open_guests(html, fleet);
    add_table(html, fleet);
    add_details(html, fleet);
    report_html(html, "</main>\n<footer>\n<p>\"Boots\" means that nothing on "
                "the disk is in the way, as far as win-xenfix check can tell; "
                "no guest was started for it. Control characters of names "
                "and texts are shown as question marks.</p>\n</footer>\n"
                "</body>\n</html>\n");
}

char *report_page(const Fleet *fleet, size_t *length)
{
    g_autofree char *summary = report_summary(fleet);
    GString *html = g_string_new(NULL);

    add_head(html, fleet);
    add_body(html, fleet, summary);
    *length = html->len;
    return g_string_free(html, false);
}
