/*
 * Unit test of the files that services mean, and of lists of strings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-strings.h"
#include "service-image.h"
#include "util.h"

#define DRIVER "\\WINDOWS\\system32\\drivers\\foo.sys"

static void test_paths(void)
{
    static const struct {
        const char *root, *image, *path;
    } cases[] = {
        { "\\WINDOWS", NULL, DRIVER },
        { "\\WINDOWS", "", DRIVER },
        { "\\WINDOWS", "system32\\drivers\\foo.sys", DRIVER },
        { "\\WINDOWS", "\\SystemRoot\\system32\\drivers\\foo.sys", DRIVER },
        { "\\WINDOWS", "%systemroot%\\system32\\drivers\\foo.sys", DRIVER },
        { "\\WINDOWS", "\\??\\C:\\WINDOWS\\system32\\drivers\\foo.sys",
          DRIVER },
        { "\\WINDOWS", "D:\\windows\\foo.sys", "\\windows\\foo.sys" },
        { "", "system32\\foo.sys", "\\system32\\foo.sys" },
        { "", "C:\\foo.sys", "\\foo.sys" },
        /* Nobody knows which volume that is. */
        { "\\WINDOWS", "\\??\\C:\\WINDOWS.0\\foo.sys", NULL },
        { "\\WINDOWS", "C:\\Program Files\\foo.sys", NULL },
        { "\\WINDOWS", "\\Device\\HarddiskVolume1\\foo.sys", NULL },
        /* Nor this: a filter with it must not seem to have no file. */
        { "\\WINDOWS", "%windir%\\system32\\drivers\\foo.sys", NULL },
        { "\\WINDOWS", "\\??\\%SystemRoot%\\system32\\foo.sys", NULL },
        { "\\WINDOWS", "\\??\\", "\\WINDOWS\\" },
        { "\\WINDOWS", "C:", "\\WINDOWS\\C:" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Windows windows = { .place.system_root = (char *)cases[i].root };
        g_autofree char *path = service_image_path(&windows, "foo",
                                                   cases[i].image);

        g_test_message("%s", cases[i].image);
        g_assert_cmpstr(path, ==, cases[i].path);
    }
}

typedef struct Value {
    uint32_t type;
    const char *data;
    gsize size;
    /* Joined by "|"; NULL: no list. */
    const char *strings;
} Value;

#define VALUE(type, data, strings) { type, data, sizeof(data) - 1, strings }

static const Value values[] = {
    VALUE(REG_MULTI_SZ, "a\0b\0\0\0c\0\0\0\0\0", "ab|c"),
    VALUE(REG_MULTI_SZ, "a\0\0\0\0\0b\0\0\0", "a"),
    /* No NUL at the end, half a character at the end, nothing at all. */
    VALUE(REG_MULTI_SZ, "a\0\0\0b\0", "a|b"),
    VALUE(REG_MULTI_SZ, "a\0\0\0b", "a"),
    VALUE(REG_MULTI_SZ, "\0\0", ""),
    VALUE(REG_MULTI_SZ, "x", ""),
    /* Half a surrogate pair. */
    VALUE(REG_MULTI_SZ, "\0\xd8\0\0\xe4\0\0\0", "\xef\xbf\xbd|\xc3\xa4"),
    VALUE(REG_SZ, "a\0\0\0b\0\0\0", "a"),
    VALUE(REG_SZ, "a\0b\0", "ab"),
    VALUE(REG_EXPAND_SZ, "a\0\0\0b\0\0\0", "a"),
    VALUE(REG_BINARY, "a\0\0\0", NULL),
};

static void set_value(Hive *hive, HiveKey key, const Value *value)
{
    RegValue set = {
        .name = (char *)"list",
        .type = value->type,
        .data = g_bytes_new_static(value->data, value->size),
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autoptr(GError) err = NULL;

    g_ptr_array_add(all, &set);
    hive_set_values(hive, key, all, &err);
    g_assert_no_error(err);
    g_bytes_unref(set.data);
}

static void test_strings(void)
{
    g_autofree char *path = shared_data("hives/edge/minimal");
    g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
    g_autoptr(Hive) hive = bytes ? hive_open(bytes, path, NULL) : NULL;
    HiveKey key;

    if (!path) {
        return;
    }
    key = hive_create_key(hive, "Test", NULL);
    g_assert_null(hive_key_strings(hive, HIVE_NO_KEY, "list"));
    g_assert_null(hive_key_strings(hive, key, "list"));
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        g_auto(GStrv) strings = NULL;
        g_autofree char *joined = NULL;

        set_value(hive, key, &values[i]);
        strings = hive_key_strings(hive, key, "list");
        joined = strings ? g_strjoinv("|", strings) : NULL;
        g_test_message("%u", i);
        g_assert_cmpstr(joined, ==, values[i].strings);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/service-image/paths", test_paths);
    g_test_add_func("/service-image/strings", test_strings);
    return g_test_run();
}
