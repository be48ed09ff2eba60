/*
 * boot.ini: one entry of [operating systems], PATH="TITLE" /SWITCH /SWITCH
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-internal.h"
#include "guest-limits.h"

#define BLANKS " \t"

/* Switches that name a file of system32, which NTLDR knows by 8.3 names. */
static const char *const file_switches[] = { "HAL", "KERNEL" };

char *boot_entry_path(const char *line)
{
    const char *equals = strchr(line, '=');

    return equals ? g_strchomp(g_strndup(line, equals - line)) : NULL;
}

bool boot_entry_is_path(const char *text)
{
    return arc_path_is(text) ||
           (g_ascii_isalpha(text[0]) && text[1] == ':' && text[2] == '\\');
}

/* Where the title ends that has no quotes: in front of the switches. */
static size_t bare_title_length(const char *text)
{
    const char *slash = strchr(text, '/');

    return slash ? (size_t)(slash - text) : strlen(text);
}

static BootSpan span(const BootParser *parser, const char *start,
                     size_t length)
{
    return (BootSpan){ .start = start - parser->text, .length = length };
}

/* Takes the title that has no quotes, and moves *@text behind it. */
static void parse_bare_title(const BootParser *parser, BootEntry *entry,
                             const char **text)
{
    const char *start = *text;

    *text = start + bare_title_length(start);
    entry->title = g_strchomp(g_strndup(start, *text - start));
    entry->at.title = span(parser, start, strlen(entry->title));
}

/* Takes the title, and moves *@text behind it. */
static void parse_title(BootParser *parser, BootEntry *entry,
                        const char **text)
{
    const char *start;
    const char *end;

    *text += strspn(*text, BLANKS);
    if (**text != '"') {
        parse_bare_title(parser, entry, text);
        return;
    }
    start = *text + 1;
    end = strchr(start, '"');
    if (!end) {
        boot_ini_warn(parser, "the title's second quotation mark is missing, "
                      "so that there are no switches");
        end = start + strlen(start);
    }
    entry->title = g_strndup(start, end - start);
    entry->at.title = span(parser, start, end - start);
    entry->at.title_has_quotes = true;
    entry->at.title_is_open = !*end;
    *text = *end ? end + 1 : end;
}

size_t boot_switch_name_length(const char *name)
{
    return strcspn(name, "=:");
}

bool boot_switch_is(const char *text, const char *name, size_t length)
{
    return *text == '/' && boot_switch_name_length(text + 1) == length &&
           g_ascii_strncasecmp(text + 1, name, length) == 0;
}

static const char *find_switch(const GPtrArray *switches, const char *name,
                               size_t length)
{
    for (guint i = 0; i < switches->len; i++) {
        const char *text = g_ptr_array_index(switches, i);

        if (boot_switch_is(text, name, length)) {
            return text;
        }
    }
    return NULL;
}

/* Up to eight characters and up to three of extension: FAT's names. */
static bool is_dos_name(const char *name)
{
    const char *dot = strchr(name, '.');
    size_t base = dot ? (size_t)(dot - name) : strlen(name);

    return base >= 1 && base <= 8 &&
           (!dot || (strlen(dot + 1) <= 3 && !strchr(dot + 1, '.'))) &&
           !strpbrk(name, "\\/:*?\"<>| ");
}

static void check_file_switch(BootParser *parser, const char *text)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(file_switches); i++) {
        size_t length = strlen(file_switches[i]);

        if (boot_switch_is(text, file_switches[i], length) &&
            (text[1 + length] != '=' || !is_dos_name(text + length + 2))) {
            boot_ini_warn(parser, "%s: NTLDR takes the 8.3 name of a file in "
                          "system32 there", text);
        }
    }
}

static void check_switch(BootParser *parser, const GPtrArray *before,
                         const char *text)
{
    const char *first;

    if (*text != '/') {
        boot_ini_warn(parser, "'%s' is no switch, it has no effect", text);
        return;
    }
    first = find_switch(before, text + 1, boot_switch_name_length(text + 1));
    if (first) {
        boot_ini_warn(parser, "there are both %s and %s, of which only one "
                      "counts", first, text);
    }
    check_file_switch(parser, text);
}

/* A switch begins with its "/", whatever is in front of that. */
static void parse_switches(BootParser *parser, BootEntry *entry,
                           const char *text)
{
    GPtrArray *switches = g_ptr_array_new_with_free_func(g_free);

    for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
        size_t length = 1 + strcspn(text + 1, BLANKS "/");
        BootSpan at = span(parser, text, length);
        char *one;

        if (switches->len == LIMIT_BOOT_INI_SWITCHES) {
            boot_ini_warn(parser, "there are more than %d switches, from here "
                          "on they are not looked at",
                          LIMIT_BOOT_INI_SWITCHES);
            entry->at.more_switches = true;
            break;
        }
        one = g_strndup(text, length);
        check_switch(parser, switches, one);
        g_ptr_array_add(switches, one);
        g_array_append_val(entry->at.switches, at);
        text += length;
    }
    g_ptr_array_set_free_func(switches, NULL);
    g_ptr_array_add(switches, NULL);
    entry->switches = (char **)g_ptr_array_free(switches, FALSE);
}

BootEntry *boot_entry_parse(BootParser *parser, const char *line)
{
    g_autofree char *path = boot_entry_path(line);
    const char *rest;
    BootEntry *entry;

    if (!path) {
        boot_ini_warn(parser, "this is no entry, NTLDR passes over it");
        return NULL;
    }
    if (!boot_entry_is_path(path)) {
        boot_ini_warn(parser, "'%s' is no path, NTLDR cannot start this "
                      "entry", path);
    }
    rest = strchr(line, '=') + 1;
    entry = g_new0(BootEntry, 1);
    entry->at.line = parser->line_at;
    entry->at.content = span(parser, line, strlen(line));
    entry->at.path = span(parser, line, strlen(path));
    entry->at.switches = g_array_new(FALSE, FALSE, sizeof(BootSpan));
    entry->path = g_steal_pointer(&path);
    parse_title(parser, entry, &rest);
    parse_switches(parser, entry, rest);
    return entry;
}

/* The switch of that name as it is written, or NULL. */
static const char *find_in_entry(const BootEntry *entry, const char *name)
{
    for (char **p = entry ? entry->switches : NULL; p && *p; p++) {
        if (boot_switch_is(*p, name, strlen(name))) {
            return *p;
        }
    }
    return NULL;
}

char *boot_entry_switch(const BootEntry *entry, const char *name)
{
    const char *text = find_in_entry(entry, name);

    if (!text) {
        return NULL;
    }
    text += 1 + boot_switch_name_length(text + 1);
    return g_strdup(*text ? text + 1 : text);
}

bool boot_entry_has(const BootEntry *entry, const char *name)
{
    return find_in_entry(entry, name) != NULL;
}
