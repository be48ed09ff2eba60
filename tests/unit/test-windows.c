/*
 * Unit test of which Windows it is: by its kernel, and by its registry
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "find-fixture.h"
#include "hive-fixture.h"
#include "pe-image.h"

#define KERNEL "\\Windows\\system32\\ntoskrnl.exe"
/* Of VS_FIXEDFILEINFO, behind its signature. */
#define FIXED_VERSION 8

/* ntoskrnl.exe of that version. */
static GBytes *kernel(uint16_t machine, const PeVersion *version)
{
    static const uint8_t signature[] = { 0xbd, 0x04, 0xef, 0xfe };
    Spec spec = {
        .machine = machine, .pe32_plus = machine != PE_MACHINE_I386,
        .version = true, .original_filename = "ntkrnlmp.exe",
    };
    guint8 *image = build_image(&spec);
    guint8 *fixed = memmem(image, IMAGE_SIZE, signature, sizeof(signature));

    for (unsigned i = 0; i < 4; i++) {
        put16(fixed + FIXED_VERSION + 2 * (i ^ 1), version->part[i]);
    }
    return g_bytes_new_take(image, IMAGE_SIZE);
}

static Windows *identify(Found *found, uint16_t machine,
                         const PeVersion *version)
{
    g_autoptr(GBytes) bytes = kernel(machine, version);
    const Partition *partition = disk_partition(found->disk, 1);
    g_auto(WindowsPlace) place = {
        .partition = partition, .system_root = g_strdup("\\Windows"),
    };
    g_autoptr(Volume) volume = NULL;
    GError *err = NULL;
    Windows *windows;

    found_write(found, partition, KERNEL, bytes);
    volume = volume_open(found->overlay, partition, VOLUME_READ_ONLY, &err);
    g_assert_no_error(err);
    windows = windows_identify(volume, &place, &err);
    g_assert_no_error(err);
    return windows;
}

/* Adds what a registry tells that says nothing unusual. */
static void read_registry(Windows *windows, const char *product_type,
                          const char *architecture, unsigned csd_version,
                          GPtrArray *warnings)
{
    g_autofree char *body = g_strdup_printf(
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n\"Current\"=dword:1\r\n"
        "\"Default\"=dword:1\r\n\"LastKnownGood\"=dword:1\r\n"
        SET1 "Control\\ProductOptions]\r\n\"ProductType\"=\"%s\"\r\n"
        SET1 "Control\\Windows]\r\n\"CSDVersion\"=dword:%x\r\n"
        SET1 "Control\\Session Manager\\Environment]\r\n"
        "\"PROCESSOR_ARCHITECTURE\"=\"%s\"\r\n", product_type, csd_version,
        architecture);
    g_autoptr(Hive) hive = fixture_hive(body);
    GError *err = NULL;

    windows_read_registry(windows, hive, "SYSTEM", warnings, &err);
    g_assert_no_error(err);
    for (guint i = 0; i < warnings->len; i++) {
        g_test_message("%s", (char *)g_ptr_array_index(warnings, i));
    }
}

static const struct {
    PeVersion version;
    const char *workstation, *server;
    unsigned service_pack;
    /* The last part of the base's version. */
    uint16_t base;
} versions[] = {
    { { { 5, 1, 2600, 5512 } }, "Windows XP", "Windows XP", 3, 5512 },
    { { { 6, 0, 6000, 16386 } }, "Windows Vista", "Windows Server 2008", 0,
      16386 },
    { { { 6, 0, 6001, 18000 } }, "Windows Vista", "Windows Server 2008", 1,
      18000 },
    { { { 6, 0, 6002, 19764 } }, "Windows Vista", "Windows Server 2008", 2,
      18005 },
    { { { 6, 0, 6003, 20489 } }, "Windows Vista", "Windows Server 2008", 2,
      0 },
    { { { 6, 1, 7600, 16385 } }, "Windows 7", "Windows Server 2008 R2", 0,
      16385 },
    { { { 6, 1, 7601, 24214 } }, "Windows 7", "Windows Server 2008 R2", 1,
      17514 },
    { { { 6, 2, 9200, 16384 } }, "Windows 8", "Windows Server 2012", 0, 0 },
    { { { 6, 3, 9600, 17415 } }, "Windows 8.1", "Windows Server 2012 R2", 0,
      0 },
    { { { 10, 0, 10240, 16384 } }, "Windows 10", "Windows Server 2016", 0, 0 },
    { { { 10, 0, 14393, 0 } }, "Windows 10", "Windows Server 2016", 0, 0 },
    { { { 10, 0, 17762, 1 } }, "Windows 10", "Windows Server 1803", 0, 0 },
    { { { 10, 0, 17763, 1 } }, "Windows 10", "Windows Server 2019", 0, 0 },
    { { { 10, 0, 19041, 3636 } }, "Windows 10", "Windows Server 2004 or 20H2",
      0, 0 },
    { { { 10, 0, 20348, 1 } }, "Windows 10", "Windows Server 2022", 0, 0 },
    { { { 10, 0, 21999, 65535 } }, "Windows 10", "Windows Server 2022", 0, 0 },
    { { { 10, 0, 22000, 1 } }, "Windows 11", "Windows Server 2022", 0, 0 },
    { { { 10, 0, 22621, 4317 } }, "Windows 11", "Windows Server 2022", 0, 0 },
    { { { 10, 0, 26100, 1742 } }, "Windows 11", "Windows Server 2025", 0, 0 },
    { { { 11, 0, 30000, 1 } }, "unknown Windows", "unknown Windows", 0, 0 },
};

