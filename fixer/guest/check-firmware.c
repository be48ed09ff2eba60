/*
 * Check: from the BIOS to the boot sector
 *
 * The BIOS loads the first sector of the disk, the master boot record; its
 * code loads the first sector of the partition that is marked as active; the
 * code that begins there loads NTLDR, or BOOTMGR.  Both kinds of code are
 * known by their data only: whether they work is not looked at.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-sector.h"
#include "check-internal.h"
#include "error.h"
#include "le.h"

#define SECTOR_SIZE 512

/* "Standard MBR", UEFI specification 2.10, section 5.2.1. */
#define MBR_CODE_SIZE 440
#define MBR_TABLE 446           /* four entries */
#define MBR_ENTRY_SIZE 16
#define MBR_ENTRIES 4
#define MBR_ENTRY_FLAGS 0       /* u8, 0x80: active */
#define MBR_ENTRY_TYPE 4        /* u8 */

#define ACTIVE 0x80

/*
 * NTFS's boot file, $Boot: in its first sector the BIOS parameter block, then
 * code; the code goes on in the next sectors.  The second one begins with the
 * name of the file that it loads (seen in volumes that Windows has made).
 */
#define BOOT_SECTORS 16
#define BOOT_JUMP 0             /* u8: a short jump over the block, or a near */
#define BOOT_CODE 0x54
#define BOOT_CODE_END 0x1fe
#define BOOT_SIGNATURE 0x1fe    /* u16, what the MBR's code looks at */
#define BOOT_LOADER 0x200       /* u16, then so many UTF-16 units */
#define BOOT_LOADER_MAX 12

#define JUMP_SHORT 0xeb
#define JUMP_NEAR 0xe9
#define SIGNATURE 0xaa55

/* Boot loaders by what their code in the MBR has to say. */
static const char *const foreign_loaders[] = {
    "GRUB", "LILO", "TrueCrypt", "VeraCrypt",
};

/* Which of them it is the boot sector does not tell any more. */
#define FIXBOOT \
    CONSOLE "fixboot; of Vista and later: bootsect /nt60 SYS"

#define ACTIVATE \
    "make the partition that holds NTLDR or BOOTMGR the active one, in Disk " \
    "Management of the source VM"

/* What the boot sector's code shows if it misses sectors. */
#define DISK_READ_ERROR "A disk read error occurred"

static bool is_zero(const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i]) {
            return false;
        }
    }
    return true;
}

static bool read_mbr(Check *check, uint8_t *mbr, GError **errp)
{
    return overlay_read(check->overlay, 0, mbr, SECTOR_SIZE, errp);
}

static bool is_extended(uint8_t type)
{
    return type == PARTITION_TYPE_EXTENDED ||
           type == PARTITION_TYPE_EXTENDED_LBA;
}

/* How many entries are active; *@type is the type of the first of them. */
static unsigned count_active(const uint8_t *mbr, uint8_t *type)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const uint8_t *entry = mbr + MBR_TABLE + i * MBR_ENTRY_SIZE;

        if (entry[MBR_ENTRY_FLAGS] == ACTIVE && n++ == 0) {
            *type = entry[MBR_ENTRY_TYPE];
        }
    }
    return n;
}

static bool judge_active(Check *check, Link *link, unsigned n, uint8_t type)
{
    const Partition *active = disk_active(check->disk);

    if (n == 0) {
        return link_broken(link, "the BIOS finds no bootable disk",
                           ACTIVATE,
                           "no partition is active");
    }
    if (n > 1) {
        return link_broken(link, "Invalid partition table",
                           "leave one of them active, in Disk Management of "
                           "the source VM", "%u partitions are active", n);
    }
    if (!active || active->size == 0) {
        return link_broken(link, "Missing operating system",
                           ACTIVATE,
                           is_extended(type)
                           ? "the active partition is an extended one, of "
                             "type 0x%02x"
                           : "the active partition, of type 0x%02x, is empty",
                           type);
    }
    check->system_partition = active;
    link_set_object(link, "partition %u", active->number);
    return link_ok(link, "partition %u is the active one, its type is "
                   "0x%02x", active->number, active->type);
}

