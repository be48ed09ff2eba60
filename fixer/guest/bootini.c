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

static void parse_timeout(BootParser *parser, const char *value)
{
    char *end;
    gint64 seconds = g_ascii_strtoll(value, &end, 10);

    if (end == value || *end || seconds < INT_MIN || seconds > INT_MAX) {
        boot_ini_warn(parser, "the timeout '%s' is no number", value);
    } else {
        parser->ini->has_timeout = true;
        parser->ini->timeout = seconds;
    }
}

static void parse_default(BootParser *parser, const char *value)
{
    if (!*value) {
        boot_ini_warn(parser, "the default has no value");
    } else if (parser->ini->default_path) {
        boot_ini_warn(parser, "there is a default already, this one does "
                      "not count");
    } else {
        parser->ini->default_path = g_strdup(value);
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
        if (!parser->full) {
            boot_ini_warn(parser, "there are more than %d entries, from here "
                          "on they are not looked at",
                          LIMIT_BOOT_INI_ENTRIES);
        }
        parser->full = true;
        return;
    }
    entry = boot_entry_parse(parser, line);
    if (entry) {
        g_ptr_array_add(entries, entry);
    }
}

static void enter_section(BootParser *parser, const char *line)
{
    if (g_ascii_strncasecmp(line, "[boot loader]", 13) == 0) {
        parser->section = SECTION_LOADER;
    } else if (g_ascii_strncasecmp(line, "[operating systems]", 19) == 0) {
        parser->section = SECTION_SYSTEMS;
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

/* Lines end with CR LF, or with either. */
static void parse_lines(BootParser *parser, char *text)
{
    char *next;

    for (char *line = text; line; line = next) {
        size_t length = strcspn(line, "\r\n");

        next = line[length] ? line + length + 1 : NULL;
        if (next && line[length] == '\r' && *next == '\n') {
            next++;
        }
        line[length] = '\0';
        parser->line++;
        parse_line(parser, g_strstrip(line));
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

static void entry_free(void *opaque)
{
    BootEntry *entry = opaque;

    g_free(entry->path);
    g_free(entry->title);
    g_strfreev(entry->switches);
    g_free(entry);
}

BootIni *boot_ini_parse(GBytes *bytes)
{
    BootIni *ini = g_new0(BootIni, 1);
    BootParser parser = { .ini = ini };
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    /* Of an empty file there are no data. */
    g_autofree char *text = g_strndup(size > 0 ? data : "", size);

    ini->entries = g_ptr_array_new_with_free_func(entry_free);
    ini->warnings = g_ptr_array_new_with_free_func(g_free);
    text[strcspn(text, DOS_END_OF_FILE)] = '\0';
    parse_lines(&parser, text);
    check_default(&parser);
    return ini;
}

void boot_ini_free(BootIni *ini)
{
    if (ini) {
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
