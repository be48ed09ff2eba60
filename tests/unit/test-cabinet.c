/*
 * Cabinets, made here byte by byte
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "cabinet.h"
#include "error.h"

/*
 * A cabinet of two members in one folder, not compressed ([MS-CAB]):
 *
 *   0x00  CFHEADER, 36 bytes
 *   0x24  CFFOLDER, 8 bytes
 *   0x2c  CFFILE, 16 bytes, "atapi.sys" and its NUL, 10 bytes
 *   0x46  CFFILE, 16 bytes, "Sub\b.txt" and its NUL, 10 bytes
 *   0x60  CFDATA, 8 bytes, and the 12 bytes of both members
 */
static const guint8 stored[] = {
    /* CFHEADER: signature, reserved */
    'M', 'S', 'C', 'F', 0, 0, 0, 0,
    /* 0x08: bytes of the cabinet, 0x74; reserved */
    0x74, 0, 0, 0, 0, 0, 0, 0,
    /* 0x10: offset of the first CFFILE; reserved */
    0x2c, 0, 0, 0, 0, 0, 0, 0,
    /* 0x18: version 1.3, minor number first */
    3, 1,
    /* 0x1a: 1 folder, 2 files, no flags */
    1, 0, 2, 0, 0, 0,
    /* 0x20: number of the set, number in the set */
    0x34, 0x12, 0, 0,
    /* CFFOLDER: 0x24: offset of CFDATA, 1 block, method 0: not compressed */
    0x60, 0, 0, 0, 1, 0, 0, 0,
    /* CFFILE: 0x2c: size 8, offset in the folder 0, folder 0 */
    8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* 0x36: date, time, attributes, name */
    0x21, 0x28, 0, 0, 0x20, 0,
    'a', 't', 'a', 'p', 'i', '.', 's', 'y', 's', 0,
    /* CFFILE: 0x46: size 4, offset in the folder 8, folder 0 */
    4, 0, 0, 0, 8, 0, 0, 0, 0, 0,
    0x21, 0x28, 0, 0, 0x20, 0,
    'S', 'u', 'b', '\\', 'b', '.', 't', 'x', 't', 0,
    /*
     * CFDATA: 0x60: checksum, the exclusive or of the data and of the sizes
     * below, as 32-bit numbers; compressed and uncompressed size
     */
    0x2c, 0x2c, 0x2c, 0x2c, 12, 0, 12, 0,
    /* 0x68: "12345678" is the first member, "abcd" the second */
    '1', '2', '3', '4', '5', '6', '7', '8', 'a', 'b', 'c', 'd',
};

/* "1234" ^ "5678" ^ "abcd" ^ (12 | 12 << 16), each little-endian */
static void fix_checksum(guint8 *cabinet)
{
    guint8 *data = cabinet + 0x60;

    for (unsigned i = 0; i < 4; i++) {
        data[i] = data[4 + i] ^ data[8 + i] ^ data[12 + i] ^ data[16 + i];
    }
}

static ByteSource *source_of(const guint8 *data, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);

    return source_new_bytes(bytes);
}

/* The stored cabinet, with a right checksum and one byte changed. */
static guint8 *stored_with(gsize at, guint8 value)
{
    guint8 *cabinet = g_memdup2(stored, sizeof(stored));

    fix_checksum(cabinet);
    cabinet[at] = value;
    return cabinet;
}

/* The same unchanged: its first byte is an M. */
static guint8 *stored_valid(void)
{
    return stored_with(0, 'M');
}

static void assert_message(GError *err, int code, const char *message)
{
    g_assert_error(err, GUEST_ERROR, code);
    g_assert_cmpstr(err->message, ==, message);
}

static void assert_not_opened(const guint8 *data, gsize size,
                              int code, const char *cause)
{
    g_autoptr(ByteSource) source = source_of(data, size);
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);

    g_assert_null(cabinet);
    assert_message(err, code, cause);
}

static void assert_extracts(Cabinet *cabinet, const char *member,
                            const char *text)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) data = cabinet_extract(cabinet, member, 100, &err);
    gsize size;
    const char *found;

    g_assert_no_error(err);
    found = g_bytes_get_data(data, &size);
    g_assert_cmpmem(found, size, text, strlen(text));
}

