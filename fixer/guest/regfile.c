/*
 * .reg files: the language in which registry changes are written
 *
 * The language has no specification; this is what regedit does, as Wine's
 * conformance tests (programs/reg/tests/import.c), which run on Windows too,
 * and trials with Wine's regedit show it.  Where regedit skips a line that it
 * does not understand, or quietly takes it for something else, we refuse it:
 * a driver that is half configured is found out at a STOP screen.  Refused
 * so, though regedit takes them: unknown escapes such as \n, a comment that
 * begins with #, text after the ] of a key, a continued last line without
 * a next, values below a deleted key.  Taken, though Wine's regedit takes
 * them not: the short names of roots (HKLM), blanks behind the header.
 *
 * Key paths come out normalised: the root's long name in capitals, no empty
 * components, no backslash at the end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "regfile-internal.h"

#define HEADER_5_00 "Windows Registry Editor Version 5.00"
#define HEADER_REGEDIT4 "REGEDIT4"

static const struct {
    const char *name;
    const char *abbreviation;
} roots[] = {
    { "HKEY_LOCAL_MACHINE", "HKLM" },
    { "HKEY_USERS", "HKU" },
    { "HKEY_CURRENT_USER", "HKCU" },
    { "HKEY_CLASSES_ROOT", "HKCR" },
    { "HKEY_CURRENT_CONFIG", "HKCC" },
};

static void reg_value_free(gpointer data)
{
    RegValue *value = data;

    g_free(value->name);
    g_bytes_unref(value->data);
    g_free(value);
}

static void reg_key_free(gpointer data)
{
    RegKey *key = data;

    g_free(key->path);
    g_ptr_array_unref(key->values);
    g_free(key);
}

void regfile_free(RegFile *file)
{
    if (file) {
        g_free(file->name);
        g_ptr_array_unref(file->keys);
        g_free(file);
    }
}

static RegFile *regfile_new(const char *name)
{
    RegFile *file = g_new0(RegFile, 1);

    file->name = g_strdup(name);
    file->keys = g_ptr_array_new_with_free_func(reg_key_free);
    return file;
}

static bool parse_header(RegCursor *cursor, GError **errp)
{
    reg_cursor_skip_blanks(cursor);
    if (g_str_has_prefix(cursor->p, HEADER_5_00)) {
        cursor->p += strlen(HEADER_5_00);
    } else if (g_str_has_prefix(cursor->p, HEADER_REGEDIT4)) {
        cursor->p += strlen(HEADER_REGEDIT4);
        cursor->regedit4 = true;
    } else {
        return reg_cursor_error(cursor, cursor->p, errp,
                                "not a .reg file: the first line must be "
                                "\"" HEADER_5_00 "\" or \"" HEADER_REGEDIT4
                                "\"");
    }
    reg_cursor_skip_blanks(cursor);
    if (!reg_cursor_at_line_end(cursor)) {
        return reg_cursor_error(cursor, cursor->p, errp,
                                "nothing may follow the header in its line");
    }
    return true;
}

/* The long name of the root that @word names, or NULL. */
static const char *find_root(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        if (g_ascii_strcasecmp(word, roots[i].name) == 0 ||
            g_ascii_strcasecmp(word, roots[i].abbreviation) == 0) {
            return roots[i].name;
        }
    }
    return NULL;
}

/* The end of the path's component at @at: a backslash, or @end. */
static const char *component_end(const char *at, const char *end)
{
    const char *backslash = memchr(at, '\\', end - at);

    return backslash ? backslash : end;
}

/* Adds the key's name from @at to @end to @path, the @depth-th below a root. */
static bool add_key_name(const RegCursor *cursor, const char *at,
                         const char *end, unsigned depth, GString *path,
                         GError **errp)
{
    g_autofree char *name = g_strndup(at, end - at);

    if (regfile_utf16_length(name) > LIMIT_KEY_NAME) {
        return reg_cursor_error(cursor, at, errp, "a key's name is longer "
                                "than %d characters", LIMIT_KEY_NAME);
    }
    if (depth > LIMIT_KEY_DEPTH) {
        return reg_cursor_error(cursor, at, errp, "more than %d keys deep",
                                LIMIT_KEY_DEPTH);
    }
    g_string_append_printf(path, "\\%s", name);
    return true;
}

/* The path from @at to @end, normalised; NULL and an error if it is none. */
static char *parse_path(const RegCursor *cursor, const char *at,
                        const char *end, GError **errp)
{
    const char *name_end = component_end(at, end);
    g_autofree char *word = g_strndup(at, name_end - at);
    const char *root = find_root(word);
    g_autoptr(GString) path = g_string_new(root);
    unsigned depth = 0;

    if (!root) {
        reg_cursor_error(cursor, at, errp, "unknown root key, expected "
                         "HKEY_LOCAL_MACHINE or the like");
        return NULL;
    }
    while (name_end < end) {
        at = name_end + 1;
        name_end = component_end(at, end);
        if (name_end > at &&
            !add_key_name(cursor, at, name_end, ++depth, path, errp)) {
            return NULL;
        }
    }
    return g_string_free(g_steal_pointer(&path), FALSE);
}

/*
 * The last ] of the line ends the key's name, which may hold others.  So a ]
 * in a comment would become part of the name: that is refused.
 */
