/*
 * A fuzz target without a fuzzer: it is called with files
 *
 * Usage: fuzz-TARGET FILE|DIRECTORY...
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "fuzz.h"

static unsigned replayed;

static void replay_file(const char *path)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *text = NULL;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, &err)) {
        g_printerr("%s\n", err->message);
        exit(EXIT_FAILURE);
    }
    /* Said before, so that whoever sees a crash knows the file. */
    g_print("%s\n", path);
    LLVMFuzzerTestOneInput((const uint8_t *)text, size);
    replayed++;
}

static void replay_directory(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        replay_file(file);
    }
}

int main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_IS_DIR)) {
            replay_directory(argv[i]);
        } else {
            replay_file(argv[i]);
        }
    }
    g_print("%u replayed\n", replayed);
    return EXIT_SUCCESS;
}
