/*
 * ARC paths: where boot.ini says that a Windows lies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_ARC_PATH_H
#define GUEST_ARC_PATH_H

#include "disk.h"

typedef enum ArcKind {
    /* Through the BIOS: multi(0)disk(0)rdisk(DISK)partition(N) */
    ARC_MULTI,
    /* Through NTBOOTDD.SYS: scsi(0)disk(DISK)rdisk(LUN)partition(N) */
    ARC_SCSI,
    /* Likewise, by the disk's signature: signature(...)disk... */
    ARC_SIGNATURE,
} ArcKind;

typedef struct ArcPath {
    ArcKind kind;
    /* The number in multi() or scsi(), else 0. */
    unsigned ordinal;
    /* The number in disk(), which scsi() uses as the SCSI id. */
    unsigned disk;
    /* The number in rdisk(), which multi() uses as the BIOS disk's. */
    unsigned rdisk;
    /* From 1. */
    unsigned partition;
    /* Of signature(), else 0. */
    uint32_t signature;
    /* With its leading backslash: \WINDOWS; "" for the root. */
    char *directory;
} ArcPath;

/* Parses an ARC path; false if @text is none (as C:\ is none). */
bool arc_path_parse(const char *text, ArcPath *path);

void arc_path_clear(ArcPath *path);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ArcPath, arc_path_clear)

/* Whether @text is an ARC path. */
bool arc_path_is(const char *text);

/* The disk that @path names if it is not @disk, to be freed; else NULL. */
char *arc_path_other_disk(const ArcPath *path, const Disk *disk);

/* The partition of @disk that @path names, or NULL. */
const Partition *arc_path_partition(const ArcPath *path, const Disk *disk);

#endif /* GUEST_ARC_PATH_H */
