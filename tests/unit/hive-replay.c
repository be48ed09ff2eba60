/*
 * Replays the logs of a hive, for tests in Python
 *
 * Usage: hive-replay HIVE RESULT, with HIVE.LOG1 and HIVE.LOG2 beside HIVE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-log.h"

static GBytes *read_bytes(const char *name, const char *suffix)
{
    g_autofree char *path = g_strconcat(name, suffix, NULL);
    char *data;
    gsize size;

    return g_file_get_contents(path, &data, &size, NULL)
           ? g_bytes_new_take(data, size) : NULL;
}

int main(int argc, char **argv)
{
    g_autoptr(GBytes) primary = read_bytes(argv[1], "");
    g_autoptr(GBytes) log1 = read_bytes(argv[1], ".LOG1");
    g_autoptr(GBytes) log2 = read_bytes(argv[1], ".LOG2");
    HiveLogs logs = { NULL, log1, log2 };
    HiveRecovery recovery;
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) result = hive_recover(primary, &logs, argv[1],
                                            &recovery, &err);

    if (!result || !g_file_set_contents(argv[2],
                                        g_bytes_get_data(result, NULL),
                                        g_bytes_get_size(result), &err)) {
        g_printerr("%s\n", err->message);
        return 1;
    }
    return 0;
}
