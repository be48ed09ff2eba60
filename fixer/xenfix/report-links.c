/*
 * A page of a fleet: the boot path of a guest, before and after
 *
 * Both checks have the same links, as far as they have looked.  A table has
 * those that are of interest: what is broken or cannot be told, and what has
 * become otherwise.  The others are named in a line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-html.h"
#include "report-links.h"
#include "report-words.h"

/* A table of links by their names, which are the check's; or NULL. */
static GHashTable *index_links(const WinXenfixCheck *check)
{
    GHashTable *links;

    if (!check) {
        return NULL;
    }
    links = g_hash_table_new(g_str_hash, g_str_equal);
    for (WinXenfixLinkList *link = check->links; link; link = link->next) {
        g_hash_table_insert(links, link->value->name, link->value);
    }
    return links;
}

static const WinXenfixLink *find_link(GHashTable *links, const char *name)
{
    return links ? g_hash_table_lookup(links, name) : NULL;
}

static bool is_state(const WinXenfixLink *link, WinXenfixLinkState state)
{
    return !link || link->state == state;
}

static bool is_same(const WinXenfixLink *a, const WinXenfixLink *b)
{
    return strcmp(a->text, b->text) == 0 &&
           g_strcmp0(a->object, b->object) == 0;
}

/* @mended: what would have been to be done has been done. */
static void add_cell(GString *html, const WinXenfixLink *link, bool mended)
{
    const char *state;

    report_html(html, "<td>");
    if (link) {
        state = WinXenfixLinkState_str(link->state);
        report_html(html, "<b class=\"%s\">%s</b> %s", state, state,
                    link->text);
        if (link->object) {
            report_html(html, " <small>(%s)</small>", link->object);
        }
        if (link->stop_code) {
            report_html(html, "<br>The screen shows: %s", link->stop_code);
        }
        if (link->remedy && !mended) {
            report_html(html, "<br>Remedy: %s", link->remedy);
        }
    }
    report_html(html, "</td>");
}

/* What is made of the links: rows, and the names of the others. */
typedef struct Links {
    /* NULL if there is no such check. */
    GHashTable *before;
    GHashTable *after;
    GString *rows;
    /* In order in either check. */
    GString *fine;
    /* Behind a broken one before, and in order now. */
    GString *reached;
    GString *skipped;
} Links;

static void add_name(GString *names, const char *name)
{
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
}

static void add_row(const Links *links, const char *name)
{
    const WinXenfixLink *before = find_link(links->before, name);
    const WinXenfixLink *after = find_link(links->after, name);

    report_html(links->rows, "<tr><th scope=\"row\">%s</th>", name);
    if (links->before) {
        add_cell(links->rows, before,
                 after && after->state == WIN_XENFIX_LINK_STATE_OK);
    }
    if (links->after) {
        add_cell(links->rows, after, false);
    }
    report_html(links->rows, "</tr>\n");
}

static void add_link(Links *links, const char *name)
{
    const WinXenfixLink *before = find_link(links->before, name);
    const WinXenfixLink *after = find_link(links->after, name);
    bool skipped = is_state(before, WIN_XENFIX_LINK_STATE_SKIPPED);
    bool fine = is_state(after, WIN_XENFIX_LINK_STATE_OK);

    if (skipped && is_state(after, WIN_XENFIX_LINK_STATE_SKIPPED)) {
        add_name(links->skipped, name);
    } else if (before && after && skipped && fine) {
        add_name(links->reached, name);
    } else if (is_state(before, WIN_XENFIX_LINK_STATE_OK) && fine &&
               (!before || !after || is_same(before, after))) {
        add_name(links->fine, name);
    } else {
        add_row(links, name);
    }
}

/* Those of the first check, then what only the second one has. */
static void collect(Links *links, const WinXenfixCheck *before,
                    const WinXenfixCheck *after)
{
    for (WinXenfixLinkList *link = before ? before->links : NULL; link;
         link = link->next) {
        add_link(links, link->value->name);
    }
    for (WinXenfixLinkList *link = after ? after->links : NULL; link;
         link = link->next) {
        if (!find_link(links->before, link->value->name)) {
            add_link(links, link->value->name);
        }
    }
}

static void add_names(GString *html, const char *what, const GString *names)
{
    if (names->len) {
        report_html(html, "<p>%s: %s</p>\n", what, names->str);
    }
}

static void add_head(GString *html, const char *when, const GHashTable *links)
{
    if (links) {
        report_html(html, "<th scope=\"col\">%s</th>", when);
    }
}

static void print_links(GString *html, const Links *links)
{
    if (links->rows->len) {
        report_html(html, "<table class=\"links\">\n"
                    "<caption>Links of its boot path that are broken, cannot "
                    "be told, or were changed</caption>\n"
                    "<thead><tr><th scope=\"col\">Link</th>");
        add_head(html, "Before", links->before);
        add_head(html, "After", links->after);
        report_html(html, "</tr></thead>\n<tbody>\n");
        g_string_append(html, links->rows->str);
        report_html(html, "</tbody>\n</table>\n");
    }
    add_names(html, "In order", links->fine);
    add_names(html, "Not reached before, and in order now", links->reached);
    add_names(html, "Not looked at", links->skipped);
}

static void add_answer(GString *html, const char *when,
                       const WinXenfixCheck *check)
{
    if (check) {
        report_html(html, "%s: %s on %s. ", when, report_verdict(check),
                    check->machine);
    } else {
        report_html(html, "%s: not checked. ", when);
    }
}

static void links_clear(Links *links)
{
    g_clear_pointer(&links->before, g_hash_table_unref);
    g_clear_pointer(&links->after, g_hash_table_unref);
    g_string_free(links->rows, true);
    g_string_free(links->fine, true);
    g_string_free(links->reached, true);
    g_string_free(links->skipped, true);
}

void report_links_add(GString *html, const WinXenfixCheck *before,
                      const WinXenfixCheck *after)
{
    Links links = {
        .before = index_links(before),
        .after = index_links(after),
        .rows = g_string_new(NULL),
        .fine = g_string_new(NULL),
        .reached = g_string_new(NULL),
        .skipped = g_string_new(NULL),
    };

    collect(&links, before, after);
    report_html(html, "<h4>Would it boot?</h4>\n<p>");
    add_answer(html, "Before", before);
    add_answer(html, "After", after);
    report_html(html, "</p>\n");
    print_links(html, &links);
    links_clear(&links);
}
