/*
 * boot.ini: which Windows NTLDR starts, and how
 *
 * By hand: GKeyFile wants UTF-8 and unique keys, boot.ini is in the guest's
 * OEM code page, and its "keys" in [operating systems] are ARC paths that may
 * stand there twice.
 *
 * NTLDR complains of nothing, so neither does this.  Where the file says
 * something else to NTLDR than to a reader there is a warning, with the
 * number of the line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "bootini-internal.h"
#include "guest-limits.h"

/* Where text ends for DOS and its editors: Ctrl-Z. */
#define DOS_END_OF_FILE "\x1a"

/* Keys of [boot loader] that are nobody's business here. */
static const char *const other_keys[] = { "redirect", "redirectbaudrate" };

void boot_ini_warn(BootParser *parser, const char *format, ...)
{
    GPtrArray *warnings = parser->ini->warnings;
    g_autofree char *text = NULL;
    va_list args;

    if (warnings->len == LIMIT_BOOT_INI_WARNINGS) {
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (strlen(text) > LIMIT_REPORT_STRING) {
        text[LIMIT_REPORT_STRING] = '\0';
    }
    g_ptr_array_add(warnings,
                    parser->line > 0
                    ? g_strdup_printf("line %u: %s", parser->line, text)
                    : g_strdup(text));
}

/*
 * The value of "NAME=VALUE" with blanks around; NULL if @line is of another
 * name.
 */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (g_ascii_strncasecmp(line, name, length) != 0) {
        return NULL;
    }
    line += length;
    line += strspn(line, " \t");
    if (*line != '=') {
        return NULL;
    }
    line++;
    return line + strspn(line, " \t");
}

static BootSpan value_span(const BootParser *parser, const char *value)
{
    return (BootSpan){
        .start = value - parser->text,
        .length = strlen(value),
    };
}

bool boot_ini_timeout(const char *value, int *seconds)
{
    char *end;
    gint64 n = g_ascii_strtoll(value, &end, 10);

    if (end == value || *end || n < INT_MIN || n > INT_MAX) {
        return false;
    }
    *seconds = n;
    return true;
}

static void parse_timeout(BootParser *parser, const char *value)
{
    BootIni *ini = parser->ini;
    BootSpan at = value_span(parser, value);

    g_array_append_val(ini->at.timeouts, at);
    if (boot_ini_timeout(value, &ini->timeout)) {
        ini->has_timeout = true;
    } else {
        boot_ini_warn(parser, "the timeout '%s' is no number", value);
    }
}

static void parse_default(BootParser *parser, const char *value)
{
    BootIni *ini = parser->ini;

    if (ini->default_path && *value) {
        boot_ini_warn(parser, "there is a default already, this one does "
                      "not count");
        return;
    }
    if (!*value) {
        boot_ini_warn(parser, "the default has no value");
    } else {
        ini->default_path = g_strdup(value);
    }
    if (*value || !ini->at.has_default) {
        ini->at.has_default = true;
        ini->at.default_path = value_span(parser, value);
    }
}

/* A line of [boot loader] that is neither timeout nor default. */
static void parse_other_key(BootParser *parser, const char *line)
{
    g_autofree char *name = boot_entry_path(line);

    for (unsigned i = 0; i < G_N_ELEMENTS(other_keys); i++) {
        const char *value = value_of(line, other_keys[i]);

        if (value) {
            if (!*value) {
                boot_ini_warn(parser, "%s has no value", other_keys[i]);
            }
            return;
        }
    }
    if (name && boot_entry_is_path(name)) {
        boot_ini_warn(parser, "the entry %s is not in the menu, as it is not "
                      "in [operating systems]", name);
    } else {
        boot_ini_warn(parser, "NTLDR does not know this in [boot loader]: %s",
                      name ? name : line);
    }
}

static void parse_loader(BootParser *parser, const char *line)
{
    const char *timeout = value_of(line, "timeout");
    const char *default_path = value_of(line, "default");

    if (timeout) {
        parse_timeout(parser, timeout);
    } else if (default_path) {
        parse_default(parser, default_path);
    } else {
        parse_other_key(parser, line);
    }
}

static void parse_systems(BootParser *parser, const char *line)
{
    GPtrArray *entries = parser->ini->entries;
    BootEntry *entry;

    if (entries->len == LIMIT_BOOT_INI_ENTRIES) {
        if (!parser->ini->at.more_entries) {
            boot_ini_warn(parser, "there are more than %d entries, from here "
                          "on they are not looked at",
                          LIMIT_BOOT_INI_ENTRIES);
        }
        parser->ini->at.more_entries = true;
        return;
    }
    entry = boot_entry_parse(parser, line);
    if (entry) {
        g_ptr_array_add(entries, entry);
    }
}

/* Remembers where the section begins, unless there was one already. */
static void note_section(const BootParser *parser, BootSpan *at)
{
    if (at->length == 0) {
        *at = parser->line_at;
    }
}

static void enter_section(BootParser *parser, const char *line)
{
    BootIniPlaces *at = &parser->ini->at;

    if (g_ascii_strncasecmp(line, "[boot loader]", 13) == 0) {
        parser->section = SECTION_LOADER;
        note_section(parser, &at->loader);
    } else if (g_ascii_strncasecmp(line, "[operating systems]", 19) == 0) {
        parser->section = SECTION_SYSTEMS;
        note_section(parser, &at->systems);
    } else {
        parser->section = SECTION_OTHER;
        boot_ini_warn(parser, "NTLDR passes over the section %s", line);
    }
}

