/*
 * A small PE image for tests
 *
 * What build_image() makes, in the file and in memory:
 *
 *   0x0000  DOS header, e_lfanew = 0x80
 *   0x0080  PE signature, COFF header, optional header, section table
 *   0x0200  .idata, at RVA 0x1000: import descriptors, names at +0x100
 *   0x0400  .rsrc, at RVA 0x2000: the tree of three levels, the leaf at +0x80,
 *           the version resource at +0x100
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "pe.h"

#define COFF 0x84
#define OPTIONAL 0x98
#define IDATA 0x200
#define RSRC 0x400
#define VERSION (RSRC + 0x100)
#define IMAGE_SIZE 0x700

typedef struct Spec {
    uint16_t machine;
    bool pe32_plus;
    const char *imports[4];
    bool version;
    const char *original_filename;
    const char *internal_name;
} Spec;

static const Spec atapi = {
    .machine = PE_MACHINE_I386,
    .imports = { "ntoskrnl.exe", "HAL.dll", "SCSIPORT.SYS" },
    .version = true,
    .original_filename = "atapi.sys",
    .internal_name = "IDE\xc2\xa9",
};

static void put16(guint8 *p, uint16_t n)
{
    p[0] = n;
    p[1] = n >> 8;
}

static void put32(guint8 *p, uint32_t n)
{
    put16(p, n);
    put16(p + 2, n >> 16);
}

/* Offset of the data directory: the field before it is its length. */
static gsize directories(const Spec *spec)
{
    return OPTIONAL + (spec->pe32_plus ? 0x70 : 0x60);
}

static gsize section_table(const Spec *spec)
{
    return directories(spec) + 16 * 8;
}

static void put_section(guint8 *p, const char *name, uint32_t address,
                        uint32_t size, uint32_t offset)
{
    memcpy(p, name, strlen(name));
    put32(p + 0x08, size);
    put32(p + 0x0c, address);
    put32(p + 0x10, size);
    put32(p + 0x14, offset);
}

static void put_headers(guint8 *image, const Spec *spec)
{
    memcpy(image, "MZ", 2);
    put32(image + 0x3c, 0x80);
    memcpy(image + 0x80, "PE\0", 4);
    put16(image + COFF, spec->machine);
    put16(image + COFF + 0x02, 2);
    put16(image + COFF + 0x10, section_table(spec) - OPTIONAL);
    put16(image + OPTIONAL, spec->pe32_plus ? 0x20b : 0x10b);
    put32(image + OPTIONAL + 0x3c, 0x200);
    put32(image + directories(spec) - 4, 16);
    if (spec->imports[0]) {
        put32(image + directories(spec) + 1 * 8, 0x1000);
    }
    if (spec->version) {
        put32(image + directories(spec) + 2 * 8, 0x2000);
    }
    put_section(image + section_table(spec), ".idata", 0x1000, 0x200, IDATA);
    put_section(image + section_table(spec) + 40, ".rsrc", 0x2000,
                IMAGE_SIZE - RSRC, RSRC);
}

static void put_imports(guint8 *image, const Spec *spec)
{
    for (unsigned i = 0; i < 4 && spec->imports[i]; i++) {
        guint8 *descriptor = image + IDATA + 20 * i;
        unsigned name = 0x100 + 0x20 * i;

        put32(descriptor + 0x0c, 0x1000 + name);
        put32(descriptor + 0x10, 0x1080);
        strcpy((char *)image + IDATA + name, spec->imports[i]);
    }
}

/* One entry, with a number, in each of three tables; then the leaf. */
static void put_resource_tree(guint8 *rsrc, uint32_t length)
{
    static const uint32_t numbers[] = { 16, 1, 0x409 };

    for (unsigned i = 0; i < 3; i++) {
        guint8 *table = rsrc + 0x20 * i;

        put16(table + 0x0e, 1);
        put32(table + 0x10, numbers[i]);
        put32(table + 0x14, i < 2 ? 0x80000000u | 0x20 * (i + 1) : 0x80);
    }
    put32(rsrc + 0x80, 0x2100);
    put32(rsrc + 0x84, length);
}

static void append_utf16(GByteArray *out, const char *text)
{
    g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, NULL, NULL);
    gsize i = 0;

    do {
        guint8 unit[2] = { units[i], units[i] >> 8 };

        g_byte_array_append(out, unit, 2);
    } while (units[i++]);
}

static void pad4(GByteArray *out)
{
    while (out->len % 4) {
        g_byte_array_append(out, (const guint8 *)"", 1);
    }
}

/* Begins a block; its length is set by end_block(). */
static guint begin_block(GByteArray *out, const char *key,
                         uint16_t value_length, uint16_t type)
{
    guint start;
    guint8 header[6] = { 0 };

    pad4(out);
    start = out->len;
    put16(header + 2, value_length);
    put16(header + 4, type);
    g_byte_array_append(out, header, sizeof(header));
    append_utf16(out, key);
    return start;
}

static void end_block(GByteArray *out, guint start)
{
    put16(out->data + start, out->len - start);
}

static void append_string(GByteArray *out, const char *key, const char *value)
{
    guint start;

    if (!value) {
        return;
    }
    start = begin_block(out, key, g_utf8_strlen(value, -1) + 1, 1);
    pad4(out);
    append_utf16(out, value);
    end_block(out, start);
}

/* Strings of one language; "wrong" ones if it is not the first. */
static void append_language(GByteArray *out, const Spec *spec,
                            const char *language, bool wrong)
{
    guint start = begin_block(out, language, 0, 1);

    append_string(out, "CompanyName", "odd");
    append_string(out, "OriginalFilename",
                  wrong ? "wrong" : spec->original_filename);
    append_string(out, "InternalName", wrong ? "wrong" : spec->internal_name);
    end_block(out, start);
}

static GByteArray *version_resource(const Spec *spec)
{
    GByteArray *out = g_byte_array_new();
    guint root = begin_block(out, "VS_VERSION_INFO", 52, 0);
    guint8 fixed[52] = { 0 };
    guint start;

    put32(fixed, 0xfeef04bd);
    put32(fixed + 0x08, 5 << 16 | 1);
    put32(fixed + 0x0c, 2600 << 16 | 5512);
    pad4(out);
    g_byte_array_append(out, fixed, sizeof(fixed));
    start = begin_block(out, "VarFileInfo", 0, 1);
    end_block(out, start);
    start = begin_block(out, "StringFileInfo", 0, 1);
    append_language(out, spec, "040904b0", false);
    append_language(out, spec, "040704b0", true);
    end_block(out, start);
    end_block(out, root);
    return out;
}

static guint8 *build_image(const Spec *spec)
{
    guint8 *image = g_malloc0(IMAGE_SIZE);

    put_headers(image, spec);
    put_imports(image, spec);
    if (spec->version) {
        g_autoptr(GByteArray) version = version_resource(spec);

        g_assert_cmpuint(version->len, <=, IMAGE_SIZE - VERSION);
        put_resource_tree(image + RSRC, version->len);
        memcpy(image + VERSION, version->data, version->len);
    }
    return image;
}
