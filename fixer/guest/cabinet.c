/*
 * Cabinet files (driver.cab, sp3.cab) through libmspack
 *
 * libmspack decompresses; it also reads the headers, but it is made to get
 * out of a cabinet what it can, while we must not take a driver out of a
 * damaged one.  So the first 36 bytes are read here first: what is truncated,
 * part of a set, or too large is refused before libmspack sees it.
 *
 * Bytes behind the end that the header names (a signature is there) are fine
 * and are never read.
 *
 * The format is Microsoft's [MS-CAB].
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "error.h"
#include "guest-limits.h"
#include "le.h"
#include "mspack-io.h"

/* CFHEADER */
#define HEADER_SIZE 36
/* char[4] */
#define HEADER_SIGNATURE 0x00
/* u32: bytes of the cabinet */
#define HEADER_CABINET_SIZE 0x08
/* u8 each: the format's version, 1.3 */
#define HEADER_VERSION_MINOR 0x18
#define HEADER_VERSION_MAJOR 0x19
/* u16: entries of type CFFOLDER */
#define HEADER_FOLDERS 0x1a
/* u16: entries of type CFFILE */
#define HEADER_FILES 0x1c
/* u16 */
#define HEADER_FLAGS 0x1e
#define FLAG_PREVIOUS_CABINET 0x0001
#define FLAG_NEXT_CABINET 0x0002
/* u16: number of this cabinet in its set, from 0 */
#define HEADER_INDEX 0x22

struct Cabinet {
    MspackIo io;
    struct mscab_decompressor *decompressor;
    struct mscabd_cabinet *cabinet;
    /* From a member's name in lower case to its struct mscabd_file. */
    GHashTable *members;
    /* Where libmspack goes on: a place in a folder, decompressed. */
    const struct mscabd_folder *folder;
    uint64_t position;
    /* The member that libmspack could not extract, if there was one. */
    char *damaged_member;
};

static bool cabinet_error(GError **errp, const char *cause)
{
    g_set_error_literal(errp, GUEST_ERROR, GUEST_ERROR_INVALID, cause);
    return false;
}

/* Parts of a set are sound, they only are not supported. */
static bool check_whole(const uint8_t *header, GError **errp)
{
    if (get_le16(header + HEADER_FLAGS) &
        (FLAG_PREVIOUS_CABINET | FLAG_NEXT_CABINET)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "it is part %u of a set of several cabinets, which is "
                    "not supported: unpack the whole set",
                    get_le16(header + HEADER_INDEX) + 1);
        return false;
    }
    return true;
}

/* What the header says of itself; sets what may be read of the source. */
static bool check_header(Cabinet *cabinet, const uint8_t *header,
                         GError **errp)
{
    uint32_t size = get_le32(header + HEADER_CABINET_SIZE);
    uint16_t folders = get_le16(header + HEADER_FOLDERS);
    uint16_t files = get_le16(header + HEADER_FILES);
    g_autofree char *cause = NULL;

    if (header[HEADER_VERSION_MAJOR] != 1 ||
        header[HEADER_VERSION_MINOR] != 3) {
        cause = g_strdup_printf("version %u.%u is not supported, only 1.3 is",
                                header[HEADER_VERSION_MAJOR],
                                header[HEADER_VERSION_MINOR]);
    } else if (size > cabinet->io.source->size) {
        cause = g_strdup_printf("it is truncated: its header says %u bytes, "
                                "%" G_GUINT64_FORMAT " are there", size,
                                cabinet->io.source->size);
    } else if (!check_whole(header, errp)) {
        return false;
    } else if (folders == 0 || files == 0) {
        cause = g_strdup("it is empty");
    } else if (folders > LIMIT_CABINET_FOLDERS || files > LIMIT_CABINET_FILES) {
        cause = g_strdup_printf("%u files in %u folders are more than the %d "
                                "in %d that are supported", files, folders,
                                LIMIT_CABINET_FILES, LIMIT_CABINET_FOLDERS);
    }
    cabinet->io.input_size = size;
    return !cause || cabinet_error(errp, cause);
}

static bool read_header(Cabinet *cabinet, GError **errp)
{
    ByteSource *source = cabinet->io.source;
    uint8_t header[HEADER_SIZE] = { 0 };
    size_t length = MIN(source->size, HEADER_SIZE);

    if (!source_read(source, 0, header, length, errp)) {
        return false;
    }
    if (memcmp(header + HEADER_SIGNATURE, "MSCF", 4) != 0) {
        return cabinet_error(errp, "it is not a cabinet: it does not begin "
                             "with MSCF");
    }
    if (length < HEADER_SIZE) {
        return cabinet_error(errp, "it is truncated within its header");
    }
    return check_header(cabinet, header, errp);
}

/*
 * A name as members are looked up by.  Names are ASCII, or UTF-8 if a flag
 * says so, or of an unknown code page, which is compared byte by byte.
 */
static char *fold_name(const char *name)
{
    return g_utf8_validate(name, -1, NULL) ? g_utf8_casefold(name, -1)
                                           : g_ascii_strdown(name, -1);
}

/* The first of several members of one name counts. */
static void index_members(Cabinet *cabinet)
{
    struct mscabd_file *file;

    cabinet->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                             NULL);
    for (file = cabinet->cabinet->files; file; file = file->next) {
        g_autofree char *name = fold_name(file->filename);

        if (!g_hash_table_contains(cabinet->members, name)) {
            g_hash_table_insert(cabinet->members, g_steal_pointer(&name),
                                file);
        }
    }
}

