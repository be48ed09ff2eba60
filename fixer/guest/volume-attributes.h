/*
 * How NTFS stores a file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_ATTRIBUTES_H
#define GUEST_VOLUME_ATTRIBUTES_H

#include "volume.h"

typedef struct VolumeAttributes {
    bool directory;
    bool compressed;
    bool encrypted;
    bool sparse;
    /* NTFS's own: it may be, where a directory names it by a wrong number. */
    bool metadata;
    /* How many names it has; a short one beside a long one counts. */
    unsigned names;
    /* In bytes. */
    uint64_t size;
    /* The number of its (base) record in the MFT. */
    uint64_t record;
} VolumeAttributes;

bool volume_attributes(Volume *volume, const char *path,
                       VolumeAttributes *attributes, GError **errp);

#endif /* GUEST_VOLUME_ATTRIBUTES_H */
