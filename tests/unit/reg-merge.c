/*
 * reg-merge: merges .reg files into a hive, for tests
 *
 * Usage: reg-merge SYSTEM|SOFTWARE HIVE OUT FILE.reg...
 *
 * What the engine does with a guest's hive, without a guest around it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>

#include "registry.h"

static GBytes *read_bytes(const char *path, GError **errp)
{
    char *data;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(data, size);
}

/* The control sets that CurrentControlSet means; none in another hive. */
static GArray *control_sets(Hive *hive, const char *name, GError **errp)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    if (!g_str_equal(name, REGISTRY_SYSTEM)) {
        return g_array_new(FALSE, FALSE, sizeof(unsigned));
    }
    return registry_control_sets(hive, name, warnings, errp);
}

static bool merge(Hive *hive, const char *name, const char *path,
                  const GArray *sets, GError **errp)
{
    g_autofree char *short_name = g_path_get_basename(path);
    g_autoptr(GBytes) text = read_bytes(path, errp);
    g_autoptr(RegFile) file = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();

    if (!text) {
        return false;
    }
    file = regfile_parse(short_name, text, errp);
    return file && registry_check_file(file, errp) &&
           registry_merge(hive, name, file, "test", sets, changes, errp);
}

static bool run(char **argv, GError **errp)
{
    const char *name = argv[1];
    g_autoptr(GBytes) before = read_bytes(argv[2], errp);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(Hive) hive = before ? hive_open(before, name, errp) : NULL;
    g_autoptr(GArray) sets = hive ? control_sets(hive, name, errp) : NULL;

    if (!sets) {
        return false;
    }
    for (char **path = argv + 4; *path; path++) {
        if (!merge(hive, name, *path, sets, errp)) {
            return false;
        }
    }
    after = hive_save(hive, errp);
    return after && g_file_set_contents(argv[3],
                                        g_bytes_get_data(after, NULL),
                                        g_bytes_get_size(after), errp);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) err = NULL;

    if (argc < 5) {
        fprintf(stderr, "Usage: reg-merge SYSTEM|SOFTWARE HIVE OUT "
                "FILE.reg...\n");
        return 2;
    }
    if (!run(argv, &err)) {
        fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    return 0;
}
