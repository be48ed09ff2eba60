/*
 * GPT: the partition table of disks that UEFI boots from
 *
 * Notes on the design
 *
 * There are two: one behind the MBR, and its copy at the end of the disk.
 * UEFI (2.10, section 5.3.2) and Windows go by the first; if a checksum of
 * that is wrong they go by the copy, which they look for in the last sector,
 * and the firmware then mends the first.  So the guest boots, and this reads
 * the copy, too, with a warning.  Neither is ever written here.
 *
 * What Windows does is taken from ReactOS, whose IoReadPartitionTableEx()
 * is made to do the same: entries have 128 bytes, and both checksums have to
 * be right.  What EDK2 does, the firmware of virtual machines, is stricter:
 * it leaves out entries that overlap or that lie outside of what the header
 * calls usable.  A disk with such an entry is refused: the firmware and
 * Windows would not agree about it.
 *
 * A copy that should lie beyond the end of the disk means that the image was
 * cut off.  One that lies before is what remains of a disk that was made
 * larger later, and sound.
 *
 * By hand for the reasons in disk.c.  The checksums are zlib's, which is in
 * the process anyway, since GIO needs it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <zlib.h>

#include "error.h"
#include "gpt.h"
#include "guest-limits.h"
#include "le.h"

#define SECTOR_SIZE 512

/* "GPT Header", UEFI specification 2.10, section 5.3.2. */
#define HEADER_SIGNATURE 0      /* "EFI PART" */
#define HEADER_REVISION 8       /* u32 */
#define HEADER_SIZE 12          /* u32, in bytes, that the checksum covers */
#define HEADER_CRC32 16         /* u32, counted with zeros here */
#define HEADER_OWN 24           /* u64, the sector that this is in */
#define HEADER_OTHER 32         /* u64, where the other GPT's header is */
#define HEADER_FIRST 40         /* u64, the first sector for partitions */
#define HEADER_LAST 48          /* u64, the last one */
#define HEADER_GUID 56          /* the disk's */
#define HEADER_ARRAY 72         /* u64, where the entries begin */
#define HEADER_COUNT 80         /* u32, of entries, used or not */
#define HEADER_ENTRY_SIZE 84    /* u32, in bytes */
#define HEADER_ARRAY_CRC32 88   /* u32, of all entries */
#define HEADER_MIN_SIZE 92

#define SIGNATURE "EFI PART"
#define SIGNATURE_SIZE 8
#define REVISION_1_0 0x00010000

/* "GPT Partition Entry", section 5.3.3. */
#define ENTRY_TYPE 0            /* GUID; zero: not used */
#define ENTRY_GUID 16
#define ENTRY_FIRST 32          /* u64, a sector */
#define ENTRY_LAST 40           /* u64, a sector of it, too */
#define ENTRY_ATTRIBUTES 48     /* u64 */
#define ENTRY_SIZE 128          /* its name makes up the rest */

#define PRIMARY_SECTOR 1

typedef struct Gpt {
    /* Sectors. */
    uint64_t own;
    uint64_t other;
    uint64_t first;
    uint64_t last;
    uint64_t array;
    uint32_t count;
    uint32_t array_crc32;
    Guid guid;
    uint8_t *entries;
    /* Why it cannot be believed, a constant; NULL: it can. */
    const char *fault;
} Gpt;

static void gpt_clear(Gpt *gpt)
{
    g_clear_pointer(&gpt->entries, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Gpt, gpt_clear)

/* The types that somebody asks for ("Partition types", Microsoft). */
static const struct {
    const char *guid;
    uint8_t type;
} types[] = {
    { "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", PARTITION_TYPE_IFS },
    { "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", PARTITION_TYPE_RECOVERY },
    { "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", PARTITION_TYPE_ESP },
    /* A dynamic disk's database, and its volumes. */
    { "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", PARTITION_TYPE_LDM },
    { "AF9B60A0-1431-4F62-BC68-3311714A69AD", PARTITION_TYPE_LDM },
};

static uint8_t mbr_type(const Guid *guid)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        Guid known;

        if (guid_parse(types[i].guid, &known) && guid_equal(guid, &known)) {
            return types[i].type;
        }
    }
    return PARTITION_TYPE_GPT;
}