/* From a GUID partition table Windows starts by UEFI only. */
static bool judge_gpt(Check *check, Link *link)
{
    check->loader = LOADER_BOOTMGR;
    return link_broken(link, "the BIOS finds no bootable disk",
                       check->machine->other_firmware,
                       "the disk has a GUID partition table, from which "
                       "Windows starts by UEFI only, and the firmware of %s "
                       "is a BIOS", check->machine->name);
}

bool check_active_partition(Check *check, Link *link, GError **errp)
{
    uint8_t mbr[SECTOR_SIZE], type = PARTITION_TYPE_EMPTY;

    if (!check_read_disk(check, link, errp) || !check->disk) {
        return link->text != NULL;
    }
    if (check->disk->scheme == DISK_GPT) {
        return judge_gpt(check, link);
    }
    if (!read_mbr(check, mbr, errp)) {
        return false;
    }
    return judge_active(check, link, count_active(mbr, &type), type);
}

/* A loader that starts what its own files say; NULL: none that is known. */
static const char *find_foreign_loader(const uint8_t *mbr)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(foreign_loaders); i++) {
        if (memmem(mbr, MBR_CODE_SIZE, foreign_loaders[i],
                   strlen(foreign_loaders[i]))) {
            return foreign_loaders[i];
        }
    }
    return NULL;
}

bool check_boot_code(Check *check, Link *link, GError **errp)
{
    uint8_t mbr[SECTOR_SIZE];
    const char *loader;

    link_set_object(link, "master boot record");
    if (!read_mbr(check, mbr, errp)) {
        return false;
    }
    if (is_zero(mbr, MBR_CODE_SIZE)) {
        return link_broken(link, "nothing: the BIOS starts empty code",
                           CONSOLE "fixmbr; of Vista and later: bootrec "
                           "/fixmbr",
                           "there is no boot code in the first sector");
    }
    loader = find_foreign_loader(mbr);
    if (loader) {
        return link_unknown(link, "its code is that of %s: what that starts "
                            "is not looked at", loader);
    }
    return link_ok(link, "there is boot code in the first sector");
}

/* The name of the file that the code loads, to be freed; NULL: none. */
static char *loader_name(const uint8_t *boot)
{
    unsigned length = get_le16(boot + BOOT_LOADER);
    char name[BOOT_LOADER_MAX + 1] = { 0 };

    if (length == 0 || length > BOOT_LOADER_MAX) {
        return NULL;
    }
    for (unsigned i = 0; i < length; i++) {
        uint16_t unit = get_le16(boot + BOOT_LOADER + 2 + 2 * i);

        if (unit > 0x7f || !g_ascii_isalnum(unit)) {
            return NULL;
        }
        name[i] = unit;
    }
    return g_strdup(name);
}

static bool judge_no_code(Link *link, const char *text)
{
    return link_broken(link, "nothing, or that the disk is not bootable",
                       FIXBOOT, "%s", text);
}

/* The code of the first sector, if there is something wrong with it. */
static void judge_first_sector(Link *link, const uint8_t *boot)
{
    if (get_le16(boot + BOOT_SIGNATURE) != SIGNATURE) {
        link_broken(link, "Missing operating system", FIXBOOT,
                    "it does not end with 55 aa, the mark of a sector that "
                    "can be started");
    } else if (boot[BOOT_JUMP] != JUMP_SHORT &&
               boot[BOOT_JUMP] != JUMP_NEAR) {
        judge_no_code(link, "it does not begin with a jump over its "
                      "parameters");
    } else if (is_zero(boot + BOOT_CODE, BOOT_CODE_END - BOOT_CODE)) {
        judge_no_code(link, "it has no boot code of Windows'");
    }
}

/* Code that is not Windows': heads and hidden sectors are its own affair. */
static bool judge_foreign_code(Link *link, const uint8_t *boot,
                               const char *loader)
{
    if (loader) {
        return link_unknown(link, "its code loads %s, not NTLDR or BOOTMGR: "
                            "what that starts is not looked at", loader);
    }
    if (is_zero(boot + BOOT_LOADER, BOOT_SECTORS * SECTOR_SIZE -
                                    BOOT_LOADER)) {
        return judge_no_code(link, "it has no boot code of Windows'");
    }
    return link_unknown(link, "its boot code is not that of Windows: what it "
                        "starts is not looked at");
}

