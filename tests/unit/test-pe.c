/*
 * PE files: what is read out of small images made here, and no crash
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "pe-image.h"

static PeInfo *parse(const guint8 *image, gsize size, GError **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new(image, size);

    return pe_parse("x.sys", bytes, errp);
}

static PeInfo *parse_valid(const Spec *spec)
{
    g_autofree guint8 *image = build_image(spec);
    g_autoptr(GError) err = NULL;
    PeInfo *info = parse(image, IMAGE_SIZE, &err);

    g_assert_no_error(err);
    return info;
}

static void assert_refused(const guint8 *image, gsize size, const char *cause)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(PeInfo) info = parse(image, size, &err);
    g_autofree char *full = g_strconcat("x.sys: ", cause, NULL);

    g_assert_null(info);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_cmpstr(err->message, ==, full);
}

static void test_pe32(void)
{
    g_autoptr(PeInfo) info = parse_valid(&atapi);
    g_autofree char *version = pe_version_string(&info->file_version);

    g_assert_cmphex(info->machine, ==, PE_MACHINE_I386);
    g_assert_true(info->has_version);
    g_assert_cmpstr(version, ==, "5.1.2600.5512");
    g_assert_cmpstr(info->original_filename, ==, "atapi.sys");
    g_assert_cmpstr(info->internal_name, ==, "IDE\xc2\xa9");
    g_assert_cmpuint(g_strv_length(info->imports), ==, 3);
    g_assert_cmpstr(info->imports[0], ==, "ntoskrnl.exe");
    g_assert_cmpstr(info->imports[1], ==, "HAL.dll");
    g_assert_cmpstr(info->imports[2], ==, "SCSIPORT.SYS");
}

static void test_pe32_plus(void)
{
    Spec spec = atapi;
    g_autoptr(PeInfo) info = NULL;

    spec.machine = PE_MACHINE_AMD64;
    spec.pe32_plus = true;
    info = parse_valid(&spec);
    g_assert_cmphex(info->machine, ==, PE_MACHINE_AMD64);
    g_assert_cmpstr(info->original_filename, ==, "atapi.sys");
    g_assert_cmpuint(g_strv_length(info->imports), ==, 3);
}

static void test_bare(void)
{
    Spec spec = { .machine = 0x01c4 };
    g_autoptr(PeInfo) info = parse_valid(&spec);

    g_assert_cmphex(info->machine, ==, 0x01c4);
    g_assert_false(info->has_version);
    g_assert_cmpuint(info->file_version.part[0], ==, 0);
    g_assert_null(info->original_filename);
    g_assert_null(info->internal_name);
    g_assert_cmpuint(g_strv_length(info->imports), ==, 0);
}

static void test_no_strings(void)
{
    Spec spec = { .machine = PE_MACHINE_I386, .version = true };
    g_autoptr(PeInfo) info = parse_valid(&spec);

    g_assert_true(info->has_version);
    g_assert_cmpuint(info->file_version.part[2], ==, 2600);
    g_assert_null(info->original_filename);
    g_assert_null(info->internal_name);
}

/* Resources of other types only: type 16 becomes 17. */
static void test_no_version(void)
{
    g_autofree guint8 *image = build_image(&atapi);
    g_autoptr(PeInfo) info = NULL;

    put32(image + RSRC + 0x10, 17);
    info = parse(image, IMAGE_SIZE, NULL);
    g_assert_nonnull(info);
    g_assert_false(info->has_version);
    g_assert_null(info->original_filename);
}

/* A section of uninitialised data has an offset that means nothing. */
static void test_bss(void)
{
    g_autofree guint8 *image = build_image(&(Spec) { .machine = 0x14c });
    g_autoptr(PeInfo) info = NULL;

    put_section(image + section_table(&atapi), ".bss", 0x1000, 0, 0xffffff00);
    info = parse(image, IMAGE_SIZE, NULL);
    g_assert_nonnull(info);
}

typedef struct Patch {
    const char *name;
    /* A 32-bit field, or a 16-bit one, that is changed, and into what. */
    gsize at;
    unsigned bits;
    uint32_t value;
    const char *cause;
} Patch;

#define DIRECTORIES (OPTIONAL + 0x60)
#define SECTIONS (DIRECTORIES + 16 * 8)
/* VS_VERSION_INFO: 40 bytes of header and key, 52 of VS_FIXEDFILEINFO */
#define FIXED (VERSION + 40)
/* VarFileInfo: 6 + 24 bytes, padded to 32 */
#define STRING_FILE_INFO (FIXED + 52 + 32)

