/*
 * Parts of the .reg parser that its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REGFILE_INTERNAL_H
#define GUEST_REGFILE_INTERNAL_H

#include "regfile.h"

/* A place in the text, and what of the file decides how text is read. */
typedef struct RegCursor {
    /* The file's name, for messages. */
    const char *name;
    /* The next character; UTF-8, the text ends with a NUL. */
    const char *p;
    /* Where its line begins, and that line's number, from 1. */
    const char *line_start;
    unsigned line;
    /* REGEDIT4: strings in hex(1), hex(2) and hex(7) are 8-bit. */
    bool regedit4;
    /* The file is UTF-16. */
    bool utf16;
} RegCursor;

/* regfile-text.c */

/*
 * The bytes of a .reg file as UTF-8: UTF-16LE or UTF-8 with a byte order
 * mark, else UTF-8 where valid, else Windows-1252.  @utf16 tells the first.
 */
char *regfile_decode(const char *name, GBytes *text, bool *utf16,
                     GError **errp);

/* The UTF-16 unit of a byte in Windows-1252. */
uint16_t regfile_1252_unit(uint8_t byte);

/* Appends @text in UTF-16LE, without a terminating NUL. */
void regfile_append_utf16(GByteArray *out, const char *text);

/* Length of @text in UTF-16 units. */
size_t regfile_utf16_length(const char *text);

/* The column of @at in the cursor's line: characters, from 1. */
unsigned reg_cursor_column(const RegCursor *cursor, const char *at);

/* Sets "FILE:LINE:COLUMN: cause" for @at in the cursor's line; false. */
bool reg_cursor_error(const RegCursor *cursor, const char *at, GError **errp,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);

void reg_cursor_skip_blanks(RegCursor *cursor);

/* Whether the next character ends the line, or the text. */
bool reg_cursor_at_line_end(const RegCursor *cursor);

/* To the start of the next line, past CRLF, LF or CR; false at the end. */
bool reg_cursor_next_line(RegCursor *cursor);

/* Past blanks; anything but a comment before the line's end is an error. */
bool reg_cursor_finish_line(RegCursor *cursor, GError **errp);

/* regfile-data.c */

/* "text" with its escapes, at the opening quote. */
char *reg_parse_string(RegCursor *cursor, GError **errp);

/* What follows the = of a value; fills type, data and remove. */
bool reg_parse_data(RegCursor *cursor, RegValue *value, GError **errp);

#endif /* GUEST_REGFILE_INTERNAL_H */
