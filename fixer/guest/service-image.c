/*
 * Service image: the file that a service's ImagePath means
 *
 * Real hives have system32\DRIVERS\x.sys, \SystemRoot\System32\drivers\x.sys,
 * \??\C:\WINDOWS\system32\x.sys, or no value at all, which stands for the
 * first form (Microsoft: "HKLM\SYSTEM\CurrentControlSet\Services Registry
 * Tree").
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "service-image.h"

/* How %SystemRoot% is written. */
#define ROOT "\\SystemRoot\\"
static const char *const roots[] = { ROOT, "%SystemRoot%\\" };

/* What stands in front of a path of the Win32 kind. */
#define WIN32_PREFIX "\\??\\"

static bool begins(const char *text, const char *with)
{
    return g_ascii_strncasecmp(text, with, strlen(with)) == 0;
}

/* C:\WINDOWS\x.sys, where the letter can only be that of Windows' volume. */
static char *path_with_letter(const Windows *windows, const char *path)
{
    g_autofree char *root = windows_path(&windows->place, "");

    return begins(path, root) ? g_strdup(path) : NULL;
}

char *service_image_path(const Windows *windows, const char *name,
                         const char *image_path)
{
    const char *path = image_path;

    if (!path || !*path) {
        g_autofree char *usual = g_strdup_printf("system32\\drivers\\%s.sys",
                                                 name);

        return windows_path(&windows->place, usual);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(roots); i++) {
        if (begins(path, roots[i])) {
            return windows_path(&windows->place, path + strlen(roots[i]));
        }
    }
    if (begins(path, WIN32_PREFIX)) {
        path += strlen(WIN32_PREFIX);
    }
    if (g_ascii_isalpha(path[0]) && path[1] == ':' && path[2] == '\\') {
        return path_with_letter(windows, path + 2);
    }
    /* Another variable: what it stands for is in another hive. */
    return *path == '\\' || *path == '%' ? NULL
                                         : windows_path(&windows->place, path);
}

bool service_image_is_for_loader(const char *image_path)
{
    return !image_path || begins(image_path, ROOT) ||
           (*image_path != '\\' && *image_path != '%' &&
            !strchr(image_path, ':'));
}
