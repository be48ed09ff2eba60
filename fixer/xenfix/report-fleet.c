/*
 * The reports of a fleet: one JSON file for each guest, in a directory
 *
 * Notes on the design
 *
 * A directory is read while guests are being prepared, too: a report has its
 * name when it is complete.  Names that begin with a dot belong to reports that
 * are being written, all that do not end in ".json" to somebody else.
 *
 * A guest is never left out.  One whose report cannot be read is there with the
 * reason: a page that lacks it would say by that that all is well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <dirent.h>

#include "report-fleet.h"
#include "report-limits.h"

#include "block/xenprep-report.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-input-visitor.h"

#define SUFFIX ".json"
#define REMEDY "prepare the guest again, or move the file away"

static void guest_free(void *opaque)
{
    FleetGuest *guest = opaque;

    g_free(guest->file);
    g_free(guest->name);
    g_free(guest->error);
    qapi_free_WinXenfixGuest(guest->report);
    g_free(guest);
}

void fleet_free(Fleet *fleet)
{
    g_ptr_array_unref(fleet->guests);
    g_free(fleet);
}

/* ------------------------------------------------------------- one file */

/*
 * Opens a report, and takes its size off what may yet be read.  Whatever else
 * has such a name, a FIFO for one, must not keep us waiting.
 */
static FILE *open_report(const char *path, uint64_t *size, Error **errp)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        error_setg_errno(errp, errno, "it cannot be opened");
    } else if (!S_ISREG(st.st_mode)) {
        error_setg(errp, "it is no file");
    } else if (st.st_size > LIMIT_FLEET_REPORT) {
        error_setg(errp, "it has more than %d MiB",
                   (int)(LIMIT_FLEET_REPORT / MiB));
    } else {
        *size = st.st_size;
        return fdopen(fd, "r");
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

/* All of it with a NUL behind it, to be freed. */
static char *read_text(FILE *file, size_t size, Error **errp)
{
    g_autofree char *text = g_malloc(size + 1);

    if (fread(text, 1, size, file) != size) {
        error_setg(errp, "it cannot be read: %s",
                   ferror(file) ? strerror(errno) : "it became shorter");
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

static WinXenfixGuest *read_report(const char *path, uint64_t *total,
                                   Error **errp)
{
    ERRP_GUARD();
    g_autofree char *text = NULL;
    uint64_t size;
    FILE *file = open_report(path, &size, errp);

    if (!file) {
        return NULL;
    }
    *total += size;
    if (*total <= LIMIT_FLEET_SIZE) {
        text = read_text(file, size, errp);
    }
    fclose(file);
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

/* The guest of the file STEM.json; adds the size of that to @total. */
static FleetGuest *read_guest(const char *directory, const char *stem,
                              uint64_t *total)
{
    g_autofree char *file = g_strconcat(stem, SUFFIX, NULL);
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

/* --------------------------------------------------------- the directory */

static int compare_stems(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether all names could be read; a part of them is a part of the fleet. */
static bool read_names(DIR *dir, GPtrArray *stems)
{
    struct dirent *entry;

    /* One too many is enough. */
    while (stems->len <= LIMIT_FLEET_GUESTS) {
        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            return errno == 0;
        }
        if (entry->d_name[0] != '.' &&
            g_str_has_suffix(entry->d_name, SUFFIX)) {
            g_ptr_array_add(stems, g_strndup(entry->d_name,
                                             strlen(entry->d_name) -
                                             strlen(SUFFIX)));
        }
    }
    return true;
}

/* The names of the reports without their suffix, sorted. */
static GPtrArray *list_reports(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) stems = g_ptr_array_new_with_free_func(g_free);
    DIR *dir = opendir(directory);
    bool ok = dir && read_names(dir, stems);
    int saved = errno;

    if (dir) {
        closedir(dir);
    }
    if (!ok) {
        error_setg_errno(errp, saved, "cannot read '%s', which should be the "
                         "directory of the guests' reports", directory);
        return NULL;
    }
    if (stems->len > LIMIT_FLEET_GUESTS) {
        error_setg(errp, "'%s' has more than %d reports; spread them over "
                   "several directories", directory, LIMIT_FLEET_GUESTS);
        return NULL;
    }
    if (stems->len == 0) {
        error_setg(errp, "'%s' has no report, a file whose name ends in "
                   SUFFIX "; name the directory that has the guests' reports",
                   directory);
        return NULL;
    }
    g_ptr_array_sort(stems, compare_stems);
    return g_steal_pointer(&stems);
}

bool fleet_guest_ready(const FleetGuest *guest)
{
    return guest->report &&
           (guest->report->outcome == WIN_XENPREP_OUTCOME_PREPARED ||
            guest->report->outcome == WIN_XENPREP_OUTCOME_UNCHANGED);
}

static bool would_not_boot(const FleetGuest *guest)
{
    return fleet_guest_ready(guest) && guest->report->after &&
           guest->report->after->boots == WIN_XENFIX_ANSWER_NO;
}

bool fleet_guest_open(const FleetGuest *guest)
{
    return !fleet_guest_ready(guest) || would_not_boot(guest);
}

static void count(Fleet *fleet, const FleetGuest *guest)
{
    if (guest->report) {
        fleet->outcomes[guest->report->outcome]++;
    } else {
        fleet->unreadable++;
    }
    fleet->would_not_boot += would_not_boot(guest);
    fleet->open += fleet_guest_open(guest);
}

Fleet *fleet_read(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) stems = list_reports(directory, errp);
    g_autoptr(Fleet) fleet = NULL;
    uint64_t total = 0;

    if (!stems) {
        return NULL;
    }
    fleet = g_new0(Fleet, 1);
    fleet->guests = g_ptr_array_new_with_free_func(guest_free);
    for (unsigned i = 0; i < stems->len; i++) {
        FleetGuest *guest = read_guest(directory, stems->pdata[i], &total);

        g_ptr_array_add(fleet->guests, guest);
        if (total > LIMIT_FLEET_SIZE) {
            error_setg(errp, "the reports in '%s' have more than %d MiB "
                       "together; spread them over several directories",
                       directory, (int)(LIMIT_FLEET_SIZE / MiB));
            return NULL;
        }
        count(fleet, guest);
    }
    return g_steal_pointer(&fleet);
}
