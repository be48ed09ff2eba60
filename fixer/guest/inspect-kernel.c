/*
 * Inspect: HAL and kernels, and which of them boot.ini chooses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "inspect-internal.h"

/* Whether the entry starts the Windows that the report is about. */
static bool names_windows(const Inspection *in, const BootEntry *entry)
{
    const WindowsPlace *place = &in->windows->place;

    return boot_path_is_at(entry->path, in->disk, place->partition,
                           place->system_root, false);
}

/*
 * The entry by which this Windows starts: the default one, or if that is
 * another's its own first; NULL if it has none.
 */
static const BootEntry *find_entry(const Inspection *in)
{
    const WindowsPlace *place = &in->windows->place;

    return boot_ini_find(in->survey.boot_ini, in->disk, place->partition,
                         place->system_root, false);
}

/* What the BCD starts by itself, if that is this Windows; or NULL. */
static const BcdEntry *find_bcd_entry(const Inspection *in)
{
    const WindowsPlace *place = &in->windows->place;
    const BootManager *manager = in->survey.manager;
    const BcdEntry *entry = manager && manager->bcd ? manager->bcd->started
                                                    : NULL;

    return entry && entry->type == BCD_OBJECT_WINDOWS && entry->system_root &&
           bcd_device_partition(&entry->os_device, in->disk,
                                manager->partition) == place->partition &&
           g_ascii_strcasecmp(entry->system_root, place->system_root) == 0
           ? entry : NULL;
}

/* What the loader is told to take instead of the usual files; or NULL. */
typedef struct NamedFiles {
    char *hal;
    char *kernel;
} NamedFiles;

static void named_files_clear(NamedFiles *named)
{
    g_free(named->hal);
    g_free(named->kernel);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NamedFiles, named_files_clear)

/* Nothing is named by a name that is empty. */
static char *some_name(char *name)
{
    if (name && !*name) {
        g_clear_pointer(&name, g_free);
    }
    return name;
}

static void find_named_files(const Inspection *in, const BootEntry *entry,
                             NamedFiles *named)
{
    const BcdEntry *bcd = find_bcd_entry(in);

    named->hal = some_name(bcd ? g_strdup(bcd->hal)
                               : boot_entry_switch(entry, "HAL"));
    named->kernel = some_name(bcd ? g_strdup(bcd->kernel)
                                  : boot_entry_switch(entry, "KERNEL"));
}

/* Reads a file that has to be there; that it is not is a warning. */
static bool read_hal(Inspection *in, const char *file_name)
{
    g_autoptr(GError) err = NULL;

    in->has_hal = hal_read_file(in->volume, in->windows, file_name, &in->hal,
                                &err);
    if (!in->has_hal) {
        inspect_warn(in, "the HAL: %s", err->message);
    }
    return in->has_hal;
}

/* The HAL that is started, or would be if the file that is named were there. */
static void find_hal(Inspection *in, const NamedFiles *named)
{
    if (!named->hal || !read_hal(in, named->hal)) {
        read_hal(in, HAL_FILE);
    }
}

