/*
 * Driver fit: whether a driver would load in a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "driver-fit.h"

static bool in_list(char **names, const char *name)
{
    for (char **p = names; *p; p++) {
        if (g_ascii_strcasecmp(*p, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Names that stand for whichever module has the functions (Microsoft: "Windows
 * API sets").  There is no file of that name, and a driver of Windows 10 can
 * be loaded whether there is a module or not.
 */
static bool is_api_set(const char *name)
{
    return g_ascii_strncasecmp(name, "api-ms-", 7) == 0 ||
           g_ascii_strncasecmp(name, "ext-ms-", 7) == 0;
}

/*
 * Whether a module that drivers import from is there: one of their like, the
 * kernel, or the HAL.  Returns false if that cannot be told.
 */
static bool has_module(Volume *volume, const Windows *windows,
                       const char *name, bool *has, GError **errp)
{
    static const char *const directories[] = {
        "system32\\drivers\\", "system32\\",
    };

    *has = false;
    for (unsigned i = 0; !*has && i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *below = g_strconcat(directories[i], name, NULL);
        g_autofree char *path = windows_path(&windows->place, below);

        if (!volume_exists(volume, path, has, errp)) {
            return false;
        }
    }
    return true;
}

bool driver_find_unfit(Volume *volume, const Windows *windows, char **coming,
                       const PeInfo *pe, char **why, GError **errp)
{
    *why = NULL;
    if (pe->machine != windows->machine) {
        g_autofree char *is = pe_machine_string(pe->machine);
        g_autofree char *wanted = pe_machine_string(windows->machine);

        *why = g_strdup_printf("it is for %s, the guest is %s", is, wanted);
    }
    for (char **module = pe->imports; *module && !*why; module++) {
        bool has = in_list(coming, *module) || is_api_set(*module);

        if (!has && !strpbrk(*module, "\\/") &&
            !has_module(volume, windows, *module, &has, errp)) {
            return false;
        }
        if (!has) {
            *why = g_strdup_printf("it imports from %s, which the guest does "
                                   "not have", *module);
        }
    }
    return true;
}
