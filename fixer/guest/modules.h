/*
 * Modules: whether the boot loader can load a driver, with all it imports from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_MODULES_H
#define GUEST_MODULES_H

#include "windows.h"

typedef struct Modules Modules;

/* None was looked at yet.  @volume and @windows must outlive it. */
Modules *modules_new(Volume *volume, const Windows *windows);

void modules_free(Modules *modules);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modules, modules_free)

/* How it ends why a file cannot be loaded if that is not even a driver. */
#define MODULES_IS_MISSING " is missing"
#define MODULES_IS_DIRECTORY " is a directory"
#define MODULES_IS_PROGRAM ", as programs do, and is no driver"

/*
 * Sets *@why to why the file at @path cannot be loaded, which stays the
 * modules', or to NULL if it can: it is missing or no executable of the
 * guest's machine type, or a module that it imports from is, or one that that
 * imports from.  Returns false if that cannot be told.
 */
bool modules_find_fault(Modules *modules, const char *path, const char **why,
                        GError **errp);

#endif /* GUEST_MODULES_H */