static uint64_t count_sectors(const Overlay *overlay)
{
    return overlay_size(overlay) / SECTOR_SIZE;
}

static uint64_t array_sectors(const Gpt *gpt)
{
    return ((uint64_t)gpt->count * ENTRY_SIZE + SECTOR_SIZE - 1) /
           SECTOR_SIZE;
}

static Guid get_guid(const uint8_t *p)
{
    Guid guid;

    memcpy(guid.bytes, p, sizeof(guid.bytes));
    return guid;
}

static void parse_fields(Gpt *gpt, const uint8_t *header)
{
    gpt->own = get_le64(header + HEADER_OWN);
    gpt->other = get_le64(header + HEADER_OTHER);
    gpt->first = get_le64(header + HEADER_FIRST);
    gpt->last = get_le64(header + HEADER_LAST);
    gpt->array = get_le64(header + HEADER_ARRAY);
    gpt->count = get_le32(header + HEADER_COUNT);
    gpt->array_crc32 = get_le32(header + HEADER_ARRAY_CRC32);
    gpt->guid = get_guid(header + HEADER_GUID);
}

/* Takes @header apart; false, with the fault set, if it is not sound. */
static bool parse_header(Gpt *gpt, uint8_t *header, uint64_t sector)
{
    uint32_t size = get_le32(header + HEADER_SIZE);
    uint32_t checksum = get_le32(header + HEADER_CRC32);

    put_le32(header + HEADER_CRC32, 0);
    parse_fields(gpt, header);
    if (memcmp(header + HEADER_SIGNATURE, SIGNATURE, SIGNATURE_SIZE) != 0) {
        gpt->fault = "is not there";
    } else if (get_le32(header + HEADER_REVISION) != REVISION_1_0 ||
               size < HEADER_MIN_SIZE || size > SECTOR_SIZE) {
        gpt->fault = "is of an unknown version";
    } else if (crc32(0, header, size) != checksum) {
        gpt->fault = "has a wrong checksum";
    } else if (gpt->own != sector) {
        gpt->fault = "belongs to another sector";
    } else if (get_le32(header + HEADER_ENTRY_SIZE) != ENTRY_SIZE) {
        gpt->fault = "has entries of a size that Windows does not know";
    } else if (gpt->count < 1 || gpt->count > LIMIT_GPT_ENTRIES) {
        gpt->fault = "counts more or fewer entries than there can be";
    }
    return !gpt->fault;
}

/* Whether the array is a place for itself, on the disk. */
static bool check_array_place(Gpt *gpt, uint64_t sectors)
{
    uint64_t n = array_sectors(gpt);

    if (gpt->array <= PRIMARY_SECTOR || gpt->array > sectors ||
        n > sectors - gpt->array ||
        (gpt->array <= gpt->last && gpt->first < gpt->array + n) ||
        (gpt->array <= gpt->own && gpt->own < gpt->array + n)) {
        gpt->fault = "has its entries where they cannot be";
    }
    return !gpt->fault;
}

static bool read_entries(Gpt *gpt, Overlay *overlay, GError **errp)
{
    size_t size = (size_t)gpt->count * ENTRY_SIZE;

    gpt->entries = g_malloc(size);
    if (!overlay_read(overlay, gpt->array * SECTOR_SIZE, gpt->entries, size,
                      errp)) {
        return false;
    }
    if (crc32(0, gpt->entries, size) != gpt->array_crc32) {
        gpt->fault = "has entries with a wrong checksum";
    }
    return true;
}

