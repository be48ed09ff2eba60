/*
 * HAL and kernels: which of them are installed, and whether they fit
 *
 * The table is that of Microsoft's hal.inf (KB309283, KB249694), with the
 * names of the files on the setup CD.  These stand in the version resources
 * of the installed files, which setup has renamed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hal.h"
#include "hive-strings.h"

/* The class Computer, of which the only device is the HAL. */
#define COMPUTER_CLASS "{4D36E966-E325-11CE-BFC1-08002BE10318}"

#define MISMATCHED_HAL "STOP 0x00000079 MISMATCHED_HAL"

static const HalType types[] = {
    { "standard", "e_isa_up", "Standard PC", "hal.dll", PE_MACHINE_I386,
      HAL_FAMILY_STANDARD, false, false, false },
    { "acpi-pic", "acpipic_up",
      "Advanced Configuration and Power Interface (ACPI) PC", "halacpi.dll",
      PE_MACHINE_I386, HAL_FAMILY_ACPI, true, false, false },
    { "acpi-up", "acpiapic_up", "ACPI Uniprocessor PC", "halaacpi.dll",
      PE_MACHINE_I386, HAL_FAMILY_ACPI, true, true, false },
    { "acpi-mp", "acpiapic_mp", "ACPI Multiprocessor PC", "halmacpi.dll",
      PE_MACHINE_I386, HAL_FAMILY_ACPI, true, true, true },
    { "mps-up", "mps_up", "MPS Uniprocessor PC", "halapic.dll",
      PE_MACHINE_I386, HAL_FAMILY_MPS, false, true, false },
    { "mps-mp", "mps_mp", "MPS Multiprocessor PC", "halmps.dll",
      PE_MACHINE_I386, HAL_FAMILY_MPS, false, true, true },
    { "syspro-mp", "syspro_mp",
      "Compaq SystemPro Multiprocessor or 100% Compatible", "halsp.dll",
      PE_MACHINE_I386, HAL_FAMILY_SYSTEMPRO, false, false, true },
    /* Of x64 there is one family, and one file name. */
    { NULL, "acpiapic_up", "ACPI Uniprocessor x64-based PC", "hal.dll",
      PE_MACHINE_AMD64, HAL_FAMILY_ACPI, true, true, false },
    { NULL, "acpiapic_mp", "ACPI Multiprocessor x64-based PC", "hal.dll",
      PE_MACHINE_AMD64, HAL_FAMILY_ACPI, true, true, true },
};

static const struct {
    const char *file;
    bool multiprocessor, pae;
} kernels[] = {
    { "ntoskrnl.exe", false, false },
    { "ntkrnlmp.exe", true, false },
    { "ntkrnlpa.exe", false, true },
    { "ntkrpamp.exe", true, true },
};

const HalType *hal_find(const char *device_id)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].machine == PE_MACHINE_I386 &&
            g_ascii_strcasecmp(types[i].device_id, device_id) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const HalType *hal_find_file(const char *original_filename)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].machine == PE_MACHINE_I386 &&
            g_ascii_strcasecmp(types[i].file, original_filename) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const HalType *hal_find_option(const char *option)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].option && g_str_equal(types[i].option, option)) {
            return &types[i];
        }
    }
    return NULL;
}

char *hal_options(void)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(types) && types[i].option; i++) {
        g_string_append_printf(list, "%s%s", i ? ", " : "", types[i].option);
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

const char *hal_family_name(HalFamily family)
{
    switch (family) {
    case HAL_FAMILY_ACPI:
        return "ACPI";
    case HAL_FAMILY_MPS:
        return "MPS";
    case HAL_FAMILY_SYSTEMPRO:
        return "SystemPro";
    default:
        return "Standard PC";
    }
}

static char *path_in_system32(const Windows *windows, const char *file_name)
{
    g_autofree char *below = g_strconcat(HAL_FOLDER, file_name, NULL);

    return windows_path(&windows->place, below);
}

/* By one of the two names that a version resource has. */
static const HalType *type_by_names(const PeInfo *pe)
{
    const HalType *type = NULL;

    if (pe->machine == PE_MACHINE_I386 && pe->original_filename) {
        type = hal_find_file(pe->original_filename);
    }
    if (pe->machine == PE_MACHINE_I386 && !type && pe->internal_name) {
        type = hal_find_file(pe->internal_name);
    }
    return type;
}

bool hal_parse(const char *path, GBytes *bytes, Hal *hal, GError **errp)
{
    g_autoptr(PeInfo) pe = pe_parse(path, bytes, errp);

    if (!pe) {
        return false;
    }
    hal->path = g_strdup(path);
    hal->machine = pe->machine;
    hal->has_version = pe->has_version;
    hal->version = pe->file_version;
    hal->original_filename = g_strdup(pe->original_filename);
    hal->type = type_by_names(pe);
    return true;
}

bool hal_read_file(Volume *volume, const Windows *windows,
                   const char *file_name, Hal *hal, GError **errp)
{
    g_autofree char *path = path_in_system32(windows, file_name);
    g_autoptr(GBytes) bytes = volume_read(volume, path, LIMIT_PE_SIZE, errp);

    return bytes && hal_parse(path, bytes, hal, errp);
}

void hal_settle_type(Hal *hal, const Kernel *kernel)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (hal->machine == PE_MACHINE_AMD64 && kernel->setup_name &&
            types[i].machine == PE_MACHINE_AMD64 &&
            types[i].multiprocessor == kernel->multiprocessor) {
            hal->type = &types[i];
        }
    }
}