static const char *find_key_end(RegCursor *cursor, GError **errp)
{
    RegCursor probe = *cursor;
    const char *end = NULL;
    const char *likely_end = NULL;

    for (; !reg_cursor_at_line_end(&probe); probe.p++) {
        if (*probe.p == ']') {
            RegCursor rest = probe;

            rest.p++;
            reg_cursor_skip_blanks(&rest);
            if (*rest.p == ';' && !likely_end) {
                likely_end = probe.p;
            }
            end = probe.p;
        }
    }
    if (!end) {
        reg_cursor_error(cursor, cursor->p, errp, "no ] in this line");
        return NULL;
    }
    if (likely_end && likely_end != end) {
        reg_cursor_error(cursor, end, errp, "a ] in a comment after a key "
                         "would become part of its name");
        return NULL;
    }
    return end;
}

/*
 * The path at @start of the key that begins with the bracket at the cursor;
 * the cursor is moved behind it.
 */
static char *parse_bracketed(RegCursor *cursor, const char *start,
                             GError **errp)
{
    const char *end = find_key_end(cursor, errp);
    g_autofree char *path = end ? parse_path(cursor, start, end, errp) : NULL;

    if (!path) {
        return NULL;
    }
    cursor->p = end + 1;
    if (!reg_cursor_finish_line(cursor, errp)) {
        return NULL;
    }
    return g_steal_pointer(&path);
}

/* [path] or [-path], at the bracket */
static bool parse_key(RegCursor *cursor, RegFile *file, GError **errp)
{
    bool remove = cursor->p[1] == '-';
    const char *start = cursor->p + (remove ? 2 : 1);
    g_autofree char *path = parse_bracketed(cursor, start, errp);
    RegKey *key;

    if (!path) {
        return false;
    }
    if (remove && !strchr(path, '\\')) {
        return reg_cursor_error(cursor, start, errp,
                                "a root key cannot be deleted");
    }
    key = g_new0(RegKey, 1);
    key->path = g_steal_pointer(&path);
    key->remove = remove;
    key->values = g_ptr_array_new_with_free_func(reg_value_free);
    key->line = cursor->line;
    key->column = reg_cursor_column(cursor, start);
    g_ptr_array_add(file->keys, key);
    return true;
}

/* "name" or @, and the = behind it */
static char *parse_value_name(RegCursor *cursor, GError **errp)
{
    const char *start = cursor->p;
    g_autofree char *name = NULL;

    if (*cursor->p == '@') {
        cursor->p++;
        name = g_strdup("");
    } else {
        name = reg_parse_string(cursor, errp);
        if (!name) {
            return NULL;
        }
    }
    if (regfile_utf16_length(name) > LIMIT_VALUE_NAME) {
        reg_cursor_error(cursor, start, errp, "the value's name is longer "
                         "than %d characters", LIMIT_VALUE_NAME);
        return NULL;
    }
    reg_cursor_skip_blanks(cursor);
    if (*cursor->p != '=') {
        reg_cursor_error(cursor, cursor->p, errp,
                         "expected = after the value's name");
        return NULL;
    }
    cursor->p++;
    reg_cursor_skip_blanks(cursor);
    return g_steal_pointer(&name);
}

/* The key that a value at the cursor belongs to. */
static RegKey *current_key(RegCursor *cursor, RegFile *file, GError **errp)
{
    RegKey *key;

    if (file->keys->len == 0) {
        reg_cursor_error(cursor, cursor->p, errp, "a value before any key");
        return NULL;
    }
    key = g_ptr_array_index(file->keys, file->keys->len - 1);
    if (key->remove) {
        reg_cursor_error(cursor, cursor->p, errp, "a value in a key that "
                         "line %u deletes", key->line);
        return NULL;
    }
    return key;
}

static bool parse_value(RegCursor *cursor, RegFile *file, GError **errp)
{
    RegKey *key = current_key(cursor, file, errp);
    RegValue *value;

    if (!key) {
        return false;
    }
    value = g_new0(RegValue, 1);
    value->line = cursor->line;
    value->column = reg_cursor_column(cursor, cursor->p);
    value->name = parse_value_name(cursor, errp);
    if (!value->name || !reg_parse_data(cursor, value, errp) ||
        !reg_cursor_finish_line(cursor, errp)) {
        reg_value_free(value);
        return false;
    }
    g_ptr_array_add(key->values, value);
    return true;
}

static bool parse_line(RegCursor *cursor, RegFile *file, GError **errp)
{
    reg_cursor_skip_blanks(cursor);
    switch (*cursor->p) {
    case '[':
        return parse_key(cursor, file, errp);
    case '"':
    case '@':
        return parse_value(cursor, file, errp);
    case '#':
        return reg_cursor_error(cursor, cursor->p, errp,
                                "a comment begins with ;, not with #");
    case ';':
        return true;
    default:
        if (reg_cursor_at_line_end(cursor)) {
            return true;
        }
        return reg_cursor_error(cursor, cursor->p, errp,
                                "expected [key], \"name\"=, @= or a comment, "
                                "which begins with ;");
    }
}

RegFile *regfile_parse(const char *name, GBytes *text, GError **errp)
{
    RegCursor cursor = { .name = name, .line = 1 };
    g_autofree char *decoded = regfile_decode(name, text, &cursor.utf16,
                                              errp);
    g_autoptr(RegFile) file = NULL;

    if (!decoded) {
        return NULL;
    }
    cursor.p = cursor.line_start = decoded;
    if (!parse_header(&cursor, errp)) {
        return NULL;
    }
    file = regfile_new(name);
    while (reg_cursor_next_line(&cursor)) {
        if (!parse_line(&cursor, file, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&file);
}
