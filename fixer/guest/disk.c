/*
 * Disk: the partitions of a disk
 *
 * By hand, since the libraries that know partition tables (libfdisk, libparted,
 * libblkid) want a device or a file, which the jailed helper does not have,
 * and number logical drives as Linux does: from 5, where Windows goes on
 * counting after the primaries.
 *
 * A disk has a GPT if the first entry of its MBR is of type 0xee and there is
 * no other: so says ReactOS, whose FstubDetectPartitionStyle() is made to do
 * as Windows does, and that is why Windows takes a hybrid MBR, which has other
 * partitions beside that entry, for an ordinary one (Rod Smith, "Hybrid
 * MBRs").  Whatever else the disk holds, this goes by the same rule.
 *
 * Layout: "Standard MBR", as the UEFI specification 2.10 has it in section
 * 5.2.1; extended partitions are a chain of such sectors.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "disk.h"
#include "error.h"
#include "gpt.h"
#include "guest-limits.h"
#include "le.h"

#define SECTOR_SIZE 512
#define SECTOR_SIZE_4KN 4096

#define MBR_SIGNATURE 440       /* u32, the NT disk signature */
#define MBR_TABLE 446           /* four entries */
#define MBR_ENTRY_SIZE 16
#define MBR_ENTRIES 4
#define MBR_MAGIC 510           /* u16 0xaa55 */

#define ENTRY_FLAGS 0           /* u8, 0x80: active, 0: not */
#define ENTRY_TYPE 4            /* u8 */
#define ENTRY_START 8           /* u32, in sectors */
#define ENTRY_COUNT 12          /* u32, in sectors */

typedef struct Entry {
    uint8_t flags;
    uint8_t type;
    /* In sectors; start as the table has it, relative in extended ones. */
    uint32_t start;
    uint32_t count;
} Entry;

typedef struct Sector {
    uint8_t bytes[SECTOR_SIZE];
} Sector;

static Entry sector_entry(const Sector *sector, unsigned index)
{
    const uint8_t *p = sector->bytes + MBR_TABLE + index * MBR_ENTRY_SIZE;

    return (Entry) {
        .flags = p[ENTRY_FLAGS],
        .type = p[ENTRY_TYPE],
        .start = get_le32(p + ENTRY_START),
        .count = get_le32(p + ENTRY_COUNT),
    };
}

static bool has_magic(const Sector *sector)
{
    return sector->bytes[MBR_MAGIC] == 0x55 &&
           sector->bytes[MBR_MAGIC + 1] == 0xaa;
}

static bool is_extended(const Entry *entry)
{
    return entry->type == PARTITION_TYPE_EXTENDED ||
           entry->type == PARTITION_TYPE_EXTENDED_LBA;
}

/*
 * A boot sector without partition table (a "superfloppy") has code where the
 * table would be: its flags are hardly all 0 or 0x80.
 */
static bool is_partition_table(const Sector *sector)
{
    if (!has_magic(sector)) {
        return false;
    }
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        Entry entry = sector_entry(sector, i);

        if (entry.flags & 0x7f) {
            return false;
        }
    }
    return true;
}

/* Whether the guest may need it, so that it must be there in full. */
static bool is_needed(const Partition *partition)
{
    return partition->active || partition->type == PARTITION_TYPE_IFS ||
           partition->type == PARTITION_TYPE_LDM;
}

/*
 * A partition beyond the end keeps its number, which ARC paths count, but has
 * no size; one that the guest may need means that the image is cut off.
 */
static bool add_partition(Disk *disk, Overlay *overlay, const Entry *entry,
                          unsigned index, uint64_t base, GError **errp)
{
    Partition partition = {
        .number = disk->partitions->len + 1,
        .type = entry->type,
        .active = entry->flags == 0x80 && !disk_active(disk),
        .start = (base + entry->start) * SECTOR_SIZE,
        .size = (uint64_t)entry->count * SECTOR_SIZE,
        .entry = index,
    };

    if (partition.start > overlay_size(overlay) ||
        partition.size > overlay_size(overlay) - partition.start) {
        if (is_needed(&partition)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "partition %u ends beyond the end of the disk: the "
                        "image is cut off, copy it again", partition.number);
            return false;
        }
        partition.size = 0;
    }
    g_array_append_val(disk->partitions, partition);
    return true;
}