void hal_clear(Hal *hal)
{
    g_clear_pointer(&hal->path, g_free);
    g_clear_pointer(&hal->original_filename, g_free);
}

/* Whether the kernel is the one of that name on the setup CD. */
static bool take_kernel_name(Kernel *kernel, const char *name)
{
    for (unsigned i = 0; name && i < G_N_ELEMENTS(kernels); i++) {
        if (g_ascii_strcasecmp(kernels[i].file, name) == 0) {
            kernel->setup_name = kernels[i].file;
            kernel->multiprocessor = kernels[i].multiprocessor;
            kernel->pae = kernels[i].pae;
            return true;
        }
    }
    return false;
}

const char *kernel_setup_name(bool multiprocessor, bool pae)
{
    unsigned i = 0;

    while (kernels[i].multiprocessor != multiprocessor ||
           kernels[i].pae != pae) {
        i++;
    }
    return kernels[i].file;
}

bool kernel_parse(const char *path, GBytes *bytes, Kernel *kernel,
                  GError **errp)
{
    g_autoptr(PeInfo) pe = pe_parse(path, bytes, errp);

    if (!pe) {
        return false;
    }
    kernel->path = g_strdup(path);
    kernel->machine = pe->machine;
    kernel->has_version = pe->has_version;
    kernel->version = pe->file_version;
    kernel->original_filename = g_strdup(pe->original_filename);
    if (!take_kernel_name(kernel, pe->original_filename)) {
        take_kernel_name(kernel, pe->internal_name);
    }
    /* Pages of an x64 processor are those of PAE, whatever the name says. */
    if (kernel->machine == PE_MACHINE_AMD64) {
        kernel->pae = true;
    }
    return true;
}

bool kernel_read(Volume *volume, const Windows *windows,
                 const char *file_name, Kernel *kernel, GError **errp)
{
    g_autofree char *path = path_in_system32(windows, file_name);
    g_autoptr(GBytes) bytes = volume_read(volume, path, LIMIT_PE_SIZE, errp);

    return bytes && kernel_parse(path, bytes, kernel, errp);
}

void kernel_clear(Kernel *kernel)
{
    g_clear_pointer(&kernel->path, g_free);
    g_clear_pointer(&kernel->original_filename, g_free);
}

/* Windows XP SP2 and Server 2003 SP1 know of pages without execution. */
static bool knows_nx(const Windows *windows)
{
    return windows->version.part[0] == 5 &&
           ((windows->version.part[1] == 1 && windows->service_pack >= 2) ||
            (windows->version.part[1] == 2 && windows->service_pack >= 1));
}

/* Where there is NX, it takes the kernel for PAE to be of use (KB900524). */
bool hal_wants_nx(const Windows *windows, const BootEntry *entry)
{
    g_autofree char *policy = boot_entry_switch(entry, "NOEXECUTE");

    return knows_nx(windows) && !boot_entry_has(entry, "EXECUTE") &&
           g_ascii_strcasecmp(policy ? policy : "", "AlwaysOff") != 0;
}

PaeUse hal_pae_use(const Windows *windows, const BootEntry *entry)
{
    g_autofree char *named = boot_entry_switch(entry, "KERNEL");

    if ((named && *named) || windows->machine != PE_MACHINE_I386 ||
        boot_entry_has(entry, "NOPAE")) {
        return PAE_NEVER;
    }
    return boot_entry_has(entry, "PAE") ? PAE_ALWAYS
           : hal_wants_nx(windows, entry) ? PAE_MAYBE : PAE_NEVER;
}

