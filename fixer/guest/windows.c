/*
 * Windows: which one it is
 *
 * The kernel's version resource decides, since the kernel is what boots; the
 * registry adds what is only there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "guest-limits.h"
#include "registry.h"
#include "windows.h"

#define KERNEL "system32\\ntoskrnl.exe"

static const struct {
    uint16_t major, minor;
    const char *workstation, *server;
} names[] = {
    { 5,  0, "Windows 2000", "Windows 2000 Server" },
    { 5,  1, "Windows XP", "Windows XP" },
    { 5,  2, "Windows XP x64", "Windows Server 2003" },
    { 6,  0, "Windows Vista", "Windows Server 2008" },
    { 6,  1, "Windows 7", "Windows Server 2008 R2" },
    { 6,  2, "Windows 8", "Windows Server 2012" },
    { 6,  3, "Windows 8.1", "Windows Server 2012 R2" },
    { 10, 0, "Windows 10 or 11", "Windows Server 2016 or later" },
};

static const char *windows_name(const PeVersion *version, bool workstation)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].major == version->part[0] &&
            names[i].minor == version->part[1]) {
            return workstation ? names[i].workstation : names[i].server;
        }
    }
    return "unknown Windows";
}

static bool read_kernel(Windows *windows, Volume *volume, GError **errp)
{
    g_autofree char *path = windows_path(&windows->place, KERNEL);
    g_autoptr(GBytes) bytes = volume_read(volume, path, LIMIT_PE_SIZE, errp);
    g_autoptr(PeInfo) pe = bytes ? pe_parse(path, bytes, errp) : NULL;

    if (!pe) {
        return false;
    }
    if (!pe->has_version) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the kernel has no version resource, so that the "
                    "Windows cannot be told; repair it in the source VM",
                    path);
        return false;
    }
    windows->machine = pe->machine;
    windows->version = pe->file_version;
    return true;
}

static void read_registry(Windows *windows, Hive *system)
{
    unsigned set = g_array_index(windows->control_sets, unsigned, 0);
    g_autofree char *options =
        g_strdup_printf("ControlSet%03u\\Control\\ProductOptions", set);
    g_autofree char *control =
        g_strdup_printf("ControlSet%03u\\Control\\Windows", set);
    uint32_t csd_version = 0;

    windows->product_type = hive_get_string(system, options, "ProductType");
    if (!windows->product_type) {
        windows->product_type = g_strdup("unknown");
    }
    /* The service pack's major and minor number, a byte each. */
    hive_get_dword(system, control, "CSDVersion", &csd_version);
    windows->service_pack = csd_version >> 8 & 0xff;
    windows->controllers = controllers_find(system, set);
}

Windows *windows_identify(Volume *volume, Hive *system, WindowsPlace *place,
                          GPtrArray *warnings, GError **errp)
{
    g_autoptr(Windows) windows = g_new0(Windows, 1);

    windows->place = *place;
    place->system_root = NULL;
    windows->control_sets = registry_control_sets(system, "SYSTEM", warnings,
                                                  errp);
    if (!windows->control_sets || !read_kernel(windows, volume, errp)) {
        return NULL;
    }
    read_registry(windows, system);
    windows->name = windows_name(&windows->version,
                                 g_str_equal(windows->product_type,
                                             "WinNT"));
    return g_steal_pointer(&windows);
}

void windows_read_product_name(Windows *windows, Hive *software)
{
    g_free(windows->product_name);
    windows->product_name =
        hive_get_string(software, "Microsoft\\Windows NT\\CurrentVersion",
                        "ProductName");
}

void windows_free(Windows *windows)
{
    if (windows) {
        windows_place_clear(&windows->place);
        g_free(windows->product_name);
        g_free(windows->product_type);
        g_clear_pointer(&windows->control_sets, g_array_unref);
        g_clear_pointer(&windows->controllers, g_ptr_array_unref);
        g_free(windows);
    }
}
