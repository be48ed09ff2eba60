/*
 * Inspect: what is this guest
 *
 * Notes on the design
 *
 * Nothing is refused that can be read.  A guest that could not be prepared,
 * since it is hibernated, dirty, or NTLDR is where it cannot be read, is told
 * of all the same; the reasons are warnings.  What is found does not depend
 * on what was looked for before it: without a SYSTEM hive there are still
 * HAL and kernels, and a version.
 *
 * Few files are read: boot.ini, the HAL, the kernels, two hives, and the
 * drivers that disks may hang on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "inspect-internal.h"
#include "registry.h"

/* The loaders that make a partition the system partition. */
static const char *const loaders[] = { "\\ntldr", "\\bootmgr" };

static void free_installed_kernel(void *opaque)
{
    InstalledKernel *installed = opaque;

    kernel_clear(&installed->kernel);
    g_free(installed);
}

static void free_storage_driver(void *opaque)
{
    StorageDriver *driver = opaque;

    g_free(driver->name);
    g_free(driver->group);
    g_free(driver->path);
    g_free(driver);
}

static void inspection_init(Inspection *in, Overlay *overlay,
                            const InspectOptions *options)
{
    in->overlay = overlay;
    in->options = options;
    in->kinds = g_array_new(FALSE, FALSE, sizeof(VolumeKind));
    in->others = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                windows_place_free);
    in->dirty_volumes = g_ptr_array_new();
    in->kernels = g_ptr_array_new_with_free_func(free_installed_kernel);
    in->storage_drivers = g_ptr_array_new_with_free_func(free_storage_driver);
    in->vmware = g_ptr_array_new_with_free_func(g_free);
    in->hypervisor_drivers = g_ptr_array_new_with_free_func(g_free);
    in->warnings = g_ptr_array_new_with_free_func(g_free);
}

static void inspection_clear(Inspection *in)
{
    g_clear_pointer(&in->system, hive_file_free);
    g_clear_pointer(&in->volume, volume_free);
    g_clear_pointer(&in->windows, windows_free);
    windows_survey_clear(&in->survey);
    g_clear_pointer(&in->disk, disk_free);
    g_clear_pointer(&in->kinds, g_array_unref);
    g_clear_pointer(&in->others, g_ptr_array_unref);
    g_clear_pointer(&in->dirty_volumes, g_ptr_array_unref);
    hal_clear(&in->hal);
    hal_registry_clear(&in->hal_registry);
    g_clear_pointer(&in->kernels, g_ptr_array_unref);
    g_clear_pointer(&in->storage_drivers, g_ptr_array_unref);
    g_clear_pointer(&in->vmware, g_ptr_array_unref);
    g_clear_pointer(&in->hypervisor_drivers, g_ptr_array_unref);
    g_clear_pointer(&in->warnings, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inspection, inspection_clear)

void inspect_clip(char *text)
{
    static const char dots[] = "...";

    if (text && strlen(text) > LIMIT_REPORT_STRING) {
        strcpy(text + LIMIT_REPORT_STRING - strlen(dots), dots);
    }
}

/* Several parts may come upon the same obstacle; once is enough. */
void inspect_warn(Inspection *in, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    inspect_clip(text);
    if (in->warnings->len == LIMIT_WARNINGS) {
        g_free(text);
        text = g_strdup("there is more to warn of, which is left out");
    } else if (in->warnings->len > LIMIT_WARNINGS) {
        return;
    }
    if (!g_ptr_array_find_with_equal_func(in->warnings, text, g_str_equal,
                                          NULL)) {
        g_ptr_array_add(in->warnings, g_steal_pointer(&text));
    }
}

/* Makes @err a warning; one that the disk cannot be read stays an error. */
static bool forgive(Inspection *in, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    inspect_warn(in, "%s", err->message);
    g_error_free(err);
    return true;
}

/* Partition tables that are refused are told of, damaged ones are not. */
static bool read_disk(Inspection *in, GError **errp)
{
    GError *err = NULL;

    in->disk = disk_read(in->overlay, &err);
    if (!in->disk) {
        if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_INVALID)) {
            g_propagate_error(errp, err);
            return false;
        }
        in->disk = disk_new();
        return forgive(in, err, errp);
    }
    in->has_table = true;
    disk_add_warnings(in->disk, in->warnings);
    for (guint i = 0; i < in->disk->partitions->len; i++) {
        VolumeKind kind;

        if (!volume_probe(in->overlay,
                          &g_array_index(in->disk->partitions, Partition, i),
                          &kind, errp)) {
            return false;
        }
        g_array_append_val(in->kinds, kind);
    }
    return true;
}

static bool has_loader(Volume *volume)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(loaders); i++) {
        bool exists;

        if (volume_exists(volume, loaders[i], &exists, NULL) && exists) {
            return true;
        }
    }
    return false;
}

/* Whether a volume is in order, and whether the firmware starts from it. */
static bool look_at_volume(Inspection *in, const Partition *partition,
                           GError **errp)
{
    GError *err = NULL;
    g_autoptr(Volume) volume = volume_open(in->overlay, partition,
                                           VOLUME_READ_ONLY, &err);

    if (!volume) {
        return forgive(in, err, errp);
    }
    if (partition->active && (in->survey.boot_ini || has_loader(volume))) {
        in->bios = in->system_partition = partition;
    }
    if (!volume_check_not_hibernated(volume, &err)) {
        in->hibernated |= g_error_matches(err, GUEST_ERROR,
                                          GUEST_ERROR_REFUSED);
        return forgive(in, err, errp);
    }
    if (!volume_check_clean(volume, false, in->warnings, &err)) {
        g_ptr_array_add(in->dirty_volumes, (gpointer)partition);
        return forgive(in, err, errp);
    }
    return true;
}

