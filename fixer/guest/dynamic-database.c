/*
 * The database of a dynamic disk: how its records are found
 *
 * Layout: Linux, Documentation/admin-guide/ldm.rst and
 * block/partitions/ldm.h; libldm.  Numbers are big-endian.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "dynamic-internal.h"
#include "error.h"
#include "guest-limits.h"

/*
 * The private header, in sector 6 of a disk with an MBR, and in the last one
 * of a partition for the database where there is a GPT (libldm).
 */
#define PRIVHEAD_SECTOR 6
#define DATABASE_PARTITION "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3"
#define PRIVHEAD_DISK_GUID 0x30         /* text */
#define PRIVHEAD_DISK_START 0x11b       /* u64, what extents count from */
#define PRIVHEAD_DATABASE_START 0x12b   /* u64 */
#define PRIVHEAD_DATABASE_SIZE 0x133    /* u64 */

/* The table of contents: two at each end, which need not all be there. */
#define TOC_ENTRY_1 0x24
#define TOC_ENTRY_2 0x46
#define TOC_ENTRY_START 10              /* u64, after u8[8] name, u16 flags */
#define TOC_ENTRY_SIZE 18               /* u64 */

/* The records' header; they follow it. */
#define VMDB_RECORD_SIZE 0x08           /* u32, in bytes, of a VBLK */
#define VMDB_FIRST 0x0c                 /* u32, in bytes */
#define VMDB_STATUS 0x10                /* u16 */
#define VMDB_STATUS_COMMITTED 1
#define VMDB_VERSION 0x12               /* u16 major, u16 minor */
#define VMDB_VERSION_KNOWN 0x0004000a
#define VMDB_COUNTS 0x85    /* u32: volumes, components, extents, disks */

/* A VBLK holds a record, or a piece of one. */
#define VBLK_GROUP 8                    /* u32, the same in all pieces */
#define VBLK_PIECE 12                   /* u16, from 0 */
#define VBLK_PIECES 14                  /* u16; 0 in a free VBLK */
#define VBLK_HEAD_SIZE 16

/* A database while it is read. */
typedef struct Database {
    uint8_t *bytes;
    size_t size;
    /* The VMDB and its VBLKs, a part of @bytes. */
    const uint8_t *vmdb;
    size_t vmdb_size;
    size_t vblk_size;
} Database;

/* A record in pieces; the pieces may come in any order. */
typedef struct Pieces {
    unsigned count;
    /* Bit N: piece N has come. */
    unsigned seen;
    GByteArray *bytes;
} Pieces;

static void pieces_free(gpointer opaque)
{
    Pieces *pieces = opaque;

    g_byte_array_unref(pieces->bytes);
    g_free(pieces);
}

static Pieces *pieces_new(GHashTable *table, uint32_t group, unsigned count,
                          size_t room)
{
    Pieces *pieces = g_new0(Pieces, 1);

    pieces->count = count;
    pieces->bytes = g_byte_array_new();
    g_byte_array_set_size(pieces->bytes, count * room);
    g_hash_table_insert(table, GUINT_TO_POINTER(group), pieces);
    return pieces;
}

/* Puts a piece in its place, and adds the record if it was the last. */
static bool add_piece(DynamicDisk *disk, GHashTable *table,
                      const uint8_t *vblk, size_t room, GError **errp)
{
    uint32_t group = dynamic_get_be(vblk + VBLK_GROUP, 4);
    unsigned piece = dynamic_get_be(vblk + VBLK_PIECE, 2);
    unsigned count = dynamic_get_be(vblk + VBLK_PIECES, 2);
    Pieces *pieces = g_hash_table_lookup(table, GUINT_TO_POINTER(group));

    if (!pieces && count <= LIMIT_LDM_PIECES) {
        pieces = pieces_new(table, group, count, room);
    }
    if (!pieces || pieces->count != count || piece >= count ||
        pieces->seen & 1u << piece) {
        return dynamic_set_broken("has a record of pieces that do not fit",
                                  errp);
    }
    pieces->seen |= 1u << piece;
    memcpy(pieces->bytes->data + piece * room, vblk + VBLK_HEAD_SIZE, room);
    return pieces->seen != (1u << count) - 1 ||
           dynamic_add_record(disk, pieces->bytes->data, pieces->bytes->len,
                              errp);
}

