/*
 * BIOS geometry: the heads and tracks that INT 13h reports of the disk
 *
 * Notes on the design
 *
 * Two programs make up the geometry.  QEMU gives the disk a physical one and
 * tells the BIOS, in CMOS register 0x39, how to translate it
 * (hw/block/hd-geometry.c); SeaBIOS translates (setup_translation() in
 * src/block.c).  The rule was read there, and tests/unit/test-bios-heads.py
 * asks a running BIOS whether it still holds.
 *
 * QEMU looks at the partition table first, for the geometry that it was made
 * with: each partition ends on the last head and sector of a cylinder.  If
 * that has up to 16 heads, an ATA disk can have it, and the BIOS reports it as
 * it is.  With more heads it shows that a BIOS translated, and so shall
 * SeaBIOS: by doubling the heads while there are too many cylinders, for
 * disks of up to 8192 cylinders of 16 heads, else by the table of "LBA assist"
 * that goes by size alone.  A partition table that tells nothing leaves only
 * that.
 *
 * Tables that go by size alone, as virt-v2v's, are therefore wrong for disks
 * that were partitioned with 16 heads or fewer, and near their limits: the
 * step from 128 to 255 heads is at 4260888576 bytes; that from 64 to 128 at
 * 2115993600 or, if the partition table tells nothing, at 2146959360.
 *
 * Layout: "Standard MBR", as the UEFI specification 2.10 has it in section
 * 5.2.1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bios-geometry.h"
#include "le.h"

#define SECTOR_SIZE 512

#define MBR_TABLE 446           /* four entries */
#define MBR_ENTRY_SIZE 16
#define MBR_ENTRIES 4
#define MBR_MAGIC 510           /* u16 */
#define MBR_MAGIC_VALUE 0xaa55

#define ENTRY_END_HEAD 5        /* u8, from 0 */
#define ENTRY_END_SECTOR 6      /* u8, from 1; the upper two bits: cylinder */
#define ENTRY_END_SECTOR_MASK 0x3f
#define ENTRY_COUNT 12          /* u32, in sectors; 0: no partition */

/* What an ATA disk can have, and INT 13h. */
#define ATA_HEADS 16
#define ATA_SECTORS 63
#define ATA_CYLINDERS 16383
#define BIOS_CYLINDERS 1024
#define BIOS_HEADS 255

/* Of 16 heads; QEMU has larger disks translated by size. */
#define DOUBLING_CYLINDERS 8192

/* The geometry that the partition table was made with, if it tells. */
static bool guess_from_table(const uint8_t *mbr, uint64_t sectors,
                             BiosGeometry *out)
{
    if (get_le16(mbr + MBR_MAGIC) != MBR_MAGIC_VALUE) {
        return false;
    }
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const uint8_t *entry = mbr + MBR_TABLE + i * MBR_ENTRY_SIZE;
        unsigned heads = entry[ENTRY_END_HEAD] + 1;
        unsigned track = entry[ENTRY_END_SECTOR] & ENTRY_END_SECTOR_MASK;
        uint64_t cylinders;

        if (get_le32(entry + ENTRY_COUNT) == 0 || heads == 1 || track == 0) {
            continue;
        }
        cylinders = sectors / (heads * track);
        if (cylinders >= 1 && cylinders <= ATA_CYLINDERS) {
            out->heads = heads;
            out->sectors_per_track = track;
            return true;
        }
    }
    return false;
}

static unsigned heads_by_doubling(uint64_t cylinders)
{
    unsigned heads = ATA_HEADS;

    while (cylinders > BIOS_CYLINDERS) {
        cylinders /= 2;
        heads *= 2;
    }
    return heads;
}

static unsigned heads_by_size(uint64_t sectors)
{
    uint64_t needed = sectors / ATA_SECTORS / BIOS_CYLINDERS;

    for (unsigned heads = ATA_HEADS; heads <= 128; heads *= 2) {
        if (needed <= heads) {
            return heads;
        }
    }
    return BIOS_HEADS;
}

bool bios_geometry_read(Overlay *overlay, BiosGeometry *out, GError **errp)
{
    uint64_t size = overlay_size(overlay);
    uint64_t sectors = size / SECTOR_SIZE + (size % SECTOR_SIZE != 0);
    uint64_t cylinders = sectors / (ATA_HEADS * ATA_SECTORS);
    uint8_t mbr[SECTOR_SIZE] = { 0 };
    bool guessed;

    if (!overlay_read(overlay, 0, mbr, MIN(sizeof(mbr), size), errp)) {
        return false;
    }
    guessed = guess_from_table(mbr, sectors, out);
    if (!guessed || out->heads > ATA_HEADS) {
        out->heads = guessed && cylinders <= DOUBLING_CYLINDERS
                     ? heads_by_doubling(cylinders) : heads_by_size(sectors);
        out->sectors_per_track = ATA_SECTORS;
    }
    return true;
}
