/*
 * Change: one thing that is done to a guest, for the report
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "change.h"

Change *change_new(ChangeObject object, ChangeAction action,
                   const char *path, const char *source, const char *reason)
{
    Change *change = g_new0(Change, 1);

    change->object = object;
    change->action = action;
    change->path = g_strdup(path);
    change->values = g_ptr_array_new_with_free_func(g_free);
    change->source = g_strdup(source);
    change->reason = g_strdup(reason);
    return change;
}

Change *change_add_system_key(GPtrArray *changes, const char *path,
                              const char *source, const char *reason)
{
    g_autofree char *full = g_strdup_printf("HKEY_LOCAL_MACHINE\\SYSTEM\\%s",
                                            path);
    Change *change = change_new(CHANGE_REGISTRY_KEY, CHANGE_MODIFY, full,
                                source, reason);

    g_ptr_array_add(changes, change);
    return change;
}

void change_free(Change *change)
{
    g_free(change->path);
    g_ptr_array_unref(change->values);
    g_free(change->source);
    g_free(change->reason);
    g_free(change);
}

GPtrArray *change_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
}
