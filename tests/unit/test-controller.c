/*
 * Unit test of what is known of controllers: registry and VMDK descriptor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "controller.h"
#include "util.h"
#include "vmdk.h"

/* Real hives and where their Windows had its disks. */
static const struct {
    const char *hive;
    ControllerBus bus;
    const char *device;
    const char *service;
    const char *conclusion;
} hives[] = {
    { "hives/xp-sp3-x86-virtualpc.SYSTEM", CONTROLLER_IDE,
      "PCI\\VEN_8086&DEV_7111&", "intelide", "on IDE (intelide)" },
    { "hives/win7-sp1-x86-vmware.SYSTEM", CONTROLLER_SCSI,
      "PCI\\VEN_1000&DEV_0054&", "LSI_SAS", "on SCSI (LSI_SAS) only" },
};

static void test_real_hives(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(hives); i++) {
        g_autofree char *path = shared_data(hives[i].hive);
        g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
        g_autoptr(Hive) hive = bytes ? hive_open(bytes, "it", NULL) : NULL;
        g_autoptr(GPtrArray) found = NULL;
        g_autofree char *conclusion = NULL;
        const Controller *controller;

        if (!bytes) {
            return;
        }
        g_assert_nonnull(hive);
        found = controllers_find(hive, 1);
        g_assert_cmpuint(found->len, ==, 1);
        controller = g_ptr_array_index(found, 0);
        g_assert_cmpint(controller->bus, ==, hives[i].bus);
        g_test_message("%s: %s", controller->device, controller->service);
        g_assert_true(g_str_has_prefix(controller->device, hives[i].device));
        g_assert_cmpstr(controller->service, ==, hives[i].service);
        conclusion = controllers_conclude(found, "lsilogic");
        g_assert_nonnull(strstr(conclusion, "lsilogic"));
        g_assert_nonnull(strstr(conclusion, hives[i].conclusion));
    }
}

/* A control set that is not there, and so no evidence. */
static void test_no_evidence(void)
{
    g_autofree char *path = shared_data(hives[0].hive);
    g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, "it", NULL) : NULL;
    g_autoptr(GPtrArray) found = NULL;
    g_autofree char *conclusion = NULL;

    if (hive) {
        found = controllers_find(hive, 77);
        g_assert_cmpuint(found->len, ==, 0);
        conclusion = controllers_conclude(found, NULL);
        g_assert_nonnull(strstr(conclusion, "does not tell"));
    }
}

static char *adapter_of(const void *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(GError) err = NULL;
    char *adapter = vmdk_adapter_type(source, &err);

    g_assert_no_error(err);
    return adapter;
}

static const struct {
    const char *text;
    const char *adapter;
} descriptors[] = {
    { "# Disk DescriptorFile\nddb.adapterType = \"lsilogic\"\n", "lsilogic" },
    { "# Disk DescriptorFile\r\n\r\n  DDB.ADAPTERTYPE=\"buslogic\"  \r\n",
      "buslogic" },
    { "ddb.adapterType =\t\"legacyESX\"", "legacyESX" },
    { "ddb.adapterType = ide", "ide" },
    { "#ddb.adapterType = \"ide\"\nddb.adapterTypes = \"x\"\n", NULL },
    { "ddb.adapterType", NULL },
    { "", NULL },
};

static void test_descriptors(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(descriptors); i++) {
        g_autofree char *adapter = adapter_of(descriptors[i].text,
                                              strlen(descriptors[i].text));

        g_test_message("%u", i);
        g_assert_cmpstr(adapter, ==, descriptors[i].adapter);
    }
}

/* A descriptor in sector 1, and headers that point elsewhere. */
static void test_sparse_header(void)
{
    static const uint64_t offsets[] = { 1, 0, 2, 3, UINT64_MAX };
    static const char *const adapters[] = {
        "lsilogic", NULL, NULL, NULL, NULL,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        uint8_t file[2 * 512] = "KDMV";
        g_autofree char *adapter = NULL;

        for (unsigned j = 0; j < 8; j++) {
            file[28 + j] = offsets[i] >> (8 * j);
            file[36 + j] = 0xff;
        }
        strcpy((char *)file + 512, "ddb.adapterType = \"lsilogic\"\n");
        adapter = adapter_of(file, sizeof(file));
        g_assert_cmpstr(adapter, ==, adapters[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/controller/real-hives", test_real_hives);
    g_test_add_func("/controller/no-evidence", test_no_evidence);
    g_test_add_func("/vmdk/descriptors", test_descriptors);
    g_test_add_func("/vmdk/sparse-header", test_sparse_header);
    return g_test_run();
}
