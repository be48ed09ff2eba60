/*
 * win-xenfix report: what became of the guests of a fleet
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-page.h"
#include "report-save.h"
#include "report-table.h"
#include "report-words.h"
#include "win-xenfix-print.h"
#include "win-xenfix.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"
#include "qemu/error-report.h"

/* ---------------------------------------------------------------- JSON */

/* A view, whose strings are the guest's; only the object is to be freed. */
static WinXenfixFleetGuest *view_guest(const FleetGuest *guest)
{
    WinXenfixFleetGuest *view = g_new0(WinXenfixFleetGuest, 1);
    const WinXenfixCheck *before = report_before(guest);
    const WinXenfixCheck *after = report_after(guest);

    view->file = guest->file;
    view->guest = guest->report ? guest->report->guest : guest->name;
    view->windows = (char *)report_windows(guest);
    view->has_outcome = guest->report != NULL;
    view->outcome = guest->report ? guest->report->outcome : 0;
    view->has_before = before != NULL;
    view->before = before ? before->boots : 0;
    view->has_after = after != NULL;
    view->after = after ? after->boots : 0;
    view->error = guest->report ? guest->report->error : guest->error;
    XENPREP_SET_HAS(view, windows);
    XENPREP_SET_HAS(view, error);
    return view;
}

static WinXenfixFleetGuestList *view_guests(const Fleet *fleet)
{
    WinXenfixFleetGuestList *list = NULL;

    for (unsigned i = fleet->guests->len; i-- > 0; ) {
        QAPI_LIST_PREPEND(list, view_guest(fleet->guests->pdata[i]));
    }
    return list;
}

static void free_view(WinXenfixFleetGuestList *list)
{
    while (list) {
        WinXenfixFleetGuestList *next = list->next;

        g_free(list->value);
        g_free(list);
        list = next;
    }
}

static void print_json(const Fleet *fleet)
{
    WinXenfixFleet report = {
        .guests = view_guests(fleet),
        .prepared = fleet->outcomes[WIN_XENPREP_OUTCOME_PREPARED],
        .unchanged = fleet->outcomes[WIN_XENPREP_OUTCOME_UNCHANGED],
        .refused = fleet->outcomes[WIN_XENPREP_OUTCOME_REFUSED],
        .failed = fleet->outcomes[WIN_XENPREP_OUTCOME_FAILED],
        .unreadable = fleet->unreadable,
        .would_not_boot = fleet->would_not_boot,
    };
    WinXenfixFleet *reported = &report;
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    visit_type_WinXenfixFleet(v, NULL, &reported, &error_abort);
    xenfix_print_visited(v, &obj);
    free_view(report.guests);
}

/* -------------------------------------------------------------- answer */

static void print(const XenfixOptions *options, const Fleet *fleet)
{
    g_autofree char *summary = report_summary(fleet);

    if (options->quiet) {
        return;
    }
    if (options->json) {
        print_json(fleet);
        return;
    }
    if (!options->html) {
        report_table_print(fleet);
    }
    printf("%s\n", summary);
}

static void report_unreadable(const char *directory, const Fleet *fleet)
{
    for (unsigned i = 0; i < fleet->guests->len; i++) {
        const FleetGuest *guest = fleet->guests->pdata[i];

        if (guest->error) {
            error_report("the report '%s/%s': %s", directory, guest->file,
                         guest->error);
        }
    }
}

static bool save(const XenfixOptions *options, const Fleet *fleet,
                 Error **errp)
{
    g_autofree char *page = NULL;
    size_t length;

    if (!options->html) {
        return true;
    }
    page = report_page(fleet, &length);
    return report_save(options->html, page, length, errp);
}

/* One that is not ready is an answer; one that cannot be read, a doubt. */
static XenfixStatus answer(const Fleet *fleet)
{
    if (fleet->outcomes[WIN_XENPREP_OUTCOME_REFUSED] ||
        fleet->outcomes[WIN_XENPREP_OUTCOME_FAILED] ||
        fleet->would_not_boot) {
        return XENFIX_NO;
    }
    return fleet->unreadable ? XENFIX_CANNOT_TELL : XENFIX_YES;
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_autoptr(Fleet) fleet = NULL;
    Error *err = NULL;

    if (!options->html || report_may_save(options->html, &err)) {
        fleet = fleet_read(options->image, &err);
    }
    if (!fleet) {
        error_report_err(err);
        return XENFIX_ERROR;
    }
    report_unreadable(options->image, fleet);
    if (!save(options, fleet, &err)) {
        error_report_err(err);
        return XENFIX_ERROR;
    }
    print(options, fleet);
    return answer(fleet);
}

static bool set_html(XenfixOptions *options, const char *value, Error **errp)
{
    if (!*value) {
        error_setg(errp, "--html must be used with the name of a file");
        return false;
    }
    options->html = value;
    return true;
}

static const XenfixOption report_options[] = {
    {
        "html", 0, "FILE", "write a page that shows them all; FILE is "
        "replaced if it is such a page", set_html
    },
    { NULL }
};

const XenfixCommand xenfix_command_report = {
    .name = "report",
    .ignores_guest = true,
    .takes_directory = true,
    .summary = "Tell what became of the guests of a fleet",
    .details =
        "Exit status: 0 all are prepared, or need nothing; 1 some were "
        "refused, or\nfailed, or would not boot by the check that was made "
        "after that; 2 cannot\ntell, because a report cannot be read; 3 "
        "error\n",
    .options = report_options,
    .run = run,
};
