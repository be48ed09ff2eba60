/*
 * BCDs made from a table, for tests of what reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_BCD_FIXTURE_H
#define TEST_BCD_FIXTURE_H

#include "bcd.h"

#define BCD_FIXTURE_MAX 8

/* What is NULL, or BCD_DEVICE_NONE, the object does not have. */
typedef struct BcdFixtureEntry {
    /* "{GUID}" */
    const char *id;
    uint32_t type;
    const char *description;
    BcdDevice device;
    const char *path;
    const char *system_root;
    /* More of its elements, as .reg text: "26000022=hex:01", by lines. */
    const char *more;
    /* It is not in the menu. */
    bool hidden;
} BcdFixtureEntry;

typedef struct BcdFixture {
    /* {GUID}s; NULL: none. */
    const char *default_entry;
    const char *next;
    /* Up to one without an id. */
    BcdFixtureEntry entries[BCD_FIXTURE_MAX];
} BcdFixture;

/* The device as an element of a BCD has it; to be freed. */
GBytes *bcd_fixture_device(const BcdDevice *device);

/* The file of the BCD. */
GBytes *bcd_fixture_make(const BcdFixture *fixture);

#endif /* TEST_BCD_FIXTURE_H */
