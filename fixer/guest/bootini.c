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

/* "NAME=VALUE" with blanks around; NULL if @line is of another name. */
static char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (g_ascii_strncasecmp(line, name, length) != 0) {
        return NULL;
    }
    line += length;
    line += strspn(line, " \t");
    return *line == '=' ? g_strstrip(g_strdup(line + 1)) : NULL;
}

/* The path in front of an entry's description. */
static char *entry_path(const char *line)
{
    const char *equals = strchr(line, '=');

    return equals ? g_strchomp(g_strndup(line, equals - line)) : NULL;
}

char *boot_ini_default(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(data, size);
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
    g_autofree char *first = NULL;
    enum { NONE, LOADER, SYSTEMS } section = NONE;

    for (char **p = lines; *p; p++) {
        char *line = g_strstrip(*p);
        char *value;

        if (*line == '[') {
            section = g_ascii_strncasecmp(line, "[boot loader]", 13) == 0
                      ? LOADER
                      : g_ascii_strncasecmp(line, "[operating systems]",
                                            19) == 0 ? SYSTEMS : NONE;
        } else if (section == LOADER) {
            value = value_of(line, "default");
            if (value) {
                return value;
            }
        } else if (section == SYSTEMS && !first) {
            first = entry_path(line);
        }
    }
    return g_steal_pointer(&first);
}
