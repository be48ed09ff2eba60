/*
 * What stands behind the = in a .reg file: strings, dword:, hex:, hex(n):
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "regfile-internal.h"

char *reg_parse_string(RegCursor *cursor, GError **errp)
{
    const char *start = cursor->p++;
    g_autoptr(GString) text = g_string_new(NULL);

    while (*cursor->p != '"') {
        if (reg_cursor_at_line_end(cursor)) {
            reg_cursor_error(cursor, start, errp, "no closing quote in this "
                             "line; text of several lines needs hex(1):");
            return NULL;
        }
        if (*cursor->p == '\\') {
            cursor->p++;
            /*
             * regedit drops the backslash before another character, so that
             * C:\dir becomes C:dir: surely not what was meant.
             */
            if (*cursor->p != '\\' && *cursor->p != '"') {
                reg_cursor_error(cursor, cursor->p - 1, errp,
                                 "a backslash in a string is written \\\\, a "
                                 "quote \\\"");
                return NULL;
            }
        }
        g_string_append_c(text, *cursor->p++);
    }
    cursor->p++;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void set_data(RegValue *value, uint32_t type, GByteArray *data)
{
    value->type = type;
    value->data = g_byte_array_free_to_bytes(data);
}

static bool parse_sz(RegCursor *cursor, RegValue *value, GError **errp)
{
    const char *start = cursor->p;
    g_autofree char *text = reg_parse_string(cursor, errp);
    GByteArray *data;

    if (!text) {
        return false;
    }
    if (regfile_utf16_length(text) >= LIMIT_REG_DATA / 2) {
        return reg_cursor_error(cursor, start, errp,
                                "the string is longer than %d bytes",
                                LIMIT_REG_DATA);
    }
    data = g_byte_array_new();
    regfile_append_utf16(data, text);
    g_byte_array_append(data, (const guint8 *)"\0", 2);
    set_data(value, REG_SZ, data);
    return true;
}

/* 1 to @max_digits hexadecimal digits; their number, 0 if it is another. */
static unsigned parse_hex(RegCursor *cursor, unsigned max_digits,
                          uint32_t *number)
{
    unsigned digits = 0;

    *number = 0;
    for (; g_ascii_isxdigit(*cursor->p); digits++, cursor->p++) {
        *number = *number << 4 | g_ascii_xdigit_value(*cursor->p);
    }
    return digits <= max_digits ? digits : 0;
}

static bool parse_dword(RegCursor *cursor, RegValue *value, GError **errp)
{
    uint32_t number;
    const char *start;
    GByteArray *data;

    reg_cursor_skip_blanks(cursor);
    start = cursor->p;
    if (!parse_hex(cursor, 8, &number)) {
        return reg_cursor_error(cursor, start, errp,
                                "dword: needs 1 to 8 hexadecimal digits");
    }
    number = GUINT32_TO_LE(number);
    data = g_byte_array_new();
    g_byte_array_append(data, (const guint8 *)&number, sizeof(number));
    set_data(value, REG_DWORD, data);
    return true;
}

/*
 * After a backslash: to the data in a following line, past blanks, comments
 * and empty lines.
 */
static bool continue_line(RegCursor *cursor, GError **errp)
{
    const char *backslash = cursor->p++;
    RegCursor at = *cursor;

    do {
        if (!reg_cursor_finish_line(cursor, errp)) {
            return false;
        }
        if (!reg_cursor_next_line(cursor)) {
            /* regedit takes what there is; but a file may have been cut */
            return reg_cursor_error(&at, backslash, errp,
                                    "the line goes on, but the file ends");
        }
        reg_cursor_skip_blanks(cursor);
    } while (*cursor->p == ';' || reg_cursor_at_line_end(cursor));
    return true;
}

static bool parse_hex_byte(RegCursor *cursor, GByteArray *data, GError **errp)
{
    const char *start = cursor->p;
    uint32_t number;
    guint8 byte;

    if (!parse_hex(cursor, 2, &number)) {
        return reg_cursor_error(cursor, start, errp,
                                "expected a byte of 1 or 2 hexadecimal "
                                "digits");
    }
    if (data->len == LIMIT_REG_DATA) {
        return reg_cursor_error(cursor, start, errp,
                                "the value is longer than %d bytes",
                                LIMIT_REG_DATA);
    }
    byte = number;
    g_byte_array_append(data, &byte, 1);
    return true;
}

