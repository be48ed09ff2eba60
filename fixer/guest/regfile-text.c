/*
 * The text of .reg files: character sets, lines, places in messages
 *
 * No iconv here: glibc loads its converters from files, which the jail has
 * none of.  GLib converts UTF-8 and UTF-16 by itself, and Windows-1252 is a
 * table of 32 characters.  An 8-bit file in another code page cannot be told
 * from Windows-1252; regedit's own exports have been UTF-16 since Windows 2000.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "le.h"
#include "regfile-internal.h"

/*
 * Windows-1252, 0x80 to 0x9f (Unicode consortium, CP1252.TXT; the five bytes
 * that it leaves open map to themselves, as MultiByteToWideChar has it).
 */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

uint16_t regfile_1252_unit(uint8_t byte)
{
    if (byte >= 0x80 && byte <= 0x9f) {
        return windows_1252[byte - 0x80];
    }
    return byte;
}

size_t regfile_utf16_length(const char *text)
{
    size_t length = 0;

    for (; *text; text = g_utf8_next_char(text)) {
        length += g_utf8_get_char(text) > 0xffff ? 2 : 1;
    }
    return length;
}

void regfile_append_utf16(GByteArray *out, const char *text)
{
    glong length;
    g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &length,
                                                  NULL);

    for (glong i = 0; i < length; i++) {
        uint16_t unit = GUINT16_TO_LE(units[i]);

        g_byte_array_append(out, (const guint8 *)&unit, sizeof(unit));
    }
}

/* Length of the line end at @p: 2 for CRLF, 1 for LF or CR, else 0. */
static unsigned line_end_length(const char *p)
{
    if (p[0] == '\r') {
        return p[1] == '\n' ? 2 : 1;
    }
    return p[0] == '\n';
}

/* Sets an error about the character that follows @before. */
static bool decode_error(const char *name, const char *before, GError **errp,
                         const char *cause)
{
    RegCursor cursor = {
        .name = name, .p = before, .line_start = before, .line = 1,
    };

    while (reg_cursor_next_line(&cursor)) {
        /* the last line is the one */
    }
    return reg_cursor_error(&cursor, cursor.p, errp, "%s", cause);
}

/* How many of @units come before a NUL or before what is no UTF-16. */
static size_t utf16_valid_length(const gunichar2 *units, size_t count)
{
    size_t i = 0;

    while (i < count && units[i]) {
        /* 0xd800 to 0xdbff needs one of 0xdc00 to 0xdfff behind it */
        bool pair = i + 1 < count && units[i + 1] >> 10 == 0xdc00 >> 10;

        if (units[i] >> 10 == 0xdc00 >> 10 ||
            (units[i] >> 10 == 0xd800 >> 10 && !pair)) {
            break;
        }
        i += units[i] >> 10 == 0xd800 >> 10 ? 2 : 1;
    }
    return i;
}

/* UTF-16LE after its byte order mark; @length in bytes. */
static char *decode_utf16(const char *name, const uint8_t *data, size_t length,
                          GError **errp)
{
    size_t units = length / 2;
    g_autofree gunichar2 *host = g_new(gunichar2, units + 1);
    g_autofree char *text = NULL;
    size_t valid;
    const char *cause;

    for (size_t i = 0; i < units; i++) {
        host[i] = get_le16(data + 2 * i);
    }
    valid = utf16_valid_length(host, units);
    text = g_utf16_to_utf8(host, valid, NULL, NULL, NULL);
    if (valid == units && length % 2 == 0) {
        return g_steal_pointer(&text);
    }
    if (valid < units) {
        cause = host[valid] ? "not valid UTF-16"
                            : "NUL character in the text";
    } else {
        cause = "odd number of bytes in UTF-16 text: the file is cut";
    }
    decode_error(name, text, errp, cause);
    return NULL;
}

static char *decode_1252(const uint8_t *data, size_t length)
{
    GString *text = g_string_sized_new(length);

    for (size_t i = 0; i < length; i++) {
        g_string_append_unichar(text, regfile_1252_unit(data[i]));
    }
    return g_string_free(text, FALSE);
}

/* 8-bit text; with a byte order mark, which is UTF-8's, @utf8 is true. */
static char *decode_8bit(const char *name, const uint8_t *data, size_t length,
                         bool utf8, GError **errp)
{
    const char *text = (const char *)data;
    const char *nul = memchr(data, 0, length);
    const char *end;
    g_autofree char *before = NULL;

    if (nul) {
        before = decode_1252(data, nul - text);
        decode_error(name, before, errp, "NUL character in the text");
        return NULL;
    }
    if (g_utf8_validate(text, length, &end)) {
        return g_strndup(text, length);
    }
    if (utf8) {
        before = g_strndup(text, end - text);
        decode_error(name, before, errp, "not valid UTF-8, which its byte "
                     "order mark promises");
        return NULL;
    }
    return decode_1252(data, length);
}

char *regfile_decode(const char *name, GBytes *text, bool *utf16,
                     GError **errp)
{
    size_t length;
    const uint8_t *data = g_bytes_get_data(text, &length);

    if (length > LIMIT_TEXT_SIZE) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: %zu bytes are too many for a .reg file, which may "
                    "have %d", name, length, LIMIT_TEXT_SIZE);
        return NULL;
    }
    if (length == 0) {
        /* GBytes has no data then, not even an empty string */
        return g_strdup("");
    }
    *utf16 = length >= 2 && data[0] == 0xff && data[1] == 0xfe;
    if (*utf16) {
        return decode_utf16(name, data + 2, length - 2, errp);
    }
    if (length >= 2 && data[0] == 0xfe && data[1] == 0xff) {
        decode_error(name, "", errp, "UTF-16 of the wrong byte order: save "
                     "the file as UTF-16LE, as regedit does");
        return NULL;
    }
    if (length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        return decode_8bit(name, data + 3, length - 3, true, errp);
    }
    return decode_8bit(name, data, length, false, errp);
}

unsigned reg_cursor_column(const RegCursor *cursor, const char *at)
{
    return g_utf8_pointer_to_offset(cursor->line_start, at) + 1;
}

bool reg_cursor_error(const RegCursor *cursor, const char *at, GError **errp,
                      const char *format, ...)
{
    g_autofree char *cause = NULL;
    va_list args;

    va_start(args, format);
    cause = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s:%u:%u: %s",
                cursor->name, cursor->line, reg_cursor_column(cursor, at),
                cause);
    return false;
}

void reg_cursor_skip_blanks(RegCursor *cursor)
{
    while (*cursor->p == ' ' || *cursor->p == '\t') {
        cursor->p++;
    }
}

bool reg_cursor_at_line_end(const RegCursor *cursor)
{
    return *cursor->p == '\0' || line_end_length(cursor->p) > 0;
}

bool reg_cursor_next_line(RegCursor *cursor)
{
    while (!reg_cursor_at_line_end(cursor)) {
        cursor->p++;
    }
    if (*cursor->p == '\0') {
        return false;
    }
    cursor->p += line_end_length(cursor->p);
    cursor->line_start = cursor->p;
    cursor->line++;
    return true;
}

bool reg_cursor_finish_line(RegCursor *cursor, GError **errp)
{
    reg_cursor_skip_blanks(cursor);
    if (*cursor->p == ';' || reg_cursor_at_line_end(cursor)) {
        return true;
    }
    return reg_cursor_error(cursor, cursor->p, errp,
                            "nothing but a comment, which begins with ;, may "
                            "follow here");
}