static void assert_not_extracted(const guint8 *data, gsize size,
                                 gsize max_size, const char *message)
{
    g_autoptr(ByteSource) source = source_of(data, size);
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);
    g_autoptr(GBytes) member = NULL;

    g_assert_no_error(err);
    member = cabinet_extract(cabinet, "atapi.sys", max_size, &err);
    g_assert_null(member);
    assert_message(err, GUEST_ERROR_INVALID, message);
}

static void assert_absent(Cabinet *cabinet, const char *member)
{
    g_autoptr(GError) err = NULL;

    g_assert_null(cabinet_extract(cabinet, member, 1024, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND);
}

static void test_stored(void)
{
    g_autofree guint8 *data = stored_valid();
    g_autoptr(ByteSource) source = source_of(data, sizeof(stored));
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);

    g_assert_no_error(err);
    assert_absent(cabinet, "b.txt");
    assert_absent(cabinet, "");
    /* forwards, backwards, twice */
    assert_extracts(cabinet, "atapi.sys", "12345678");
    assert_extracts(cabinet, "SUB\\b.txt", "abcd");
    assert_extracts(cabinet, "SUB\\b.txt", "abcd");
    assert_extracts(cabinet, "ATAPI.Sys", "12345678");
    assert_extracts(cabinet, "sub\\B.TXT", "abcd");
}

/* The place of a member: its folder, then its offset there. */
static void test_find(void)
{
    g_autofree guint8 *data = stored_valid();
    g_autoptr(ByteSource) source = source_of(data, sizeof(stored));
    g_autoptr(Cabinet) cabinet = cabinet_open(source, NULL);
    uint64_t place = 1;

    g_assert_null(cabinet_only_member(cabinet));
    g_assert_true(cabinet_find(cabinet, "ATAPI.SYS", &place));
    g_assert_cmpuint(place, ==, 0);
    g_assert_true(cabinet_find(cabinet, "sub\\B.txt", &place));
    g_assert_cmpuint(place, ==, 8);
    g_assert_false(cabinet_find(cabinet, "b.txt", &place));
}

static void test_not_found(void)
{
    g_autofree guint8 *data = stored_valid();
    g_autoptr(ByteSource) source = source_of(data, sizeof(stored));
    g_autoptr(Cabinet) cabinet = cabinet_open(source, NULL);
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) member = cabinet_extract(cabinet, "x.sys", 9, &err);

    g_assert_null(member);
    assert_message(err, GUEST_ERROR_NOT_FOUND, "x.sys is not in the cabinet");
}

static void test_max_size(void)
{
    g_autofree guint8 *data = stored_valid();
    g_autoptr(ByteSource) source = source_of(data, sizeof(stored));
    g_autoptr(Cabinet) cabinet = cabinet_open(source, NULL);
    g_autoptr(GBytes) member = cabinet_extract(cabinet, "atapi.sys", 8, NULL);

    g_assert_nonnull(member);
    assert_not_extracted(data, sizeof(stored), 7, "atapi.sys: its 8 "
                         "bytes are more than the 7 that such a file may "
                         "have");
}

/* Whatever stands behind the cabinet is not looked at. */
static void test_trailing(void)
{
    gsize size = sizeof(stored) + 100;
    g_autofree guint8 *data = g_malloc(size);
    g_autofree guint8 *valid = stored_valid();
    g_autoptr(ByteSource) source = NULL;
    g_autoptr(Cabinet) cabinet = NULL;

    memset(data, 'M', size);
    memcpy(data, valid, sizeof(stored));
    source = source_of(data, size);
    cabinet = cabinet_open(source, NULL);
    g_assert_nonnull(cabinet);
    assert_extracts(cabinet, "atapi.sys", "12345678");
    /* the block says 12 more bytes than the cabinet has left */
    memset(data + 0x60, 0, 4);
    data[0x64] = data[0x66] = 24;
    assert_not_extracted(data, size, 100, "atapi.sys: it is truncated or "
                         "damaged: its data goes on beyond its end");
}

typedef struct Change {
    const char *name;
    gsize at;
    guint8 value;
    /* Why the cabinet is not opened, or else why the member is not read. */
    const char *open_cause;
    const char *extract_cause;
} Change;

