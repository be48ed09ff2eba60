/*
 * Unit test of devices that Windows has met before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "device-instances.h"
#include "guest-limits.h"
#include "hive-fixture.h"
#include "hive-internal.h"
#include "hive-node.h"
#include "registry.h"

#define HDC "{4D36E96A-E325-11CE-BFC1-08002BE10318}"
#define SCSI "{4D36E97B-E325-11CE-BFC1-08002BE10318}"

#define DEVICE "PCI\\VEN_8086&DEV_7010"
#define INSTANCE DEVICE "&SUBSYS_00015853&REV_00\\3&267a616a&0&09"
#define PROFILE(number) "Hardware Profiles\\" number \
                        "\\System\\CurrentControlSet\\Enum\\" INSTANCE "]\n"

/* What is there in every case: the drivers, and the class by its name. */
#define SERVICES SET1 "Services\\intelide]\n" SET1 "Services\\vmscsi]\n" \
                 SET1 "Control\\Class\\" HDC "]\n\"Class\"=\"hdc\"\n"

#define KEY SET1 "Enum\\" INSTANCE "]\n"
#define GOOD KEY "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"intelide\"\n"

#define CHANGED "ControlSet001\\Enum\\" INSTANCE
#define WARNED "HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Enum\\" INSTANCE

static const char *const services[] = { "intelide", "pciide", NULL };

typedef struct Case {
    const char *before;
    const char *after;
    const char *changes;
    const char *warnings;
} Case;

static void settle(Hive *hive, const char *device, unsigned count,
                   GPtrArray *changes, GPtrArray *warnings)
{
    g_autoptr(GArray) sets = fixture_sets(count);
    g_autoptr(GError) err = NULL;

    device_instances_settle(hive, device, services, HDC, "test.profile",
                            "because", sets, changes, warnings, &err);
    g_assert_no_error(err);
}

static void check(const Case *c, unsigned sets)
{
    g_autoptr(Hive) hive = fixture_hive(c->before);
    g_autoptr(Hive) again = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) more = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    bool changed;

    settle(hive, DEVICE, sets, changes, warnings);
    registry_settle(hive, REGISTRY_SYSTEM, changes, &changed, &err);
    g_assert_no_error(err);
    fixture_assert_changes(changes, c->changes);
    fixture_assert_warnings(warnings, c->warnings ? c->warnings : "");
    g_assert_true(changed == (changes->len > 0));
    again = fixture_reopen(hive);
    fixture_assert(again, c->after ? c->after : c->before);
    /* A second time there is nothing left to do. */
    settle(again, DEVICE, sets, more, warnings);
    g_assert_cmpuint(more->len, ==, 0);
}

static void check_all(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_test_message("case %zu", i);
        check(&cases[i], 1);
    }
}