static bool read_records(DynamicDisk *disk, const Database *db,
                         GError **errp)
{
    g_autoptr(GHashTable) pieces = g_hash_table_new_full(NULL, NULL, NULL,
                                                         pieces_free);
    size_t room = db->vblk_size - VBLK_HEAD_SIZE;

    for (size_t at = dynamic_get_be(db->vmdb + VMDB_FIRST, 4);
         at <= db->vmdb_size - db->vblk_size; at += db->vblk_size) {
        const uint8_t *vblk = db->vmdb + at;
        unsigned count = dynamic_get_be(vblk + VBLK_PIECES, 2);

        if (memcmp(vblk, "VBLK", 4) != 0) {
            break;
        }
        if (count == 1
            ? !dynamic_add_record(disk, vblk + VBLK_HEAD_SIZE, room, errp)
            : count > 1 && !add_piece(disk, pieces, vblk, room, errp)) {
            return false;
        }
    }
    return true;
}

/* A record that was lost would make a mirrored volume a simple one. */
static bool check_counts(const DynamicDisk *disk, const Database *db,
                         GError **errp)
{
    static const RecordType types[] = {
        RECORD_VOLUME, RECORD_COMPONENT, RECORD_EXTENT, RECORD_DISK,
    };
    unsigned counts[RECORD_GROUP + 1] = { 0 };

    for (guint i = 0; i < disk->records->len; i++) {
        counts[g_array_index(disk->records, Record, i).type]++;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (dynamic_get_be(db->vmdb + VMDB_COUNTS + 4 * i, 4) !=
            counts[types[i]]) {
            return dynamic_set_broken("has more or fewer records than it "
                                      "says", errp);
        }
    }
    return true;
}

static bool find_own_id(DynamicDisk *disk, GError **errp)
{
    for (guint i = 0; i < disk->records->len; i++) {
        const Record *r = &g_array_index(disk->records, Record, i);

        if (r->type == RECORD_DISK &&
            memcmp(r->guid, disk->guid, GUID_SIZE) == 0) {
            disk->id = r->id;
            return true;
        }
    }
    return dynamic_set_broken("does not know this disk", errp);
}

/* Where the private header is, in sectors; 0: there is none. */
static uint64_t find_header(const Disk *table)
{
    Guid database;

    if (table->scheme == DISK_MBR) {
        return PRIVHEAD_SECTOR;
    }
    guid_parse(DATABASE_PARTITION, &database);
    for (guint i = 0; i < table->partitions->len; i++) {
        const Partition *p = &g_array_index(table->partitions, Partition, i);

        if (guid_equal(&p->type_guid, &database)) {
            return (p->start + p->size) / SECTOR_SIZE - 1;
        }
    }
    return 0;
}

static bool read_header(Overlay *overlay, const Disk *table,
                        uint8_t head[SECTOR_SIZE], GError **errp)
{
    uint64_t sector = find_header(table);

    if (!sector || sector >= overlay_size(overlay) / SECTOR_SIZE) {
        return dynamic_set_broken("is missing", errp);
    }
    return overlay_read(overlay, sector * SECTOR_SIZE, head, SECTOR_SIZE,
                        errp);
}

