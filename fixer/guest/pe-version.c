/*
 * The version resource of a PE file
 *
 * It lies three levels deep in the resource tree: type 16, its first name,
 * that name's first language.  The levels are fixed, so that nothing here
 * recurses and a tree that points at itself does no harm.
 *
 * The resource is a tree of blocks that all begin alike (Microsoft,
 * "VS_VERSIONINFO", "StringFileInfo", "StringTable", "String"):
 *
 *   VS_VERSION_INFO { VS_FIXEDFILEINFO,
 *       StringFileInfo { language { "OriginalFilename" = "hal.dll", ... } },
 *       VarFileInfo { ... } }
 *
 * A block's value and each of its children begin on a 32-bit boundary,
 * counted from the start of the resource.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "pe-internal.h"

/* "Resource Directory Table" */
#define TABLE_SIZE 16
/* u16: entries with a name, which come first */
#define TABLE_NAMED 0x0c
/* u16: entries with a number */
#define TABLE_NUMBERED 0x0e

/* "Resource Directory Entries" */
#define ENTRY_SIZE 8
/* u32: the number */
#define ENTRY_ID 0x00
/* u32: offset in the tree of a table if the highest bit is set, else a leaf */
#define ENTRY_OFFSET 0x04
#define ENTRY_IS_TABLE 0x80000000u

/* "Resource Data Entry", a leaf */
#define LEAF_SIZE 16
/* u32: RVA of the data */
#define LEAF_ADDRESS 0x00
/* u32 */
#define LEAF_LENGTH 0x04

/* RT_VERSION */
#define TYPE_VERSION 16

/* A block of the version resource */
/* u16: bytes of the block with its children, without padding behind it */
#define BLOCK_LENGTH 0x00
/* u16: size of the value, in bytes, in UTF-16 units if it is text */
#define BLOCK_VALUE_LENGTH 0x02
/* UTF-16, NUL-terminated */
#define BLOCK_KEY 0x06

/* VS_FIXEDFILEINFO */
#define FIXED_SIZE 52
/* u32 */
#define FIXED_SIGNATURE 0x00
#define FIXED_SIGNATURE_VALUE 0xfeef04bd
/* u32: upper half of the file version, 5.1 */
#define FIXED_VERSION_HIGH 0x08
/* u32: lower half of the file version, 2600.5512 */
#define FIXED_VERSION_LOW 0x0c

/* A range of the version resource, as offsets in it. */
typedef struct Range {
    size_t start;
    size_t end;
} Range;

typedef struct VersionResource {
    const PeImage *image;
    const uint8_t *data;
    size_t size;
} VersionResource;

typedef struct Block {
    /* From the length field to the end of the last child. */
    Range all;
    /* The key, without its NUL. */
    Range key;
    /* What follows the key and its padding; empty if nothing does. */
    Range rest;
} Block;

/* The entry of a table that has the number @id, or just the first one. */
static const uint8_t *find_entry(const uint8_t *table, unsigned named,
                                 unsigned numbered, int id)
{
    const uint8_t *entry = table + TABLE_SIZE;

    if (id < 0) {
        return named + numbered > 0 ? entry : NULL;
    }
    entry += named * ENTRY_SIZE;
    for (unsigned i = 0; i < numbered; i++, entry += ENTRY_SIZE) {
        if (pe_u32(entry + ENTRY_ID) == (uint32_t)id) {
            return entry;
        }
    }
    return NULL;
}

/*
 * Looks up @id, or the first entry if it is -1, in the table at *@offset in
 * the tree, and sets *@offset to where it points.  *@found tells whether there
 * is one; false is returned for a damaged table only.
 */