/* As long as only the kernel was read: "Windows 7 or Server 2008 R2". */
static char *either_name(unsigned i)
{
    const char *workstation = versions[i].workstation;
    const char *server = versions[i].server;

    return versions[i].version.part[0] == 5 || g_str_equal(server, workstation)
           ? g_strdup(workstation)
           : g_strconcat(workstation, " or ", server + strlen("Windows "),
                         NULL);
}

static void test_versions(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = { "ntfs*=:Windows" };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);

    for (unsigned i = 0; source && i < G_N_ELEMENTS(versions); i++) {
        g_auto(Found) found = { 0 };
        g_autoptr(Windows) windows = NULL;
        g_autofree char *name = either_name(i);
        PeVersion base;
        unsigned csd_version = versions[i].service_pack << 8;

        found_open(&found, source, NULL);
        windows = identify(&found, PE_MACHINE_AMD64, &versions[i].version);
        g_test_message("%s", windows->name);
        g_assert_cmpstr(windows->name, ==, name);
        g_assert_cmpuint(windows->service_pack, ==, versions[i].service_pack);
        base = windows_base_version(windows);
        g_assert_cmpuint(base.part[3], ==, versions[i].base);
        read_registry(windows, i % 2 ? "ServerNT" : "LanmanNT", "AMD64",
                      csd_version, found.warnings);
        g_assert_cmpstr(windows->name, ==, versions[i].server);
        g_assert_cmpuint(windows->service_pack, ==, versions[i].service_pack);
        g_assert_cmpuint(found.warnings->len, ==, 0);
    }
}

static void test_service_pack_differs(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = { "ntfs*=:Windows" };
    static const PeVersion seven = { { 6, 1, 7601, 17514 } };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);
    g_auto(Found) found = { 0 };
    g_autoptr(Windows) windows = NULL;

    if (!found_open(&found, source, NULL)) {
        return;
    }
    windows = identify(&found, PE_MACHINE_I386, &seven);
    read_registry(windows, "WinNT", "x86", 0, found.warnings);
    g_assert_cmpstr(windows->name, ==, "Windows 7");
    g_assert_cmpuint(windows->service_pack, ==, 1);
    g_assert_cmpuint(found.warnings->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 0),
                            "is of service pack 1, but the registry speaks of "
                            "service pack 0"));
}

static void test_machines(void)
{
    static const struct {
        uint16_t machine;
        const char *registry, *refusal;
    } machines[] = {
        { PE_MACHINE_I386, "x86", NULL },
        { PE_MACHINE_AMD64, "AMD64", NULL },
        { PE_MACHINE_ARM64, "ARM64", "its kernel is for ARM64: only" },
        { PE_MACHINE_IA64, "IA64", "its kernel is for Itanium: only" },
        { 0x01c4, "ARM", "its kernel is for another machine: only" },
    };
    static const char *const wishes[FIND_MAX_WISHES] = { "ntfs*=:Windows" };
    static const PeVersion ten = { { 10, 0, 19041, 1 } };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);

    for (unsigned i = 0; source && i < G_N_ELEMENTS(machines); i++) {
        g_auto(Found) found = { 0 };
        g_autoptr(Windows) windows = NULL;
        g_autoptr(GError) err = NULL;

        found_open(&found, source, NULL);
        windows = identify(&found, machines[i].machine, &ten);
        read_registry(windows, "WinNT", machines[i].registry, 0,
                      found.warnings);
        g_assert_cmpuint(found.warnings->len, ==, i == 4);
        g_assert_true(windows_check_machine(windows, &err) ==
                      !machines[i].refusal);
        if (err) {
            g_test_message("%s", err->message);
            g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
            g_assert_nonnull(strstr(err->message, machines[i].refusal));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/windows/versions", test_versions);
    g_test_add_func("/windows/service-pack-differs",
                    test_service_pack_differs);
    g_test_add_func("/windows/machines", test_machines);
    return g_test_run();
}