static const Case drivers[] = {
    /* In order, by whatever of the services and in whatever letters. */
    { SERVICES GOOD, NULL, "" },
    { SERVICES KEY "\"ClassGUID\"=\"{4d36e96a-e325-11ce-bfc1-08002be10318}\""
      "\n\"Service\"=\"IntelIde\"\n", NULL, "" },
    { SERVICES SET1 "Services\\pciide]\n" KEY
      "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"pciide\"\n", NULL, "" },
    /* Without a class it is a new device, whatever else it has. */
    { SERVICES KEY "\"Service\"=\"vmscsi\"\n\"ConfigFlags\"=dword:1\n",
      NULL, "" },
    { SERVICES KEY "\"ClassGUID\"=\"\"\n\"Service\"=\"vmscsi\"\n", NULL,
      "" },
    { SERVICES KEY, NULL, "" },
    /* A foreign service; the rest of the key stays, but for the class. */
    { SERVICES KEY "\"ClassGUID\"=\"" SCSI "\"\n\"Service\"=\"vmscsi\"\n"
      "\"Class\"=\"SCSIAdapter\"\n\"Driver\"=\"" SCSI "\\\\0001\"\n"
      "\"ConfigFlags\"=dword:0\n\"Mfg\"=\"x\"\n",
      SERVICES GOOD "\"Class\"=\"hdc\"\n\"Driver\"=\"" SCSI "\\\\0001\"\n"
      "\"ConfigFlags\"=dword:0\n\"Mfg\"=\"x\"\n",
      CHANGED " [Service, ClassGUID, Class] its driver was vmscsi: "
      "because\n" },
    { SERVICES KEY "\"ClassGUID\"=\"{4d36e96a-e325-11ce-bfc1-08002be10318}\""
      "\n\"Service\"=\"vmscsi\"\n\"Class\"=\"hdc\"\n",
      SERVICES KEY "\"ClassGUID\"=\"{4d36e96a-e325-11ce-bfc1-08002be10318}\""
      "\n\"Service\"=\"intelide\"\n\"Class\"=\"hdc\"\n",
      CHANGED " [Service] its driver was vmscsi: because\n" },
    /* None, or a name that is none. */
    { SERVICES KEY "\"ClassGUID\"=\"" HDC "\"\n", SERVICES GOOD,
      CHANGED " [Service] it had no driver: because\n" },
    { SERVICES KEY "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"\"\n",
      SERVICES GOOD, CHANGED " [Service] it had no driver: because\n" },
    { SERVICES KEY "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=dword:1\n",
      SERVICES GOOD, CHANGED " [Service] it had no driver: because\n" },
    { SERVICES KEY "\"ClassGUID\"=\"" HDC "\"\n"
      "\"Service\"=\"intelide\\\\x\"\n", SERVICES GOOD,
      CHANGED " [Service] its driver was intelide\\x: because\n" },
    /* A suitable one that the guest does not have. */
    { SERVICES KEY "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"pciide\"\n",
      SERVICES GOOD,
      CHANGED " [Service] its driver pciide is not there: because\n" },
    /* The first that it has, or none. */
    { SET1 "Services\\PCIIde]\n" KEY "\"ClassGUID\"=\"" HDC "\"\n",
      SET1 "Services\\PCIIde]\n" KEY "\"ClassGUID\"=\"" HDC "\"\n"
      "\"Service\"=\"pciide\"\n",
      CHANGED " [Service] it had no driver: because\n" },
};

static void test_drivers(void)
{
    check_all(drivers, G_N_ELEMENTS(drivers));
}

static void test_no_driver_at_all(void)
{
    const char *body = SET1 "Services\\vmscsi]\n" KEY "\"ClassGUID\"=\"" SCSI
                       "\"\n\"Service\"=\"vmscsi\"\n";
    g_autoptr(Hive) hive = fixture_hive(body);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    settle(hive, DEVICE, 1, changes, warnings);
    fixture_assert(hive, body);
    fixture_assert_changes(changes, "");
    fixture_assert_warnings(warnings, WARNED ": its driver was vmscsi, and "
                            "the guest has none of intelide, pciide\n");
}

