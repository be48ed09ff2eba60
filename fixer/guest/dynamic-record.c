/*
 * The records in a dynamic disk's database
 *
 * Layout: Linux, Documentation/admin-guide/ldm.rst and
 * block/partitions/ldm.h; libldm.  Numbers are big-endian.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "dynamic-internal.h"

/* Bytes that are yet to be read; @bad once there were not enough. */
typedef struct Cursor {
    const uint8_t *p;
    size_t left;
    bool bad;
} Cursor;

uint64_t dynamic_get_be(const uint8_t *p, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        value = value << 8 | p[i];
    }
    return value;
}

/* The next @size bytes, or NULL. */
static const uint8_t *take(Cursor *c, size_t size)
{
    const uint8_t *p = c->p;

    if (c->bad || size > c->left) {
        c->bad = true;
        return NULL;
    }
    c->p += size;
    c->left -= size;
    return p;
}

static uint64_t take_be(Cursor *c, size_t size)
{
    const uint8_t *p = take(c, size);

    return p ? dynamic_get_be(p, size) : 0;
}

/* A number behind a byte that counts its bytes. */
static uint64_t take_number(Cursor *c)
{
    size_t size = take_be(c, 1);

    if (size > sizeof(uint64_t)) {
        c->bad = true;
    }
    return take_be(c, size);
}

/* A string behind a byte that counts its bytes. */
static void skip_text(Cursor *c)
{
    take(c, take_be(c, 1));
}

bool dynamic_parse_guid(const uint8_t *text, uint8_t guid[GUID_SIZE])
{
    g_autofree char *copy = g_strndup((const char *)text, GUID_TEXT_SIZE);
    const char *p = copy;

    if (!g_uuid_string_is_valid(copy)) {
        return false;
    }
    for (unsigned i = 0; i < GUID_SIZE; i++) {
        p += *p == '-';
        guid[i] = g_ascii_xdigit_value(p[0]) << 4 |
                  g_ascii_xdigit_value(p[1]);
        p += 2;
    }
    return true;
}

static void parse_volume(Cursor *c, Record *record)
{
    skip_text(c);           /* name */
    skip_text(c);           /* "gen", "raid5" */
    skip_text(c);           /* whether it has a drive letter */
    take(c, 14);            /* state */
    record->layout = take_be(c, 1);
    take(c, 6);             /* numbers and flags */
    record->children = take_number(c);
}

static void parse_component(Cursor *c, Record *record)
{
    skip_text(c);           /* name */
    skip_text(c);           /* state */
    record->layout = take_be(c, 1);
    take(c, 4);
    record->children = take_number(c);
    take(c, 16);            /* transaction, zeros */
    record->parent = take_number(c);
}

static void parse_extent(Cursor *c, Record *record)
{
    skip_text(c);           /* name */
    take(c, 12);            /* zeros, transaction */
    record->start = take_be(c, 8);
    take(c, 8);             /* where in the volume */
    record->count = take_number(c);
    record->parent = take_number(c);
    record->disk = take_number(c);
}

/* Revision 3 has the GUID as text, 4 as bytes. */
static void parse_disk(Cursor *c, Record *record, unsigned revision)
{
    const uint8_t *guid;

    skip_text(c);           /* name */
    if (revision == 3) {
        size_t size = take_be(c, 1);

        guid = take(c, size);
        if (size != GUID_TEXT_SIZE || !guid ||
            !dynamic_parse_guid(guid, record->guid)) {
            c->bad = true;
        }
    } else {
        guid = take(c, GUID_SIZE);
        if (guid) {
            memcpy(record->guid, guid, GUID_SIZE);
        }
    }
}

bool dynamic_add_record(DynamicDisk *disk, const uint8_t *data, size_t size,
                        GError **errp)
{
    uint8_t kind = data[RECORD_TYPE];
    uint32_t length = dynamic_get_be(data + RECORD_SIZE, 4);
    Record record = { .type = kind & 0xf };
    Cursor c = { data + RECORD_HEAD_SIZE, length };

    if (record.type == RECORD_NONE || record.type == RECORD_GROUP) {
        return true;
    }
    if (length > size - RECORD_HEAD_SIZE) {
        return dynamic_set_broken("has a record that is cut off", errp);
    }
    record.id = take_number(&c);
    switch (kind) {
    case 0x50 | RECORD_VOLUME:
        parse_volume(&c, &record);
        break;
    case 0x30 | RECORD_COMPONENT:
        parse_component(&c, &record);
        break;
    case 0x30 | RECORD_EXTENT:
        parse_extent(&c, &record);
        break;
    case 0x30 | RECORD_DISK:
    case 0x40 | RECORD_DISK:
        parse_disk(&c, &record, kind >> 4);
        break;
    default:
        return dynamic_set_broken("has a record of an unknown kind", errp);
    }
    if (c.bad) {
        return dynamic_set_broken("has a record that is cut off", errp);
    }
    g_array_append_val(disk->records, record);
    return true;
}
