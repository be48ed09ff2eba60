/*
 * Boot sector: what an NTFS volume tells its own boot code of the disk
 *
 * Notes on the design
 *
 * The boot code of Windows 2000, XP and Server 2003 reads NTLDR through the
 * BIOS.  Sectors that INT 13h can reach by cylinder, head and sector it asks
 * for in these terms, which it works out with the heads and the track of the
 * volume's own BIOS parameter block: if they are not those of the BIOS, it
 * reads something else and ends with "A disk read error occurred", or worse.
 * Only beyond that limit, and in all of Vista's boot code, are sectors counted
 * through.
 *
 * Of the parameter block nothing else is changed.  NTFS keeps a copy of the
 * boot sector in the sector after the volume's last one, to restore it from:
 * that gets the same bytes.
 *
 * Layout: struct NTFS_BOOT_SECTOR in libntfs-3g's layout.h; the Windows 2000
 * Server Resource Kit has the same in "Boot Sector", tables of the BPB and
 * extended BPB fields of NTFS volumes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-sector.h"
#include "error.h"
#include "le.h"

#define BOOT_SECTOR_SIZE 512

#define BOOT_OEM_ID 0x03                /* u8[8] */
#define BOOT_BYTES_PER_SECTOR 0x0b      /* u16 */
#define BOOT_SECTORS_PER_TRACK 0x18     /* u16 */
#define BOOT_HEADS 0x1a                 /* u16 */
#define BOOT_HIDDEN_SECTORS 0x1c        /* u32 */
#define BOOT_TOTAL_SECTORS 0x28         /* u64 */
#define BOOT_SERIAL 0x48                /* u64 */

/* The values of the former. */
#define OEM_ID "NTFS    "
#define MIN_BYTES_PER_SECTOR 512
#define MAX_BYTES_PER_SECTOR 4096

/* INT 13h and the partition table count in these. */
#define DISK_SECTOR_SIZE 512

typedef struct Sector {
    uint8_t bytes[BOOT_SECTOR_SIZE];
} Sector;

static bool is_ntfs(const Sector *sector)
{
    return memcmp(sector->bytes + BOOT_OEM_ID, OEM_ID,
                  strlen(OEM_ID)) == 0;
}

static BootSector sector_parse(const Sector *sector)
{
    const uint8_t *p = sector->bytes;

    return (BootSector) {
        .bytes_per_sector = get_le16(p + BOOT_BYTES_PER_SECTOR),
        .sectors_per_track = get_le16(p + BOOT_SECTORS_PER_TRACK),
        .heads = get_le16(p + BOOT_HEADS),
        .hidden_sectors = get_le32(p + BOOT_HIDDEN_SECTORS),
        .total_sectors = get_le64(p + BOOT_TOTAL_SECTORS),
        .serial = get_le64(p + BOOT_SERIAL),
    };
}

static bool is_sector_size(unsigned size)
{
    return size >= MIN_BYTES_PER_SECTOR && size <= MAX_BYTES_PER_SECTOR &&
           (size & (size - 1)) == 0;
}

bool boot_sector_read(Overlay *overlay, const Partition *partition,
                      BootSector *out, GError **errp)
{
    Sector sector = { 0 };

    if (partition->size >= sizeof(sector) &&
        !overlay_read(overlay, partition->start, &sector, sizeof(sector),
                      errp)) {
        return false;
    }
    if (!is_ntfs(&sector)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "partition %u: its first sector is not the boot sector "
                    "of an NTFS volume", partition->number);
        return false;
    }
    *out = sector_parse(&sector);
    if (!is_sector_size(out->bytes_per_sector)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "partition %u: its boot sector is damaged (sectors of %u "
                    "bytes): run chkdsk in the source VM", partition->number,
                    out->bytes_per_sector);
        return false;
    }
    return true;
}

char *boot_sector_check_hidden(const BootSector *boot,
                               const Partition *partition)
{
    uint64_t before = partition->start / DISK_SECTOR_SIZE;

    if (boot->hidden_sectors == before) {
        return NULL;
    }
    return g_strdup_printf("partition %u begins at sector %" G_GUINT64_FORMAT
                           ", but its boot sector has %" G_GUINT32_FORMAT
                           " hidden sectors: its boot code will not find "
                           "the volume; run fixboot of the Recovery Console",
                           partition->number, before, boot->hidden_sectors);
}

bool boot_sector_has_geometry(const BootSector *boot,
                              const BiosGeometry *bios)
{
    return boot->heads == bios->heads &&
           boot->sectors_per_track == bios->sectors_per_track;
}

static bool set_geometry(Overlay *overlay, uint64_t offset,
                         const BootSector *boot, const BiosGeometry *bios,
                         GError **errp)
{
    /* The two fields lie side by side. */
    uint8_t bytes[BOOT_HEADS + 2 - BOOT_SECTORS_PER_TRACK];

    put_le16(bytes, bios->sectors_per_track);
    put_le16(bytes + (BOOT_HEADS - BOOT_SECTORS_PER_TRACK), bios->heads);
    return boot_sector_has_geometry(boot, bios) ||
           overlay_write(overlay, offset + BOOT_SECTORS_PER_TRACK, bytes,
                         sizeof(bytes), errp);
}

/*
 * Sets *@found to whether the copy of @boot lies where it should; *@offset is
 * its place, *@copy what it says.
 */
static bool find_copy(Overlay *overlay, const Partition *partition,
                      const BootSector *boot, bool *found, uint64_t *offset,
                      BootSector *copy, GError **errp)
{
    unsigned size = boot->bytes_per_sector;
    Sector sector;

    *found = false;
    if (boot->total_sectors == 0 ||
        boot->total_sectors >= partition->size / size) {
        return true;
    }
    *offset = partition->start + boot->total_sectors * size;
    if (!overlay_read(overlay, *offset, &sector, sizeof(sector), errp)) {
        return false;
    }
    *copy = sector_parse(&sector);
    *found = is_ntfs(&sector) && copy->bytes_per_sector == size &&
             copy->total_sectors == boot->total_sectors &&
             copy->serial == boot->serial;
    return true;
}

bool boot_sector_set_geometry(Overlay *overlay, const Partition *partition,
                              const BiosGeometry *bios, GPtrArray *warnings,
                              GError **errp)
{
    BootSector boot, copy;
    uint64_t offset;
    bool found;

    if (!boot_sector_read(overlay, partition, &boot, errp) ||
        !set_geometry(overlay, partition->start, &boot, bios, errp) ||
        !find_copy(overlay, partition, &boot, &found, &offset, &copy, errp)) {
        return false;
    }
    if (!found) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("partition %u: there is no copy of "
                                        "its boot sector at the end of the "
                                        "volume, where NTFS keeps one; what "
                                        "is there was left alone",
                                        partition->number));
        return true;
    }
    return set_geometry(overlay, offset, &copy, bios, errp);
}