static bool is_listed(const Inspection *in, const char *path)
{
    for (guint i = 0; i < in->kernels->len; i++) {
        const InstalledKernel *installed = g_ptr_array_index(in->kernels, i);

        if (g_ascii_strcasecmp(installed->kernel.path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds a kernel, if it is there; one that boot.ini names has to be. */
static void add_kernel(Inspection *in, const char *file_name, bool named)
{
    g_autofree char *below = g_strconcat(HAL_FOLDER, file_name, NULL);
    g_autofree char *path = windows_path(&in->windows->place, below);
    g_autoptr(GError) err = NULL;
    InstalledKernel *installed;
    bool exists;

    if (is_listed(in, path) ||
        (!named && volume_exists(in->volume, path, &exists, NULL) &&
         !exists)) {
        return;
    }
    installed = g_new0(InstalledKernel, 1);
    if (kernel_read(in->volume, in->windows, file_name, &installed->kernel,
                    &err)) {
        g_ptr_array_add(in->kernels, installed);
    } else {
        inspect_warn(in, "the kernel: %s", err->message);
        g_free(installed);
    }
}

/* Those that any entry of this Windows names. */
static void add_named_kernels(Inspection *in)
{
    const BootIni *ini = in->survey.boot_ini;

    for (guint i = 0; ini && i < ini->entries->len; i++) {
        const BootEntry *entry = g_ptr_array_index(ini->entries, i);
        g_autofree char *name = boot_entry_switch(entry, "KERNEL");

        if (name && *name && names_windows(in, entry)) {
            add_kernel(in, name, true);
        }
    }
}

static bool is_file(const Kernel *kernel, const char *name)
{
    return g_ascii_strcasecmp(strrchr(kernel->path, '\\') + 1, name) == 0;
}

/* What the loader starts; where the processor decides, either. */
static bool is_used(const NamedFiles *named, PaeUse use,
                    const Kernel *kernel)
{
    if (named->kernel) {
        return is_file(kernel, named->kernel);
    }
    return (use != PAE_ALWAYS && is_file(kernel, KERNEL_FILE)) ||
           (use != PAE_NEVER && is_file(kernel, KERNEL_FILE_PAE));
}

/* The kernel for PAE may be started, and is not there. */
static void check_pae_kernel(Inspection *in, PaeUse use)
{
    g_autofree char *path = windows_path(&in->windows->place, HAL_FOLDER
                                         KERNEL_FILE_PAE);
    g_autofree char *missing = hal_pae_missing(use, path);
    bool exists;

    if (use != PAE_NEVER && in->windows->version.part[0] < 6 &&
        volume_exists(in->volume, path, &exists, NULL) && !exists) {
        inspect_warn(in, "%s", missing);
    }
}

/* What the registry calls the HAL, or would. */
static const char *registry_name(const HalRegistry *registry)
{
    const HalType *type = hal_find(registry->device_id);

    return registry->name ? registry->name
           : type ? type->name : registry->device_id;
}

static void check_registry(Inspection *in)
{
    const Hal *hal = &in->hal;
    const HalRegistry *registry = &in->hal_registry;

    if (!hal_is_consistent(hal, registry)) {
        inspect_warn(in, "%s is the one of '%s' (%s), but the registry speaks "
                     "of '%s' (%s): the HAL was exchanged", hal->path,
                     hal->type->name, hal->type->device_id,
                     registry_name(registry), registry->device_id);
    }
}

static void check_kernel(Inspection *in, const InstalledKernel *installed)
{
    g_autofree char *why = installed->used
                           ? hal_kernel_mismatch(&in->hal, &installed->kernel)
                           : NULL;

    if (why) {
        inspect_warn(in, "%s", why);
    }
}

/*
 * Up to Windows 7, winload chooses between the same two kernels for x86 by
 * what the processor has, unless the BCD says otherwise; later ones have only
 * one.
 */
static PaeUse pae_use(const Inspection *in, const BootEntry *entry)
{
    const Windows *windows = in->windows;

    if (windows->version.part[0] < 6) {
        return hal_pae_use(windows, entry);
    }
    return windows->machine == PE_MACHINE_I386 &&
           windows->version.part[0] == 6 && windows->version.part[1] < 2
           ? PAE_MAYBE : PAE_NEVER;
}

void inspect_kernels(Inspection *in)
{
    const BootEntry *entry = find_entry(in);
    PaeUse use = pae_use(in, entry);
    g_auto(NamedFiles) named = { 0 };

    find_named_files(in, entry, &named);
    find_hal(in, &named);
    add_kernel(in, KERNEL_FILE, true);
    add_kernel(in, KERNEL_FILE_PAE, false);
    add_named_kernels(in);
    if (named.kernel) {
        add_kernel(in, named.kernel, true);
    }
    check_pae_kernel(in, use);
    for (guint i = 0; i < in->kernels->len; i++) {
        InstalledKernel *installed = g_ptr_array_index(in->kernels, i);

        installed->used = is_used(&named, use, &installed->kernel);
        if (installed->used && in->has_hal) {
            hal_settle_type(&in->hal, &installed->kernel);
        }
    }
    for (guint i = 0; in->has_hal && i < in->kernels->len; i++) {
        check_kernel(in, g_ptr_array_index(in->kernels, i));
    }
    if (in->has_hal) {
        check_registry(in);
    }
}
