/*
 * Change: one thing that is done to a guest, for the report
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHANGE_H
#define GUEST_CHANGE_H

#include <glib.h>

typedef enum ChangeObject {
    CHANGE_FILE,
    CHANGE_REGISTRY_KEY,
    /* Of a volume, and the copy of it that NTFS keeps at the end. */
    CHANGE_BOOT_SECTOR,
} ChangeObject;

typedef enum ChangeAction {
    CHANGE_CREATE,
    CHANGE_MODIFY,
    CHANGE_DELETE,
} ChangeAction;

typedef struct Change {
    ChangeObject object;
    ChangeAction action;
    /* Number of the partition; 0: the one that Windows is on. */
    unsigned partition;
    /*
     * \WINDOWS\system32\drivers\atapi.sys,
     * HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\atapi, or \$Boot
     */
    char *path;
    /* Names of registry values that are set or deleted, or fields; char *. */
    GPtrArray *values;
    /* Where the new contents come from; may be NULL. */
    char *source;
    /* Why; never NULL. */
    char *reason;
} Change;

/* Copies its strings; there are no values yet. */
Change *change_new(ChangeObject object, ChangeAction action,
                   const char *path, const char *source, const char *reason);

/*
 * Adds to @changes, which own it, that the key @path of the SYSTEM hive is
 * modified: ControlSet001\Services\atapi.  There are no values yet.
 */
Change *change_add_system_key(GPtrArray *changes, const char *path,
                              const char *source, const char *reason);

void change_free(Change *change);

/* An empty array that owns its changes. */
GPtrArray *change_list_new(void);

#endif /* GUEST_CHANGE_H */
