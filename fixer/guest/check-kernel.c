/*
 * Check: what NTLDR loads first, kernel and HAL
 *
 * Where the processor decides which kernel starts (hal_pae_use()), both have
 * to go with the HAL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "error.h"
#include "hal.h"

#define STOP_HAL "0x00000079 MISMATCHED_HAL"

/* NTLDR's words for a module that kernel or HAL import from. */
#define LOAD_DLLS "load needed DLLs for kernel"

#define REMEDY_KERNEL \
    CONSOLE "expand hal.dl_ and the kernels of the same CD and service pack " \
    "into system32"

static bool open_volume(Check *check, GError **errp)
{
    check->volume = check->place.partition == check->system_partition
                    ? check->system_volume : NULL;
    if (check->volume) {
        return true;
    }
    check->volume = check_open_volume(check, check->place.partition, errp);
    return check->volume &&
           check_volume_state(check, check->volume, errp);
}

/* Without it NTLDR lacks the HAL first, that of Windows 2000 the kernel. */
static bool judge_no_root(Check *check, Link *link)
{
    g_autofree char *screen =
        missing_or_corrupt("<Windows root>\\system32\\hal.dll");

    return link_broken(link, screen, CONSOLE "bootcfg /rebuild",
                       "partition %u has no such directory",
                       check->place.partition->number);
}

/* Of the kernel nothing may be known; the next link says why. */
static bool judge_windows(Check *check, Link *link, GError *err,
                          GError **errp)
{
    g_autofree char *version = NULL;
    g_autofree char *too_large = NULL;
    const Windows *windows = check->windows;

    if (!windows) {
        return link_failed(link, err, errp);
    }
    version = pe_version_string(&windows->version);
    if (windows->version.part[0] != 5) {
        link_unknown(link, "it is %s, version %s: only Windows 2000, XP and "
                     "Server 2003 are looked at", windows->name, version);
        g_clear_pointer(&check->windows, windows_free);
        return true;
    }
    too_large = windows_check_size(windows, check->disk);
    if (too_large) {
        check_warn(check, "%s", too_large);
    }
    check->modules = modules_new(check->volume, windows);
    return link_ok(link, "it is %s, version %s", windows->name, version);
}

static bool judge_no_kernel(Check *check, Link *link)
{
    g_autofree char *path = windows_path(&check->place, HAL_FOLDER
                                         KERNEL_FILE);
    g_autofree char *screen = missing_or_corrupt(path);

    return link_broken(link, screen, REMEDY_KERNEL, "%s is missing", path);
}

bool check_system_root(Check *check, Link *link, GError **errp)
{
    WindowsPlace place = {
        .partition = check->place.partition,
        .system_root = g_strdup(check->place.system_root),
    };
    GError *err = NULL;
    bool exists = false;

    link_set_object(link, "partition %u: %s", place.partition->number,
                    windows_root(&place));
    if (open_volume(check, &err) &&
        volume_exists(check->volume, windows_root(&place), &exists, &err) &&
        exists) {
        check->windows = windows_identify(check->volume, &place, &err);
    }
    windows_place_clear(&place);
    if (!err && !exists) {
        return judge_no_root(check, link);
    }
    if (exists && g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_clear_error(&err);
        return judge_no_kernel(check, link);
    }
    return judge_windows(check, link, err, errp);
}

/* The files that the started entry names, or the usual ones. */
static char *named_file(const Check *check, const char *name,
                        const char *usual)
{
    g_autofree char *named = boot_entry_switch(check->entry, name);

    return g_strdup(named && *named ? named : usual);
}

/* A file that NTLDR misses, or cannot load. */
static bool judge_file(Link *link, const char *path, const char *why)
{
    g_autofree char *screen = missing_or_corrupt(path);

    link_set_object(link, "%s", path);
    return link_broken(link, screen, REMEDY_KERNEL, "%s", why);
}

/*
 * Whether the file and all that it imports from can be loaded; *@good is what
 * came out, else the link is broken.
 */
