/*
 * A page of a fleet: all that is known of one guest
 *
 * It is open in the file, so that it can be read and printed without a
 * script; the script closes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <math.h>

#include "report-details.h"
#include "report-html.h"
#include "report-links.h"
#include "report-words.h"

/* ------------------------------------------------- how it was prepared */

/* A number that is none, or no time of anything, is left out. */
static char *duration(const WinXenfixGuest *report)
{
    if (!report->has_seconds || !isfinite(report->seconds) ||
        report->seconds < 0 || report->seconds > 1e9) {
        return NULL;
    }
    return g_strdup_printf("%.1f s", report->seconds);
}

static void add_run(GString *html, const FleetGuest *guest)
{
    const WinXenfixGuest *report = guest->report;
    g_autofree char *seconds = report ? duration(report) : NULL;

    report_html(html, "<dl>\n");
    if (report) {
        report_html_fact(html, "Source", report->source);
        /* Of a guest that is not ready it is a name that nothing has. */
        report_html_fact(html, "Target",
                         fleet_guest_ready(guest) ? report->target : NULL);
        report_html_fact(html, "Options", report->options);
        report_html_fact(html, "Machine", report->machine);
        report_html_fact(html, "Started", report->started);
        report_html_fact(html, "Took", seconds);
    }
    report_html_fact(html, "Report", guest->file);
    report_html(html, "</dl>\n");
}

/* Why it is not ready, and what would mend that. */
static void add_refusal(GString *html, const FleetGuest *guest)
{
    g_autofree char *notes = report_notes(guest);

    if (fleet_guest_ready(guest)) {
        return;
    }
    report_html(html, "<h4>Why it is %s, and what to do</h4>\n"
                "<p class=\"refusal\">%s</p>\n", report_outcome(guest), notes);
}

/* What the check says of a guest that is called ready. */
static void add_doubt(GString *html, const FleetGuest *guest)
{
    const WinXenfixLink *link = report_culprit(report_after(guest));

    if (!fleet_guest_ready(guest) || !link) {
        return;
    }
    report_html(html, "<p class=\"refusal\">As it is now, %s: %s: %s",
                report_after(guest)->boots == WIN_XENFIX_ANSWER_NO
                ? "it would not boot" : "it cannot be told whether it boots",
                link->name, link->text);
    if (link->remedy) {
        report_html(html, ". What mends that: %s", link->remedy);
    }
    report_html(html, "</p>\n");
}

/* ------------------------------------------------------------- Windows */

static void add_controllers(GString *html,
                            const WinXenprepControllerList *list)
{
    for (; list; list = list->next) {
        const WinXenprepController *controller = list->value;

        report_html(html, "<div><dt>Disk seen on</dt><dd>%s%s%s%s%s</dd>"
                    "</div>\n", controller->bus,
                    controller->device ? ", " : "", controller->device ?: "",
                    controller->service ? ", service " : "",
                    controller->service ?: "");
    }
}

static void add_windows(GString *html, const FleetGuest *guest)
{
    const WinXenprepWindows *windows = report_find_windows(guest);
    g_autofree char *name = report_windows_long(guest);
    g_autofree char *place = NULL;

    if (!windows) {
        /* Of a guest that was not looked into nothing is said. */
        report_html(html, guest->report->report
                    ? "<p>No Windows was found on the disk.</p>\n" : "");
        return;
    }
    place = g_strdup_printf("partition %" PRId64 ", %s", windows->partition,
                            windows->system_root);
    report_html(html, "<dl>\n");
    report_html_fact(html, "Windows", name);
    report_html_fact(html, "Calls itself", windows->product_name);
    report_html_fact(html, "Edition", windows->edition);
    report_html_fact(html, "Kernel", windows->version);
    report_html_fact(html, "Kind", windows->product_type);
    report_html_fact(html, "Place", place);
    add_controllers(html, windows->controllers);
    report_html_fact(html, "Conclusion", windows->conclusion);
    report_html(html, "</dl>\n");
}

static void add_other_windows(GString *html, const WinXenprepPlaceList *place)
{
    for (; place; place = place->next) {
        report_html(html, "<p>There is another Windows, which was not "
                    "prepared: partition %" PRId64 ", %s</p>\n",
                    place->value->partition, place->value->system_root);
    }
}

/* ------------------------------------------------------------- changes */

/* Whether they can be told of together. */
static bool is_alike(const WinXenprepChange *a, const WinXenprepChange *b)
{
    return a->object == b->object && a->action == b->action &&
           a->partition == b->partition &&
           strcmp(a->reason, b->reason) == 0 &&
           g_strcmp0(a->source, b->source) == 0;
}

static const char *object_word(WinXenprepObject object)
{
    switch (object) {
    case WIN_XENPREP_OBJECT_REGISTRY_KEY:
        return "registry key";
    case WIN_XENPREP_OBJECT_BOOT_SECTOR:
        return "boot sector";
    default:
        return "file";
    }
}

static const char *action_word(WinXenprepAction action)
{
    switch (action) {
    case WIN_XENPREP_ACTION_CREATE:
        return "created";
    case WIN_XENPREP_ACTION_MODIFY:
        return "modified";
    default:
        return "deleted";
    }
}

