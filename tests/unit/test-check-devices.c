/*
 * Unit test of check: what the kernel of Vista and later starts on its way to
 * the disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "check-internal.h"
#include "guest-limits.h"
#include "hive-fixture.h"
#include "util.h"

#define ROOT "[HKEY_LOCAL_MACHINE\\SYSTEM\\"

#define HDC "{4D36E96A-E325-11CE-BFC1-08002BE10318}"

#define SERVICE(name) SET1 "Services\\" name "]\r\n\"Start\"=dword:0\r\n"

#define OVERRIDE(name, values) \
    SET1 "Services\\" name "\\StartOverride]\r\n" values "\r\n"

/* A driver package of class HDC with a service for an id. */
#define DATABASE_ID(id, inf) \
    ROOT "DriverDatabase\\DeviceIds\\" id "]\r\n" \
    "\"" inf "\"=hex:01,ff,00,00\r\n"
#define PACKAGE(id, inf, service) \
    ROOT "DriverDatabase\\DriverInfFiles\\" inf "]\r\n" \
    "\"Active\"=\"" inf "_amd64_1\"\r\n" \
    ROOT "DriverDatabase\\DriverPackages\\" inf "_amd64_1]\r\n" \
    "\"Version\"=hex:00,ff,09,00,00,00,00,00,6a,e9,36,4d,25,e3,ce,11,bf,c1," \
    "08,00,2b,e1,03,18,00,00,00,00\r\n" \
    ROOT "DriverDatabase\\DriverPackages\\" inf "_amd64_1\\Descriptors\\" id \
    "]\r\n\"Configuration\"=\"a_install\"\r\n" \
    ROOT "DriverDatabase\\DriverPackages\\" inf "_amd64_1\\Configurations\\" \
    "a_install]\r\n\"Service\"=\"" service "\"\r\n"

#define PIIX3 "PCI\\VEN_8086&DEV_7010"
#define GENERIC "PCI\\CC_0101"

#define KNOWN \
    DATABASE_ID(PIIX3, "mshdc.inf") PACKAGE(PIIX3, "mshdc.inf", "intelide")

/* Values that are lists of one string, "gone" and "vmscsi". */
#define GONE "hex(7):67,00,6f,00,6e,00,65,00,00,00,00,00"

#define WINDOWS_7 { { 6, 1, 7601, 17514 } }
#define WINDOWS_10 { { 10, 0, 19041, 1 } }

/* What the link comes to that is of the step @name of the machine. */
static void look(const char *body, const char *machine, const char *name,
                 PeVersion version, Link *link)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = fixture_hive(body);
    HiveFile file = { .hive = hive };
    Windows windows = {
        .place.system_root = (char *)"\\Windows", .version = version,
    };
    Partition partition = { .type = PARTITION_TYPE_IFS };
    Check check = {
        .system = &file, .windows = &windows, .control_set = 1,
        .place.partition = &partition,
        .machine = check_machine_find(machine, &err),
        .prefixes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)g_ptr_array_unref),
        .good = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .warnings = g_ptr_array_new_with_free_func(g_free),
    };

    g_assert_no_error(err);
    check.profile = profile_embedded(check.machine->profile, &err);
    g_assert_no_error(err);
    check.parts = profile_parts(check.profile);
    /* Their files need not be there. */
    g_hash_table_add(check.good, g_strdup("whole"));
    if (!strstr(body, "StartOverride")) {
        g_hash_table_add(check.good, g_strdup("storahci"));
    }
    for (guint i = 0; i < check.machine->path->len; i++) {
        const PathStep *step = g_ptr_array_index(check.machine->path, i);

        if (g_str_equal(step->name, name) &&
            path_step_is_for(step, &version)) {
            g_assert_null(link->text);
            g_assert_true(check_device_path(&check, step, link, &err));
            g_assert_no_error(err);
        }
    }
    g_assert_nonnull(link->text);
    check_machine_free(check.machine);
    g_hash_table_unref(check.prefixes);
    g_hash_table_unref(check.good);
    g_ptr_array_unref(check.parts);
    profile_free(check.profile);
    g_ptr_array_unref(check.warnings);
}

static void assert_link(const char *body, const char *machine,
                        const char *name, PeVersion version, LinkState state,
                        const char *words)
{
    Link *link = g_new0(Link, 1);

    look(body, machine, name, version, link);
    g_test_message("%s", link->text);
    g_assert_cmpint(link->state, ==, state);
    g_assert_nonnull(strstr(link->text, words));
    g_assert_cmpint(link->stop_code != NULL, ==, state == LINK_BROKEN);
    g_assert_cmpint(link->remedy != NULL, ==, state == LINK_BROKEN);
    link_free(link);
}