static const Patch patches[] = {
    { "no-mz", 0, 16, 0x4d5a,
      "not an executable: it does not begin with MZ" },
    { "no-pe", 0x80, 32, 0x454e,
      "not a Windows executable: no PE signature" },
    { "pe-offset", 0x3c, 32, 0xffffffff,
      "the PE header lies beyond the end of the file: it is truncated or "
      "damaged" },
    { "sections-many", COFF + 0x02, 16, 97,
      "has 97 sections, more than the 96 that Windows loads" },
    { "sections-beyond", COFF + 0x02, 16, 96,
      "the section table lies beyond the end of the file: it is truncated or "
      "damaged" },
    { "optional-none", COFF + 0x10, 16, 0,
      "neither PE32 nor PE32+: optional header 0x0 of 0 bytes" },
    { "optional-short", COFF + 0x10, 16, 0x5f,
      "its optional header has only 95 bytes" },
    { "optional-rom", OPTIONAL, 16, 0x107,
      "neither PE32 nor PE32+: optional header 0x107 of 224 bytes" },
    { "directories", DIRECTORIES - 4, 32, 17,
      "its data directory of 17 entries does not fit into its optional "
      "header" },
    { "headers-size", OPTIONAL + 0x3c, 32, IMAGE_SIZE + 1,
      "the header area lies beyond the end of the file: it is truncated or "
      "damaged" },
    { "section-offset", SECTIONS + 0x14, 32, 0xfffffe00,
      "a section lies beyond the end of the file: it is truncated or "
      "damaged" },
    { "section-size", SECTIONS + 0x10, 32, 0xffffffff,
      "a section lies beyond the end of the file: it is truncated or "
      "damaged" },
    { "imports-outside", DIRECTORIES + 8, 32, 0x8000,
      "the import directory lies outside all sections" },
    { "imports-last", DIRECTORIES + 8, 32, 0x11f0,
      "the import directory does not fit into its section" },
    { "import-name-outside", IDATA + 0x0c, 32, 0xfffffff0,
      "the name of an imported module lies outside all sections" },
    { "import-name-empty", IDATA + 0x100, 16, 0,
      "the name of an imported module is empty or does not end" },
    { "import-name-control", IDATA + 0x101, 16, 0x0a0d,
      "the name of an imported module holds the byte 0x0d" },
    { "resources-outside", DIRECTORIES + 16, 32, 0x8000,
      "the resource directory lies outside all sections" },
    { "resource-table-long", RSRC + 0x0e, 16, 0xffff,
      "the resource directory does not fit into its section" },
    { "resource-names", RSRC + 0x0c, 16, 0xffff,
      "the resource directory does not fit into its section" },
    { "resource-leaf-early", RSRC + 0x14, 32, 0x80,
      "its resource directory has a leaf where a table must be" },
    { "resource-table-late", RSRC + 0x54, 32, 0x80000080,
      "its resource directory has a table where a leaf must be" },
    /* the first table is its own second and third level */
    { "resource-loop", RSRC + 0x14, 32, 0x80000000,
      "its resource directory has a table where a leaf must be" },
    { "leaf-outside", RSRC + 0x80, 32, 0x9000,
      "the version resource lies outside all sections" },
    { "leaf-long", RSRC + 0x84, 32, 0x201,
      "the version resource does not fit into its section" },
    { "version-empty", RSRC + 0x84, 32, 0,
      "a block of 0 bytes in its version resource where 0 are left" },
    { "version-long", VERSION, 16, 0xffff,
      "a block of 65535 bytes in its version resource where 488 are left" },
    { "version-key", VERSION + 6, 16, 'X',
      "its version resource does not begin with VS_VERSION_INFO and "
      "VS_FIXEDFILEINFO" },
    { "version-no-fixed", VERSION + 2, 16, 0,
      "its version resource does not begin with VS_VERSION_INFO and "
      "VS_FIXEDFILEINFO" },
    { "fixed-long", VERSION + 2, 16, 0xffff,
      "its version resource does not begin with VS_VERSION_INFO and "
      "VS_FIXEDFILEINFO" },
    { "fixed-signature", FIXED, 32, 0xfeef04bc,
      "its version resource does not begin with VS_VERSION_INFO and "
      "VS_FIXEDFILEINFO" },
    { "block-short", STRING_FILE_INFO, 16, 5,
      "a block of 5 bytes in its version resource where 364 are left" },
    { "block-no-key", STRING_FILE_INFO, 16, 6,
      "a block without a key in its version resource" },
};

static void test_patch(gconstpointer data)
{
    const Patch *patch = data;
    g_autofree guint8 *image = build_image(&atapi);

    if (patch->bits == 16) {
        put16(image + patch->at, patch->value);
    } else {
        put32(image + patch->at, patch->value);
    }
    assert_refused(image, IMAGE_SIZE, patch->cause);
}

/* Names come into messages and reports. */
static void test_bad_strings(void)
{
    Spec spec = atapi;
    g_autofree guint8 *control = NULL;
    g_autofree guint8 *surrogate = NULL;
    gsize at = 0;

    spec.original_filename = "a\nb";
    control = build_image(&spec);
    assert_refused(control, IMAGE_SIZE, "a file name in its version resource "
                   "holds the character 0x0a");
    spec.original_filename = "\xe2\x98\x83";
    surrogate = build_image(&spec);
    while (surrogate[at] != 0x03 || surrogate[at + 1] != 0x26) {
        at++;
    }
    put16(surrogate + at, 0xd800);
    assert_refused(surrogate, IMAGE_SIZE, "a file name in its version "
                   "resource is not UTF-16");
}

