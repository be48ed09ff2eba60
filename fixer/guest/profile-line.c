/*
 * In which line of a profile something stands, for messages
 *
 * GKeyFile does not tell, so this looks through the text once more.  It knows
 * no more of the format than that: groups, keys, comments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "profile-internal.h"

/* The lines without blanks around them, to be freed by g_strfreev(). */
static char **split(GBytes *text)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    /* An empty text may have no data at all. */
    g_autofree char *copy = g_strndup(data ? data : "", size);
    char **lines = g_strsplit(copy, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
    }
    return lines;
}

static bool is_group(const char *line, const char *group)
{
    size_t length = strlen(group);

    return line[0] == '[' && strncmp(line + 1, group, length) == 0 &&
           line[1 + length] == ']';
}

static bool is_key(const char *line, const char *key)
{
    size_t length = strlen(key);

    return strncmp(line, key, length) == 0 &&
           strspn(line + length, " \t") == strcspn(line + length, "=");
}

unsigned profile_find_line(GBytes *text, const char *group, const char *key)
{
    g_auto(GStrv) lines = split(text);
    unsigned found = 0;
    bool inside = false;

    for (unsigned i = 0; lines[i]; i++) {
        if (lines[i][0] == '[') {
            inside = is_group(lines[i], group);
            found = inside ? i + 1 : found;
        } else if (inside && key && is_key(lines[i], key)) {
            return i + 1;
        }
    }
    return found;
}

/* The name of a group or key that begins in @line; NULL: there is none. */
static char *title(const char *line)
{
    const char *end = *line == '[' ? strrchr(line, ']') : strchr(line, '=');

    return *line == '#' || !end
           ? NULL : g_strchomp(g_strndup(line, end - line));
}

unsigned profile_find_repeated(GBytes *text)
{
    g_auto(GStrv) lines = split(text);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash,
                                                       g_str_equal, g_free,
                                                       NULL);
    g_autofree char *group = NULL;

    for (unsigned i = 0; lines[i]; i++) {
        g_autofree char *name = title(lines[i]);
        bool is_new = true;

        if (name && *name == '[') {
            g_free(group);
            group = g_strdup(name);
            is_new = g_hash_table_add(seen, g_strdup(name));
        } else if (name) {
            is_new = g_hash_table_add(seen, g_strconcat(group ? group : "",
                                                        "]", name, NULL));
        }
        if (!is_new) {
            return i + 1;
        }
    }
    return 0;
}

unsigned profile_find_nonsense(GBytes *text)
{
    g_auto(GStrv) lines = split(text);
    bool inside = false;

    for (unsigned i = 0; lines[i]; i++) {
        const char *line = lines[i];

        if (*line == '[') {
            inside = true;
        }
        if (*line && *line != '#' &&
            (!inside || (*line != '[' && !strchr(line, '=')) ||
             (*line == '[' && !g_str_has_suffix(line, "]")))) {
            return i + 1;
        }
    }
    return 0;
}