static void assert_controller(const char *body, PeVersion version,
                              LinkState state, const char *words)
{
    assert_link(body, "qemu-pc", "controller", version, state, words);
}

/* A value that is not 0 counts instead of Start, of Windows 8 and later. */
static void test_start_override(void)
{
    PeVersion w10 = WINDOWS_10, w7 = WINDOWS_7;

    assert_controller(KNOWN SERVICE("intelide")
                      OVERRIDE("intelide", "\"0\"=dword:3"), w10, LINK_BROKEN,
                      "StartOverride, value 0: 3");
    assert_controller(KNOWN SERVICE("intelide")
                      OVERRIDE("intelide",
                               "\"0\"=dword:0\r\n\"2\"=dword:4"), w10,
                      LINK_BROKEN, "is disabled (StartOverride, value 2: 4)");
    assert_link(SERVICE("mountmgr") OVERRIDE("mountmgr", "\"0\"=dword:3"),
                "qemu-pc", "mount-manager", w10, LINK_UNKNOWN,
                "StartOverride");
    assert_link(SERVICE("whole") OVERRIDE("whole", "\"0\"=dword:3")
                SET1 "Enum\\Root\\volmgr\\0000]\r\n\"Service\"=\"volmgr\"\r\n"
                "\"ClassGUID\"=\"" HDC "\"\r\n"
                SERVICE("volmgr") OVERRIDE("volmgr", "\"1\"=dword:3"),
                "qemu-pc", "volume-manager", w10, LINK_BROKEN,
                "StartOverride, value 1: 3");
    /* Before Windows 8 nobody reads it. */
    g_assert_false(pe_version_at_least(&w7, 6, 2));
}

static void test_new_database(void)
{
    PeVersion w10 = WINDOWS_10;

    assert_controller(ROOT "DriverDatabase]\r\n", w10, LINK_BROKEN,
                      "none of its ids");
    assert_controller(KNOWN, w10, LINK_BROKEN, "has no key below Services");
    assert_controller(KNOWN SET1 "Services\\intelide]\r\n"
                      "\"Start\"=dword:3\r\n", w10, LINK_BROKEN, "Start=3");
    /* The nearest id counts, whatever there is for others. */
    assert_controller(KNOWN DATABASE_ID(GENERIC, "x.inf")
                      PACKAGE(GENERIC, "x.inf", "vmscsi"), w10, LINK_BROKEN,
                      "has no key below Services");
    assert_controller(DATABASE_ID(GENERIC, "mshdc.inf")
                      PACKAGE(GENERIC, "mshdc.inf", "pciide"), w10,
                      LINK_BROKEN, "pciide, has no key");
    /* Another driver for it: which one Windows takes is not known. */
    assert_controller(KNOWN DATABASE_ID(PIIX3, "x.inf")
                      PACKAGE(PIIX3, "x.inf", "vmscsi"), w10, LINK_UNKNOWN,
                      "vmscsi");
    /* A file that leads nowhere. */
    assert_controller(DATABASE_ID(PIIX3, "x.inf"), w10, LINK_UNKNOWN,
                      "no service that is known");
}

/* At the limit a file is looked at, and one beyond it is not. */
static void test_many_files(void)
{
    PeVersion w10 = WINDOWS_10;

    for (unsigned n = LIMIT_INF_FILES - 1; n <= LIMIT_INF_FILES; n++) {
        g_autoptr(GString) body = g_string_new(KNOWN);

        for (unsigned i = 1; i < n; i++) {
            g_string_append_printf(body, DATABASE_ID(PIIX3, "n%u.inf"), i);
        }
        g_string_append(body, DATABASE_ID(PIIX3, "z.inf")
                        PACKAGE(PIIX3, "z.inf", "vmscsi"));
        assert_controller(body->str, w10,
                          n < LIMIT_INF_FILES ? LINK_UNKNOWN : LINK_BROKEN,
                          n < LIMIT_INF_FILES ? "vmscsi" : "has no key");
    }
}