static bool judge_hidden(const Check *check, Link *link,
                         const BootSector *bpb)
{
    uint64_t start = check->system_partition->start / SECTOR_SIZE;

    return bpb->hidden_sectors == start ||
           !link_broken(link, DISK_READ_ERROR,
                        check_step(check, CONSOLE "fixboot",
                                   RECOVERY "bootsect /nt60 SYS"),
                        "it counts %u hidden sectors, but the partition "
                        "begins at sector %" G_GUINT64_FORMAT,
                        bpb->hidden_sectors, start);
}

/* What NTLDR's boot code counts by; BOOTMGR's asks for sectors by number. */
static bool judge_geometry(Link *link, const BootSector *bpb,
                           const BiosGeometry *bios)
{
    if (bpb->sectors_per_track != bios->sectors_per_track) {
        return link_broken(link, DISK_READ_ERROR, REMEDY_CONVERT,
                           "it counts %u sectors in a track, but the BIOS "
                           "will report %u", bpb->sectors_per_track,
                           bios->sectors_per_track);
    }
    if (bpb->heads != bios->heads) {
        return link_broken(link, DISK_READ_ERROR, REMEDY_CONVERT,
                           "it counts %u heads, but the BIOS will report %u",
                           bpb->heads, bios->heads);
    }
    return link_ok(link, "its code loads NTLDR; %u heads, %u sectors in a "
                   "track and %u hidden sectors are right", bpb->heads,
                   bpb->sectors_per_track, bpb->hidden_sectors);
}

/* Of the code: which loader it loads. */
static Loader find_loader(const char *name)
{
    return g_strcmp0(name, "NTLDR") == 0 ? LOADER_NTLDR
           : g_strcmp0(name, "BOOTMGR") == 0 ? LOADER_BOOTMGR
           : LOADER_UNKNOWN;
}

/* A volume that Windows' loader is not loaded from stays closed. */
static bool judge_boot(Check *check, Link *link, const BootSector *bpb,
                       const uint8_t *boot, GError **errp)
{
    g_autofree char *loader = loader_name(boot);
    GError *err = NULL;
    BiosGeometry bios;

    check->loader = find_loader(loader);
    if (check->loader == LOADER_UNKNOWN) {
        return judge_foreign_code(link, boot, loader);
    }
    if (!bios_geometry_read(check->overlay, &bios, errp)) {
        return false;
    }
    check->system_volume = check_open_volume(check, check->system_partition,
                                             &err);
    if (!check->system_volume) {
        return link_failed(link, err, errp);
    }
    if (!judge_hidden(check, link, bpb)) {
        return true;
    }
    return check->loader == LOADER_NTLDR
           ? judge_geometry(link, bpb, &bios)
           : link_ok(link, "its code loads BOOTMGR; %u hidden sectors are "
                     "right", bpb->hidden_sectors);
}

static bool judge_other(Check *check, Link *link, const Partition *partition,
                        VolumeKind kind)
{
    if (kind == VOLUME_BITLOCKER) {
        check->before_convert = "decrypt the system partition in the source "
                                "VM (manage-bde -off)";
        return link_unknown(link, "partition %u is encrypted by BitLocker",
                            partition->number);
    }
    check->before_convert = "make the system partition NTFS in the source VM "
                            "(from FAT: convert C: /fs:ntfs)";
    return link_unknown(link, "partition %u, of type 0x%02x, is no NTFS "
                        "volume: what is on it is not looked at",
                        partition->number, partition->type);
}

bool check_boot_sector(Check *check, Link *link, GError **errp)
{
    const Partition *partition = check->system_partition;
    uint8_t boot[BOOT_SECTORS * SECTOR_SIZE] = { 0 };
    BootSector bpb;
    VolumeKind kind;
    GError *err = NULL;

    link_set_object(link, "boot sector of partition %u", partition->number);
    if (!volume_probe(check->overlay, partition, &kind, errp) ||
        !overlay_read(check->overlay, partition->start, boot,
                      MIN(sizeof(boot), partition->size), errp)) {
        return false;
    }
    if (kind != VOLUME_NTFS) {
        return judge_other(check, link, partition, kind);
    }
    judge_first_sector(link, boot);
    if (link->text) {
        return true;
    }
    if (!boot_sector_read(check->overlay, partition, &bpb, &err)) {
        return link_failed(link, err, errp);
    }
    return judge_boot(check, link, &bpb, boot, errp);
}
