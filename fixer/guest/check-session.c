/*
 * Check: the first program that the kernel starts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "error.h"

/*
 * The kernel maps the one before there are processes, and then starts the
 * other; the codes are those of the phases of its start (Microsoft: "Bug
 * Check Code Reference").
 */
static const struct {
    const char *file;
    const char *stop_code;
} files[] = {
    { "system32\\ntdll.dll", "0x0000006B PROCESS1_INITIALIZATION_FAILED" },
    { "system32\\smss.exe", "0x0000006F SESSION3_INITIALIZATION_FAILED" },
};

#define REMEDY_FILE \
    CONSOLE "expand the file from d:\\i386, or the newest service pack, " \
    "into system32"

bool check_session_manager(Check *check, Link *link, GError **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = windows_path(&check->place, files[i].file);
        GError *err = NULL;
        const char *why = NULL;

        link_set_object(link, "%s", path);
        if (!modules_find_fault(check->modules, path, &why, &err)) {
            return link_failed(link, err, errp);
        }
        if (why) {
            return link_broken(link, files[i].stop_code,
                               check_step(check, REMEDY_FILE, REMEDY_SFC),
                               "%s", why);
        }
    }
    return link_ok(link, "it and ntdll.dll can be loaded");
}