/* The class is that of the package: its filters have to start. */
static void test_filter_of_new_device(void)
{
    PeVersion w10 = WINDOWS_10;

    assert_controller(KNOWN SERVICE("intelide") "\"ImagePath\"=\"C:\\\\x\"\r\n",
                      w10, LINK_UNKNOWN, "ImagePath");
    assert_link(SET1 "Control\\Class\\{71A27CDD-812A-11D0-BEC7-08002BE2092F}]"
                "\r\n\"UpperFilters\"=" GONE "\r\n", "qemu-pc", "volume",
                w10, LINK_BROKEN, "gone, has no key");
    assert_link(SET1 "Control\\Class\\{71A27CDD-812A-11D0-BEC7-08002BE2092F}]"
                "\r\n\"UpperFilters\"=\"whole\"\r\n", "qemu-pc", "volume",
                w10, LINK_OK, "start");
}

/* Windows 7 has no such database, even if there is one. */
static void test_old_database(void)
{
    PeVersion w7 = WINDOWS_7, w10 = WINDOWS_10;
    const char *critical =
        SET1 "Control\\CriticalDeviceDatabase\\pci#ven_8086&dev_7010]\r\n"
        "\"ClassGUID\"=\"" HDC "\"\r\n\"Service\"=\"intelide\"\r\n";

    assert_controller(KNOWN, w7, LINK_BROKEN, "none of its ids");
    assert_controller(critical, w7, LINK_BROKEN, "intelide, has no key");
    assert_controller(critical, w10, LINK_BROKEN, "intelide, has no key");
}

/* An AHCI controller is msahci's, then storahci's. */
static void test_ahci(void)
{
    PeVersion w7 = WINDOWS_7, w10 = WINDOWS_10;
    const char *critical =
        SET1 "Control\\CriticalDeviceDatabase\\pci#cc_0106]\r\n"
        "\"ClassGUID\"=\"" HDC "\"\r\n\"Service\"=\"msahci\"\r\n"
        SET1 "Services\\msahci]\r\n\"Start\"=dword:3\r\n";
    const char *database =
        DATABASE_ID("PCI\\CC_0106", "mshdc.inf")
        PACKAGE("PCI\\CC_0106", "mshdc.inf", "storahci")
        SERVICE("storahci") OVERRIDE("storahci", "\"0\"=dword:3");

    assert_link(critical, "qemu-q35", "controller", w7, LINK_BROKEN,
                "msahci, would start too late");
    assert_link(database, "qemu-q35", "controller", w10, LINK_BROKEN,
                "storahci, would start too late");
    assert_link(database, "qemu-q35-uefi", "controller", w10, LINK_BROKEN,
                "storahci, would start too late");
}

/* Where the slot is not fixed, the device may be a new one all the same. */
static void test_any_slot(void)
{
    PeVersion w10 = WINDOWS_10;
    const char *known =
        SET1 "Enum\\PCI\\VEN_8086&DEV_2922&SUBSYS_11001AF4&REV_02\\3&1&0&FA]"
        "\r\n\"ClassGUID\"=\"" HDC "\"\r\n\"Service\"=\"storahci\"\r\n"
        SERVICE("storahci");

    assert_link(known, "qemu-q35", "controller", w10, LINK_OK, "knows");
    assert_link(known, "xen-hvm-ahci", "controller", w10, LINK_BROKEN,
                "none of its ids");
}

static void test_firmware(void)
{
    g_autoptr(CheckMachine) bios = check_machine_find("xen-hvm", NULL);
    g_autoptr(CheckMachine) uefi = check_machine_find("xen-hvm-uefi", NULL);
    PeVersion xp = { { 5, 1 } }, vista = { { 6, 0 } };

    g_assert_cmpint(bios->firmware, ==, FIRMWARE_BIOS);
    g_assert_cmpint(uefi->firmware, ==, FIRMWARE_UEFI);
    g_assert_cmpuint(uefi->path->len, ==, bios->path->len);
    g_assert_true(check_machine_is_for(bios, &xp));
    g_assert_false(check_machine_is_for(uefi, &xp));
    g_assert_true(check_machine_is_for(uefi, &vista));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check-devices/start-override", test_start_override);
    g_test_add_func("/check-devices/new-database", test_new_database);
    g_test_add_func("/check-devices/many-files", test_many_files);
    g_test_add_func("/check-devices/filters", test_filter_of_new_device);
    g_test_add_func("/check-devices/old-database", test_old_database);
    g_test_add_func("/check-devices/ahci", test_ahci);
    g_test_add_func("/check-devices/any-slot", test_any_slot);
    g_test_add_func("/check-devices/firmware", test_firmware);
    return g_test_run();
}