static bool open_with_libmspack(Cabinet *cabinet, GError **errp)
{
    int selftest;

    /* off_t must be as wide here as in the library */
    MSPACK_SYS_SELFTEST(selftest);
    g_assert(selftest == MSPACK_ERR_OK);
    cabinet->decompressor = mspack_create_cab_decompressor(
        &mspack_io_system);
    g_assert(cabinet->decompressor);
    cabinet->cabinet = cabinet->decompressor->open(
        cabinet->decompressor, mspack_io_name(&cabinet->io));
    if (!cabinet->cabinet) {
        int code = cabinet->decompressor->last_error(cabinet->decompressor);

        mspack_io_set_error(&cabinet->io, code, NULL, errp);
        return false;
    }
    return true;
}

Cabinet *cabinet_open(ByteSource *source, GError **errp)
{
    g_autoptr(Cabinet) cabinet = g_new0(Cabinet, 1);

    mspack_io_init(&cabinet->io, source);
    if (!read_header(cabinet, errp) || !open_with_libmspack(cabinet, errp)) {
        return NULL;
    }
    index_members(cabinet);
    return g_steal_pointer(&cabinet);
}

void cabinet_free(Cabinet *cabinet)
{
    if (!cabinet) {
        return;
    }
    if (cabinet->members) {
        g_hash_table_unref(cabinet->members);
    }
    if (cabinet->cabinet) {
        cabinet->decompressor->close(cabinet->decompressor, cabinet->cabinet);
    }
    if (cabinet->decompressor) {
        mspack_destroy_cab_decompressor(cabinet->decompressor);
    }
    mspack_io_clear(&cabinet->io);
    g_free(cabinet->damaged_member);
    g_free(cabinet);
}

static struct mscabd_file *find_member(Cabinet *cabinet, const char *member)
{
    g_autofree char *name = fold_name(member);

    return g_hash_table_lookup(cabinet->members, name);
}

const char *cabinet_only_member(const Cabinet *cabinet)
{
    const struct mscabd_file *file = cabinet->cabinet->files;

    return file && !file->next ? file->filename : NULL;
}

bool cabinet_find(Cabinet *cabinet, const char *member, uint64_t *place)
{
    const struct mscabd_file *file = find_member(cabinet, member);
    const struct mscabd_folder *folder = cabinet->cabinet->folders;
    uint64_t number = 0;

    if (!file) {
        return false;
    }
    while (folder && folder != file->folder) {
        folder = folder->next;
        number++;
    }
    *place = number << 32 | file->offset;
    return true;
}

/* Where libmspack has to begin: it only goes forwards. */
static uint64_t begin_of(const Cabinet *cabinet,
                         const struct mscabd_file *file)
{
    return file->folder == cabinet->folder &&
           cabinet->position <= file->offset ? cabinet->position : 0;
}

uint64_t cabinet_cost(Cabinet *cabinet, const char *member)
{
    const struct mscabd_file *file = find_member(cabinet, member);

    return (uint64_t)file->offset + file->length - begin_of(cabinet, file);
}

/*
 * Once libmspack has failed, nothing more is taken out of the cabinet: after
 * a block that should go on in another cabinet, libmspack 0.11 reads the next
 * member of that folder from a handle that it has closed.
 */
static bool check_undamaged(const Cabinet *cabinet, const char *member,
                            GError **errp)
{
    if (cabinet->damaged_member) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the cabinet is damaged, %s could not be unpacked",
                    member, cabinet->damaged_member);
        return false;
    }
    return true;
}

/* Whether the headers allow to extract @file at all. */
static bool check_member(const struct mscabd_file *file, const char *member,
                         size_t max_size, GError **errp)
{
    int method;

    if (!file->folder) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: it is in a folder that is not there", member);
        return false;
    }
    if (file->length > max_size) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: its %u bytes are more than the %zu that such a file "
                    "may have", member, file->length, max_size);
        return false;
    }
    method = MSCABD_COMP_METHOD(file->folder->comp_type);
    if (method != MSCAB_COMP_NONE && method != MSCAB_COMP_MSZIP &&
        method != MSCAB_COMP_QUANTUM && method != MSCAB_COMP_LZX) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: compression method %d is not supported", member,
                    method);
        return false;
    }
    return true;
}

GBytes *cabinet_extract(Cabinet *cabinet, const char *member,
                        size_t max_size, GError **errp)
{
    struct mscabd_file *file = find_member(cabinet, member);
    g_autoptr(GBytes) data = NULL;
    int code;

    if (!file) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s is not in the cabinet", member);
        return NULL;
    }
    if (!check_undamaged(cabinet, member, errp) ||
        !check_member(file, member, max_size, errp)) {
        return NULL;
    }
    mspack_io_start_output(&cabinet->io, file->length);
    code = cabinet->decompressor->extract(cabinet->decompressor, file,
                                          mspack_io_name(&cabinet->io));
    data = mspack_io_finish_output(&cabinet->io);
    if (code != MSPACK_ERR_OK || g_bytes_get_size(data) != file->length) {
        cabinet->damaged_member = g_strdup(member);
        mspack_io_set_error(&cabinet->io, code, member, errp);
        return NULL;
    }
    cabinet->folder = file->folder;
    cabinet->position = (uint64_t)file->offset + file->length;
    return g_steal_pointer(&data);
}
