/*
 * BIOS geometry: the heads and tracks that INT 13h reports of the disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BIOS_GEOMETRY_H
#define GUEST_BIOS_GEOMETRY_H

#include "overlay.h"

typedef struct BiosGeometry {
    unsigned heads;
    unsigned sectors_per_track;
} BiosGeometry;

/*
 * What the BIOS of QEMU and of Xen HVM reports of the disk as the first IDE
 * disk: function 8 of INT 13h.  It depends on the size and on sector 0.
 */
bool bios_geometry_read(Overlay *overlay, BiosGeometry *out, GError **errp);

#endif /* GUEST_BIOS_GEOMETRY_H */