static const Case flags[] = {
    { SERVICES GOOD "\"ConfigFlags\"=dword:1\n",
      SERVICES GOOD "\"ConfigFlags\"=dword:0\n",
      CHANGED " [ConfigFlags] it was disabled: because\n" },
    /* To be installed anew, installing failed; other bits stay. */
    { SERVICES GOOD "\"ConfigFlags\"=dword:400464\n",
      SERVICES GOOD "\"ConfigFlags\"=dword:400404\n",
      CHANGED " [ConfigFlags] it was disabled: because\n" },
    { SERVICES GOOD "\"ConfigFlags\"=dword:ffffff9e\n", NULL, "" },
    { SERVICES GOOD "\"ConfigFlags\"=\"1\"\n", NULL, "" },
    { SERVICES GOOD "\"ConfigFlags\"=hex(4):01\n", NULL, "" },
    /* With another driver: one change of one key. */
    { SERVICES KEY "\"ClassGUID\"=\"" SCSI "\"\n\"Service\"=\"vmscsi\"\n"
      "\"ConfigFlags\"=dword:1\n",
      SERVICES GOOD "\"ConfigFlags\"=dword:0\n",
      CHANGED " [Service, ClassGUID, ConfigFlags] its driver was vmscsi: "
      "because\n" },
    /* In hardware profiles, where the bits are others. */
    { SERVICES GOOD
      SET1 PROFILE("0001") "\"CSConfigFlags\"=dword:1\n"
      SET1 PROFILE("0002") "\"CSConfigFlags\"=dword:0\n"
      SET1 PROFILE("0003") "\"CSConfigFlags\"=dword:e\n",
      SERVICES GOOD
      SET1 PROFILE("0001") "\"CSConfigFlags\"=dword:0\n"
      SET1 PROFILE("0002") "\"CSConfigFlags\"=dword:0\n"
      SET1 PROFILE("0003") "\"CSConfigFlags\"=dword:8\n",
      "ControlSet001\\Hardware Profiles\\0001\\System\\CurrentControlSet\\"
      "Enum\\" INSTANCE " [CSConfigFlags] it was disabled: because\n"
      "ControlSet001\\Hardware Profiles\\0003\\System\\CurrentControlSet\\"
      "Enum\\" INSTANCE " [CSConfigFlags] it was disabled: because\n" },
    /* Of another device */
    { SERVICES GOOD SET1 "Hardware Profiles\\0001\\System\\"
      "CurrentControlSet\\Enum\\PCI\\VEN_1414&DEV_0007\\3&267a616a&0&09]\n"
      "\"CSConfigFlags\"=dword:1\n", NULL, "" },
};

static void test_flags(void)
{
    check_all(flags, G_N_ELEMENTS(flags));
}

#define FOREIGN "\"ClassGUID\"=\"" SCSI "\"\n\"Service\"=\"vmscsi\"\n"
#define MENDED "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"intelide\"\n"

/* Which devices are meant: each with what follows its name, or nothing. */
static void test_devices(void)
{
    static const Case devices = {
        SERVICES
        SET1 "Enum\\pci\\ven_8086&dev_7010\\1]\n" FOREIGN
        SET1 "Enum\\pci\\ven_8086&dev_7010\\2]\n" FOREIGN
        SET1 "Enum\\pci\\ven_8086&dev_7010&SUBSYS_1\\1]\n" FOREIGN
        SET1 "Enum\\pci\\VEN_8086&DEV_70101\\1]\n" FOREIGN
        SET1 "Enum\\pci\\VEN_8086&DEV_701\\1]\n" FOREIGN
        SET1 "Enum\\pci\\XVEN_8086&DEV_7010\\1]\n" FOREIGN
        SET1 "Enum\\pci\\ven_8086&dev_7010\\1\\Control]\n" FOREIGN
        SET1 "Enum\\PCIIDE\\VEN_8086&DEV_7010\\1]\n" FOREIGN,
        SERVICES
        SET1 "Enum\\pci\\ven_8086&dev_7010\\1]\n" MENDED
        SET1 "Enum\\pci\\ven_8086&dev_7010\\2]\n" MENDED
        SET1 "Enum\\pci\\ven_8086&dev_7010&SUBSYS_1\\1]\n" MENDED
        SET1 "Enum\\pci\\VEN_8086&DEV_70101\\1]\n" FOREIGN
        SET1 "Enum\\pci\\VEN_8086&DEV_701\\1]\n" FOREIGN
        SET1 "Enum\\pci\\XVEN_8086&DEV_7010\\1]\n" FOREIGN
        SET1 "Enum\\pci\\ven_8086&dev_7010\\1\\Control]\n" FOREIGN
        SET1 "Enum\\PCIIDE\\VEN_8086&DEV_7010\\1]\n" FOREIGN,
        "ControlSet001\\Enum\\PCI\\ven_8086&dev_7010\\1 [Service, ClassGUID]"
        " its driver was vmscsi: because\n"
        "ControlSet001\\Enum\\PCI\\ven_8086&dev_7010\\2 [Service, ClassGUID]"
        " its driver was vmscsi: because\n"
        "ControlSet001\\Enum\\PCI\\ven_8086&dev_7010&SUBSYS_1\\1 [Service, "
        "ClassGUID] its driver was vmscsi: because\n",
    };

    check(&devices, 1);
}

