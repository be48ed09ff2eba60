/*
 * hive-faults: what is wrong with a registry hive, for tests
 *
 * Usage: hive-faults HIVE...
 *
 * One line for each hive that has a fault.  The status is 1 if one has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>

#include "hive-base.h"
#include "hive-check.h"
#include "le.h"
#include "util.h"

/* The first fault, to be freed, or NULL. */
static char *find_fault(const char *path)
{
    g_autoptr(GBytes) bytes = read_file(path);
    const uint8_t *base = g_bytes_get_data(bytes, NULL);
    char *why = hive_base_why_dirty(base);
    g_autoptr(HiveImage) image = why ? NULL : hive_image_new(bytes, &why);
    g_autoptr(HiveCheck) check = NULL;

    if (image) {
        check = hive_check_new(image, get_le32(base + HIVE_BASE_ROOT));
        why = hive_check_describe(check);
    }
    return why;
}

int main(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++) {
        g_autofree char *why = find_fault(argv[i]);

        if (why) {
            printf("%s: %s\n", argv[i], why);
            status = 1;
        }
    }
    return status;
}