static void add_change(GString *html, const WinXenprepChange *change)
{
    const char *sign = ": ";

    report_html(html, "<li><code>%s</code>", change->path);
    for (strList *value = change->values; value; value = value->next) {
        report_html(html, "%s%s", sign, value->value);
        sign = ", ";
    }
    report_html(html, "</li>\n");
}

/* A row for those at the beginning of @list that are alike. */
static void add_alike(GString *html, const WinXenprepChangeList **list)
{
    const WinXenprepChange *first = (*list)->value;

    report_html(html, "<tr><th scope=\"row\">%s", first->reason);
    if (first->source) {
        report_html(html, " <small>(%s)</small>", first->source);
    }
    report_html(html, "</th><td>%s %s, partition %" PRId64 "<ul>\n",
                action_word(first->action), object_word(first->object),
                first->partition);
    for (; *list && is_alike(first, (*list)->value); *list = (*list)->next) {
        add_change(html, (*list)->value);
    }
    report_html(html, "</ul></td></tr>\n");
}

static void add_changes(GString *html,
                        const ImageInfoSpecificWinXenprep *report)
{
    const WinXenprepChangeList *change = report->changes;

    report_html(html, "<h4>What was changed</h4>\n");
    if (!change) {
        report_html(html, "<p>Nothing.</p>\n");
        return;
    }
    report_html(html, "<table class=\"changes\">\n"
                "<caption>%" PRId64 " runs of sectors, %" PRIu64 " bytes; "
                "profile %s</caption>\n"
                "<thead><tr><th scope=\"col\">Why</th>"
                "<th scope=\"col\">What</th></tr></thead>\n<tbody>\n",
                report->patches, report->patched_bytes,
                report->profile ?: "none");
    while (change) {
        add_alike(html, &change);
    }
    report_html(html, "</tbody>\n</table>\n");
}

static void add_sources(GString *html, const WinXenprepDriverSourceList *list)
{
    if (!list) {
        return;
    }
    report_html(html, "<h4>Where drivers were looked for</h4>\n<ul>\n");
    for (; list; list = list->next) {
        const WinXenprepDriverSource *source = list->value;

        report_html(html, "<li><code>%s</code>: %s%s%s, %s</li>\n",
                    source->path, source->used ? "used" : "not used",
                    source->version ? ", version " : "",
                    source->version ?: "", source->reason);
    }
    report_html(html, "</ul>\n");
}

static void add_discards(GString *html, const WinXenprepDiscardList *list)
{
    if (!list) {
        return;
    }
    report_html(html, "<h4>What reads as zeros now</h4>\n<ul>\n");
    for (; list; list = list->next) {
        report_html(html, "<li>partition %" PRId64 ", %s: %" PRIu64
                    " bytes</li>\n", list->value->partition,
                    list->value->path ?: "free clusters", list->value->bytes);
    }
    report_html(html, "</ul>\n");
}

static void add_prepared(GString *html, const FleetGuest *guest)
{
    const ImageInfoSpecificWinXenprep *report = guest->report->report;

    if (!report) {
        return;
    }
    add_other_windows(html, report->other_windows);
    add_changes(html, report);
    add_sources(html, report->driver_sources);
    add_discards(html, report->discards);
}

/* ------------------------------------------------------------- the rest */

static void add_warnings(GString *html, const FleetGuest *guest)
{
    g_autoptr(GPtrArray) warnings = report_warnings(guest);

    if (warnings->len == 0) {
        return;
    }
    report_html(html, "<h4>Warnings</h4>\n<ul>\n");
    for (unsigned i = 0; i < warnings->len; i++) {
        report_html(html, "<li>%s</li>\n",
                    (const char *)g_ptr_array_index(warnings, i));
    }
    report_html(html, "</ul>\n");
}

static void add_domain(GString *html, const FleetGuest *guest)
{
    const WinXenfixDomain *domain = guest->report ? guest->report->domain
                                                  : NULL;

    if (domain) {
        report_html(html, "<h4>Settings of its domain, for %s</h4>\n"
                    "<pre>%s</pre>\n",
                    WinXenfixDomainFormat_str(domain->format), domain->text);
    }
}

void report_details_add(GString *html, const FleetGuest *guest,
                        unsigned number)
{
    const char *outcome = report_outcome(guest);

    report_html(html, "<details class=\"guest\" id=\"guest-%u\" open>\n"
                "<summary><h3>%s</h3> <span class=\"outcome %s\">%s</span>"
                "</summary>\n", number, guest->name, outcome, outcome);
    add_refusal(html, guest);
    add_doubt(html, guest);
    add_run(html, guest);
    if (guest->report) {
        add_windows(html, guest);
        add_prepared(html, guest);
    }
    add_warnings(html, guest);
    report_links_add(html, report_before(guest), report_after(guest));
    add_domain(html, guest);
    report_html(html, "<p class=\"back\"><a href=\"#guests\">To the table of "
                "guests</a></p>\n</details>\n");
}
