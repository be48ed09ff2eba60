/*
 * Unit test of HALs and kernels: the table, and what goes together
 *
 * What is read from guests is tested by test-inspect.py.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hal.h"
#include "util.h"

/* hal.inf's ids, the files on the setup CD, and what they take. */
static const struct {
    const char *option, *device_id, *file, *family;
    bool acpi, apic, multiprocessor;
} table[] = {
    { "standard", "e_isa_up", "hal.dll", "Standard PC", false, false, false },
    { "acpi-pic", "acpipic_up", "halacpi.dll", "ACPI", true, false, false },
    { "acpi-up", "acpiapic_up", "halaacpi.dll", "ACPI", true, true, false },
    { "acpi-mp", "acpiapic_mp", "halmacpi.dll", "ACPI", true, true, true },
    { "mps-up", "mps_up", "halapic.dll", "MPS", false, true, false },
    { "mps-mp", "mps_mp", "halmps.dll", "MPS", false, true, true },
    { "syspro-mp", "syspro_mp", "halsp.dll", "SystemPro", false, false,
      true },
};

static void test_table(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *upper = g_ascii_strup(table[i].file, -1);
        const HalType *type = hal_find(table[i].device_id);

        g_test_message("%s", table[i].device_id);
        g_assert_nonnull(type);
        g_assert_true(hal_find_file(upper) == type);
        g_assert_true(hal_find_option(table[i].option) == type);
        g_assert_cmpstr(hal_family_name(type->family), ==, table[i].family);
        g_assert_cmpstr(type->file, ==, table[i].file);
        g_assert_cmpint(type->machine, ==, PE_MACHINE_I386);
        g_assert_true(type->acpi == table[i].acpi);
        g_assert_true(type->apic == table[i].apic);
        g_assert_true(type->multiprocessor == table[i].multiprocessor);
    }
    g_assert_null(hal_find("acpi_mp"));
    g_assert_null(hal_find(""));
    g_assert_null(hal_find_file("halxen.dll"));
    g_assert_null(hal_find_option("acpi"));
}

/* All of them, and no other, in a message. */
static void test_options(void)
{
    g_autofree char *list = hal_options();

    g_assert_cmpstr(list, ==, "standard, acpi-pic, acpi-up, acpi-mp, mps-up, "
                    "mps-mp, syspro-mp");
}

static void test_kernel_names(void)
{
    g_assert_cmpstr(kernel_setup_name(false, false), ==, "ntoskrnl.exe");
    g_assert_cmpstr(kernel_setup_name(true, false), ==, "ntkrnlmp.exe");
    g_assert_cmpstr(kernel_setup_name(false, true), ==, "ntkrnlpa.exe");
    g_assert_cmpstr(kernel_setup_name(true, true), ==, "ntkrpamp.exe");
}

static const PeVersion sp3 = { { 5, 1, 2600, 5512 } };

/* A HAL and a kernel of Windows XP SP3. */
static void make_pair(Hal *hal, const char *device_id, Kernel *kernel,
                      bool multiprocessor)
{
    *hal = (Hal) {
        .path = (char *)"\\WINDOWS\\system32\\hal.dll",
        .machine = PE_MACHINE_I386,
        .has_version = true,
        .version = sp3,
        .type = hal_find(device_id),
    };
    *kernel = (Kernel) {
        .path = (char *)"\\WINDOWS\\system32\\ntoskrnl.exe",
        .machine = PE_MACHINE_I386,
        .has_version = true,
        .version = sp3,
        .setup_name = multiprocessor ? "ntkrnlmp.exe" : "ntoskrnl.exe",
        .multiprocessor = multiprocessor,
    };
}

static void assert_mismatch(const Hal *hal, const Kernel *kernel,
                            const char *part)
{
    g_autofree char *why = hal_kernel_mismatch(hal, kernel);

    g_test_message("%s", why);
    g_assert_nonnull(why);
    g_assert_nonnull(strstr(why, part));
    g_assert_null(strchr(why, '\n'));
}

/* Of 14 pairs seven fit. */
static void test_processors(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        Hal hal;
        Kernel kernel;

        make_pair(&hal, table[i].device_id, &kernel, table[i].multiprocessor);
        g_assert_null(hal_kernel_mismatch(&hal, &kernel));
        make_pair(&hal, table[i].device_id, &kernel,
                  !table[i].multiprocessor);
        assert_mismatch(&hal, &kernel, "STOP 0x00000079");
        assert_mismatch(&hal, &kernel, table[i].file);
    }
}

static void test_versions(void)
{
    Hal hal;
    Kernel kernel;

    make_pair(&hal, "acpipic_up", &kernel, false);
    /* A hotfix for the kernel. */
    kernel.version.part[3] = 6419;
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
    hal.version.part[2] = 2505;
    assert_mismatch(&hal, &kernel, "version 5.1.2505.5512");
    /* What is not known is nothing to speak against. */
    hal.has_version = false;
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
    kernel.machine = PE_MACHINE_AMD64;
    assert_mismatch(&hal, &kernel, "for x64");
}

static void test_unknown(void)
{
    Hal hal;
    Kernel kernel;

    make_pair(&hal, "no such", &kernel, true);
    g_assert_null(hal.type);
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
    make_pair(&hal, "acpiapic_mp", &kernel, false);
    kernel.setup_name = NULL;
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
    /* Windows Vista has kernels for several processors only. */
    make_pair(&hal, "acpipic_up", &kernel, true);
    hal.version.part[0] = kernel.version.part[0] = 6;
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
}

