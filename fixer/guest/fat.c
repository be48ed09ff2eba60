/*
 * FAT: files of a FAT12, FAT16 or FAT32 volume, to read
 *
 * Notes on the design
 *
 * By hand, since Debian has no library for it: mtools, dosfstools and fatcat
 * are programs; libparted resizes FAT volumes and reads no files; libtsk,
 * which is larger than all of the helper, and libguestfs want a file or a
 * device.  (ChaN's FatFs is not packaged, and believes what it reads.)
 * Reading a file by its path takes little: two files of some 250 lines.
 *
 * Names are compared in UTF-16 units, as Windows does, each made upper case
 * for itself.  A long name counts if its pieces are all there, in their order,
 * and have the checksum of the short name that they stand before, as Windows
 * has it; a short name's characters beyond ASCII are in a code page that
 * nobody names, so they are equal to nothing.
 *
 * Layout: Microsoft, "FAT32 File System Specification", version 1.03.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "fat-internal.h"
#include "guest-limits.h"
#include "le.h"

#define ENTRY_SIZE 32
#define ENTRY_NAME 0            /* u8[8], u8[3], with blanks */
#define ENTRY_ATTRIBUTES 11     /* u8 */
#define ENTRY_CLUSTER_HIGH 20   /* u16, on FAT32 */
#define ENTRY_CLUSTER_LOW 26    /* u16 */
#define ENTRY_FILE_SIZE 28      /* u32, in bytes; 0 for a directory */

#define NAME_END 0x00           /* no more entries */
#define NAME_DELETED 0xe5
#define NAME_E5 0x05            /* stands for a first character of 0xe5 */
#define NAME_SIZE 11
#define NAME_BASE 8

#define ATTRIBUTE_VOLUME 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTES_PIECE 0x0f   /* of a long name */
#define ATTRIBUTES_MASK 0x3f

/* An entry that is a piece of a long name: the last one comes first. */
#define PIECE_ORDER 0           /* u8, from 1; the flag marks the last */
#define PIECE_CHECKSUM 13       /* u8, of the short name */
#define PIECE_LAST 0x40
#define PIECE_UNITS 13
#define MAX_PIECES 20

/* A character of a short name that is equal to none in a path. */
#define NO_UNIT 0xffff

typedef struct Name {
    uint16_t units[MAX_PIECES * PIECE_UNITS];
    size_t length;
} Name;

/* The long name that is being put together. */
typedef struct LongName {
    Name name;
    /* Of the piece that came last, 1 once all are there; 0: there is none. */
    unsigned order;
    uint8_t checksum;
} LongName;

typedef struct Entry {
    bool directory;
    uint32_t cluster;
    uint32_t size;
} Entry;

static uint16_t upper(uint16_t unit)
{
    gunichar c = unit >= 0xd800 && unit < 0xe000 ? unit
                                                 : g_unichar_toupper(unit);

    return c <= 0xffff ? c : unit;
}

static bool same_name(const Name *a, const Name *b)
{
    if (a->length != b->length) {
        return false;
    }
    for (size_t i = 0; i < a->length; i++) {
        if (upper(a->units[i]) != upper(b->units[i])) {
            return false;
        }
    }
    return true;
}

static void add_unit(Name *name, uint16_t unit)
{
    name->units[name->length++] = unit;
}

/* Adds a part of a short name, without the blanks behind it. */
static void add_short(Name *name, const uint8_t *p, size_t size)
{
    while (size > 0 && p[size - 1] == ' ') {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        add_unit(name, p[i] < 0x80 ? p[i] : NO_UNIT);
    }
}

static void set_short_name(Name *name, const uint8_t *p)
{
    name->length = 0;
    add_short(name, p, NAME_BASE);
    if (p[NAME_BASE] != ' ') {
        add_unit(name, '.');
        add_short(name, p + NAME_BASE, NAME_SIZE - NAME_BASE);
    }
    if (p[0] == NAME_E5) {
        name->units[0] = NO_UNIT;
    }
}

static uint8_t short_checksum(const uint8_t *p)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < NAME_SIZE; i++) {
        sum = (uint8_t)(sum << 7 | sum >> 1) + p[i];
    }
    return sum;
}

/* Where in a piece its units are. */
static uint16_t piece_unit(const uint8_t *p, unsigned i)
{
    return get_le16(p + (i < 5 ? 1 + 2 * i
                         : i < 11 ? 14 + 2 * (i - 5) : 28 + 2 * (i - 11)));
}

/* Begins a long name if @p is its last piece. */
static bool begin_long_name(LongName *name, const uint8_t *p)
{
    unsigned order = p[PIECE_ORDER] & ~PIECE_LAST;

    if (!(p[PIECE_ORDER] & PIECE_LAST) || order < 1 || order > MAX_PIECES) {
        return false;
    }
    name->order = order;
    name->checksum = p[PIECE_CHECKSUM];
    name->name.length = (order - 1) * PIECE_UNITS;
    for (unsigned i = 0; i < PIECE_UNITS && piece_unit(p, i); i++) {
        name->name.length++;
    }
    return true;
}

static void add_piece(LongName *name, const uint8_t *p)
{
    if (!begin_long_name(name, p)) {
        if (name->order < 2 || p[PIECE_ORDER] != name->order - 1 ||
            p[PIECE_CHECKSUM] != name->checksum) {
            name->order = 0;
            return;
        }
        name->order--;
    }
    for (unsigned i = 0; i < PIECE_UNITS; i++) {
        name->name.units[(name->order - 1) * PIECE_UNITS + i] =
            piece_unit(p, i);
    }
}