static const Change changes[] = {
    { "signature", 3, 'X',
      "it is not a cabinet: it does not begin with MSCF", NULL },
    { "version", 0x18, 2, "version 1.2 is not supported, only 1.3 is", NULL },
    { "cut", 0x08, 0x75,
      "it is truncated: its header says 117 bytes, 116 are there", NULL },
    { "first-part", 0x1e, 2,
      "it is part 1 of a set of several cabinets, which is not supported: "
      "unpack the whole set", NULL },
    { "last-part", 0x1e, 1,
      "it is part 1 of a set of several cabinets, which is not supported: "
      "unpack the whole set", NULL },
    { "no-folders", 0x1a, 0, "it is empty", NULL },
    { "no-files", 0x1c, 0, "it is empty", NULL },
    { "many-folders", 0x1b, 0x10,
      "2 files in 4097 folders are more than the 16384 in 4096 that are "
      "supported", NULL },
    { "many-files", 0x1d, 0x40,
      "16386 files in 1 folders are more than the 16384 in 4096 that are "
      "supported", NULL },
    { "size-too-small", 0x08, 0x50,
      "it is truncated or damaged: its data goes on beyond its end", NULL },
    /* the third would be the data, in a folder 0x3231 */
    { "files-one-more", 0x1c, 3, "it is damaged", NULL },
    { "folder-number", 0x34, 1, "it is damaged", NULL },
    { "name-empty", 0x3c, 0, "it is damaged", NULL },
    { "method", 0x2a, 4, NULL, "compression method 4 is not supported" },
    { "continued", 0x35, 0xff, "it is damaged", NULL },
    { "data-beyond", 0x24, 0xff, NULL,
      "it is truncated or damaged: its data goes on beyond its end" },
    { "data-none", 0x28, 0, NULL, "its compressed data is damaged" },
    { "checksum", 0x60, 0, NULL,
      "a checksum does not match: it is damaged" },
    { "content", 0x68, 'X', NULL,
      "a checksum does not match: it is damaged" },
    { "longer-than-folder", 0x2c, 13, NULL, "it is damaged" },
};

static void test_change(gconstpointer opaque)
{
    const Change *change = opaque;
    g_autofree guint8 *data = stored_with(change->at, change->value);

    if (change->open_cause) {
        bool part = strstr(change->open_cause, "set of several") != NULL;

        assert_not_opened(data, sizeof(stored),
                          part ? GUEST_ERROR_REFUSED : GUEST_ERROR_INVALID,
                          change->open_cause);
    } else {
        g_autofree char *message = g_strconcat("atapi.sys: ",
                                               change->extract_cause, NULL);

        assert_not_extracted(data, sizeof(stored), 100, message);
    }
}

/* Opens and extracts; either may fail, with an error. */
static void try_cabinet(const guint8 *data, gsize size)
{
    g_autoptr(ByteSource) source = source_of(data, size);
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);
    static const char *const members[] = { "Sub\\b.txt", "atapi.sys" };

    g_assert_true(!cabinet == !!err);
    for (gsize i = 0; cabinet && i < G_N_ELEMENTS(members); i++) {
        g_autoptr(GBytes) member = cabinet_extract(cabinet, members[i], 100,
                                                   &err);

        g_assert_true(!member == !!err);
        g_clear_error(&err);
    }
}

static void test_damage(void)
{
    g_autofree guint8 *data = stored_valid();
    static const guint8 values[] = { 0, 1, 2, 3, 0x7f, 0x80, 0xfd, 0xfe,
                                     0xff };

    for (gsize size = 0; size < sizeof(stored); size++) {
        g_autofree guint8 *cut = g_memdup2(data, size);
        g_autoptr(ByteSource) source = source_of(cut, size);
        g_autoptr(GError) err = NULL;
        g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);

        g_assert_null(cabinet);
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    }
    for (gsize at = 0; at < sizeof(stored); at++) {
        for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
            g_autofree guint8 *changed = stored_with(at, values[i]);

            try_cabinet(changed, sizeof(stored));
        }
    }
}

/*
 * A block of uncompressed size 0 goes on in the next cabinet of a set, which
 * is not there.  libmspack 0.11 closes its handle then, and reads the next
 * member of the folder from it all the same.
 */
