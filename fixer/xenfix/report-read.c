/*
 * The report of one guest of a fleet
 *
 * It came from a guest in the end.  It is parsed as what the helper says is,
 * with QEMU's parser and a generated visitor, and all strings are made clean.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-limits.h"
#include "report-read.h"

#include "block/xenprep-report.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-input-visitor.h"

#define REMEDY "prepare the guest again, or move the file away"

void fleet_guest_free(FleetGuest *guest)
{
    g_free(guest->file);
    g_free(guest->name);
    g_free(guest->error);
    qapi_free_WinXenfixGuest(guest->report);
    g_free(guest);
}

/*
 * Whether a report may be read; takes its size off what may yet be.  Whatever
 * else has such a name must not be waited for.
 */
static bool may_read(int fd, uint64_t *size, Error **errp)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        error_setg_errno(errp, errno, "it cannot be looked at");
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        error_setg(errp, "it is no file");
        return false;
    }
    if (st.st_size > LIMIT_FLEET_REPORT) {
        error_setg(errp, "it has more than %d MiB",
                   (int)(LIMIT_FLEET_REPORT / MiB));
        return false;
    }
    *size = st.st_size;
    return true;
}

/* Reads up to @size bytes; how many there were, or -1 and errno. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t ret = read(fd, data + done, size - done);

        if (ret < 0) {
            return ret;
        }
        if (ret == 0) {
            break;
        }
        done += ret;
    }
    return done;
}

/* All of it with a NUL behind it, to be freed. */
static char *read_text(int fd, size_t size, Error **errp)
{
    g_autofree char *text = g_malloc(size + 1);
    ssize_t length = read_all(fd, text, size);

    if (length != size) {
        error_setg(errp, "it cannot be read: %s",
                   length < 0 ? strerror(errno) : "it became shorter");
        return NULL;
    }
    if (memchr(text, '\0', size)) {
        error_setg(errp, "it is no JSON: there is a NUL in it");
        return NULL;
    }
    text[size] = '\0';
    return g_steal_pointer(&text);
}

/* Whether it has what its outcome says that it has. */
static bool check_members(const WinXenfixGuest *report, Error **errp)
{
    const char *outcome = WinXenprepOutcome_str(report->outcome);
    bool ready = report->outcome == WIN_XENPREP_OUTCOME_PREPARED ||
                 report->outcome == WIN_XENPREP_OUTCOME_UNCHANGED;

    if (ready && !report->report) {
        error_setg(errp, "it says '%s', and has no 'report'", outcome);
        return false;
    }
    if (!ready && !report->error) {
        error_setg(errp, "it says '%s', and has no 'error'", outcome);
        return false;
    }
    return true;
}

/* Cleaning takes blanks away at both ends; those in front mean something. */
static void add_clean_line(GString *clean, const char *line)
{
    size_t blanks = strspn(line, " \t");
    g_autofree char *text = xenprep_text_clean(line + blanks,
                                               strlen(line + blanks));

    while (blanks--) {
        g_string_append_c(clean, ' ');
    }
    g_string_append_printf(clean, "%s\n", text);
}

/* The text of a domain's settings: the only one that has lines. */
static char *clean_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *clean = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (line[0][0] || line[1]) {
            add_clean_line(clean, *line);
        }
    }
    return g_string_free(clean, false);
}

/* Makes all strings clean, so that whoever shows them need not; takes @obj. */
static QObject *clean_report(QObject *obj)
{
    QDict *report = qobject_to(QDict, obj);
    QDict *domain = report ? qobject_to(QDict, qdict_get(report, "domain"))
                           : NULL;
    const char *text = domain ? qdict_get_try_str(domain, "text") : NULL;
    g_autofree char *lines = text ? clean_lines(text) : NULL;

    obj = xenprep_report_clean(obj);
    if (lines) {
        qdict_put_str(domain, "text", lines);
    }
    return obj;
}

static WinXenfixGuest *parse(const char *text, Error **errp)
{
    WinXenfixGuest *report = NULL;
    QObject *obj = qobject_from_json(text, errp);
    Visitor *v;

    if (!obj) {
        error_prepend(errp, "it is no JSON: ");
        return NULL;
    }
    obj = clean_report(obj);
    v = qobject_input_visitor_new(obj);
    if (!visit_type_WinXenfixGuest(v, NULL, &report, errp)) {
        error_prepend(errp, "it is no report of a guest: ");
    } else if (!check_members(report, errp)) {
        qapi_free_WinXenfixGuest(report);
        report = NULL;
    }
    visit_free(v);
    qobject_unref(obj);
    return report;
}

/* Adds its size to @total; NULL without an error if that is too much. */
static WinXenfixGuest *read_report(const char *path, uint64_t *total,
                                   Error **errp)
{
    ERRP_GUARD();
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    g_autofree char *text = NULL;
    uint64_t size = 0;

    if (fd < 0) {
        error_setg_errno(errp, errno, "it cannot be opened");
        return NULL;
    }
    if (may_read(fd, &size, errp)) {
        *total += size;
        text = *total <= LIMIT_FLEET_SIZE ? read_text(fd, size, errp) : NULL;
    }
    close(fd);
    return text ? parse(text, errp) : NULL;
}

static char *clean_copy(const char *text)
{
    return xenprep_text_clean(text, strlen(text));
}

/* Errors of QEMU's parsers quote what they have parsed; takes @err. */
static char *error_line(Error *err)
{
    g_autofree char *clean = clean_copy(error_get_pretty(err));

    error_free(err);
    return g_strdup_printf("%s: " REMEDY, clean);
}

/* Two reports may be about one guest, or say so. */
static void set_name(FleetGuest *guest, const char *name)
{
    if (strcmp(guest->name, name) != 0) {
        g_free(guest->name);
        guest->name = g_strdup_printf("%s (%s)", name, guest->file);
    }
}

FleetGuest *fleet_guest_read(const char *directory, const char *stem,
                             uint64_t *total)
{
    g_autofree char *file = g_strconcat(stem, FLEET_SUFFIX, NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);
    FleetGuest *guest = g_new0(FleetGuest, 1);
    Error *err = NULL;

    guest->file = clean_copy(file);
    guest->name = clean_copy(stem);
    guest->report = read_report(path, total, &err);
    if (guest->report) {
        set_name(guest, guest->report->guest);
    }
    guest->error = err ? error_line(err) : NULL;
    return guest;
}