static bool check_file(Check *check, Link *link, const char *file,
                       bool *good, GError **errp)
{
    g_autofree char *below = g_strconcat(HAL_FOLDER, file, NULL);
    g_autofree char *path = windows_path(&check->place, below);
    GError *err = NULL;
    const char *why = NULL;

    *good = false;
    if (!modules_find_fault(check->modules, path, &why, &err)) {
        return link_failed(link, err, errp);
    }
    *good = !why;
    if (!why) {
        return true;
    }
    if (g_str_has_prefix(why, path) && !strstr(why, " imports from ")) {
        return judge_file(link, path, why);
    }
    link_set_object(link, "%s", path);
    return link_broken(link, LOAD_DLLS, REMEDY_KERNEL, "%s", why);
}

/* Whether @file, a kernel that can be loaded, goes with the HAL. */
static bool check_pair(Check *check, Link *link, Hal *hal, const char *file,
                       bool *good, GError **errp)
{
    g_auto(Kernel) kernel = { 0 };
    g_autofree char *why = NULL;
    GError *err = NULL;

    *good = false;
    if (!kernel_read(check->volume, check->windows, file, &kernel, &err)) {
        return link_failed(link, err, errp);
    }
    link_set_object(link, "%s", kernel.path);
    hal_settle_type(hal, &kernel);
    why = hal_kernel_mismatch(hal, &kernel);
    *good = !why;
    return !why || link_broken(link, STOP_HAL, REMEDY_KERNEL, "%s", why);
}

/* Loads one kernel: itself, its imports, and whether it goes with the HAL. */
static bool check_kernel(Check *check, Link *link, Hal *hal,
                         const char *file, bool *good, GError **errp)
{
    return check_file(check, link, file, good, errp) &&
           (!*good || check_pair(check, link, hal, file, good, errp));
}

/* The kernel for PAE, which NTLDR starts. */
static bool check_pae_kernel(Check *check, Link *link, Hal *hal, PaeUse use,
                             bool *good, GError **errp)
{
    g_autofree char *path = windows_path(&check->place, HAL_FOLDER
                                         KERNEL_FILE_PAE);
    g_autofree char *missing = hal_pae_missing(use, path);
    GError *err = NULL;
    bool exists;

    *good = false;
    if (!volume_exists(check->volume, path, &exists, &err)) {
        return link_failed(link, err, errp);
    }
    return exists ? check_kernel(check, link, hal, KERNEL_FILE_PAE, good,
                                 errp)
                  : link_unknown(link, "%s", missing);
}

/* The kernel that is started, or each that the processor may choose. */
static bool check_kernels(Check *check, Link *link, Hal *hal, PaeUse use,
                          const char *file, bool *good, GError **errp)
{
    *good = true;
    if (use != PAE_ALWAYS &&
        !check_kernel(check, link, hal, file, good, errp)) {
        return false;
    }
    return use == PAE_NEVER || !*good ||
           check_pae_kernel(check, link, hal, use, good, errp);
}

bool check_kernel_hal(Check *check, Link *link, GError **errp)
{
    g_autofree char *hal_file = named_file(check, "HAL", HAL_FILE);
    PaeUse use = hal_pae_use(check->windows, check->entry);
    g_autofree char *kernel_file =
        named_file(check, "KERNEL", use == PAE_ALWAYS ? KERNEL_FILE_PAE
                                                      : KERNEL_FILE);
    g_auto(Hal) hal = { 0 };
    GError *err = NULL;
    bool good = false;

    if (!check_file(check, link, hal_file, &good, errp) || !good) {
        return link->text != NULL;
    }
    if (!hal_read_file(check->volume, check->windows, hal_file, &hal, &err)) {
        return link_failed(link, err, errp);
    }
    if (!check_kernels(check, link, &hal, use, kernel_file, &good,
                       errp)) {
        return false;
    }
    check->hal_type = hal.type;
    if (good) {
        link_set_object(link, "%s", hal.path);
        link_ok(link, "%s goes with %s",
                hal.type ? hal.type->name : "an unknown HAL", kernel_file);
    }
    return true;
}
