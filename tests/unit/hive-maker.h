/*
 * Makes registry hives and their logs, for tests
 *
 * A hive made here is a row of bins of 4096 bytes, each of which holds one
 * free cell; the bytes of cells say which state of the hive they belong to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_HIVE_MAKER_H
#define TEST_HIVE_MAKER_H

#include "hive-base.h"
#include "hive-log.h"

#define BIN 4096
#define PAGE 512

/* A time that made hives bear; each number is another one. */
#define TIME(n) (UINT64_C(0x01c9000000000000) + (n))

/* A clean hive with so many bins; last written at TIME(1), as its number. */
GByteArray *make_hive(unsigned bins, uint32_t sequence);

/* A copy that can be changed. */
GByteArray *copy_hive(const GByteArray *hive);

/* Gives bytes of bins other contents, which @state makes up. */
void change(GByteArray *hive, uint32_t offset, uint32_t length,
            uint8_t state);

/* Appends bins, as a hive that grows has them. */
void grow(GByteArray *hive, unsigned bins, uint8_t state);

/* The time of its last write, in the base block and in the first bin. */
void set_base_time(GByteArray *file, uint64_t time);
void set_bin_time(GByteArray *hive, uint64_t time);

/* Sets a u32 field of its base block, and the checksum. */
void set_base(GByteArray *file, size_t field, uint32_t value);

/* Sets both sequence numbers. */
void set_sequence(GByteArray *file, uint32_t primary, uint32_t secondary);

/* A log's base block, which is taken from a hive's. */
GByteArray *make_log(const GByteArray *hive, HiveType type,
                     uint32_t sequence);

/* An old format's bitmap and the pages in which @after is not as @before. */
void add_dirt(GByteArray *log, const GByteArray *before,
              const GByteArray *after);

typedef struct Ref {
    uint32_t offset;
    uint32_t size;
} Ref;

typedef struct Entry {
    uint32_t sequence;
    uint32_t flags;
    /* 0: as in the hive */
    uint32_t bins_size;
    /* Up to the first that has no size. */
    Ref refs[8];
} Entry;

/* An entry of the new format with pages of @hive; its place in the log. */
size_t add_entry(GByteArray *log, const GByteArray *hive, const Entry *entry);

/* Makes the hashes of the entry at @offset right, after a change to it. */
void seal_entry(GByteArray *log, size_t offset);

/* A hive and its logs, each NULL or to be used as it is. */
typedef struct Case {
    const GByteArray *hive;
    const GByteArray *log;
    const GByteArray *log1;
    const GByteArray *log2;
} Case;

/* Replays it; NULL with an error. */
GByteArray *recover(const Case *c, HiveRecovery *recovery, GError **errp);

/* It has to become the hive @expected, all bytes behind the base block. */
void assert_recovers(const Case *c, const GByteArray *expected);

/* It has to be refused, with @part in the message. */
void assert_refused(const Case *c, const char *part);

/* The base block has to be that of a clean hive. */
void assert_clean(const uint8_t *base, size_t size);

#endif /* TEST_HIVE_MAKER_H */