/*
 * Bytes separated by commas, one more comma allowed at the end.  A line goes
 * on in the next after a backslash, which stands behind a comma or the colon.
 */
static bool parse_hex_bytes(RegCursor *cursor, GByteArray *data,
                            GError **errp)
{
    for (;;) {
        reg_cursor_skip_blanks(cursor);
        if (*cursor->p == '\\') {
            if (!continue_line(cursor, errp)) {
                return false;
            }
        } else if (*cursor->p == ';' || reg_cursor_at_line_end(cursor)) {
            return true;
        }
        if (!parse_hex_byte(cursor, data, errp)) {
            return false;
        }
        if (*cursor->p == '\\') {
            return reg_cursor_error(cursor, cursor->p, errp,
                                    "a comma must stand before the backslash "
                                    "that continues the line");
        }
        if (*cursor->p != ',') {
            return true;
        }
        cursor->p++;
    }
}

static bool is_string_type(uint32_t type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

/*
 * Strings written as bytes get a terminating NUL where they lack one, as
 * regedit has done since Windows Vista.  The header alone tells how wide they
 * are: MergeIDE.reg, an 8-bit file, has UTF-16 in its hex(2) (KB314082).
 * (Wine 8.0 goes by the width of the file instead and so gets that one wrong.)
 * An odd number of bytes is no UTF-16 and is kept as it is.
 */
static GByteArray *finish_string(GByteArray *data, bool regedit4)
{
    GByteArray *wide;

    if (data->len == 0) {
        return data;
    }
    if (!regedit4) {
        if (data->len % 2 == 0 && (data->data[data->len - 1] ||
                                   data->data[data->len - 2])) {
            g_byte_array_append(data, (const guint8 *)"\0", 2);
        }
        return data;
    }
    if (data->data[data->len - 1] != 0) {
        g_byte_array_append(data, (const guint8 *)"", 1);
    }
    wide = g_byte_array_sized_new(2 * data->len);
    for (guint i = 0; i < data->len; i++) {
        uint16_t unit = GUINT16_TO_LE(regfile_1252_unit(data->data[i]));

        g_byte_array_append(wide, (const guint8 *)&unit, sizeof(unit));
    }
    g_byte_array_unref(data);
    return wide;
}

static bool parse_hex_data(RegCursor *cursor, uint32_t type, RegValue *value,
                           GError **errp)
{
    const char *start = cursor->p;
    GByteArray *data;

    if (is_string_type(type) && cursor->regedit4 && cursor->utf16) {
        return reg_cursor_error(cursor, start, errp,
                                "8-bit or UTF-16?  The file is UTF-16 but "
                                "begins with REGEDIT4; begin it with Windows "
                                "Registry Editor Version 5.00");
    }
    data = g_byte_array_new();
    if (!parse_hex_bytes(cursor, data, errp)) {
        g_byte_array_unref(data);
        return false;
    }
    if (is_string_type(type)) {
        data = finish_string(data, cursor->regedit4);
    }
    set_data(value, type, data);
    return true;
}

/* hex(n):, at the n */
static bool parse_hex_type(RegCursor *cursor, RegValue *value, GError **errp)
{
    const char *start = cursor->p;
    uint32_t type;

    if (!parse_hex(cursor, 8, &type) || !g_str_has_prefix(cursor->p, "):")) {
        return reg_cursor_error(cursor, start, errp,
                                "expected a type of 1 to 8 hexadecimal "
                                "digits, as in hex(2):");
    }
    cursor->p += strlen("):");
    return parse_hex_data(cursor, type, value, errp);
}

static bool skip_word(RegCursor *cursor, const char *word)
{
    if (!g_str_has_prefix(cursor->p, word)) {
        return false;
    }
    cursor->p += strlen(word);
    return true;
}

bool reg_parse_data(RegCursor *cursor, RegValue *value, GError **errp)
{
    if (*cursor->p == '"') {
        return parse_sz(cursor, value, errp);
    }
    if (skip_word(cursor, "-")) {
        value->remove = true;
        return true;
    }
    if (skip_word(cursor, "dword:")) {
        return parse_dword(cursor, value, errp);
    }
    if (skip_word(cursor, "hex:")) {
        return parse_hex_data(cursor, REG_BINARY, value, errp);
    }
    if (skip_word(cursor, "hex(")) {
        return parse_hex_type(cursor, value, errp);
    }
    return reg_cursor_error(cursor, cursor->p, errp,
                            "expected \"text\", dword:, hex:, hex(n): or -, "
                            "in lower case");
}
