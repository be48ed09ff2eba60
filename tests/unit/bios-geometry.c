/*
 * Prints the BIOS geometry of a disk, for tests in Python
 *
 * Usage: bios-geometry DISK, a raw image; prints HEADS SECTORS-PER-TRACK
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bios-geometry.h"
#include "util.h"

int main(int argc, char **argv)
{
    g_autoptr(ByteSource) disk = file_source_new(argv[1]);
    g_autoptr(Overlay) overlay = overlay_new(disk, 0);
    g_autoptr(GError) err = NULL;
    BiosGeometry geometry;

    if (!bios_geometry_read(overlay, &geometry, &err)) {
        g_printerr("%s\n", err->message);
        return 1;
    }
    g_print("%u %u\n", geometry.heads, geometry.sectors_per_track);
    return 0;
}
