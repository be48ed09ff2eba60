/*
 * A fleet as a table on a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-table.h"
#include "report-words.h"

enum { COLUMNS = 6 };

/* A name that is longer takes its line out of the table, not the table. */
#define MAX_WIDTH 40

/* How many columns of a terminal a text takes. */
static int width_of(const char *text)
{
    int width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

/* The strings of a line, to be freed. */
static GPtrArray *make_line(char *guest, char *windows, const char *outcome,
                            const char *before, const char *after,
                            char *notes)
{
    GPtrArray *line = g_ptr_array_new_full(COLUMNS, g_free);

    g_ptr_array_add(line, guest);
    g_ptr_array_add(line, windows);
    g_ptr_array_add(line, g_strdup(outcome));
    g_ptr_array_add(line, g_strdup(before));
    g_ptr_array_add(line, g_strdup(after));
    g_ptr_array_add(line, notes);
    return line;
}

static GPtrArray *guest_line(const FleetGuest *guest)
{
    return make_line(g_strdup(guest->name),
                     report_windows_long(guest) ?: g_strdup("not known"),
                     report_outcome(guest),
                     report_verdict(report_before(guest)),
                     report_verdict(report_after(guest)),
                     report_notes(guest));
}

static GPtrArray *make_lines(const Fleet *fleet)
{
    GPtrArray *lines =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

    g_ptr_array_add(lines, make_line(g_strdup("GUEST"), g_strdup("WINDOWS"),
                                     "OUTCOME", "BEFORE", "AFTER",
                                     g_strdup("NOTES")));
    for (unsigned i = 0; i < fleet->guests->len; i++) {
        g_ptr_array_add(lines, guest_line(fleet->guests->pdata[i]));
    }
    return lines;
}

static void measure(const GPtrArray *line, int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        int width = MIN(width_of(line->pdata[i]), MAX_WIDTH);

        widths[i] = MAX(widths[i], width);
    }
}

/* Nothing follows the last column. */
static void print_line(const GPtrArray *line, const int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS - 1; i++) {
        const char *text = line->pdata[i];

        printf("%s%*s", text, MAX(0, widths[i] - width_of(text)) + 2, "");
    }
    printf("%s\n", (const char *)line->pdata[COLUMNS - 1]);
}

void report_table_print(const Fleet *fleet)
{
    g_autoptr(GPtrArray) lines = make_lines(fleet);
    int widths[COLUMNS] = { 0 };

    for (unsigned i = 0; i < lines->len; i++) {
        measure(lines->pdata[i], widths);
    }
    for (unsigned i = 0; i < lines->len; i++) {
        print_line(lines->pdata[i], widths);
    }
    putchar('\n');
}
