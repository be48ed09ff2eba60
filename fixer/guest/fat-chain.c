/*
 * FAT: the boot sector, and the chains of clusters
 *
 * A chain is followed no further than there are bytes to read, so that one
 * that is a loop ends, too.
 *
 * Layout: Microsoft, "FAT32 File System Specification", version 1.03.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "fat-internal.h"
#include "le.h"

#define BOOT_SECTOR_SIZE 512
#define BOOT_SECTOR 11          /* u16, its size in bytes */
#define BOOT_CLUSTER 13         /* u8, its size in sectors */
#define BOOT_RESERVED 14        /* u16, sectors before the tables */
#define BOOT_TABLES 16          /* u8, copies of the table */
#define BOOT_ROOT_ENTRIES 17    /* u16, 0 on FAT32 */
#define BOOT_SECTORS_16 19      /* u16, 0 if there are too many */
#define BOOT_TABLE_16 22        /* u16, sectors of a table, 0 on FAT32 */
#define BOOT_SECTORS_32 32      /* u32 */
/* On FAT32 only. */
#define BOOT_TABLE_32 36        /* u32 */
#define BOOT_FLAGS 40           /* u16 */
#define BOOT_VERSION 42         /* u16 */
#define BOOT_ROOT 44            /* u32, a cluster */
#define BOOT_MAGIC 510          /* u16 0xaa55 */

/* Flags: one table only is kept up to date, that of a number. */
#define FLAG_ONE_TABLE 0x80
#define FLAG_NUMBER 0x0f

#define MIN_SECTOR 512
#define MAX_SECTOR 4096
#define MAX_CLUSTER (256 * 1024)
#define DIRECTORY_ENTRY 32

/* With as many clusters as this it is a FAT16. */
#define FAT16_CLUSTERS 4085

#define FIRST_CLUSTER 2
/* Bits of FAT32 entries; the others are reserved. */
#define CLUSTER_BITS 28
#define CLUSTER_MASK ((1u << CLUSTER_BITS) - 1)
/* The last entries there can be: one for a bad cluster, eight for the end. */
#define END_ENTRIES 8

/* What the boot sector says, in sectors unless otherwise said. */
typedef struct Parameters {
    uint32_t sector;            /* in bytes */
    uint32_t cluster;
    uint32_t reserved;
    uint32_t tables;            /* copies */
    uint32_t table;
    uint32_t root_entries;
    uint32_t root;
    uint32_t total;
    uint32_t first_table;       /* which copy */
    uint32_t root_cluster;
    bool fat32;
} Parameters;

bool fat_set_broken(const FatVolume *fat, const char *path, const char *what,
                    GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: %.100s: %s: chkdsk the FAT volume in the source VM",
                fat->label, path, what);
    return false;
}

static bool is_power_of_2(uint32_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

static Parameters parse_boot_sector(const uint8_t *p)
{
    uint32_t table_16 = get_le16(p + BOOT_TABLE_16);
    uint32_t sectors_16 = get_le16(p + BOOT_SECTORS_16);
    uint32_t flags = get_le16(p + BOOT_FLAGS);
    bool fat32 = table_16 == 0;

    return (Parameters) {
        .sector = get_le16(p + BOOT_SECTOR),
        .cluster = p[BOOT_CLUSTER],
        .reserved = get_le16(p + BOOT_RESERVED),
        .tables = p[BOOT_TABLES],
        .table = fat32 ? get_le32(p + BOOT_TABLE_32) : table_16,
        .root_entries = get_le16(p + BOOT_ROOT_ENTRIES),
        .total = sectors_16 ? sectors_16 : get_le32(p + BOOT_SECTORS_32),
        .first_table = fat32 && flags & FLAG_ONE_TABLE ? flags & FLAG_NUMBER
                                                       : 0,
        .root_cluster = fat32 ? get_le32(p + BOOT_ROOT) & CLUSTER_MASK : 0,
        .fat32 = fat32,
    };
}

/* Whether the numbers are those of a FAT; nothing else calls it one. */
static bool check_parameters(Parameters *p, uint64_t size)
{
    uint64_t before;

    if (!is_power_of_2(p->sector) || p->sector < MIN_SECTOR ||
        p->sector > MAX_SECTOR || !is_power_of_2(p->cluster) ||
        p->cluster * p->sector > MAX_CLUSTER || p->reserved == 0 ||
        p->tables < 1 || p->tables > 2 || p->first_table >= p->tables ||
        p->table == 0 || p->total > size / p->sector ||
        (p->root_entries == 0) != p->fat32) {
        return false;
    }
    p->root = (p->root_entries * DIRECTORY_ENTRY + p->sector - 1) /
              p->sector;
    before = p->reserved + (uint64_t)p->tables * p->table + p->root;
    return before + p->cluster <= p->total;
}

static bool read_parameters(Overlay *overlay, const Partition *partition,
                            Parameters *p, bool *is_fat, GError **errp)
{
    uint8_t sector[BOOT_SECTOR_SIZE];

    *is_fat = false;
    if (partition->size < sizeof(sector)) {
        return true;
    }
    if (!overlay_read(overlay, partition->start, sector, sizeof(sector),
                      errp)) {
        return false;
    }
    *p = parse_boot_sector(sector);
    *is_fat = get_le16(sector + BOOT_MAGIC) == 0xaa55 &&
              (!p->fat32 || get_le16(sector + BOOT_VERSION) == 0) &&
              check_parameters(p, partition->size);
    return true;
}

bool fat_probe(Overlay *overlay, const Partition *partition, bool *is_fat,
               GError **errp)
{
    Parameters p;

    return read_parameters(overlay, partition, &p, is_fat, errp);
}

static uint32_t largest_entry(const FatVolume *fat)
{
    return fat->bits == 32 ? CLUSTER_MASK : (1u << fat->bits) - 1;
}

static void set_layout(FatVolume *fat, const Parameters *p,
                       uint64_t partition_start)
{
    uint64_t root = p->reserved + (uint64_t)p->tables * p->table;
    uint64_t data = root + p->root;
    uint64_t clusters = (p->total - data) / p->cluster;
    uint64_t entries;

    fat->bits = p->fat32 ? 32 : clusters < FAT16_CLUSTERS ? 12 : 16;
    fat->cluster_size = p->cluster * p->sector;
    fat->root_cluster = p->root_cluster;
    fat->root = partition_start + root * p->sector;
    fat->root_size = p->root_entries * DIRECTORY_ENTRY;
    fat->data = partition_start + data * p->sector;
    fat->table = partition_start +
                 (p->reserved + (uint64_t)p->first_table * p->table) *
                 p->sector;
    /* Clusters that the table has no entry for cannot be used. */
    entries = (uint64_t)p->table * p->sector * 8 / fat->bits;
    fat->last_cluster = MIN(MIN(clusters + FIRST_CLUSTER, entries) - 1,
                            largest_entry(fat) - END_ENTRIES - 1);
}

FatVolume *fat_open(Overlay *overlay, const Partition *partition,
                    GError **errp)
{
    FatVolume *fat;
    Parameters p;
    bool is_fat;

    if (!read_parameters(overlay, partition, &p, &is_fat, errp)) {
        return NULL;
    }
    if (!is_fat) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "partition %u: it does not begin as a FAT volume does, "
                    "though it should be one: chkdsk it in the source VM",
                    partition->number);
        return NULL;
    }
    fat = g_new0(FatVolume, 1);
    fat->overlay = overlay;
    fat->label = g_strdup_printf("partition %u", partition->number);
    set_layout(fat, &p, partition->start);
    return fat;
}

