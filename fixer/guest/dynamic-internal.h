/*
 * Internals of the dynamic disks: records, and who shares them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DYNAMIC_INTERNAL_H
#define GUEST_DYNAMIC_INTERNAL_H

#include "dynamic.h"

#define SECTOR_SIZE 512
#define GUID_SIZE 16
#define GUID_TEXT_SIZE 36

/* In front of what tells records of different types apart. */
#define RECORD_TYPE 3                   /* u8: revision << 4 | RecordType */
#define RECORD_SIZE 4                   /* u32, of what follows */
#define RECORD_HEAD_SIZE 8

typedef enum RecordType {
    RECORD_NONE,
    /* What has a drive letter. */
    RECORD_VOLUME,
    /* A copy of a volume's data: a second one is its mirror. */
    RECORD_COMPONENT,
    /* A piece of a component, in one place on a disk. */
    RECORD_EXTENT,
    RECORD_DISK,
    RECORD_GROUP,
} RecordType;

/* Of components and of volumes. */
enum {
    COMPONENT_STRIPED = 1,
    COMPONENT_RAID5 = 3,
    VOLUME_RAID5 = 4,
};

typedef struct Record {
    RecordType type;
    uint64_t id;
    /* An extent's component, a component's volume. */
    uint64_t parent;
    /* How many components or extents name this one as their parent. */
    uint64_t children;
    /* COMPONENT_*, VOLUME_* */
    uint8_t layout;
    /* An extent: on which disk and where, in sectors. */
    uint64_t disk;
    uint64_t start;
    uint64_t count;
    uint8_t guid[GUID_SIZE];
} Record;

struct DynamicDisk {
    uint8_t guid[GUID_SIZE];
    /* In sectors, from the start of the disk. */
    uint64_t first;
    uint64_t id;
    /* Record */
    GArray *records;
};

/* dynamic-record.c */

/* A big-endian number of @size bytes, at most 8. */
uint64_t dynamic_get_be(const uint8_t *p, size_t size);

/* Parses GUID_TEXT_SIZE characters. */
bool dynamic_parse_guid(const uint8_t *text, uint8_t guid[GUID_SIZE]);

/* Adds the record in @data, of at least RECORD_HEAD_SIZE bytes. */
bool dynamic_add_record(DynamicDisk *disk, const uint8_t *data, size_t size,
                        GError **errp);

/* dynamic.c */

/* Says of the disk that its database @what; always false. */
bool dynamic_set_broken(const char *what, GError **errp);

#endif /* GUEST_DYNAMIC_INTERNAL_H */
