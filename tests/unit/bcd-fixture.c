/*
 * BCDs made from a table, for tests of what reads them
 *
 * The layout of devices is that of a real store (uefi-gpt.BCD of the shared
 * data), with the fields of an MBR in place of the GPT's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bcd-fixture.h"
#include "hive-fixture.h"
#include "le.h"

#define OBJECTS "[HKEY_LOCAL_MACHINE\\SYSTEM\\Objects\\"
#define BOOT_MANAGER "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"

/* With the GUID of additional options in front of it. */
#define DEVICE_SIZE 0x58

GBytes *bcd_fixture_device(const BcdDevice *device)
{
    static const uint32_t types[] = {
        [BCD_DEVICE_BOOT] = 5, [BCD_DEVICE_LOCATE] = 8, [BCD_DEVICE_MBR] = 6,
        [BCD_DEVICE_GPT] = 6, [BCD_DEVICE_FILE] = 6, [BCD_DEVICE_OTHER] = 4,
    };
    uint8_t *p = g_malloc0(DEVICE_SIZE);

    put_le32(p + 16, types[device->kind]);
    put_le32(p + 24, DEVICE_SIZE - 16);
    if (device->kind == BCD_DEVICE_MBR) {
        put_le64(p + 32, device->offset);
        put_le32(p + 52, 1);
        put_le32(p + 56, device->signature);
    } else if (device->kind == BCD_DEVICE_GPT) {
        memcpy(p + 32, &device->partition, 16);
        memcpy(p + 56, &device->disk, 16);
    } else if (device->kind == BCD_DEVICE_FILE) {
        put_le32(p + 48, 6);
    }
    return g_bytes_new_take(p, DEVICE_SIZE);
}

static void add_hex(GString *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        g_string_append_printf(text, "%s%02x", i > 0 ? "," : "", data[i]);
    }
    g_string_append(text, "\r\n");
}

static void add_element(GString *text, const char *id, const char *type)
{
    g_string_append_printf(text, OBJECTS "%s\\Elements\\%s]\r\n\"Element\"=",
                           id, type);
}

static void add_string(GString *text, const char *id, const char *type,
                       const char *string)
{
    g_auto(GStrv) parts = string ? g_strsplit(string, "\\", -1) : NULL;
    g_autofree char *escaped = parts ? g_strjoinv("\\\\", parts) : NULL;

    if (escaped) {
        add_element(text, id, type);
        g_string_append_printf(text, "\"%s\"\r\n", escaped);
    }
}

static void add_device(GString *text, const char *id, const char *type,
                       const BcdDevice *device)
{
    g_autoptr(GBytes) bytes = NULL;
    const uint8_t *data;
    gsize size;

    if (device->kind == BCD_DEVICE_NONE) {
        return;
    }
    bytes = bcd_fixture_device(device);
    data = g_bytes_get_data(bytes, &size);
    add_element(text, id, type);
    g_string_append(text, "hex:");
    add_hex(text, data, size);
}

/* A list of GUIDs, each followed by a blank in @ids. */
static void add_list(GString *text, const char *type, const char *ids)
{
    g_autofree uint8_t *data = g_malloc0(2 * strlen(ids) + 2);
    size_t size = 2 * strlen(ids) + 2;

    for (size_t i = 0; ids[i]; i++) {
        data[2 * i] = ids[i] == ' ' ? 0 : ids[i];
    }
    add_element(text, BOOT_MANAGER, type);
    g_string_append(text, "hex(7):");
    add_hex(text, data, size);
}

static void add_more(GString *text, const BcdFixtureEntry *entry)
{
    g_auto(GStrv) lines = g_strsplit(entry->more ? entry->more : "", "\n", -1);

    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, "=", 2);

        add_element(text, entry->id, words[0]);
        g_string_append_printf(text, "%s\r\n", words[1]);
    }
}

static void add_entry(GString *text, const BcdFixtureEntry *entry)
{
    const char *id = entry->id;

    g_string_append_printf(text, OBJECTS "%s\\Description]\r\n"
                           "\"Type\"=dword:%08x\r\n", id, entry->type);
    add_string(text, id, "12000004", entry->description);
    add_device(text, id, "11000001", &entry->device);
    add_string(text, id, "12000002", entry->path);
    add_device(text, id, "21000001", &entry->device);
    add_string(text, id, "22000002", entry->system_root);
    add_more(text, entry);
}

GBytes *bcd_fixture_make(const BcdFixture *fixture)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) order = g_string_new(NULL);
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = NULL;
    GBytes *bytes;

    g_string_append(text, OBJECTS BOOT_MANAGER "\\Description]\r\n"
                    "\"Type\"=dword:10100002\r\n");
    add_string(text, BOOT_MANAGER, "12000004", "Windows Boot Manager");
    add_string(text, BOOT_MANAGER, "23000003", fixture->default_entry);
    for (const BcdFixtureEntry *e = fixture->entries; e->id; e++) {
        if (!e->hidden) {
            g_string_append_printf(order, "%s ", e->id);
        }
        add_entry(text, e);
    }
    if (order->len > 0) {
        add_list(text, "24000001", order->str);
    }
    if (fixture->next) {
        g_autofree char *list = g_strconcat(fixture->next, " ", NULL);

        add_list(text, "24000002", list);
    }
    hive = fixture_hive(text->str);
    bytes = hive_save(hive, &err);
    g_assert_no_error(err);
    return bytes;
}
