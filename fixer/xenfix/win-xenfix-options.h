/*
 * The command line of one command of win-xenfix
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_OPTIONS_H
#define WIN_XENFIX_OPTIONS_H

#include "win-xenfix.h"

typedef enum XenfixParsed {
    XENFIX_PARSED_OK,
    /* Help was asked for, and has been printed. */
    XENFIX_PARSED_HELP,
    /* The error has been reported. */
    XENFIX_PARSED_ERROR,
} XenfixParsed;

/* Parses the command line of @command; argv[0] is the command's name. */
XenfixParsed xenfix_options_parse(const XenfixCommand *command,
                                  int argc, char **argv,
                                  XenfixOptions *options);

/* Frees what parsing has made; the strings are those of the command line. */
void xenfix_options_clear(XenfixOptions *options);

/* Adds to a list of strings that ends with NULL, or begins one. */
void xenfix_options_append(char ***list, const char *value);

/* Files and folders that the guest's files may be taken from. */
bool xenfix_options_source(XenfixOptions *options, const char *value,
                           Error **errp);

/* Which HAL. */
bool xenfix_options_hal(XenfixOptions *options, const char *value,
                        Error **errp);

/* --undo, which commands have that write, or tell of what was written. */
bool xenfix_options_undo(XenfixOptions *options, const char *value,
                         Error **errp);

/* That, for commands that have no other option. */
extern const XenfixOption xenfix_undo_options[];

/* An option whose value is one of an enumeration's. */
bool xenfix_options_enum(const char *name, const char *value,
                         const QEnumLookup *lookup, int *number,
                         Error **errp);

/* An option whose value is a decimal number above 0. */
bool xenfix_options_number(const char *name, const char *value,
                           uint64_t *number, Error **errp);

#endif /* WIN_XENFIX_OPTIONS_H */
