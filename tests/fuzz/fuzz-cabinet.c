/*
 * Fuzz target: cabinets, of which drivers are taken
 *
 * The first byte says whether the checksums of the rest's data are taken away,
 * without which libmspack would not even look at data that was changed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "fuzz.h"
#include "le.h"

/* CFHEADER and CFFOLDER, without reserved areas; CFDATA. */
#define HEADER_SIZE 36
#define HEADER_FOLDERS 0x1a
#define FOLDER_SIZE 8
#define FOLDER_DATA 0
#define FOLDER_BLOCKS 4
#define DATA_CHECKSUM 0
#define DATA_SIZE 4
#define DATA_HEAD 8

/* Enough for any test, and little enough that a bomb is found. */
#define MAX_SIZE (256 * 1024)

/* 0 is no checksum. */
static void mend_folder(uint8_t *data, size_t size, const uint8_t *folder)
{
    size_t at = get_le32(folder + FOLDER_DATA);
    unsigned blocks = get_le16(folder + FOLDER_BLOCKS);

    while (blocks-- > 0 && at <= size && size - at >= DATA_HEAD) {
        put_le32(data + at + DATA_CHECKSUM, 0);
        at += DATA_HEAD + get_le16(data + at + DATA_SIZE);
    }
}

static void mend(uint8_t *data, size_t size)
{
    unsigned folders = size < HEADER_SIZE
                       ? 0 : get_le16(data + HEADER_FOLDERS);
    size_t at = HEADER_SIZE;

    for (; folders > 0 && size - at >= FOLDER_SIZE; folders--) {
        mend_folder(data, size, data + at);
        at += FOLDER_SIZE;
    }
}

/* What is left of the input. */
static GBytes *take_cabinet(FuzzInput *input, bool mended)
{
    uint8_t *data = g_malloc(input->left + 1);

    memcpy(data, input->p, input->left);
    if (mended) {
        mend(data, input->left);
    }
    return g_bytes_new_take(data, input->left);
}

static void extract(Cabinet *cabinet, const char *member)
{
    uint64_t place = 0, cost = 0;
    GError *err = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (cabinet_find(cabinet, member, &place)) {
        cost = cabinet_cost(cabinet, member);
    }
    bytes = cabinet_extract(cabinet, member, MAX_SIZE, &err);
    if (bytes) {
        g_assert_cmpuint(g_bytes_get_size(bytes), <=, MAX_SIZE);
        g_assert_cmpuint(g_bytes_get_size(bytes), <=, cost);
    } else {
        fuzz_expect_error(err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    bool mended = fuzz_take8(&input) & 1;
    g_autoptr(GBytes) bytes = take_cabinet(&input, mended);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    GError *err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);

    if (!cabinet) {
        fuzz_expect_error(err);
        return 0;
    }
    if (cabinet_only_member(cabinet)) {
        extract(cabinet, cabinet_only_member(cabinet));
    }
    /* Backwards, so that a folder is begun anew, and once again. */
    extract(cabinet, "pciidex.sys");
    extract(cabinet, "atapi.sys");
    extract(cabinet, "atapi.sys");
    return 0;
}