static void add_table(Disk *disk, uint64_t offset)
{
    DiskTable table = { .offset = offset, .size = SECTOR_SIZE };

    g_array_append_val(disk->tables, table);
}

/*
 * Walks the chain of extended partitions: in each table the first real entry
 * is a logical drive, relative to the table, and the extended one leads to
 * the next table, relative to the first.
 */
static bool read_logical(Disk *disk, Overlay *overlay, uint64_t first,
                         GError **errp)
{
    uint64_t at = first;

    for (unsigned i = 0; i < LIMIT_LOGICAL_DRIVES; i++) {
        uint64_t next = 0;
        Sector sector;

        if (at >= overlay_size(overlay) / SECTOR_SIZE) {
            return true;
        }
        if (!overlay_read(overlay, at * SECTOR_SIZE, &sector, SECTOR_SIZE,
                          errp)) {
            return false;
        }
        if (!has_magic(&sector)) {
            return true;
        }
        add_table(disk, at * SECTOR_SIZE);
        for (unsigned j = 0; j < MBR_ENTRIES; j++) {
            Entry entry = sector_entry(&sector, j);

            if (is_extended(&entry)) {
                next = next ? next : first + entry.start;
            } else if (entry.type != PARTITION_TYPE_EMPTY &&
                       !add_partition(disk, overlay, &entry, j, at, errp)) {
                return false;
            }
        }
        if (!next) {
            return true;
        }
        at = next;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "the extended partition holds more than %d logical drives, "
                "or its tables form a loop: mend it in the source VM",
                LIMIT_LOGICAL_DRIVES);
    return false;
}

/* Whether all there is in the table is the one entry that stands for a GPT. */
static bool is_protective(const Sector *mbr)
{
    for (unsigned i = 1; i < MBR_ENTRIES; i++) {
        if (sector_entry(mbr, i).type != PARTITION_TYPE_EMPTY) {
            return false;
        }
    }
    return sector_entry(mbr, 0).type == PARTITION_TYPE_GPT;
}

/* A GPT that Windows does not look at, since the MBR has more to say. */
static bool warn_of_hybrid(Disk *disk, Overlay *overlay, const Sector *mbr,
                           GError **errp)
{
    bool names_gpt = false, found;

    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        names_gpt |= sector_entry(mbr, i).type == PARTITION_TYPE_GPT;
    }
    if (!names_gpt) {
        return true;
    }
    if (!gpt_find_header(overlay, SECTOR_SIZE, &found, errp)) {
        return false;
    }
    if (found) {
        g_ptr_array_add(disk->warnings, g_strdup(
            "the disk has a GPT, but its MBR is not the one that goes with "
            "it (a hybrid MBR): Windows takes the partitions of the MBR"));
    }
    return true;
}

/*
 * Sets *@found to whether a table or a boot sector lies where @mbr says that
 * one does, to a reader who takes a sector for @sector_size bytes.
 */
static bool find_boot_sector(Overlay *overlay, const Sector *mbr,
                             unsigned sector_size, bool *found,
                             GError **errp)
{
    *found = false;
    for (unsigned i = 0; i < MBR_ENTRIES && !*found; i++) {
        Entry entry = sector_entry(mbr, i);
        uint64_t at = (uint64_t)entry.start * sector_size;
        Sector sector;

        if ((!is_extended(&entry) && entry.type != PARTITION_TYPE_IFS) ||
            at + SECTOR_SIZE > overlay_size(overlay)) {
            continue;
        }
        if (!overlay_read(overlay, at, &sector, SECTOR_SIZE, errp)) {
            return false;
        }
        *found = has_magic(&sector);
    }
    return true;
}

/*
 * The image of a disk with sectors of 4096 bytes does not say that it is one;
 * its table, read in sectors of 512, leads nowhere.
 */
static bool find_4kn(Overlay *overlay, const Sector *mbr, bool *found,
                     GError **errp)
{
    bool found_512;

    *found = false;
    return find_boot_sector(overlay, mbr, SECTOR_SIZE, &found_512, errp) &&
           (found_512 || find_boot_sector(overlay, mbr, SECTOR_SIZE_4KN,
                                          found, errp));
}

/* The same by the header of a GPT. */
static bool find_4kn_gpt(Overlay *overlay, bool *found, GError **errp)
{
    bool found_512;

    *found = false;
    return gpt_find_header(overlay, SECTOR_SIZE, &found_512, errp) &&
           (found_512 || gpt_find_header(overlay, SECTOR_SIZE_4KN, found,
                                         errp));
}

