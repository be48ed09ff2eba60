/*
 * The file that the report of a prepared guest goes to: report=FILE
 *
 * The path may be a slip of the user's, so that no file is replaced but one
 * that is a report itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-win-xenprep.h"
#include "qapi/qobject-output-visitor.h"
#include "qemu/units.h"
#include "win-xenprep-report-file.h"

/* Larger than any report, indented, of XENPREP_MAX_REPORT bytes. */
#define MAX_FILE_SIZE (16 * MiB)

/* The member that each of these files has. */
#define OUTCOME "outcome"

static bool is_report(const char *text)
{
    QObject *obj = qobject_from_json(text, NULL);
    QDict *dict = qobject_to(QDict, obj);
    const char *outcome = dict ? qdict_get_try_str(dict, OUTCOME) : NULL;
    bool ok = outcome && qapi_enum_parse(&WinXenprepOutcome_lookup, outcome,
                                         -1, NULL) >= 0;

    qobject_unref(obj);
    return ok;
}

/* What is said there would be gone with the file that is replaced. */
static bool is_output(const struct stat *st)
{
    struct stat output;

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &output) == 0 && output.st_dev == st->st_dev &&
            output.st_ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

/* Whether a file that is there is a report. */
static bool has_report(const char *path, const struct stat *st)
{
    g_autofree char *text = NULL;
    size_t length;

    return st->st_size <= MAX_FILE_SIZE &&
           g_file_get_contents(path, &text, &length, NULL) &&
           strlen(text) == length && is_report(text);
}

bool win_xenprep_report_file_check(const char *path, Error **errp)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        if (errno == ENOENT) {
            return true;
        }
        error_setg_errno(errp, errno, "report '%s' cannot be looked at; name "
                         "another file by report=", path);
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        error_setg(errp, "report '%s' is no regular file; name another one "
                   "by report=", path);
        return false;
    }
    if (is_output(&st)) {
        error_setg(errp, "report '%s' is where messages or the output go; "
                   "name another file by report=", path);
        return false;
    }
    if (st.st_size > 0 && !has_report(path, &st)) {
        error_setg(errp, "'%s' is there already and is no report of "
                   "win-xenprep; name another file by report=, or remove it",
                   path);
        return false;
    }
    return true;
}

static bool write_content(const char *path, WinXenprepReportFile *content,
                          Error **errp)
{
    /* A link stays one; what it leads to is replaced. */
    g_autofree char *real = realpath(path, NULL);
    g_autoptr(GError) gerr = NULL;
    g_autoptr(GString) json = NULL;
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    XENPREP_SET_HAS(content, error);
    XENPREP_SET_HAS(content, report);
    visit_type_WinXenprepReportFile(v, NULL, &content, &error_abort);
    visit_complete(v, &obj);
    visit_free(v);
    json = qobject_to_json_pretty(obj, true);
    qobject_unref(obj);
    g_string_append_c(json, '\n');
    /* Into another file that is renamed. */
    if (!g_file_set_contents(real ?: path, json->str, json->len, &gerr)) {
        error_setg(errp, "the report cannot be written: %s; name another file "
                   "by report=", gerr->message);
        return false;
    }
    return true;
}

/* What was discarded reads otherwise, too. */
static bool is_changed(const XenprepResult *result)
{
    return result->report.prepare->patches > 0 ||
           result->report.prepare->discarded_bytes > 0;
}

bool win_xenprep_report_file_write(const char *path, const char *source,
                                   const XenprepResult *result, Error **errp)
{
    WinXenprepReportFile content = {
        .outcome = is_changed(result) ? WIN_XENPREP_OUTCOME_PREPARED
                                      : WIN_XENPREP_OUTCOME_UNCHANGED,
        .source = (char *)source,
        .report = result->report.prepare,
    };

    return write_content(path, &content, errp);
}

bool win_xenprep_report_file_write_error(const char *path, const char *source,
                                         bool refused, const char *why,
                                         Error **errp)
{
    WinXenprepReportFile content = {
        .outcome = refused ? WIN_XENPREP_OUTCOME_REFUSED
                           : WIN_XENPREP_OUTCOME_FAILED,
        .source = (char *)source,
        .error = (char *)why,
    };

    return write_content(path, &content, errp);
}

bool win_xenprep_report_file_is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           has_report(path, &st);
}

static unsigned count_changes(const ImageInfoSpecificWinXenprep *report)
{
    unsigned count = 0;

    for (const WinXenprepChangeList *e = report->changes; e; e = e->next) {
        count++;
    }
    return count;
}

char *win_xenprep_report_file_summary(const char *path, const char *source,
                                      const XenprepResult *result)
{
    const ImageInfoSpecificWinXenprep *report = result->report.prepare;
    const WinXenprepWindows *windows = report->windows;
    const char *name = !windows ? "no Windows"
                       : windows->product_name ?: windows->name;
    g_autofree char *discarded = NULL;

    if (!is_changed(result)) {
        return g_strdup_printf("%s: %s, nothing to be changed; report in %s",
                               source, name, path);
    }
    if (report->discarded_bytes) {
        discarded = g_strdup_printf(", %" PRIu64 " bytes discarded",
                                    report->discarded_bytes);
    }
    return g_strdup_printf("%s: %s prepared, %u changes in %" PRId64
                           " patches of %" PRId64 " bytes%s; report in %s",
                           source, name, count_changes(report),
                           report->patches, report->patched_bytes,
                           discarded ?: "", path);
}