static bool descend(const PeImage *image, int id, uint32_t *offset,
                    bool *found, GError **errp)
{
    const char *what = "the resource directory";
    uint64_t address = (uint64_t)image->resources +
                       (*offset & ~ENTRY_IS_TABLE);
    const uint8_t *table = pe_at_address(image, address, TABLE_SIZE, what,
                                         errp);
    unsigned named, numbered;
    const uint8_t *entry;

    if (!table) {
        return false;
    }
    named = pe_u16(table + TABLE_NAMED);
    numbered = pe_u16(table + TABLE_NUMBERED);
    table = pe_at_address(image, address,
                          TABLE_SIZE + (named + numbered) * ENTRY_SIZE, what,
                          errp);
    if (!table) {
        return false;
    }
    entry = find_entry(table, named, numbered, id);
    *found = entry != NULL;
    if (entry) {
        *offset = pe_u32(entry + ENTRY_OFFSET);
    }
    return true;
}

/* @resource's data is NULL if there is no version resource. */
static bool find_resource(const PeImage *image, VersionResource *resource,
                          GError **errp)
{
    static const int path[] = { TYPE_VERSION, -1, -1 };
    uint32_t offset = ENTRY_IS_TABLE;
    const uint8_t *leaf;

    if (image->resources == 0) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(path); i++) {
        bool found;

        if (!(offset & ENTRY_IS_TABLE)) {
            return pe_error(image, errp, "its resource directory has a leaf "
                            "where a table must be");
        }
        if (!descend(image, path[i], &offset, &found, errp)) {
            return false;
        }
        if (!found) {
            return true;
        }
    }
    if (offset & ENTRY_IS_TABLE) {
        return pe_error(image, errp, "its resource directory has a table "
                        "where a leaf must be");
    }
    leaf = pe_at_address(image, (uint64_t)image->resources + offset,
                         LEAF_SIZE, "the resource directory", errp);
    if (!leaf) {
        return false;
    }
    resource->size = pe_u32(leaf + LEAF_LENGTH);
    resource->data = pe_at_address(image, pe_u32(leaf + LEAF_ADDRESS),
                                   resource->size, "the version resource",
                                   errp);
    return resource->data != NULL;
}

static size_t align4(size_t offset)
{
    return (offset + 3) & ~(size_t)3;
}

/* The UTF-16 text in @range up to a NUL or the range's end. */
static Range text_at(const VersionResource *resource, Range range)
{
    Range text = { range.start, range.start };

    while (range.end - text.end >= 2 && pe_u16(resource->data + text.end)) {
        text.end += 2;
    }
    return text;
}

/* Reads the block at the start of @range, of which it may fill all. */
static bool read_block(const VersionResource *resource, Range range,
                       Block *block, GError **errp)
{
    size_t room = range.end - range.start;
    size_t length = room < BLOCK_KEY ? 0
                    : pe_u16(resource->data + range.start + BLOCK_LENGTH);

    if (length < BLOCK_KEY || length > room) {
        return pe_error(resource->image, errp, "a block of %zu bytes in its "
                        "version resource where %zu are left", length, room);
    }
    block->all.start = range.start;
    block->all.end = range.start + length;
    block->key = text_at(resource, (Range) { range.start + BLOCK_KEY,
                                             block->all.end });
    if (block->all.end - block->key.end < 2) {
        return pe_error(resource->image, errp, "a block without a key in its "
                        "version resource");
    }
    block->rest.start = MIN(align4(block->key.end + 2), block->all.end);
    block->rest.end = block->all.end;
    return true;
}

static bool key_is(const VersionResource *resource, const Block *block,
                   const char *key)
{
    size_t length = strlen(key);

    if (block->key.end - block->key.start != 2 * length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (pe_u16(resource->data + block->key.start + 2 * i) != key[i]) {
            return false;
        }
    }
    return true;
}

/*
 * The next child in *@range, which is cut accordingly.  *@found is false at
 * the end; zeros there are padding of a compiler's.
 */
static bool next_child(const VersionResource *resource, Range *range,
                       Block *child, bool *found, GError **errp)
{
    *found = range->end - range->start >= BLOCK_KEY &&
             pe_u16(resource->data + range->start + BLOCK_LENGTH) != 0;
    if (!*found) {
        return true;
    }
    if (!read_block(resource, *range, child, errp)) {
        return false;
    }
    range->start = MIN(align4(child->all.end), range->end);
    return true;
}

