/*
 * The base block of a registry hive, and of its logs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-base.h"
#include "le.h"

/* FILETIME: 100 ns since 1601. */
#define FILETIME_EPOCH_OFFSET 116444736000000000LL
#define FILETIME_PER_SECOND 10000000

uint32_t hive_base_checksum(const uint8_t *base)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < HIVE_BASE_CHECKSUM; i += 4) {
        sum ^= get_le32(base + i);
    }
    return sum == 0 ? 1 : sum == UINT32_MAX ? UINT32_MAX - 1 : sum;
}

bool hive_base_is_hive(const uint8_t *base, size_t size)
{
    return size >= HIVE_BASE_SIZE &&
           memcmp(base + HIVE_BASE_SIGNATURE, "regf", 4) == 0;
}

bool hive_base_is_valid(const uint8_t *base)
{
    return memcmp(base + HIVE_BASE_SIGNATURE, "regf", 4) == 0 &&
           get_le32(base + HIVE_BASE_CHECKSUM) == hive_base_checksum(base);
}

char *hive_base_why_dirty(const uint8_t *base)
{
    uint32_t primary = get_le32(base + HIVE_BASE_PRIMARY_SEQ);
    uint32_t secondary = get_le32(base + HIVE_BASE_SECONDARY_SEQ);

    if (!hive_base_is_hive(base, HIVE_BASE_SIZE)) {
        return g_strdup("its base block is no base block");
    }
    if (get_le32(base + HIVE_BASE_CHECKSUM) != hive_base_checksum(base)) {
        return g_strdup("its base block's checksum is wrong");
    }
    return primary == secondary
           ? NULL : g_strdup_printf("sequence numbers %u and %u", primary,
                                    secondary);
}

void hive_base_make_clean(uint8_t *base, uint32_t sequence)
{
    memcpy(base + HIVE_BASE_SIGNATURE, "regf", 4);
    put_le32(base + HIVE_BASE_TYPE, HIVE_TYPE_PRIMARY);
    put_le32(base + HIVE_BASE_PRIMARY_SEQ, sequence);
    put_le32(base + HIVE_BASE_SECONDARY_SEQ, sequence);
    put_le32(base + HIVE_BASE_CHECKSUM, hive_base_checksum(base));
}

int64_t hive_base_last_written(const uint8_t *base)
{
    int64_t filetime = get_le64(base + HIVE_BASE_LAST_WRITTEN);

    return (filetime - FILETIME_EPOCH_OFFSET) / FILETIME_PER_SECOND;
}
