/*
 * boot.ini: which Windows NTLDR starts, and where it lies
 *
 * By hand: GKeyFile wants UTF-8 and unique keys, boot.ini is in the guest's
 * OEM code page, and its "keys" in [operating systems] are ARC paths that may
 * stand there twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini.h"
#include "guest-limits.h"

/* Where text ends for DOS and its editors: Ctrl-Z. */
#define DOS_END_OF_FILE "\x1a"

/*
 * Parses NAME(NUMBER) at *@p and moves behind it; the number's @base is 10 or
 * 16.
 */
static bool parse_component(const char **p, const char *name, unsigned base,
                            uint32_t *number)
{
    size_t length = strlen(name);
    const char *digits = *p + length + 1;
    char *end;
    guint64 n;

    if (g_ascii_strncasecmp(*p, name, length) != 0 || (*p)[length] != '(' ||
        !g_ascii_isxdigit(*digits)) {
        return false;
    }
    n = g_ascii_strtoull(digits, &end, base);
    if (end == digits || *end != ')' || n > UINT32_MAX) {
        return false;
    }
    *number = n;
    *p = end + 1;
    return true;
}

static bool parse_adapter(const char **p, ArcPath *path)
{
    if (parse_component(p, "multi", 10, &path->ordinal)) {
        path->kind = ARC_MULTI;
    } else if (parse_component(p, "scsi", 10, &path->ordinal)) {
        path->kind = ARC_SCSI;
    } else if (parse_component(p, "signature", 16, &path->signature)) {
        path->kind = ARC_SIGNATURE;
    } else {
        return false;
    }
    return true;
}

bool arc_path_parse(const char *text, ArcPath *path)
{
    const char *p = text;

    memset(path, 0, sizeof(*path));
    if (!parse_adapter(&p, path) ||
        !parse_component(&p, "disk", 10, &path->disk) ||
        !parse_component(&p, "rdisk", 10, &path->rdisk) ||
        !parse_component(&p, "partition", 10, &path->partition) ||
        (*p != '\\' && *p != '\0')) {
        return false;
    }
    path->directory = g_strdup(p);
    while (g_str_has_suffix(path->directory, "\\")) {
        path->directory[strlen(path->directory) - 1] = '\0';
    }
    return true;
}

void arc_path_clear(ArcPath *path)
{
    g_clear_pointer(&path->directory, g_free);
}

/*
 * "NAME=VALUE" with blanks around; NULL if @line is of another name, or has
 * no value.
 */
static char *value_of(const char *line, const char *name)
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
    line += strspn(line, " \t");
    return *line ? g_strdup(line) : NULL;
}

/* The path in front of an entry's description; NULL if it is no entry. */
static char *entry_path(const char *line)
{
    const char *equals = strchr(line, '=');

    return equals ? g_strchomp(g_strndup(line, equals - line)) : NULL;
}

typedef enum Section {
    SECTION_OTHER,
    SECTION_LOADER,
    SECTION_SYSTEMS,
} Section;

static Section section_of(const char *line)
{
    if (g_ascii_strncasecmp(line, "[boot loader]", 13) == 0) {
        return SECTION_LOADER;
    }
    return g_ascii_strncasecmp(line, "[operating systems]", 19) == 0
           ? SECTION_SYSTEMS : SECTION_OTHER;
}

static void parse_line(BootIni *ini, Section section, const char *line)
{
    char *path = NULL;

    if (section == SECTION_LOADER && !ini->default_path) {
        ini->default_path = value_of(line, "default");
    } else if (section == SECTION_SYSTEMS &&
               ini->paths->len < LIMIT_BOOT_INI_ENTRIES) {
        path = entry_path(line);
    }
    if (path) {
        g_ptr_array_add(ini->paths, path);
    }
}

BootIni *boot_ini_parse(GBytes *bytes)
{
    BootIni *ini = g_new0(BootIni, 1);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    /* Of an empty file there are no data. */
    g_autofree char *text = g_strndup(size > 0 ? data : "", size);
    g_auto(GStrv) lines = NULL;
    Section section = SECTION_OTHER;

    ini->paths = g_ptr_array_new_with_free_func(g_free);
    text[strcspn(text, DOS_END_OF_FILE)] = '\0';
    lines = g_strsplit_set(text, "\r\n", -1);
    for (char **p = lines; *p; p++) {
        const char *line = g_strstrip(*p);

        if (*line == '[') {
            section = section_of(line);
        } else {
            parse_line(ini, section, line);
        }
    }
    return ini;
}

void boot_ini_free(BootIni *ini)
{
    if (ini) {
        g_free(ini->default_path);
        g_ptr_array_unref(ini->paths);
        g_free(ini);
    }
}
