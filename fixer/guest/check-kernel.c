/*
 * Check: what the boot loader loads first, kernel and HAL
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

static const char *remedy_kernel(const Check *check)
{
    return check_step(check, REMEDY_KERNEL, REMEDY_SFC);
}

bool check_open_windows(Check *check, GError **errp)
{
    if (!check->volume &&
        check->place.partition == check->system_partition) {
        check->volume = check->system_volume;
    }
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
        missing_or_corrupt(check, "<Windows root>\\system32\\hal.dll");

    return link_broken(link, screen,
                       check_step(check, CONSOLE "bootcfg /rebuild",
                                  RECOVERY "bootrec /rebuildbcd"),
                       "partition %u has no such directory",
                       check->place.partition->number);
}

/* A Windows that this loader does not start, or this machine does not suit. */
static bool is_out_of_place(const Check *check, Link *link,
                            const char *version)
{
    const Windows *windows = check->windows;
    bool by_bootmgr = pe_version_at_least(&windows->version, 6, 0);

    if (by_bootmgr != (check->loader == LOADER_BOOTMGR) ||
        !pe_version_at_least(&windows->version, 5, 0)) {
        return link_unknown(link, "it is %s, version %s, which %s is not "
                            "known to start", windows->name, version,
                            check_loader_name(check));
    }
    if (!check_machine_is_for(check->machine, &windows->version)) {
        return link_unknown(link, "it is %s, version %s, which has no driver "
                            "of its own for the disk of %s", windows->name,
                            version, check->machine->name);
    }
    return false;
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
    if (is_out_of_place(check, link, version)) {
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

static bool judge_no_kernel(const Check *check, Link *link)
{
    g_autofree char *path = windows_path(&check->place, HAL_FOLDER
                                         KERNEL_FILE);
    g_autofree char *screen = missing_or_corrupt(check, path);

    return link_broken(link, screen, remedy_kernel(check),
                       "%s is missing", path);
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
    if (check_open_windows(check, &err) &&
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

/* A file that the loader misses, or cannot load. */
static bool judge_file(const Check *check, Link *link, const char *path,
                       const char *why)
{
    g_autofree char *screen = missing_or_corrupt(check, path);

    link_set_object(link, "%s", path);
    return link_broken(link, screen, remedy_kernel(check), "%s", why);
}

bool check_file(Check *check, Link *link, const char *file, bool *good,
                GError **errp)
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
        return judge_file(check, link, path, why);
    }
    link_set_object(link, "%s", path);
    if (check->loader == LOADER_BOOTMGR) {
        return judge_file(check, link, path, why);
    }
    return link_broken(link, LOAD_DLLS, REMEDY_KERNEL, "%s", why);
}

/* Whether NTLDR has PAE on, or may have, when it starts @file. */
static PaeUse find_mode(const Check *check, const char *file)
{
    g_autofree char *named = boot_entry_switch(check->entry, "KERNEL");
    bool chosen = !named || !*named;

    if (boot_entry_has(check->entry, "NOPAE")) {
        return PAE_NEVER;
    }
    return boot_entry_has(check->entry, "PAE") ||
           (chosen && g_str_equal(file, KERNEL_FILE_PAE)) ? PAE_ALWAYS
           : hal_wants_nx(check->windows, check->entry) ? PAE_MAYBE
           : PAE_NEVER;
}

/* Why the kernel does not go with the mode; NULL: it may. */
static const char *judge_mode(const Check *check, const Kernel *kernel,
                              const char *file)
{
    PaeUse mode = find_mode(check, file);

    if (!kernel->setup_name ||
        check->windows->machine != PE_MACHINE_I386) {
        return NULL;
    }
    if (kernel->pae && mode == PAE_NEVER) {
        return "it is a kernel for PAE, which NTLDR would start without: "
               "what becomes of that was not found out";
    }
    return !kernel->pae && mode == PAE_ALWAYS
           ? "it is no kernel for PAE, with which NTLDR would start it: what "
             "becomes of that was not found out" : NULL;
}

/*
 * Whether @file, a kernel that can be loaded, goes with the HAL, and with how
 * NTLDR starts it.
 */
static bool check_pair(Check *check, Link *link, Hal *hal, const char *file,
                       bool *good, GError **errp)
{
    g_auto(Kernel) kernel = { 0 };
    g_autofree char *why = NULL;
    const char *doubt;
    GError *err = NULL;

    *good = false;
    if (!kernel_read(check->volume, check->windows, file, &kernel, &err)) {
        return link_failed(link, err, errp);
    }
    link_set_object(link, "%s", kernel.path);
    hal_settle_type(hal, &kernel);
    why = hal_kernel_mismatch(hal, &kernel);
    if (why) {
        return link_broken(link, STOP_HAL, REMEDY_KERNEL, "%s", why);
    }
    doubt = judge_mode(check, &kernel, file);
    *good = !doubt;
    return !doubt || link_unknown(link, "%s", doubt);
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