/* Reads the GPT whose header is in @sector; one with a fault is no error. */
static bool read_table(Gpt *gpt, Overlay *overlay, uint64_t sector,
                       GError **errp)
{
    uint64_t sectors = count_sectors(overlay);
    uint8_t header[SECTOR_SIZE];

    if (sector < PRIMARY_SECTOR || sector >= sectors) {
        gpt->fault = "is not there";
        return true;
    }
    return overlay_read(overlay, sector * SECTOR_SIZE, header,
                        sizeof(header), errp) &&
           (!parse_header(gpt, header, sector) ||
            !check_array_place(gpt, sectors) ||
            read_entries(gpt, overlay, errp));
}

static void add_table(Disk *disk, uint64_t sector, uint64_t count)
{
    DiskTable table = { sector * SECTOR_SIZE, count * SECTOR_SIZE };

    g_array_append_val(disk->tables, table);
}

static void add_tables(Disk *disk, const Gpt *gpt)
{
    if (!gpt->fault) {
        add_table(disk, gpt->own, 1);
        add_table(disk, gpt->array, array_sectors(gpt));
    }
}

static G_GNUC_PRINTF(2, 3)
void warn(Disk *disk, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(disk->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static bool set_cut_off(const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s beyond the end of the disk: the image is cut off, copy "
                "it again", what);
    return false;
}

/* The entry of @partition, whose number is set, has to make sense. */
static bool check_entry(const Gpt *gpt, const Partition *partition,
                        uint64_t first, uint64_t last, uint64_t sectors,
                        GError **errp)
{
    if (last >= sectors && last <= gpt->last && first <= last) {
        g_autofree char *what = g_strdup_printf("partition %u ends",
                                                partition->number);

        return set_cut_off(what, errp);
    }
    if (first > last || first < gpt->first || last > gpt->last ||
        last >= sectors) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "partition %u: its entry in the GPT has sectors %"
                    G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", which is "
                    "outside of what the GPT says is there for partitions: "
                    "mend the table in the source VM", partition->number,
                    first, last);
        return false;
    }
    return true;
}

static bool add_partition(Disk *disk, const Gpt *gpt, unsigned index,
                          uint64_t sectors, GError **errp)
{
    const uint8_t *entry = gpt->entries + (size_t)index * ENTRY_SIZE;
    uint64_t first = get_le64(entry + ENTRY_FIRST);
    uint64_t last = get_le64(entry + ENTRY_LAST);
    Partition partition = {
        .number = disk->partitions->len + 1,
        .entry = index,
        .type_guid = get_guid(entry + ENTRY_TYPE),
        .guid = get_guid(entry + ENTRY_GUID),
        .attributes = get_le64(entry + ENTRY_ATTRIBUTES),
    };

    if (guid_is_zero(&partition.type_guid)) {
        return true;
    }
    if (!check_entry(gpt, &partition, first, last, sectors, errp)) {
        return false;
    }
    partition.type = mbr_type(&partition.type_guid);
    partition.start = first * SECTOR_SIZE;
    partition.size = (last - first + 1) * SECTOR_SIZE;
    g_array_append_val(disk->partitions, partition);
    return true;
}

static int compare_starts(gconstpointer a, gconstpointer b)
{
    const Partition *x = *(const Partition *const *)a;
    const Partition *y = *(const Partition *const *)b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static bool check_apart(const Disk *disk, GError **errp)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (guint i = 0; i < disk->partitions->len; i++) {
        g_ptr_array_add(sorted, &g_array_index(disk->partitions, Partition,
                                               i));
    }
    g_ptr_array_sort(sorted, compare_starts);
    for (guint i = 1; i < sorted->len; i++) {
        const Partition *a = g_ptr_array_index(sorted, i - 1);
        const Partition *b = g_ptr_array_index(sorted, i);

        if (b->start < a->start + a->size) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                        "partitions %u and %u overlap, of which the firmware "
                        "shows neither: mend the table in the source VM",
                        MIN(a->number, b->number), MAX(a->number, b->number));
            return false;
        }
    }
    return true;
}