/* Whether the entry at @p, with @long_name before it, is called @wanted. */
static bool is_called(const uint8_t *p, const LongName *long_name,
                      const Name *wanted)
{
    Name name;

    if (long_name->order == 1 && long_name->checksum == short_checksum(p) &&
        same_name(&long_name->name, wanted)) {
        return true;
    }
    set_short_name(&name, p);
    return same_name(&name, wanted);
}

static Entry parse_entry(const FatVolume *fat, const uint8_t *p)
{
    uint32_t high = fat->bits == 32 ? get_le16(p + ENTRY_CLUSTER_HIGH) : 0;

    return (Entry) {
        .directory = p[ENTRY_ATTRIBUTES] & ATTRIBUTE_DIRECTORY,
        .cluster = high << 16 | get_le16(p + ENTRY_CLUSTER_LOW),
        .size = get_le32(p + ENTRY_FILE_SIZE),
    };
}

static bool find_entry(const FatVolume *fat, const uint8_t *directory,
                       size_t size, const Name *wanted, Entry *entry)
{
    LongName long_name = { .order = 0 };

    for (size_t at = 0; at + ENTRY_SIZE <= size; at += ENTRY_SIZE) {
        const uint8_t *p = directory + at;
        uint8_t attributes = p[ENTRY_ATTRIBUTES];

        if (p[ENTRY_NAME] == NAME_END) {
            return false;
        }
        if (p[ENTRY_NAME] != NAME_DELETED &&
            (attributes & ATTRIBUTES_MASK) == ATTRIBUTES_PIECE) {
            add_piece(&long_name, p);
            continue;
        }
        if (p[ENTRY_NAME] != NAME_DELETED &&
            !(attributes & ATTRIBUTE_VOLUME) &&
            is_called(p, &long_name, wanted)) {
            *entry = parse_entry(fat, p);
            return true;
        }
        long_name.order = 0;
    }
    return false;
}

/* A directory's bytes, *@size of them, to be freed; NULL on error. */
static uint8_t *read_directory(FatVolume *fat, const char *path,
                               uint32_t cluster, size_t *size, GError **errp)
{
    bool fixed_root = cluster == 0 && fat->root_size > 0;
    size_t most = fixed_root ? fat->root_size : LIMIT_FAT_DIRECTORY + 1;
    g_autofree uint8_t *bytes = g_malloc(most);

    if (fixed_root) {
        *size = most;
        return overlay_read(fat->overlay, fat->root, bytes, most, errp)
               ? g_steal_pointer(&bytes) : NULL;
    }
    if (!fat_read_chain(fat, path, cluster ? cluster : fat->root_cluster,
                        bytes, most, size, errp)) {
        return NULL;
    }
    if (*size > LIMIT_FAT_DIRECTORY) {
        fat_set_broken(fat, path, "one of its directories has no end", errp);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

/* Looks for a name in the directory *@entry, which becomes what it is. */
static bool look_up(FatVolume *fat, const char *path, const Name *wanted,
                    Entry *entry, bool *found, GError **errp)
{
    g_autofree uint8_t *bytes = NULL;
    size_t size;

    *found = false;
    if (!entry->directory) {
        return true;
    }
    bytes = read_directory(fat, path, entry->cluster, &size, errp);
    if (!bytes) {
        return false;
    }
    *found = find_entry(fat, bytes, size, wanted, entry);
    return true;
}

/* The name of @text in UTF-16; false if there can be no such name. */
static bool set_name(Name *name, const char *text)
{
    glong length;
    g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &length,
                                                  NULL);

    if (!units || length > (glong)G_N_ELEMENTS(name->units)) {
        return false;
    }
    memcpy(name->units, units, length * sizeof(*units));
    name->length = length;
    return true;
}

/* Sets *@entry to what @path leads to, if *@found. */
static bool find_path(FatVolume *fat, const char *path, Entry *entry,
                      bool *found, GError **errp)
{
    g_auto(GStrv) parts = g_strsplit(path, "\\", LIMIT_PATH_DEPTH + 2);

    *entry = (Entry) { .directory = true };
    *found = g_strv_length(parts) <= LIMIT_PATH_DEPTH + 1;
    for (char **part = parts; *found && *part; part++) {
        Name name;

        if (!**part) {
            continue;
        }
        *found = set_name(&name, *part);
        if (*found && !look_up(fat, path, &name, entry, found, errp)) {
            return false;
        }
    }
    return true;
}

bool fat_exists(FatVolume *fat, const char *path, bool *exists, GError **errp)
{
    Entry entry;

    return find_path(fat, path, &entry, exists, errp);
}

static bool check_file(const FatVolume *fat, const char *path,
                       const Entry *entry, size_t max_size, GError **errp)
{
    if (entry->directory) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: %.100s is a directory, where a file should be",
                    fat->label, path);
        return false;
    }
    if (entry->size > max_size) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: %.100s has %u bytes, more than such a file can "
                    "have: replace it in the source VM", fat->label, path,
                    entry->size);
        return false;
    }
    if (entry->size > (uint64_t)fat->last_cluster * fat->cluster_size) {
        return fat_set_broken(fat, path, "it is larger than the volume",
                              errp);
    }
    return true;
}

GBytes *fat_read(FatVolume *fat, const char *path, size_t max_size,
                 GError **errp)
{
    g_autofree uint8_t *bytes = NULL;
    Entry entry;
    bool found;

    if (!find_path(fat, path, &entry, &found, errp)) {
        return NULL;
    }
    if (!found) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: %.100s: there is no such file", fat->label, path);
        return NULL;
    }
    if (!check_file(fat, path, &entry, max_size, errp)) {
        return NULL;
    }
    bytes = g_malloc(entry.size);
    if (!fat_read_chain(fat, path, entry.cluster, bytes, entry.size, NULL,
                        errp)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), entry.size);
}
