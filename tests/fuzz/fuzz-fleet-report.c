/*
 * Fuzz target: the page of a fleet, out of its guests' reports
 *
 * The input is a report; behind a line "--- " another one, as often as there
 * is one.  Compiled against QEMU's headers and linked with what its tools
 * share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <glib/gstdio.h>

#include "qapi/error.h"
#include "fuzz.h"
#include "../../fixer/xenfix/report-fleet.h"
#include "../../fixer/xenfix/report-page.h"

#define SEPARATOR "\n--- "
#define MAX_REPORTS 4

/* Where the reports of an input are. */
static char *directory;

static void remove_directory(void)
{
    g_rmdir(directory);
}

/* -------------------------------------------------------------- page */

static bool is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

/* The name at the beginning of a tag; to be freed. */
static char *tag_name(const char *tag)
{
    return g_strndup(tag, strspn(tag, "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789"));
}

/* Where a tag ends; values are in double quotes, always. */
static const char *tag_end(const char *tag)
{
    bool quoted = false;

    for (; quoted || *tag != '>'; tag++) {
        g_assert_true(*tag != '\0');
        g_assert_true(quoted || !strchr("<'", *tag));
        quoted ^= *tag == '"';
    }
    return tag + 1;
}

/* Behind an element's start; what it adds to @open is to be closed later. */
static const char *open_element(const char *tag, GPtrArray *open)
{
    static const char *const known[] = {
        "html", "head", "title", "style", "script", "body", "header", "main",
        "footer", "section", "h1", "h2", "h3", "h4", "p", "ul", "li", "a",
        "b", "span", "small", "code", "pre", "div", "dl", "dt", "dd",
        "table", "caption", "thead", "tbody", "tr", "th", "td", "label",
        "select", "option", "button", "details", "summary", NULL
    };
    static const char *const empty[] = { "meta", "input", "br", NULL };
    static const char *const raw[] = { "style", "script", NULL };
    g_autofree char *name = tag_name(tag);
    const char *end = tag_end(tag);

    if (is_one_of(name, empty)) {
        return end;
    }
    if (!is_one_of(name, known)) {
        g_error("an element '%s' in the page", name);
    }
    if (is_one_of(name, raw)) {
        end = strstr(end, "</");
    }
    g_ptr_array_add(open, g_steal_pointer(&name));
    return end;
}

static const char *close_element(const char *tag, GPtrArray *open)
{
    g_autofree char *name = tag_name(tag);

    g_assert_cmpuint(open->len, >, 0);
    g_assert_cmpstr(name, ==, open->pdata[open->len - 1]);
    g_ptr_array_remove_index(open, open->len - 1);
    g_assert_true(tag[strlen(name)] == '>');
    return tag + strlen(name) + 1;
}

/* No text has become an element, or has ended one. */
static void check_elements(const char *html)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
    const char *p = html + strlen(REPORT_PAGE_HEAD);

    g_assert_true(g_str_has_prefix(html, REPORT_PAGE_HEAD));
    while ((p = strchr(p, '<'))) {
        p = p[1] == '/' ? close_element(p + 2, open)
                        : open_element(p + 1, open);
    }
    g_assert_cmpuint(open->len, ==, 0);
}

static void check_page(const Fleet *fleet)
{
    size_t length;
    g_autofree char *html = report_page(fleet, &length);

    g_assert_cmpuint(strlen(html), ==, length);
    g_assert_true(g_utf8_validate(html, length, NULL));
    for (const char *p = html; *p; p++) {
        g_assert_true(*p == '\n' || !g_ascii_iscntrl(*p));
    }
    check_elements(html);
}

/* ------------------------------------------------------------ target */

/* No guest is left out. */
static void check_fleet(const Fleet *fleet, unsigned number)
{
    unsigned counted = fleet->unreadable;

    g_assert_cmpuint(fleet->guests->len, ==, number);
    for (int i = 0; i < WIN_XENPREP_OUTCOME__MAX; i++) {
        counted += fleet->outcomes[i];
    }
    g_assert_cmpuint(counted, ==, number);
    for (unsigned i = 0; i < number; i++) {
        const FleetGuest *guest = fleet->guests->pdata[i];

        g_assert_true(!guest->report == !!guest->error);
    }
}

static void write_report(const char *path, const char *text, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, length), ==, length);
    close(fd);
}

/* The paths of the input's reports, which are written. */
static GPtrArray *write_reports(const char *text, size_t size)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    while (text) {
        const char *end = paths->len + 1 < MAX_REPORTS
                          ? g_strstr_len(text, size, SEPARATOR)
                          : NULL;
        size_t length = end ? end - text : size;
        char *path = g_strdup_printf("%s/guest-%u.json", directory,
                                     paths->len);

        write_report(path, text, length);
        g_ptr_array_add(paths, path);
        text = end ? end + strlen(SEPARATOR) : NULL;
        size -= length + (end ? strlen(SEPARATOR) : 0);
    }
    return paths;
}

static void remove_reports(const GPtrArray *paths)
{
    for (unsigned i = 0; i < paths->len; i++) {
        g_assert_cmpint(g_unlink(paths->pdata[i]), ==, 0);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    directory = g_dir_make_tmp("fuzz-fleet-report-XXXXXX", NULL);
    g_assert_nonnull(directory);
    atexit(remove_directory);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of an input that is empty there may be no data. */
    g_autoptr(GPtrArray) paths = write_reports(size ? (const char *)data : "",
                                               size);
    Error *err = NULL;
    g_autoptr(Fleet) fleet = fleet_read(directory, &err);

    remove_reports(paths);
    g_assert_null(err);
    check_fleet(fleet, paths->len);
    check_page(fleet);
    return 0;
}