/* Whether any partition lies where one of the GPTs does. */
static bool check_tables(const Disk *disk, GError **errp)
{
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *p = &g_array_index(disk->partitions, Partition, i);

        for (guint j = 0; j < disk->tables->len; j++) {
            const DiskTable *table = &g_array_index(disk->tables, DiskTable,
                                                    j);

            if (table->offset < p->start + p->size &&
                p->start < table->offset + table->size) {
                g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                            "partition %u: a GPT lies in it: mend the table "
                            "in the source VM", p->number);
                return false;
            }
        }
    }
    return true;
}

static bool add_partitions(Disk *disk, const Gpt *gpt, uint64_t sectors,
                           GError **errp)
{
    disk->guid = gpt->guid;
    for (unsigned i = 0; i < gpt->count; i++) {
        if (!add_partition(disk, gpt, i, sectors, errp)) {
            return false;
        }
    }
    return check_apart(disk, errp) && check_tables(disk, errp);
}

/* The copy of a primary one that is sound: it may be anywhere. */
static bool read_copy(Disk *disk, Overlay *overlay, const Gpt *primary,
                      GError **errp)
{
    uint64_t sector = primary->other > PRIMARY_SECTOR ? primary->other : 0;
    g_auto(Gpt) copy = { 0 };

    if (sector >= count_sectors(overlay)) {
        return set_cut_off("the GPT's copy is", errp);
    }
    if (!read_table(&copy, overlay, sector, errp)) {
        return false;
    }
    if (copy.fault) {
        warn(disk, "the copy of the GPT, at the end of the disk, %s: Windows "
             "boots without it", copy.fault);
    } else if (copy.count != primary->count ||
               copy.array_crc32 != primary->array_crc32) {
        warn(disk, "the copy of the GPT, at the end of the disk, has other "
             "entries: Windows goes by the first one");
    }
    add_tables(disk, &copy);
    return true;
}

static bool set_no_table(const Gpt *primary, const Gpt *copy, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "the disk should have a GPT, but the first one %s, and its "
                "copy, in the last sector, %s: copy the image again if it "
                "was cut off, or else mend the GPT in the source VM",
                primary->fault, copy->fault);
    return false;
}

/* There is but the copy, of which only the last sector tells. */
static bool use_copy(Disk *disk, Overlay *overlay, const Gpt *primary,
                     GError **errp)
{
    uint64_t sectors = count_sectors(overlay);
    g_auto(Gpt) copy = { 0 };

    if (!read_table(&copy, overlay, sectors - 1, errp)) {
        return false;
    }
    if (copy.fault) {
        return set_no_table(primary, &copy, errp);
    }
    warn(disk, "the first GPT %s: its copy at the end of the disk is read "
         "instead, as the firmware and Windows do", primary->fault);
    add_table(disk, PRIMARY_SECTOR, 1);
    add_tables(disk, &copy);
    return add_partitions(disk, &copy, sectors, errp);
}

bool gpt_find_header(Overlay *overlay, unsigned sector_size, bool *found,
                     GError **errp)
{
    uint8_t signature[SIGNATURE_SIZE];

    *found = false;
    if (overlay_size(overlay) < (uint64_t)2 * sector_size) {
        return true;
    }
    if (!overlay_read(overlay, sector_size, signature, sizeof(signature),
                      errp)) {
        return false;
    }
    *found = memcmp(signature, SIGNATURE, SIGNATURE_SIZE) == 0;
    return true;
}

bool gpt_read(Disk *disk, Overlay *overlay, GError **errp)
{
    g_auto(Gpt) primary = { 0 };

    disk->scheme = DISK_GPT;
    if (!read_table(&primary, overlay, PRIMARY_SECTOR, errp)) {
        return false;
    }
    if (primary.fault) {
        return use_copy(disk, overlay, &primary, errp);
    }
    add_tables(disk, &primary);
    return read_copy(disk, overlay, &primary, errp) &&
           add_partitions(disk, &primary, count_sectors(overlay), errp);
}