/* Reads the private header, and the database where that says it is. */
static bool load_database(DynamicDisk *disk, Overlay *overlay,
                          const Disk *table, Database *db, GError **errp)
{
    uint64_t sectors = overlay_size(overlay) / SECTOR_SIZE;
    uint8_t head[SECTOR_SIZE];
    uint64_t start, size;

    if (!read_header(overlay, table, head, errp)) {
        return false;
    }
    if (memcmp(head, "PRIVHEAD", 8) != 0 ||
        !dynamic_parse_guid(head + PRIVHEAD_DISK_GUID, disk->guid)) {
        return dynamic_set_broken("is missing", errp);
    }
    disk->first = dynamic_get_be(head + PRIVHEAD_DISK_START, 8);
    start = dynamic_get_be(head + PRIVHEAD_DATABASE_START, 8);
    size = dynamic_get_be(head + PRIVHEAD_DATABASE_SIZE, 8);
    if (start > sectors || size > sectors - start) {
        return dynamic_set_broken("lies beyond the end of the image, which "
                                  "may have been cut off", errp);
    }
    if (size < 4 || size > LIMIT_LDM_SIZE / SECTOR_SIZE) {
        return dynamic_set_broken("cannot have the size that it says", errp);
    }
    db->size = size * SECTOR_SIZE;
    db->bytes = g_malloc(db->size);
    return overlay_read(overlay, start * SECTOR_SIZE, db->bytes, db->size,
                        errp);
}

/* The VMDB is what the table of contents at @toc calls "config". */
static void find_config(Database *db, const uint8_t *toc)
{
    static const unsigned entries[] = { TOC_ENTRY_1, TOC_ENTRY_2 };
    uint64_t sectors = db->size / SECTOR_SIZE;

    if (memcmp(toc, "TOCBLOCK", 8) != 0) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        const uint8_t *entry = toc + entries[i];
        uint64_t start = dynamic_get_be(entry + TOC_ENTRY_START, 8);
        uint64_t size = dynamic_get_be(entry + TOC_ENTRY_SIZE, 8);

        if (memcmp(entry, "config", 7) == 0 && start <= sectors &&
            size <= sectors - start && size > 0) {
            db->vmdb = db->bytes + start * SECTOR_SIZE;
            db->vmdb_size = size * SECTOR_SIZE;
            return;
        }
    }
}

static bool find_vmdb(Database *db, GError **errp)
{
    size_t last = db->size - SECTOR_SIZE;
    const size_t places[] = {
        SECTOR_SIZE, 2 * SECTOR_SIZE, last - 2 * SECTOR_SIZE,
        last - SECTOR_SIZE,
    };

    for (unsigned i = 0; !db->vmdb && i < G_N_ELEMENTS(places); i++) {
        find_config(db, db->bytes + places[i]);
    }
    if (!db->vmdb || memcmp(db->vmdb, "VMDB", 4) != 0) {
        return dynamic_set_broken("has no table of contents", errp);
    }
    if (dynamic_get_be(db->vmdb + VMDB_VERSION, 4) != VMDB_VERSION_KNOWN) {
        return dynamic_set_broken("is of an unknown version", errp);
    }
    if (dynamic_get_be(db->vmdb + VMDB_STATUS, 2) != VMDB_STATUS_COMMITTED) {
        return dynamic_set_broken("is in the middle of a change", errp);
    }
    db->vblk_size = dynamic_get_be(db->vmdb + VMDB_RECORD_SIZE, 4);
    if (db->vblk_size < VBLK_HEAD_SIZE + RECORD_HEAD_SIZE ||
        db->vblk_size > SECTOR_SIZE) {
        return dynamic_set_broken("has records of an impossible size", errp);
    }
    return true;
}

DynamicDisk *dynamic_disk_read(Overlay *overlay, const Disk *table,
                               GError **errp)
{
    g_autoptr(DynamicDisk) disk = g_new0(DynamicDisk, 1);
    Database db = { 0 };
    bool ok;

    disk->records = g_array_new(FALSE, FALSE, sizeof(Record));
    ok = load_database(disk, overlay, table, &db, errp) &&
         find_vmdb(&db, errp) && read_records(disk, &db, errp) &&
         check_counts(disk, &db, errp) && find_own_id(disk, errp);
    g_free(db.bytes);
    return ok ? g_steal_pointer(&disk) : NULL;
}

void dynamic_disk_free(DynamicDisk *disk)
{
    if (disk) {
        g_array_unref(disk->records);
        g_free(disk);
    }
}
