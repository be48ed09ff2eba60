/*
 * BCD: devices, which are a partition in most cases
 *
 * The element is that of a device (BOOT_ENVIRONMENT_DEVICE behind a GUID).
 * Microsoft documents what it says, not how it lies there; that has been seen
 * in real stores, and is as ReactOS has it (boot/environ, bl.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bcd.h"
#include "le.h"

/* The object with additional options comes first: a GUID, mostly zero. */
#define HEADER 0x10
/* u32 */
#define DEVICE_TYPE (HEADER + 0x00)
/* u32: bytes from HEADER on */
#define DEVICE_SIZE (HEADER + 0x08)
#define DEVICE_DATA (HEADER + 0x10)

enum {
    TYPE_DISK = 0,
    TYPE_BOOT = 5,
    TYPE_PARTITION = 6,
    TYPE_LOCATE = 8,
};

/* TYPE_PARTITION: u64, the partition's start in bytes, or its GUID */
#define PARTITION_START DEVICE_DATA
#define PARTITION_GUID DEVICE_DATA
/* u32: what the partition is a part of; of TYPE_DISK at DEVICE_DATA */
#define PARTITION_PARENT (DEVICE_DATA + 0x10)
/* u32 */
#define PARTITION_SCHEME (DEVICE_DATA + 0x14)
/* u32, the signature of an MBR, or the disk's GUID */
#define PARTITION_DISK (DEVICE_DATA + 0x18)
#define PARTITION_END (PARTITION_DISK + sizeof(Guid))

/* What a partition is a part of, and what a disk is */
enum {
    PARENT_DISK = 0,
    PARENT_RAM_DISK = 3,
    PARENT_FILE = 5,
    PARENT_VIRTUAL_DISK = 6,
};

enum {
    SCHEME_GPT = 0,
    SCHEME_MBR = 1,
};

static bool is_in_file(uint32_t parent)
{
    return parent == PARENT_RAM_DISK || parent == PARENT_FILE ||
           parent == PARENT_VIRTUAL_DISK;
}

static void parse_partition(BcdDevice *device, const uint8_t *p, size_t size)
{
    if (size < PARTITION_END) {
        device->kind = BCD_DEVICE_NONE;
    } else if (get_le32(p + PARTITION_PARENT) != PARENT_DISK) {
        device->kind = is_in_file(get_le32(p + PARTITION_PARENT))
                       ? BCD_DEVICE_FILE : BCD_DEVICE_OTHER;
    } else if (get_le32(p + PARTITION_SCHEME) == SCHEME_GPT) {
        device->kind = BCD_DEVICE_GPT;
        memcpy(&device->partition, p + PARTITION_GUID, sizeof(Guid));
        memcpy(&device->disk, p + PARTITION_DISK, sizeof(Guid));
    } else if (get_le32(p + PARTITION_SCHEME) == SCHEME_MBR) {
        device->kind = BCD_DEVICE_MBR;
        device->offset = get_le64(p + PARTITION_START);
        device->signature = get_le32(p + PARTITION_DISK);
    }
}

BcdDevice bcd_device_parse(GBytes *element)
{
    BcdDevice device = { .kind = BCD_DEVICE_NONE };
    gsize size;
    const uint8_t *p = g_bytes_get_data(element, &size);
    uint32_t length;

    if (size < DEVICE_DATA) {
        return device;
    }
    length = get_le32(p + DEVICE_SIZE);
    if (length < DEVICE_DATA - HEADER || length > size - HEADER) {
        return device;
    }
    device.kind = BCD_DEVICE_OTHER;
    switch (get_le32(p + DEVICE_TYPE)) {
    case TYPE_BOOT:
        device.kind = BCD_DEVICE_BOOT;
        break;
    case TYPE_LOCATE:
        device.kind = BCD_DEVICE_LOCATE;
        break;
    case TYPE_PARTITION:
        parse_partition(&device, p, HEADER + length);
        break;
    case TYPE_DISK:
        if (length >= DEVICE_DATA - HEADER + 4 &&
            is_in_file(get_le32(p + DEVICE_DATA))) {
            device.kind = BCD_DEVICE_FILE;
        }
        break;
    }
    return device;
}

static bool is_partition(const BcdDevice *device, const Partition *partition)
{
    return device->kind == BCD_DEVICE_GPT
           ? guid_equal(&device->partition, &partition->guid)
           : device->offset == partition->start;
}

bool bcd_device_is_elsewhere(const BcdDevice *device, const Disk *disk)
{
    switch (device->kind) {
    case BCD_DEVICE_MBR:
        return disk->scheme != DISK_MBR ||
               device->signature != disk->signature;
    case BCD_DEVICE_GPT:
        return disk->scheme != DISK_GPT ||
               !guid_equal(&device->disk, &disk->guid);
    default:
        return false;
    }
}

const Partition *bcd_device_partition(const BcdDevice *device,
                                      const Disk *disk, const Partition *boot)
{
    if (device->kind == BCD_DEVICE_BOOT) {
        return boot;
    }
    if ((device->kind != BCD_DEVICE_MBR && device->kind != BCD_DEVICE_GPT) ||
        bcd_device_is_elsewhere(device, disk)) {
        return NULL;
    }
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(disk->partitions,
                                                    Partition, i);

        if (is_partition(device, partition)) {
            return partition;
        }
    }
    return NULL;
}

char *bcd_device_describe(const BcdDevice *device)
{
    g_autofree char *disk = NULL;
    g_autofree char *partition = NULL;

    switch (device->kind) {
    case BCD_DEVICE_NONE:
        return g_strdup("no device");
    case BCD_DEVICE_BOOT:
        return g_strdup("the partition that the boot manager is on");
    case BCD_DEVICE_LOCATE:
        return g_strdup("whichever volume has it");
    case BCD_DEVICE_MBR:
        return g_strdup_printf("the partition at byte %" G_GUINT64_FORMAT
                               " of the disk of signature %08x",
                               device->offset, device->signature);
    case BCD_DEVICE_GPT:
        disk = guid_to_string(&device->disk);
        partition = guid_to_string(&device->partition);
        return g_strdup_printf("the partition %s of the disk %s", partition,
                               disk);
    case BCD_DEVICE_FILE:
        return g_strdup("a virtual disk or RAM disk, which is a file");
    default:
        return g_strdup("a device that is no partition");
    }
}
