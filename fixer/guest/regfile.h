/*
 * .reg files: the language in which registry changes are written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REGFILE_H
#define GUEST_REGFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Registry value types, Microsoft's names (winnt.h). */
enum {
    REG_NONE = 0,
    REG_SZ = 1,
    REG_EXPAND_SZ = 2,
    REG_BINARY = 3,
    REG_DWORD = 4,
    REG_DWORD_BIG_ENDIAN = 5,
    REG_LINK = 6,
    REG_MULTI_SZ = 7,
};

typedef struct RegValue {
    /* UTF-8; "" is the default value, which a .reg file writes as @. */
    char *name;
    /* "name"=- : the value is to be deleted; type and data mean nothing. */
    bool remove;
    uint32_t type;
    /* As in the hive: strings are UTF-16LE with their terminating NUL. */
    GBytes *data;
    /* Where in the file its name begins: line and column, from 1. */
    unsigned line;
    unsigned column;
} RegValue;

typedef struct RegKey {
    /*
     * UTF-8, without the brackets, root first:
     * HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\atapi
     */
    char *path;
    /* [-path]: the key and all below it is to be deleted. */
    bool remove;
    /* RegValue, in the order of the file. */
    GPtrArray *values;
    /* Where in the file its path begins: line and column, from 1. */
    unsigned line;
    unsigned column;
} RegKey;

typedef struct RegFile {
    /* The file's name, for messages. */
    char *name;
    /* RegKey, in the order of the file. */
    GPtrArray *keys;
} RegFile;

/*
 * Parses @text as regedit does: "Windows Registry Editor Version 5.00"
 * (UTF-16LE with a byte order mark, or 8-bit) and REGEDIT4.  Errors name the
 * file, the line and the column.  Nothing is accepted halfway: a line that
 * regedit would skip silently is an error, since it hides a typing mistake.
 */
RegFile *regfile_parse(const char *name, GBytes *text, GError **errp);

void regfile_free(RegFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RegFile, regfile_free)

#endif /* GUEST_REGFILE_H */