static void set_4kn(GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "the partition table counts in sectors of %u bytes (4Kn): "
                "IDE disks have %u, so that a copy would not boot; move the "
                "guest to a disk of these in the source VM",
                SECTOR_SIZE_4KN, SECTOR_SIZE);
}

static bool read_mbr_tables(Disk *disk, Overlay *overlay, const Sector *mbr,
                            GError **errp)
{
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        Entry entry = sector_entry(mbr, i);

        if (entry.type != PARTITION_TYPE_EMPTY && !is_extended(&entry) &&
            !add_partition(disk, overlay, &entry, i, 0, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        Entry entry = sector_entry(mbr, i);

        if (is_extended(&entry) &&
            !read_logical(disk, overlay, entry.start, errp)) {
            return false;
        }
    }
    return true;
}

static bool read_tables(Disk *disk, Overlay *overlay, const Sector *mbr,
                        GError **errp)
{
    bool is_gpt = is_protective(mbr), is_4kn;

    if (is_gpt ? !find_4kn_gpt(overlay, &is_4kn, errp)
               : !find_4kn(overlay, mbr, &is_4kn, errp)) {
        return false;
    }
    if (is_4kn) {
        set_4kn(errp);
        return false;
    }
    return is_gpt ? gpt_read(disk, overlay, errp)
                  : warn_of_hybrid(disk, overlay, mbr, errp) &&
                    read_mbr_tables(disk, overlay, mbr, errp);
}

Disk *disk_read(Overlay *overlay, GError **errp)
{
    g_autoptr(Disk) disk = disk_new();
    Sector mbr = { 0 };

    if (!overlay_read(overlay, 0, &mbr,
                      MIN(SECTOR_SIZE, overlay_size(overlay)), errp)) {
        return NULL;
    }
    if (!is_partition_table(&mbr)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_GUEST,
                    "the disk has no partition table; if it is not a raw "
                    "image, name its format, as in -f vmdk or "
                    "file.driver=vmdk");
        return NULL;
    }
    disk->signature = get_le32(mbr.bytes + MBR_SIGNATURE);
    add_table(disk, 0);
    if (!read_tables(disk, overlay, &mbr, errp)) {
        return NULL;
    }
    return g_steal_pointer(&disk);
}

Disk *disk_new(void)
{
    Disk *disk = g_new0(Disk, 1);

    disk->partitions = g_array_new(FALSE, FALSE, sizeof(Partition));
    disk->tables = g_array_new(FALSE, FALSE, sizeof(DiskTable));
    disk->warnings = g_ptr_array_new_with_free_func(g_free);
    return disk;
}

void disk_free(Disk *disk)
{
    if (disk) {
        g_array_unref(disk->partitions);
        g_array_unref(disk->tables);
        g_ptr_array_unref(disk->warnings);
        g_free(disk);
    }
}

void disk_add_warnings(const Disk *disk, GPtrArray *warnings)
{
    for (guint i = 0; i < disk->warnings->len; i++) {
        g_ptr_array_add(warnings,
                        g_strdup(g_ptr_array_index(disk->warnings, i)));
    }
}

const Partition *disk_partition(const Disk *disk, unsigned number)
{
    if (number < 1 || number > disk->partitions->len) {
        return NULL;
    }
    return &g_array_index(disk->partitions, Partition, number - 1);
}

const Partition *disk_active(const Disk *disk)
{
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *p = &g_array_index(disk->partitions, Partition, i);

        if (p->active) {
            return p;
        }
    }
    return NULL;
}

static const Partition *find_esp(const Disk *disk, guint first)
{
    for (guint i = first; i < disk->partitions->len; i++) {
        const Partition *p = &g_array_index(disk->partitions, Partition, i);

        if (p->type == PARTITION_TYPE_ESP) {
            return p;
        }
    }
    return NULL;
}

const Partition *disk_esp(const Disk *disk)
{
    return find_esp(disk, 0);
}

const Partition *disk_next_esp(const Disk *disk, const Partition *esp)
{
    return find_esp(disk, esp->number);
}

bool disk_blank_entry_before(const Disk *disk, const Partition *partition)
{
    return disk->scheme == DISK_GPT &&
           partition->entry > partition->number - 1;
}
