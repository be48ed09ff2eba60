/*
 * Shadow copies of an NTFS volume
 *
 * volsnap keeps what was overwritten since in files of \System Volume
 * Information that are called {STORE}{3808876b-c176-4e48-b7ae-04046e6cc752};
 * a file of the second GUID alone is the catalog, which stays when the last
 * copy is deleted.  The copies may be kept on another volume: the volume's
 * header, in its boot area, then has that one's GUID.  (J. Metz, "Volume
 * Shadow Snapshot (VSS) format".)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "shadow-copies.h"

#define DIRECTORY "\\System Volume Information"
#define STORE "}{3808876b-c176-4e48-b7ae-04046e6cc752}"

/* Of the header, in bytes from the volume's begin. */
#define HEADER_OFFSET 0x1e00

/* In the header. */
#define HEADER_IDENTIFIER 0             /* GUID, as volsnap's own */
#define HEADER_VOLUME 64                /* GUID of this volume */
#define HEADER_STORAGE 80               /* GUID of the one with the copies */
#define HEADER_SIZE 96
#define GUID_SIZE 16

static const uint8_t identifier[GUID_SIZE] = {
    0x6b, 0x87, 0x08, 0x38, 0x76, 0xc1, 0x48, 0x4e,
    0xb7, 0xae, 0x04, 0x04, 0x6e, 0x6c, 0xc7, 0x52,
};

static bool refuse(const Partition *partition, const char *what,
                   GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u: %s, which free clusters are a part of: delete "
                "them in the source VM (vssadmin delete shadows /all)",
                partition->number, what);
    return false;
}

/* Whether the copies of this volume are kept on another one. */
static bool kept_elsewhere(const uint8_t *header)
{
    static const uint8_t none[GUID_SIZE];

    return memcmp(header + HEADER_IDENTIFIER, identifier, GUID_SIZE) == 0 &&
           memcmp(header + HEADER_STORAGE, none, GUID_SIZE) != 0 &&
           memcmp(header + HEADER_STORAGE, header + HEADER_VOLUME,
                  GUID_SIZE) != 0;
}

static bool check_header(const Partition *partition, Overlay *overlay,
                         GError **errp)
{
    uint8_t header[HEADER_SIZE];

    if (!overlay_read(overlay, partition->start + HEADER_OFFSET, header,
                      sizeof(header), errp)) {
        return false;
    }
    return !kept_elsewhere(header) ||
           refuse(partition, "its shadow copies are on another volume", errp);
}

static bool check_stores(Volume *volume, const Partition *partition,
                         GError **errp)
{
    g_auto(GStrv) names = NULL;
    bool exists;

    if (!volume_exists(volume, DIRECTORY, &exists, errp)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    names = volume_list(volume, DIRECTORY, errp);
    for (char **name = names; name && *name; name++) {
        if (g_str_has_suffix(*name, STORE)) {
            return refuse(partition, "the volume has shadow copies", errp);
        }
    }
    return names != NULL;
}

bool shadow_copies_check_none(Volume *volume, const Partition *partition,
                              Overlay *overlay, GError **errp)
{
    return check_header(partition, overlay, errp) &&
           check_stores(volume, partition, errp);
}