/* The value of a String block as UTF-8, for reports: no control characters. */
static char *string_value(const VersionResource *resource, const Block *block,
                          GError **errp)
{
    Range range = text_at(resource, block->rest);
    size_t length = (range.end - range.start) / 2;
    g_autofree gunichar2 *units = g_new(gunichar2, length + 1);
    char *text;

    for (size_t i = 0; i < length; i++) {
        units[i] = pe_u16(resource->data + range.start + 2 * i);
        if (units[i] < 0x20 || units[i] == 0x7f) {
            pe_error(resource->image, errp, "a file name in its version "
                     "resource holds the character 0x%02x", units[i]);
            return NULL;
        }
    }
    text = g_utf16_to_utf8(units, length, NULL, NULL, NULL);
    if (!text) {
        pe_error(resource->image, errp, "a file name in its version resource "
                 "is not UTF-16");
    }
    return text;
}

/* Sets *@field to the value of @block, unless a namesake did before. */
static bool take_string(const VersionResource *resource, const Block *block,
                        char **field, GError **errp)
{
    if (!*field) {
        *field = string_value(resource, block, errp);
    }
    return *field != NULL;
}

/* The strings of one language: the children of a StringTable. */
static bool read_strings(const VersionResource *resource, Range strings,
                         PeInfo *info, GError **errp)
{
    for (;;) {
        Block string;
        bool found, ok;

        if (!next_child(resource, &strings, &string, &found, errp)) {
            return false;
        }
        if (!found) {
            return true;
        }
        ok = true;
        if (key_is(resource, &string, "OriginalFilename")) {
            ok = take_string(resource, &string, &info->original_filename,
                             errp);
        } else if (key_is(resource, &string, "InternalName")) {
            ok = take_string(resource, &string, &info->internal_name, errp);
        }
        if (!ok) {
            return false;
        }
    }
}

/* The children of VS_VERSION_INFO; of StringFileInfo, the first language. */
static bool read_string_info(const VersionResource *resource, Range children,
                             PeInfo *info, GError **errp)
{
    for (;;) {
        Block child, table;
        bool found;

        if (!next_child(resource, &children, &child, &found, errp)) {
            return false;
        }
        if (!found) {
            return true;
        }
        if (!key_is(resource, &child, "StringFileInfo")) {
            continue;
        }
        if (!next_child(resource, &child.rest, &table, &found, errp)) {
            return false;
        }
        return !found || read_strings(resource, table.rest, info, errp);
    }
}

static void read_fixed_info(const uint8_t *p, PeInfo *info)
{
    uint32_t high = pe_u32(p + FIXED_VERSION_HIGH);
    uint32_t low = pe_u32(p + FIXED_VERSION_LOW);

    info->has_version = true;
    info->file_version = (PeVersion) {
        .part = { high >> 16, high & 0xffff, low >> 16, low & 0xffff },
    };
}

bool pe_read_version(const PeImage *image, PeInfo *info, GError **errp)
{
    VersionResource resource = { .image = image };
    Block root;
    const uint8_t *fixed;
    size_t value_length;

    if (!find_resource(image, &resource, errp)) {
        return false;
    }
    if (!resource.data) {
        return true;
    }
    if (!read_block(&resource, (Range) { 0, resource.size }, &root, errp)) {
        return false;
    }
    fixed = resource.data + root.rest.start;
    value_length = pe_u16(resource.data + BLOCK_VALUE_LENGTH);
    if (!key_is(&resource, &root, "VS_VERSION_INFO") ||
        value_length < FIXED_SIZE ||
        value_length > root.rest.end - root.rest.start ||
        pe_u32(fixed + FIXED_SIGNATURE) != FIXED_SIGNATURE_VALUE) {
        return pe_error(image, errp, "its version resource does not begin "
                        "with VS_VERSION_INFO and VS_FIXEDFILEINFO");
    }
    read_fixed_info(fixed, info);
    root.rest.start = MIN(align4(root.rest.start + value_length),
                          root.rest.end);
    return read_string_info(&resource, root.rest, info, errp);
}
