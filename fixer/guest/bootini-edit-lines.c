/*
 * boot.ini, edited: its bytes and lines
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"

/* What Windows itself writes. */
#define USUAL_LINE_END "\r\n"

static const char *text_data(const BootIniEdit *draft)
{
    return g_bytes_get_data(draft->text, NULL);
}

static GString *text_copy(const BootIniEdit *draft)
{
    return g_string_new_len(text_data(draft), g_bytes_get_size(draft->text));
}

/* Makes @text, which is taken, that of the draft. */
static void set_text(BootIniEdit *draft, GString *text)
{
    g_bytes_unref(draft->text);
    boot_ini_free(draft->ini);
    draft->text = g_string_free_to_bytes(text);
    draft->ini = boot_ini_parse(draft->text);
}

static void replace(GString *text, BootSpan at, const char *with)
{
    g_string_erase(text, at.start, at.length);
    g_string_insert(text, at.start, with);
}

void boot_draft_replace(BootIniEdit *draft, BootSpan at, const char *with)
{
    GString *text = text_copy(draft);

    replace(text, at, with);
    set_text(draft, text);
}

void boot_draft_replace_all(BootIniEdit *draft, const GArray *places,
                            const char *with)
{
    GString *text = text_copy(draft);

    /* The last one first, so that the others are where they were. */
    for (guint i = places->len; i > 0; i--) {
        replace(text, g_array_index(places, BootSpan, i - 1), with);
    }
    set_text(draft, text);
}

/* The line end in front of @end; "" if there is none. */
static const char *line_end_before(const BootIniEdit *draft, size_t end)
{
    const char *data = text_data(draft);

    if (end >= 2 && data[end - 2] == '\r' && data[end - 1] == '\n') {
        return "\r\n";
    }
    if (end >= 1 && data[end - 1] == '\n') {
        return "\n";
    }
    return end >= 1 && data[end - 1] == '\r' ? "\r" : "";
}

static const char *own_line_end(const BootIniEdit *draft, BootSpan line)
{
    return line_end_before(draft, line.start + line.length);
}

/* That of the line; of the one before if it is the last, and has none. */
static const char *line_end(const BootIniEdit *draft, BootSpan line)
{
    const char *end = own_line_end(draft, line);

    if (!*end) {
        end = line_end_before(draft, line.start);
    }
    return *end ? end : USUAL_LINE_END;
}

void boot_draft_insert_before(BootIniEdit *draft, BootSpan line,
                              const char *text)
{
    g_autofree char *all = g_strconcat(text, line_end(draft, line), NULL);

    boot_draft_replace(draft, (BootSpan){ .start = line.start }, all);
}

void boot_draft_insert_behind(BootIniEdit *draft, BootSpan line,
                              const char *text)
{
    bool has_end = *own_line_end(draft, line);
    const char *end = line_end(draft, line);
    g_autofree char *all = has_end ? g_strconcat(text, end, NULL)
                                   : g_strconcat(end, text, NULL);

    boot_draft_replace(draft,
                       (BootSpan){ .start = line.start + line.length }, all);
}

void boot_draft_remove_line(BootIniEdit *draft, BootSpan line)
{
    boot_draft_replace(draft, line, "");
}

void boot_draft_move_line(BootIniEdit *draft, BootSpan from, BootSpan to)
{
    g_autofree char *line = boot_draft_copy(draft, from);
    const char *end = *own_line_end(draft, from) ? "" : line_end(draft, to);
    g_autofree char *all = g_strconcat(line, end, NULL);

    g_assert(from.start >= to.start + to.length);
    boot_draft_remove_line(draft, from);
    boot_draft_replace(draft, (BootSpan){ .start = to.start }, all);
}

char *boot_draft_copy(const BootIniEdit *draft, BootSpan at)
{
    return g_strndup(text_data(draft) + at.start, at.length);
}

char *boot_draft_copy_line(const BootIniEdit *draft, BootSpan line)
{
    line.length -= strlen(own_line_end(draft, line));
    return boot_draft_copy(draft, line);
}
