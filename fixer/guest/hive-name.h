/*
 * Names of registry keys and values, as a hive holds and compares them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_NAME_H
#define GUEST_HIVE_NAME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HiveName {
    const uint8_t *bytes;
    /* In characters: UTF-16 units, whatever they take. */
    unsigned length;
    /* One byte for each character, Latin-1; else two, little-endian. */
    bool narrow;
} HiveName;

/* The name that lies in @size bytes of a record. */
HiveName hive_name(const uint8_t *bytes, unsigned size, bool narrow);

/* Bytes that it takes. */
unsigned hive_name_size(const HiveName *name);

/*
 * The same order and equality as Windows': by upper-case characters, and
 * those by number.
 */
int hive_name_compare(const HiveName *a, const HiveName *b);

/* What an lh list has beside a key. */
uint32_t hive_name_hash(const HiveName *name);

/* What an lf list has beside a key. */
void hive_name_hint(const HiveName *name, uint8_t hint[4]);

/*
 * UTF-8, to be freed.  What that has no room for (NUL, half a surrogate pair)
 * is U+FFFD.
 */
char *hive_name_to_utf8(const HiveName *name);

/*
 * The form in which Windows writes the name @utf8; its bytes are put into
 * @buffer and belong to it.  False if it is no UTF-8 or longer than @max
 * characters.
 */
bool hive_name_from_utf8(const char *utf8, unsigned max, GByteArray *buffer,
                         HiveName *name);

#endif /* GUEST_HIVE_NAME_H */
