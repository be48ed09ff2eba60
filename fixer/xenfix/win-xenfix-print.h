/*
 * How win-xenfix shows a report: JSON, or lines for people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_PRINT_H
#define WIN_XENFIX_PRINT_H

#include "block/win-xenprep-compat.h"
#include "qapi/qapi-types-block-core.h"

/*
 * Prints as JSON what @v, of qobject_output_visitor_new(@obj), has visited;
 * takes both.
 */
void xenfix_print_visited(Visitor *v, QObject **obj);

/* Adds a word, and in front of it a comma if it is not the first. */
void G_GNUC_PRINTF(2, 3)
xenfix_word(GString *words, const char *fmt, ...);

/* Adds a word if there is one. */
void xenfix_word_if(GString *words, const char *word);

/* Prints "LABEL: WORDS" on a line of its own, and empties @words. */
void xenfix_print_words(const char *label, GString *words);

/* Prints each string on a line of its own, "LABEL: STRING". */
void xenfix_print_strings(const char *label, const strList *strings);

/* Prints strings or numbers on one line, if there are any. */
void xenfix_print_string_list(const char *label, const strList *strings);
void xenfix_print_number_list(const char *label, const intList *numbers);

/* Prints an installation, on several lines; @words is empty. */
void xenfix_print_windows(const WinXenprepWindows *windows, GString *words);

/* Prints a boot.ini likewise; its entries are numbered from 1. */
void xenfix_print_boot_ini(const WinXenfixBootIni *ini, GString *words);

#endif /* WIN_XENFIX_PRINT_H */