char *hal_pae_missing(PaeUse use, const char *path)
{
    return g_strdup_printf("%s is missing, which NTLDR starts %s: whether it "
                           "starts " KERNEL_FILE " instead is not known",
                           path, use == PAE_ALWAYS
                                 ? "because of /PAE"
                                 : "where the processor has NX");
}

/* The first HardwareID of the HAL's device, by which setup chose it. */
static char *read_hardware_id(Hive *system, unsigned set)
{
    static const char *const devices[] = { "ACPI_HAL", "PCI_HAL" };

    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *path =
            g_strdup_printf("ControlSet%03u\\Enum\\Root\\%s\\0000", set,
                            devices[i]);
        g_auto(GStrv) ids = hive_key_strings(system,
                                             hive_find_key(system, path),
                                             "HardwareID");

        if (ids && ids[0]) {
            return g_strdup(ids[0]);
        }
    }
    return NULL;
}

/* The class has one device, 0000, or more if the HAL was changed. */
void hal_read_registry(Hive *system, unsigned set, HalRegistry *registry)
{
    g_autofree char *path =
        g_strdup_printf("ControlSet%03u\\Control\\Class\\" COMPUTER_CLASS,
                        set);
    g_autoptr(GArray) keys = hive_subkeys(system,
                                          hive_find_key(system, path));

    registry->device_id = read_hardware_id(system, set);
    for (guint i = 0; i < keys->len && !registry->name; i++) {
        HiveKey key = g_array_index(keys, HiveKey, i);
        g_autofree char *id = hive_key_string(system, key,
                                              "MatchingDeviceId");

        if (id && (!registry->device_id ||
                   g_ascii_strcasecmp(id, registry->device_id) == 0)) {
            registry->name = hive_key_string(system, key, "DriverDesc");
            g_free(registry->device_id);
            registry->device_id = g_steal_pointer(&id);
        }
    }
}

void hal_registry_clear(HalRegistry *registry)
{
    g_clear_pointer(&registry->name, g_free);
    g_clear_pointer(&registry->device_id, g_free);
}

/* Windows Vista and later know "acpiapic", whatever the processors. */
bool hal_is_consistent(const Hal *hal, const HalRegistry *registry)
{
    g_autofree char *family = NULL;

    if (!hal->type || !registry->device_id) {
        return true;
    }
    family = g_strconcat(registry->device_id, "_", NULL);
    return g_ascii_strcasecmp(hal->type->device_id,
                              registry->device_id) == 0 ||
           g_ascii_strncasecmp(hal->type->device_id, family,
                               strlen(family)) == 0;
}

static char *different_machine(const Hal *hal, const Kernel *kernel)
{
    g_autofree char *of_hal = pe_machine_string(hal->machine);
    g_autofree char *of_kernel = pe_machine_string(kernel->machine);

    return hal->machine == kernel->machine
           ? NULL
           : g_strdup_printf("%s is for %s, %s for %s: the boot loader does "
                             "not load them together", hal->path, of_hal,
                             kernel->path, of_kernel);
}

static const char *processors(bool multiprocessor)
{
    return multiprocessor ? "several processors" : "one processor";
}

/* Windows Vista and later have no kernel that is for one processor only. */
static char *different_processors(const Hal *hal, const Kernel *kernel)
{
    if (!hal->type || !kernel->setup_name || kernel->version.part[0] > 5 ||
        hal->type->multiprocessor == kernel->multiprocessor) {
        return NULL;
    }
    return g_strdup_printf("%s (%s) is for %s, %s (%s) for %s: "
                           MISMATCHED_HAL, hal->path, hal->type->file,
                           processors(hal->type->multiprocessor),
                           kernel->path, kernel->setup_name,
                           processors(kernel->multiprocessor));
}

/* Hotfixes raise the last part of the one and not of the other. */
static char *different_build(const Hal *hal, const Kernel *kernel)
{
    g_autofree char *of_hal = pe_version_string(&hal->version);
    g_autofree char *of_kernel = pe_version_string(&kernel->version);
    PeVersion a = hal->version, b = kernel->version;

    a.part[3] = b.part[3] = 0;
    if (!hal->has_version || !kernel->has_version ||
        pe_version_compare(&a, &b) == 0) {
        return NULL;
    }
    return g_strdup_printf("%s has version %s, %s version %s: "
                           MISMATCHED_HAL, hal->path, of_hal, kernel->path,
                           of_kernel);
}

char *hal_kernel_mismatch(const Hal *hal, const Kernel *kernel)
{
    char *why = different_machine(hal, kernel);

    if (!why) {
        why = different_processors(hal, kernel);
    }
    return why ? why : different_build(hal, kernel);
}