static void parse_line(BootParser *parser, const char *line)
{
    if (*line == '[') {
        enter_section(parser, line);
    } else if (*line == '\0' || *line == ';') {
        return;
    } else if (parser->section == SECTION_LOADER) {
        parse_loader(parser, line);
    } else if (parser->section == SECTION_SYSTEMS) {
        parse_systems(parser, line);
    } else if (parser->section == SECTION_NONE) {
        boot_ini_warn(parser, "this is in front of all sections, NTLDR "
                      "passes over it");
        /* Once is enough. */
        parser->section = SECTION_OTHER;
    }
}

/* What of @line is between blanks; those behind it are cut off. */
static const char *strip(char *line)
{
    g_strchomp(line);
    while (g_ascii_isspace(*line)) {
        line++;
    }
    return line;
}

/* Lines end with CR LF, or with either. */
static void parse_lines(BootParser *parser, char *text)
{
    parser->text = text;
    char *next;

    for (char *line = text; line; line = next) {
        size_t length = strcspn(line, "\r\n");

        next = line[length] ? line + length + 1 : NULL;
        if (next && line[length] == '\r' && *next == '\n') {
            next++;
        }
        parser->line_at.start = line - text;
        parser->line_at.length = next ? (size_t)(next - line) : length;
        line[length] = '\0';
        parser->line++;
        parse_line(parser, strip(line));
    }
    parser->line = 0;
}

/* What there is to say of the default once all entries are known. */
static void check_default(BootParser *parser)
{
    const BootIni *ini = parser->ini;
    unsigned n = 0;

    for (guint i = 0; ini->default_path && i < ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(ini->entries, i);

        n += g_ascii_strcasecmp(entry->path, ini->default_path) == 0;
    }
    if (ini->entries->len == 0) {
        boot_ini_warn(parser, "there are no entries");
    } else if (!ini->default_path) {
        boot_ini_warn(parser, "there is no default, NTLDR starts the first "
                      "entry");
    } else if (n == 0) {
        boot_ini_warn(parser, "no entry is the default %s: NTLDR starts that "
                      "path, as \"NT (default)\", without any switch",
                      ini->default_path);
    } else if (n > 1) {
        boot_ini_warn(parser, "%u entries have the path of the default: NTLDR "
                      "starts the first of them", n);
    }
}

void boot_entry_free(BootEntry *entry)
{
    g_free(entry->path);
    g_free(entry->title);
    g_strfreev(entry->switches);
    g_array_unref(entry->at.switches);
    g_free(entry);
}

static void entry_free(void *opaque)
{
    boot_entry_free(opaque);
}

static BootIni *ini_new(void)
{
    BootIni *ini = g_new0(BootIni, 1);

    ini->entries = g_ptr_array_new_with_free_func(entry_free);
    ini->warnings = g_ptr_array_new_with_free_func(g_free);
    ini->at.timeouts = g_array_new(FALSE, FALSE, sizeof(BootSpan));
    return ini;
}

BootIni *boot_ini_parse(GBytes *bytes)
{
    BootIni *ini = ini_new();
    BootParser parser = { .ini = ini };
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    /* Of an empty file there are no data. */
    g_autofree char *text = g_strndup(size > 0 ? data : "", size);

    text[strcspn(text, DOS_END_OF_FILE)] = '\0';
    parse_lines(&parser, text);
    check_default(&parser);
    return ini;
}

BootEntry *boot_entry_of_line(const char *line, char **warning)
{
    g_autoptr(BootIni) ini = ini_new();
    BootParser parser = {
        .ini = ini,
        .text = line,
        .line_at.length = strlen(line),
        .section = SECTION_SYSTEMS,
    };

    parse_line(&parser, line);
    *warning = ini->warnings->len > 0
               ? g_strdup(g_ptr_array_index(ini->warnings, 0)) : NULL;
    return ini->entries->len > 0 ? g_ptr_array_steal_index(ini->entries, 0)
                                 : NULL;
}

void boot_ini_free(BootIni *ini)
{
    if (ini) {
        g_array_unref(ini->at.timeouts);
        g_free(ini->default_path);
        g_ptr_array_unref(ini->entries);
        g_ptr_array_unref(ini->warnings);
        g_free(ini);
    }
}

const char *boot_ini_started_path(const BootIni *ini)
{
    const BootEntry *first = ini->entries->len > 0
                             ? g_ptr_array_index(ini->entries, 0) : NULL;

    return ini->default_path ? ini->default_path
           : first ? first->path : NULL;
}

const BootEntry *boot_ini_started(const BootIni *ini)
{
    const char *path = boot_ini_started_path(ini);

    for (guint i = 0; i < ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(ini->entries, i);

        if (g_ascii_strcasecmp(entry->path, path) == 0) {
            return entry;
        }
    }
    return NULL;
}

bool boot_path_is_at(const char *path, const Disk *disk,
                     const Partition *partition, const char *directory,
                     bool from_ide)
{
    g_auto(ArcPath) arc = { 0 };

    return arc_path_parse(path, &arc) &&
           (arc.kind == ARC_MULTI || !from_ide) &&
           arc_path_partition(&arc, disk) == partition &&
           g_ascii_strcasecmp(arc.directory, directory) == 0;
}

const BootEntry *boot_ini_find(const BootIni *ini, const Disk *disk,
                               const Partition *partition,
                               const char *directory, bool from_ide)
{
    const BootEntry *started = ini ? boot_ini_started(ini) : NULL;

    if (started && boot_path_is_at(started->path, disk, partition, directory,
                                   from_ide)) {
        return started;
    }
    for (guint i = 0; ini && i < ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(ini->entries, i);

        if (boot_path_is_at(entry->path, disk, partition, directory,
                            from_ide)) {
            return entry;
        }
    }
    return NULL;
}
