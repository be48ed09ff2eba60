/*
 * Expand: one file as setup media and service packs hold it, compressed or not
 *
 * ATAPI.SY_ is ATAPI.SYS compressed.  Microsoft had three formats for that,
 * and the name does not tell which: Windows XP's setup CD has cabinets of one
 * member, older media SZDD or KWAJ files, which are COMPRESS.EXE's.  All three
 * are decompressed by libmspack.
 *
 * SZDD's header says how many bytes come out, KWAJ's may; libmspack looks at
 * neither.  A file that was cut would just be shorter, so it is compared here.
 * A KWAJ file that does not say it cannot be checked, but what comes out is
 * an executable, whose own headers are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "error.h"
#include "expand.h"
#include "mspack-io.h"

/* What the formats begin with; SZDD has a variant of QBasic's setup. */
#define SIGNATURE_SIZE 8
#define SIGNATURE_CABINET "MSCF"
#define SIGNATURE_SZDD "SZDD\x88\xf0\x27\x33"
#define SIGNATURE_SZDD_QBASIC "SZ \x88\xf0\x27\x33\xd1"
#define SIGNATURE_KWAJ "KWAJ\x88\xf0\x27\xd1"

static bool too_large(uint64_t size, size_t max_size, GError **errp)
{
    if (size > max_size) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "its %" G_GUINT64_FORMAT " bytes are more than the %zu "
                    "that such a file may have", size, max_size);
    }
    return size > max_size;
}

static GBytes *read_plain(ByteSource *source, size_t max_size, GError **errp)
{
    g_autofree uint8_t *data = NULL;

    if (too_large(source->size, max_size, errp)) {
        return NULL;
    }
    data = g_malloc(source->size);
    if (!source_read(source, 0, data, source->size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), source->size);
}

static GBytes *expand_cabinet(ByteSource *source, const char *member,
                              size_t max_size, GError **errp)
{
    g_autoptr(Cabinet) cabinet = cabinet_open(source, errp);
    const char *only = cabinet ? cabinet_only_member(cabinet) : NULL;

    return cabinet ? cabinet_extract(cabinet, only ? only : member, max_size,
                                     errp)
                   : NULL;
}

/*
 * The output, if libmspack's @code is that of success and as many bytes as
 * @length says, unless that is NULL, came out.
 */
static GBytes *finish(MspackIo *io, int code, const uint32_t *length,
                      GError **errp)
{
    g_autoptr(GBytes) data = mspack_io_finish_output(io);
    gsize size = g_bytes_get_size(data);

    if (code == MSPACK_ERR_WRITE && !length) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "more than the %zu bytes that such a file may have come "
                    "out", io->output_max);
        return NULL;
    }
    if (code != MSPACK_ERR_OK) {
        mspack_io_set_error(io, code, NULL, errp);
        return NULL;
    }
    if (length && size != *length) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "it is truncated or damaged: %zu bytes come out, its "
                    "header says %u", size, *length);
        return NULL;
    }
    return g_steal_pointer(&data);
}

static GBytes *expand_szdd(MspackIo *io, size_t max_size, GError **errp)
{
    struct msszdd_decompressor *szdd =
        mspack_create_szdd_decompressor(&mspack_io_system);
    struct msszddd_header *header;
    GBytes *data = NULL;
    /* libmspack makes of it a signed number */
    uint32_t length;

    g_assert(szdd);
    header = szdd->open(szdd, mspack_io_name(io));
    length = header ? header->length : 0;
    if (!header) {
        mspack_io_set_error(io, szdd->last_error(szdd), NULL, errp);
    } else if (!too_large(length, max_size, errp)) {
        int code;

        mspack_io_start_output(io, length);
        code = szdd->extract(szdd, header, mspack_io_name(io));
        data = finish(io, code, &length, errp);
    }
    if (header) {
        szdd->close(szdd, header);
    }
    mspack_destroy_szdd_decompressor(szdd);
    return data;
}

static GBytes *expand_kwaj(MspackIo *io, size_t max_size, GError **errp)
{
    struct mskwaj_decompressor *kwaj =
        mspack_create_kwaj_decompressor(&mspack_io_system);
    struct mskwajd_header *header;
    GBytes *data = NULL;
    uint32_t length;

    g_assert(kwaj);
    header = kwaj->open(kwaj, mspack_io_name(io));
    length = header ? header->length : 0;
    if (!header) {
        mspack_io_set_error(io, kwaj->last_error(kwaj), NULL, errp);
    } else if (!too_large(length, max_size, errp)) {
        bool known = header->headers & MSKWAJ_HDR_HASLENGTH;
        int code;

        mspack_io_start_output(io, known ? length : max_size);
        code = kwaj->extract(kwaj, header, mspack_io_name(io));
        data = finish(io, code, known ? &length : NULL, errp);
    }
    if (header) {
        kwaj->close(kwaj, header);
    }
    mspack_destroy_kwaj_decompressor(kwaj);
    return data;
}

GBytes *expand_file(ByteSource *source, const char *member, size_t max_size,
                    GError **errp)
{
    uint8_t signature[SIGNATURE_SIZE] = { 0 };
    GBytes *(*expand)(MspackIo *, size_t, GError **) = NULL;
    GBytes *data;
    MspackIo io;

    if (!source_read(source, 0, signature,
                     MIN(source->size, SIGNATURE_SIZE), errp)) {
        return NULL;
    }
    if (memcmp(signature, SIGNATURE_CABINET, 4) == 0) {
        return expand_cabinet(source, member, max_size, errp);
    }
    if (memcmp(signature, SIGNATURE_SZDD, SIGNATURE_SIZE) == 0 ||
        memcmp(signature, SIGNATURE_SZDD_QBASIC, SIGNATURE_SIZE) == 0) {
        expand = expand_szdd;
    } else if (memcmp(signature, SIGNATURE_KWAJ, SIGNATURE_SIZE) == 0) {
        expand = expand_kwaj;
    } else {
        return read_plain(source, max_size, errp);
    }
    mspack_io_init(&io, source);
    data = expand(&io, max_size, errp);
    mspack_io_clear(&io);
    return data;
}
