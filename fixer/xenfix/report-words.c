/*
 * What is said of a guest of a fleet, on a page as on a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-words.h"

const char *report_outcome(const FleetGuest *guest)
{
    return guest->report ? WinXenprepOutcome_str(guest->report->outcome)
                         : "unreadable";
}

const WinXenprepWindows *report_find_windows(const FleetGuest *guest)
{
    const WinXenfixGuest *report = guest->report;

    if (!report) {
        return NULL;
    }
    return report->report && report->report->windows
           ? report->report->windows : report->windows;
}

const char *report_windows(const FleetGuest *guest)
{
    const WinXenprepWindows *windows = report_find_windows(guest);

    return windows ? windows->name : NULL;
}

char *report_windows_long(const FleetGuest *guest)
{
    const WinXenprepWindows *windows = report_find_windows(guest);
    GString *words;

    if (!windows) {
        return NULL;
    }
    words = g_string_new(windows->name);
    if (windows->release) {
        g_string_append_printf(words, " %s", windows->release);
    }
    if (windows->service_pack) {
        g_string_append_printf(words, " SP%" PRId64, windows->service_pack);
    }
    g_string_append_printf(words, ", %s", windows->machine);
    return g_string_free(words, false);
}

const WinXenfixCheck *report_before(const FleetGuest *guest)
{
    return guest->report ? guest->report->before : NULL;
}

const WinXenfixCheck *report_after(const FleetGuest *guest)
{
    return guest->report ? guest->report->after : NULL;
}

const char *report_verdict(const WinXenfixCheck *check)
{
    if (!check) {
        return "not checked";
    }
    switch (check->boots) {
    case WIN_XENFIX_ANSWER_YES:
        return "boots";
    case WIN_XENFIX_ANSWER_NO:
        return "does not boot";
    default:
        return "cannot tell";
    }
}

const WinXenfixLink *report_culprit(const WinXenfixCheck *check)
{
    WinXenfixLinkState state;

    if (!check || check->boots == WIN_XENFIX_ANSWER_YES) {
        return NULL;
    }
    state = check->boots == WIN_XENFIX_ANSWER_NO
            ? WIN_XENFIX_LINK_STATE_BROKEN : WIN_XENFIX_LINK_STATE_UNKNOWN;
    for (WinXenfixLinkList *link = check->links; link; link = link->next) {
        if (link->value->state == state) {
            return link->value;
        }
    }
    return NULL;
}

char *report_symptom(const WinXenfixCheck *check)
{
    const WinXenfixLink *link = report_culprit(check);
    const char *stop = link ? link->stop_code : NULL;

    if (stop && g_str_has_prefix(stop, "0x")) {
        return g_strndup(stop, strcspn(stop, " "));
    }
    return !link ? NULL : g_strdup(stop ?: link->name);
}

static void add_number(GString *words, unsigned number, const char *noun)
{
    g_string_append_printf(words, "%s%u %s%s", words->len ? ", " : "", number,
                           noun, number == 1 ? "" : "s");
}

static void add_warnings(GPtrArray *all, GHashTable *seen,
                         const strList *warnings)
{
    for (; warnings; warnings = warnings->next) {
        if (g_hash_table_add(seen, warnings->value)) {
            g_ptr_array_add(all, warnings->value);
        }
    }
}

GPtrArray *report_warnings(const FleetGuest *guest)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const WinXenfixCheck *check = report_after(guest) ?: report_before(guest);
    GPtrArray *all = g_ptr_array_new();

    if (guest->report && guest->report->report) {
        add_warnings(all, seen, guest->report->report->warnings);
    }
    if (check) {
        add_warnings(all, seen, check->warnings);
    }
    return all;
}

static unsigned count_changes(const WinXenfixGuest *report)
{
    unsigned number = 0;

    for (WinXenprepChangeList *change = report->report->changes; change;
         change = change->next) {
        number++;
    }
    return number;
}

char *report_notes(const FleetGuest *guest)
{
    g_autoptr(GPtrArray) warnings = NULL;
    GString *words;
    unsigned number;

    if (!guest->report) {
        return g_strdup_printf("its report, %s: %s", guest->file,
                               guest->error);
    }
    if (!fleet_guest_ready(guest)) {
        return g_strdup(guest->report->error);
    }
    words = g_string_new(NULL);
    number = count_changes(guest->report);
    if (number) {
        add_number(words, number, "change");
    } else if (guest->report->report->discards) {
        g_string_append(words, "only discards");
    } else {
        g_string_append(words, "nothing to change");
    }
    warnings = report_warnings(guest);
    if (warnings->len) {
        add_number(words, warnings->len, "warning");
    }
    return g_string_free(words, false);
}

char *report_summary(const Fleet *fleet)
{
    GString *words = g_string_new(NULL);
    const char *sign = ": ";

    add_number(words, fleet->guests->len, "guest");
    for (int i = 0; i < WIN_XENPREP_OUTCOME__MAX; i++) {
        if (fleet->outcomes[i]) {
            g_string_append_printf(words, "%s%d %s", sign, fleet->outcomes[i],
                                   WinXenprepOutcome_str(i));
            sign = ", ";
        }
    }
    if (fleet->unreadable) {
        g_string_append_printf(words, "%s%d unreadable", sign,
                               fleet->unreadable);
    }
    if (fleet->would_not_boot) {
        g_string_append_printf(words, "; %d of those that are ready would not "
                               "boot", fleet->would_not_boot);
    }
    return g_string_free(words, false);
}