static void test_x64(void)
{
    Hal hal;
    Kernel kernel;

    make_pair(&hal, "no such", &kernel, true);
    hal_settle_type(&hal, &kernel);
    g_assert_null(hal.type);
    hal.machine = kernel.machine = PE_MACHINE_AMD64;
    hal_settle_type(&hal, &kernel);
    g_assert_cmpstr(hal.type->device_id, ==, "acpiapic_mp");
    g_assert_null(hal_kernel_mismatch(&hal, &kernel));
    kernel.multiprocessor = false;
    hal_settle_type(&hal, &kernel);
    g_assert_cmpstr(hal.type->device_id, ==, "acpiapic_up");
    g_assert_cmpint(hal.type->machine, ==, PE_MACHINE_AMD64);
}

static void test_consistent(void)
{
    static const struct {
        const char *file, *registry;
        bool consistent;
    } cases[] = {
        { "acpipic_up", "ACPIPIC_UP", true },
        { "acpipic_up", "acpiapic_up", false },
        { "acpiapic_mp", "acpiapic_up", false },
        { "e_isa_up", "acpipic_up", false },
        /* Windows 7 */
        { "acpiapic_mp", "acpiapic", true },
        { "acpipic_up", "acpiapic", false },
        { "acpipic_up", "acpi", false },
        { "acpipic_up", NULL, true },
        { "no such", "acpipic_up", true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        HalRegistry registry = { .device_id = (char *)cases[i].registry };
        Kernel kernel;
        Hal hal;

        make_pair(&hal, cases[i].file, &kernel, false);
        g_test_message("%s, %s", cases[i].file, cases[i].registry);
        g_assert_true(hal_is_consistent(&hal, &registry) ==
                      cases[i].consistent);
    }
}

/* Which Windows, with which switches, starts the kernel for PAE. */
static void test_pae_use(void)
{
    static const PeVersion w2k = { { 5, 0, 2195, 6717 } };
    static const PeVersion xp = { { 5, 1, 2600, 5512 } };
    static const PeVersion w2k3 = { { 5, 2, 3790, 1830 } };
    static const struct {
        const PeVersion *version;
        unsigned service_pack;
        const char *switches;
        PaeUse use;
    } cases[] = {
        { &xp, 3, "", PAE_MAYBE },
        { &xp, 2, "/fastdetect /NoExecute=OptIn", PAE_MAYBE },
        { &xp, 3, "/noexecute=alwaysoff", PAE_NEVER },
        { &xp, 3, "/noexecute=optin /execute", PAE_NEVER },
        { &xp, 3, "/noexecute=optin /NOPAE", PAE_NEVER },
        { &xp, 3, "/execute /pae", PAE_ALWAYS },
        { &xp, 3, "/pae /nopae", PAE_NEVER },
        { &xp, 3, "/pae /kernel=ntoskrnl.exe", PAE_NEVER },
        { &xp, 3, "/kernel=", PAE_MAYBE },
        { &xp, 1, "/noexecute=optin", PAE_NEVER },
        { &xp, 0, "/pae", PAE_ALWAYS },
        { &w2k3, 1, "", PAE_MAYBE },
        { &w2k3, 0, "/noexecute=optout", PAE_NEVER },
        { &w2k, 4, "/noexecute=optin", PAE_NEVER },
        { &w2k, 4, "/PAE", PAE_ALWAYS },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) switches = g_strsplit(cases[i].switches, " ", -1);
        BootEntry entry = { .switches = switches };
        Windows windows = {
            .version = *cases[i].version,
            .machine = PE_MACHINE_I386,
            .service_pack = cases[i].service_pack,
        };

        g_test_message("%u %s", cases[i].service_pack, cases[i].switches);
        g_assert_cmpint(hal_pae_use(&windows, &entry), ==, cases[i].use);
        windows.machine = PE_MACHINE_AMD64;
        g_assert_cmpint(hal_pae_use(&windows, &entry), ==, PAE_NEVER);
        windows.machine = PE_MACHINE_I386;
        g_assert_cmpint(hal_pae_use(&windows, NULL), ==,
                        windows.service_pack >= 1 + (cases[i].version == &xp)
                        && cases[i].version != &w2k ? PAE_MAYBE : PAE_NEVER);
    }
}

/* What real hives say. */
static void test_registry(void)
{
    static const struct {
        const char *file, *device_id, *name;
    } cases[] = {
        { "hives/xp-sp3-x86-virtualpc.SYSTEM", "acpipic_up",
          "Advanced Configuration and Power Interface (ACPI) PC" },
        { "hives/win7-sp1-x86-vmware.SYSTEM", "acpiapic",
          "ACPI x86-based PC" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = shared_data(cases[i].file);
        g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
        g_autoptr(Hive) hive = bytes ? hive_open(bytes, path, NULL) : NULL;
        g_auto(HalRegistry) found = { 0 };

        if (!path) {
            return;
        }
        g_assert_nonnull(hive);
        hal_read_registry(hive, 1, &found);
        g_assert_cmpstr(found.device_id, ==, cases[i].device_id);
        g_assert_cmpstr(found.name, ==, cases[i].name);
        hal_registry_clear(&found);
        /* There is no such control set. */
        hal_read_registry(hive, 999, &found);
        g_assert_null(found.device_id);
        g_assert_null(found.name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hal/table", test_table);
    g_test_add_func("/hal/options", test_options);
    g_test_add_func("/hal/kernel-names", test_kernel_names);
    g_test_add_func("/hal/processors", test_processors);
    g_test_add_func("/hal/versions", test_versions);
    g_test_add_func("/hal/unknown", test_unknown);
    g_test_add_func("/hal/x64", test_x64);
    g_test_add_func("/hal/consistent", test_consistent);
    g_test_add_func("/hal/pae-use", test_pae_use);
    g_test_add_func("/hal/registry", test_registry);
    return g_test_run();
}