static bool look_at_volumes(Inspection *in, GError **errp)
{
    for (guint i = 0; i < in->kinds->len; i++) {
        const Partition *partition = &g_array_index(in->disk->partitions,
                                                    Partition, i);

        if (g_array_index(in->kinds, VolumeKind, i) == VOLUME_NTFS &&
            !look_at_volume(in, partition, errp)) {
            return false;
        }
    }
    return true;
}

/* A boot manager may be on a FAT volume, as that of UEFI always is. */
static void look_at_managers(Inspection *in)
{
    const BootManagers *managers = &in->survey.managers;

    if (managers->bios) {
        in->bios = managers->bios->partition;
    }
    if (managers->uefi) {
        in->uefi = managers->uefi->partition;
    }
    if (in->survey.manager) {
        in->system_partition = in->survey.manager->partition;
    }
}

static void copy_place(const WindowsPlace *place, WindowsPlace *copy)
{
    copy->partition = place->partition;
    copy->system_root = g_strdup(place->system_root);
}

/* Which Windows it is, by its kernel; that it is damaged is a warning. */
static bool identify(Inspection *in, GError **errp)
{
    const WindowsPlace *chosen = in->survey.chosen;
    g_auto(WindowsPlace) place = { 0 };
    GError *err = NULL;

    if (!chosen) {
        return true;
    }
    copy_place(chosen, &place);
    in->volume = volume_open(in->overlay, place.partition, VOLUME_READ_ONLY,
                             &err);
    in->windows = in->volume ? windows_identify(in->volume, &place, &err)
                             : NULL;
    return in->windows || forgive(in, err, errp);
}

/* All installations but the one that the report is about. */
static void list_others(Inspection *in)
{
    for (guint i = 0; in->survey.found && i < in->survey.found->len; i++) {
        const WindowsPlace *place = g_ptr_array_index(in->survey.found, i);

        if (!in->windows || place != in->survey.chosen) {
            WindowsPlace *copy = g_new0(WindowsPlace, 1);

            copy_place(place, copy);
            g_ptr_array_add(in->others, copy);
        }
    }
}

/* What NTLDR goes by, or at the last start went by, if it is there. */
static void choose_control_set(Inspection *in)
{
    static const char *const names[] = { "Current", "Default" };
    const GArray *sets = in->windows->control_sets;

    in->control_set = g_array_index(sets, unsigned, 0);
    for (unsigned n = 0; n < G_N_ELEMENTS(names); n++) {
        uint32_t set = 0;

        hive_get_dword(in->system->hive, "Select", names[n], &set);
        for (guint i = 0; i < sets->len; i++) {
            if (g_array_index(sets, unsigned, i) == set) {
                in->control_set = set;
            }
        }
    }
}

static void read_clock(Inspection *in)
{
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Control\\TimeZoneInformation",
                        in->control_set);
    uint32_t universal = 0;

    hive_get_dword(in->system->hive, path, "RealTimeIsUniversal",
                   &universal);
    in->real_time_is_universal = universal != 0;
}

/* What the SYSTEM hive tells of Windows; without it, nothing. */
static bool open_registry(Inspection *in, GError **errp)
{
    GError *err = NULL;

    in->system = hive_file_open(in->volume, in->windows, REGISTRY_SYSTEM,
                                in->options->dirty_hive, in->warnings, &err);
    if (in->system &&
        windows_read_registry(in->windows, in->system->hive,
                              in->system->where, in->warnings, &err)) {
        choose_control_set(in);
        read_clock(in);
        hal_read_registry(in->system->hive, in->control_set,
                          &in->hal_registry);
        inspect_clip(in->hal_registry.name);
        inspect_clip(in->hal_registry.device_id);
        return true;
    }
    g_clear_pointer(&in->system, hive_file_free);
    windows_lack_registry(in->windows);
    g_prefix_error(&err, "what the registry tells is left out: ");
    return forgive(in, err, errp);
}

static bool read_product_name(Inspection *in, GError **errp)
{
    GError *err = NULL;
    g_autoptr(HiveFile) software =
        hive_file_open(in->volume, in->windows, REGISTRY_SOFTWARE,
                       in->options->dirty_hive, in->warnings, &err);

    if (software) {
        windows_read_product_name(in->windows, software->hive);
        inspect_clip(in->windows->product_name);
        inspect_clip(in->windows->edition);
        inspect_clip(in->windows->release);
        return true;
    }
    g_prefix_error(&err, "the product's name cannot be read: ");
    return forgive(in, err, errp);
}

static bool look_at_windows(Inspection *in, GError **errp)
{
    if (!in->windows) {
        return true;
    }
    if (!open_registry(in, errp) || !read_product_name(in, errp)) {
        return false;
    }
    inspect_kernels(in);
    return !in->system || (inspect_storage_drivers(in, errp) &&
                           inspect_leftovers(in, errp));
}

/* Where there are no partitions that is said already. */
static bool survey(Inspection *in, GError **errp)
{
    return (in->disk->partitions->len == 0 && !in->options->windows) ||
           windows_survey(in->overlay, in->disk, in->options->windows,
                          &in->survey, in->warnings, errp);
}

char *inspect_run(Overlay *overlay, const InspectOptions *options,
                  GError **errp)
{
    g_auto(Inspection) in = { 0 };

    inspection_init(&in, overlay, options);
    if (!read_disk(&in, errp) || !survey(&in, errp) ||
        !look_at_volumes(&in, errp) || !identify(&in, errp)) {
        return NULL;
    }
    look_at_managers(&in);
    list_others(&in);
    return look_at_windows(&in, errp) ? inspect_report(&in) : NULL;
}