/* More modules than a driver can have: the table never ends. */
static void test_many_imports(void)
{
    const gsize size = IMAGE_SIZE + 257 * 20;
    g_autofree guint8 *image = build_image(&atapi);

    image = g_realloc(image, size);
    for (gsize i = 0; i < 257; i++) {
        guint8 *descriptor = image + IMAGE_SIZE + 20 * i;

        put32(descriptor + 0x0c, 0x2000 + IMAGE_SIZE - RSRC - 2);
        put32(descriptor + 0x10, 1);
    }
    memcpy(image + IMAGE_SIZE - 2, "a", 2);
    put_section(image + SECTIONS + 40, ".rsrc", 0x2000, size - RSRC, RSRC);
    put32(image + DIRECTORIES + 8, 0x2000 + IMAGE_SIZE - RSRC);
    assert_refused(image, size, "imports from more than 256 modules");
    /* the 257th ends the table */
    put32(image + IMAGE_SIZE + 20 * 256 + 0x10, 0);
    g_autoptr(PeInfo) info = parse(image, size, NULL);
    g_assert_nonnull(info);
    g_assert_cmpuint(g_strv_length(info->imports), ==, 256);
}

/* The last section ends with the file, so that a cut at any byte is seen. */
static void test_truncated(void)
{
    g_autofree guint8 *image = build_image(&atapi);

    for (gsize size = 0; size < IMAGE_SIZE; size++) {
        /* a copy of its own size lets valgrind see a read beyond it */
        g_autofree guint8 *cut = g_memdup2(image, size);
        g_autoptr(GError) err = NULL;
        g_autoptr(PeInfo) info = parse(cut, size, &err);

        g_assert_null(info);
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    }
}

/* Any byte may be anything: the result is an error or readable strings. */
static void test_mutated(void)
{
    static const guint8 values[] = { 0x00, 0x01, 0x10, 0x20, 0x7f, 0x80,
                                     0xfe, 0xff };

    for (unsigned plus = 0; plus < 2; plus++) {
        Spec spec = atapi;
        g_autofree guint8 *image = NULL;

        spec.pe32_plus = plus;
        image = build_image(&spec);
        for (gsize at = 0; at < IMAGE_SIZE; at++) {
            guint8 old = image[at];

            for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
                g_autoptr(GError) err = NULL;
                g_autoptr(PeInfo) info = NULL;

                image[at] = values[i];
                info = parse(image, IMAGE_SIZE, &err);
                g_assert_true(!info == !!err);
                g_assert_true(!info || !info->original_filename ||
                              g_utf8_validate(info->original_filename, -1,
                                              NULL));
            }
            image[at] = old;
        }
    }
}

static void test_compare(void)
{
    PeVersion sp3 = { { 5, 1, 2600, 5512 } };
    PeVersion sp2 = { { 5, 1, 2600, 2180 } };
    PeVersion server = { { 5, 2, 3790, 0 } };

    g_assert_cmpint(pe_version_compare(&sp3, &sp3), ==, 0);
    g_assert_cmpint(pe_version_compare(&sp2, &sp3), ==, -1);
    g_assert_cmpint(pe_version_compare(&server, &sp3), ==, 1);
}

static void test_machines(void)
{
    g_autofree char *x86 = pe_machine_string(PE_MACHINE_I386);
    g_autofree char *x64 = pe_machine_string(PE_MACHINE_AMD64);
    g_autofree char *arm = pe_machine_string(0x01c4);

    g_assert_cmpstr(x86, ==, "x86");
    g_assert_cmpstr(x64, ==, "x64");
    g_assert_cmpstr(arm, ==, "0x01c4");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pe/pe32", test_pe32);
    g_test_add_func("/pe/pe32-plus", test_pe32_plus);
    g_test_add_func("/pe/bare", test_bare);
    g_test_add_func("/pe/no-strings", test_no_strings);
    g_test_add_func("/pe/no-version", test_no_version);
    g_test_add_func("/pe/bss", test_bss);
    for (gsize i = 0; i < G_N_ELEMENTS(patches); i++) {
        g_autofree char *path = g_strconcat("/pe/refused/", patches[i].name,
                                            NULL);

        g_test_add_data_func(path, &patches[i], test_patch);
    }
    g_test_add_func("/pe/bad-strings", test_bad_strings);
    g_test_add_func("/pe/many-imports", test_many_imports);
    g_test_add_func("/pe/truncated", test_truncated);
    g_test_add_func("/pe/mutated", test_mutated);
    g_test_add_func("/pe/compare", test_compare);
    g_test_add_func("/pe/machines", test_machines);
    return g_test_run();
}
