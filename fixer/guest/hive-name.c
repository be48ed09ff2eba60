/*
 * Names of registry keys and values, as a hive holds and compares them
 *
 * Windows sorts and finds keys by their names in upper case, each UTF-16 unit
 * by itself.  Upper case means Windows' own table, the one that NTFS volumes
 * carry as $UpCase; libntfs-3g has that of a newer Windows, which differs from
 * those of 2000 and XP in some rare letters (U+0180, for one).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* The headers of libntfs-3g expect their users to have included these. */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <ntfs-3g/volume.h>
#include <ntfs-3g/unistr.h>

#include "hive-name.h"
#include "le.h"

#define REPLACEMENT 0xfffd

HiveName hive_name(const uint8_t *bytes, unsigned size, bool narrow)
{
    HiveName name = { bytes, narrow ? size : size / 2, narrow };

    return name;
}

unsigned hive_name_size(const HiveName *name)
{
    return name->narrow ? name->length : name->length * 2;
}

static uint16_t character(const HiveName *name, unsigned index)
{
    return name->narrow ? name->bytes[index]
                        : get_le16(name->bytes + 2 * index);
}

static const ntfschar *upcase_table(void)
{
    static gsize table;

    if (g_once_init_enter(&table)) {
        ntfschar *built;

        g_assert(ntfs_upcase_build_default(&built) == 65536);
        g_once_init_leave(&table, (gsize)built);
    }
    return (const ntfschar *)table;
}

static uint16_t upcase(const ntfschar *table, uint16_t c)
{
    return get_le16((const uint8_t *)&table[c]);
}

int hive_name_compare(const HiveName *a, const HiveName *b)
{
    const ntfschar *table = upcase_table();
    unsigned common = MIN(a->length, b->length);

    for (unsigned i = 0; i < common; i++) {
        int difference = upcase(table, character(a, i)) -
                         upcase(table, character(b, i));

        if (difference != 0) {
            return difference;
        }
    }
    return (int)a->length - (int)b->length;
}

uint32_t hive_name_hash(const HiveName *name)
{
    const ntfschar *table = upcase_table();
    uint32_t hash = 0;

    for (unsigned i = 0; i < name->length; i++) {
        hash = hash * 37 + upcase(table, character(name, i));
    }
    return hash;
}

void hive_name_hint(const HiveName *name, uint8_t hint[4])
{
    unsigned length = MIN(name->length, 4);

    for (unsigned i = 0; i < 4; i++) {
        hint[i] = i < length ? character(name, i) & 0xff : 0;
    }
    /* One that does not fit into a byte: then the hint is none at all. */
    for (unsigned i = 0; i < length; i++) {
        if (character(name, i) > 0xff) {
            put_le32(hint, 0);
        }
    }
}

/* The code point at @index, which is moved on behind it. */
static gunichar next_code_point(const HiveName *name, unsigned *index)
{
    gunichar c = character(name, (*index)++);

    if (c >= 0xd800 && c < 0xdc00 && *index < name->length) {
        uint16_t low = character(name, *index);

        if (low >= 0xdc00 && low < 0xe000) {
            (*index)++;
            return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return c == 0 || (c >= 0xd800 && c < 0xe000) ? REPLACEMENT : c;
}

char *hive_name_to_utf8(const HiveName *name)
{
    GString *text = g_string_sized_new(name->length);

    for (unsigned i = 0; i < name->length; ) {
        g_string_append_unichar(text, next_code_point(name, &i));
    }
    return g_string_free(text, FALSE);
}

/* ASCII, as nearly all names are, is what Windows writes already. */
static bool name_from_ascii(const char *ascii, unsigned max,
                            GByteArray *buffer, HiveName *name)
{
    size_t length = strlen(ascii);

    if (length > max) {
        return false;
    }
    g_byte_array_set_size(buffer, 0);
    g_byte_array_append(buffer, (const uint8_t *)ascii, length);
    *name = hive_name(buffer->data, length, true);
    return true;
}

static bool name_from_others(const char *utf8, unsigned max,
                             GByteArray *buffer, HiveName *name)
{
    glong length;
    g_autofree gunichar2 *units = g_utf8_to_utf16(utf8, -1, NULL, &length,
                                                  NULL);
    bool narrow = true;

    if (!units || length > max) {
        return false;
    }
    for (glong i = 0; i < length; i++) {
        narrow = narrow && units[i] <= 0xff;
    }
    g_byte_array_set_size(buffer, narrow ? length : length * 2);
    for (glong i = 0; i < length; i++) {
        if (narrow) {
            buffer->data[i] = units[i];
        } else {
            put_le16(buffer->data + 2 * i, units[i]);
        }
    }
    *name = hive_name(buffer->data, buffer->len, narrow);
    return true;
}

bool hive_name_from_utf8(const char *utf8, unsigned max, GByteArray *buffer,
                         HiveName *name)
{
    return g_str_is_ascii(utf8) ? name_from_ascii(utf8, max, buffer, name)
                                : name_from_others(utf8, max, buffer, name);
}