void fat_free(FatVolume *fat)
{
    if (fat) {
        g_free(fat->label);
        g_free(fat);
    }
}

/* A byte of the table, which has it: the caller knows. */
static bool read_table_byte(FatVolume *fat, uint64_t at, uint8_t *byte,
                            GError **errp)
{
    uint64_t window = at / FAT_WINDOW * FAT_WINDOW;
    uint64_t room = overlay_size(fat->overlay) - (fat->table + window);

    if (!fat->has_window || fat->window_at != window) {
        fat->has_window = false;
        if (!overlay_read(fat->overlay, fat->table + window, fat->window,
                          MIN(room, FAT_WINDOW), errp)) {
            return false;
        }
        fat->window_at = window;
        fat->has_window = true;
    }
    *byte = fat->window[at - window];
    return true;
}

/* The entry of @cluster, which is none that the table does not have. */
static bool read_entry(FatVolume *fat, uint32_t cluster, uint32_t *entry,
                       GError **errp)
{
    uint64_t at = (uint64_t)cluster * fat->bits / 8;
    unsigned count = fat->bits == 32 ? 4 : 2;

    *entry = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t byte;

        if (!read_table_byte(fat, at + i, &byte, errp)) {
            return false;
        }
        *entry |= (uint32_t)byte << (8 * i);
    }
    if (fat->bits == 12) {
        *entry = cluster & 1 ? *entry >> 4 : *entry & 0xfff;
    }
    *entry &= CLUSTER_MASK;
    return true;
}

static bool is_end(const FatVolume *fat, uint32_t entry)
{
    return entry > largest_entry(fat) - END_ENTRIES;
}

static bool is_cluster(const FatVolume *fat, uint32_t cluster)
{
    return cluster >= FIRST_CLUSTER && cluster <= fat->last_cluster;
}

/*
 * The clusters from *@cluster on that follow each other on the disk, up to
 * @most; *@cluster becomes what comes next in the chain.
 */
static bool next_run(FatVolume *fat, uint32_t *cluster, size_t most,
                     size_t *count, GError **errp)
{
    uint32_t at = *cluster;

    for (*count = 1; ; ++*count, at++) {
        if (!read_entry(fat, at, cluster, errp)) {
            return false;
        }
        if (*cluster != at + 1 || *count >= most ||
            !is_cluster(fat, *cluster)) {
            return true;
        }
    }
}

/*
 * Reads a run that begins in *@cluster, at most *@size bytes, which becomes
 * how many there were; *@cluster becomes what comes next in the chain.
 */
static bool read_run(FatVolume *fat, const char *path, uint32_t *cluster,
                     uint8_t *bytes, size_t *size, GError **errp)
{
    size_t most = (*size + fat->cluster_size - 1) / fat->cluster_size;
    uint32_t first = *cluster;
    size_t count;

    if (!is_cluster(fat, first)) {
        return fat_set_broken(fat, path, "its chain of clusters breaks off",
                              errp);
    }
    if (!next_run(fat, cluster, most, &count, errp)) {
        return false;
    }
    *size = MIN(count * fat->cluster_size, *size);
    return overlay_read(fat->overlay, fat->data +
                        (uint64_t)(first - FIRST_CLUSTER) *
                        fat->cluster_size, bytes, *size, errp);
}

bool fat_read_chain(FatVolume *fat, const char *path, uint32_t cluster,
                    uint8_t *bytes, size_t size, size_t *length,
                    GError **errp)
{
    size_t done = 0;

    while (done < size && !(done > 0 && length && is_end(fat, cluster))) {
        size_t run = size - done;

        if (!read_run(fat, path, &cluster, bytes + done, &run, errp)) {
            return false;
        }
        done += run;
    }
    if (length) {
        *length = done;
    }
    return true;
}