/* Each control set by its own services. */
static void test_sets(void)
{
    static const Case sets = {
        SERVICES SET1 "Enum\\" DEVICE "\\1]\n" FOREIGN
        SET2 "Services\\pciide]\n" SET2 "Enum\\" DEVICE "\\1]\n" FOREIGN
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet003\\Enum\\" DEVICE "\\1]\n"
        FOREIGN,
        SERVICES SET1 "Enum\\" DEVICE "\\1]\n" MENDED
        SET2 "Services\\pciide]\n" SET2 "Enum\\" DEVICE "\\1]\n"
        "\"ClassGUID\"=\"" HDC "\"\n\"Service\"=\"pciide\"\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet003\\Enum\\" DEVICE "\\1]\n"
        FOREIGN,
        "ControlSet001\\Enum\\" DEVICE "\\1 [Service, ClassGUID] "
        "its driver was vmscsi: because\n"
        "ControlSet002\\Enum\\" DEVICE "\\1 [Service, ClassGUID] "
        "its driver was vmscsi: because\n",
    };

    check(&sets, 2);
}

/* A service that a .reg file has brought counts. */
static void test_settle(void)
{
    g_autoptr(Hive) hive = fixture_hive(KEY FOREIGN);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;

    hive_create_key(hive, "ControlSet001\\Services\\intelide", &err);
    g_assert_no_error(err);
    settle(hive, DEVICE, 1, changes, warnings);
    fixture_assert(hive, SET1 "Services\\intelide]\n" GOOD);
    g_assert_cmpuint(changes->len, ==, 1);
    g_assert_cmpuint(warnings->len, ==, 0);
}

/* A key whose name no path can have. */
static void test_damaged_name(void)
{
    g_autoptr(Hive) hive = fixture_hive(SERVICES SET1 "Enum\\" DEVICE
                                        "\\Xyz]\n" FOREIGN);
    HiveKey key = hive_find_key(hive, "ControlSet001\\Enum\\" DEVICE
                                "\\Xyz");
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    hive_node(hive->image, hive_cell_of(key))[NK_NAME] = 0;
    settle(hive, DEVICE, 1, changes, warnings);
    fixture_assert_changes(changes, "");
    fixture_assert_warnings(warnings, "HKEY_LOCAL_MACHINE\\SYSTEM\\"
                            "ControlSet001\\Enum\\" DEVICE "\\\xef\xbf\xbdyz:"
                            " left as it is, since the key's name is damaged "
                            "(its driver was vmscsi)\n");
}

static void test_too_many(void)
{
    g_autoptr(GString) body = g_string_new(SERVICES);
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i <= LIMIT_INSTANCES; i++) {
        g_string_append_printf(body, SET1 "Enum\\" DEVICE "\\%04u]\n", i);
    }
    hive = fixture_hive(body->str);
    settle(hive, DEVICE, 1, changes, warnings);
    g_assert_cmpuint(changes->len, ==, 0);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_true(g_str_has_suffix(g_ptr_array_index(warnings, 0),
                                   "the others are left as they are"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/device-instances/drivers", test_drivers);
    g_test_add_func("/device-instances/no-driver-at-all",
                    test_no_driver_at_all);
    g_test_add_func("/device-instances/flags", test_flags);
    g_test_add_func("/device-instances/devices", test_devices);
    g_test_add_func("/device-instances/control-sets", test_sets);
    g_test_add_func("/device-instances/settle", test_settle);
    g_test_add_func("/device-instances/damaged-name", test_damaged_name);
    g_test_add_func("/device-instances/too-many", test_too_many);
    return g_test_run();
}