static void test_after_damage(void)
{
    g_autofree guint8 *data = stored_with(0x66, 0);
    g_autoptr(ByteSource) source = NULL;
    g_autoptr(Cabinet) cabinet = NULL;
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) member = NULL;

    /* a checksum of 0 is none */
    memset(data + 0x60, 0, 4);
    source = source_of(data, sizeof(stored));
    cabinet = cabinet_open(source, &err);
    g_assert_no_error(err);
    member = cabinet_extract(cabinet, "atapi.sys", 100, &err);
    g_assert_null(member);
    assert_message(err, GUEST_ERROR_INVALID,
                   "atapi.sys: it is damaged");
    g_clear_error(&err);
    member = cabinet_extract(cabinet, "sub\\b.txt", 100, &err);
    g_assert_null(member);
    assert_message(err, GUEST_ERROR_INVALID, "sub\\b.txt: the cabinet is "
                   "damaged, atapi.sys could not be unpacked");
}

/* A source that fails from an offset on. */
typedef struct FailingSource {
    ByteSource source;
    const guint8 *data;
    guint64 fails_at;
} FailingSource;

static bool failing_pread(ByteSource *source, uint64_t offset, void *buf,
                          size_t length, GError **errp)
{
    FailingSource *s = (FailingSource *)source;

    if (offset + length > s->fails_at) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "disk on fire");
        return false;
    }
    memcpy(buf, s->data + offset, length);
    return true;
}

static void test_source_fails(void)
{
    g_autofree guint8 *data = stored_valid();
    FailingSource failing = {
        .source = { .size = sizeof(stored), .pread = failing_pread },
        .data = data,
    };
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(&failing.source, &err);

    g_assert_null(cabinet);
    assert_message(err, GUEST_ERROR_IO, "disk on fire");
    g_clear_error(&err);
    /* the first 36 bytes can be read */
    failing.fails_at = 36;
    cabinet = cabinet_open(&failing.source, &err);
    g_assert_null(cabinet);
    assert_message(err, GUEST_ERROR_IO, "disk on fire");
}

/*
 * Headers beyond the window that is read ahead: 1000 members before ours, and
 * data that begins 200 KiB behind the headers.
 */
static void test_windows(void)
{
    enum { FILES = 1000, ENTRY = 16 + 10, DATA = 200 * 1024 };
    g_autofree guint8 *data = g_malloc0(DATA + 20);
    g_autofree guint8 *valid = stored_valid();
    g_autoptr(ByteSource) source = NULL;
    g_autoptr(GError) err = NULL;
    g_autoptr(Cabinet) cabinet = NULL;
    guint32 size = GUINT32_TO_LE(DATA + 20);
    guint32 data_at = GUINT32_TO_LE(DATA);
    guint16 files = GUINT16_TO_LE(FILES + 1);

    memcpy(data, valid, 0x2c);
    memcpy(data + 0x08, &size, 4);
    memcpy(data + 0x1c, &files, 2);
    memcpy(data + 0x24, &data_at, 4);
    for (unsigned i = 0; i < FILES; i++) {
        memcpy(data + 0x2c + i * ENTRY, valid + 0x46, ENTRY);
    }
    memcpy(data + 0x2c + FILES * ENTRY, valid + 0x2c, ENTRY);
    memcpy(data + DATA, valid + 0x60, 20);
    source = source_of(data, DATA + 20);
    cabinet = cabinet_open(source, &err);
    g_assert_no_error(err);
    assert_extracts(cabinet, "atapi.sys", "12345678");
    assert_extracts(cabinet, "sub\\b.txt", "abcd");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cabinet/stored", test_stored);
    g_test_add_func("/cabinet/find", test_find);
    g_test_add_func("/cabinet/not-found", test_not_found);
    g_test_add_func("/cabinet/max-size", test_max_size);
    g_test_add_func("/cabinet/trailing", test_trailing);
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *path = g_strconcat("/cabinet/refused/",
                                            changes[i].name, NULL);

        g_test_add_data_func(path, &changes[i], test_change);
    }
    g_test_add_func("/cabinet/damage", test_damage);
    g_test_add_func("/cabinet/after-damage", test_after_damage);
    g_test_add_func("/cabinet/source-fails", test_source_fails);
    g_test_add_func("/cabinet/windows", test_windows);
    return g_test_run();
}
