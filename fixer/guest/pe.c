/*
 * Portable Executable files: headers, sections, imports
 *
 * Written by hand, because no library that Debian keeps fits.  libpe (package
 * pev) has neither headers nor a -dev package, opens a path and maps the file.
 * libbfd wants the whole of binutils and is, by its own policy, not made for
 * hostile input.  libyara finds imports and versions, but only as variables
 * of its rule language.  The rest is Python (pefile), Go or Rust.  What we need
 * is four structures and two small trees.
 *
 * The file comes out of a guest's disk.  No pointer into it exists but those
 * that pe_at_offset() and pe_at_address() gave out for a length, and no
 * structure is laid over it; each field is read where its offset is named.
 * Offsets are those of Microsoft's "PE Format" specification.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "pe-internal.h"

/* "MS-DOS Stub" */
#define DOS_HEADER_SIZE 64
/* char[2]: "MZ" */
#define DOS_MAGIC 0x00
/* u32: file offset of the PE signature, which COFF's header follows */
#define DOS_PE_OFFSET 0x3c

#define PE_SIGNATURE "PE\0"
#define PE_SIGNATURE_SIZE 4

/* "COFF File Header" */
#define COFF_HEADER_SIZE 20
/* u16: IMAGE_FILE_MACHINE_* */
#define COFF_MACHINE 0x00
/* u16: headers in the section table */
#define COFF_SECTIONS 0x02
/* u16: bytes of the optional header, which the section table follows */
#define COFF_OPTIONAL_SIZE 0x10

/* "Optional Header": the same in PE32 and PE32+ up to here */
/* u16: which of the two it is */
#define OPTIONAL_MAGIC 0x00
#define OPTIONAL_MAGIC_PE32 0x10b
#define OPTIONAL_MAGIC_PE32_PLUS 0x20b
/* u32: bytes of all headers, in memory as in the file */
#define OPTIONAL_HEADERS_SIZE 0x3c
/* u32: entries in the data directory, which is the last field */
#define OPTIONAL_DIRECTORIES_PE32 0x5c
#define OPTIONAL_DIRECTORIES_PE32_PLUS 0x6c

/* "Optional Header Data Directories" */
#define DIRECTORY_SIZE 8
/* u32: RVA, 0 if there is none; its length follows, which nothing needs */
#define DIRECTORY_ADDRESS 0x00
#define DIRECTORY_IMPORTS 1
#define DIRECTORY_RESOURCES 2

/* "Section Table" */
#define SECTION_HEADER_SIZE 40
/* u32: RVA of its first byte */
#define SECTION_ADDRESS 0x0c
/* u32: bytes of it in the file */
#define SECTION_RAW_SIZE 0x10
/* u32: where in the file */
#define SECTION_RAW_OFFSET 0x14

/* "Import Directory Table" */
#define IMPORT_SIZE 20
/* u32: RVA of the module's name, 0 in the entry that ends the table */
#define IMPORT_NAME 0x0c
/* u32: RVA of the import address table, likewise */
#define IMPORT_THUNKS 0x10

bool pe_error(const PeImage *image, GError **errp, const char *format, ...)
{
    g_autofree char *cause = NULL;
    va_list args;

    va_start(args, format);
    cause = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s: %s",
                image->name, cause);
    return false;
}

const uint8_t *pe_at_offset(const PeImage *image, uint64_t offset,
                            size_t length, const char *what, GError **errp)
{
    if (offset > image->size || length > image->size - offset) {
        pe_error(image, errp, "%s lies beyond the end of the file: it is "
                 "truncated or damaged", what);
        return NULL;
    }
    return image->data + offset;
}

const uint8_t *pe_rest_at_address(const PeImage *image, uint64_t address,
                                  size_t *length, const char *what,
                                  GError **errp)
{
    if (address < image->headers_size) {
        *length = image->headers_size - address;
        return pe_at_offset(image, address, *length, what, errp);
    }
    for (unsigned i = 0; i < image->sections_count; i++) {
        const PeSection *section = &image->sections[i];

        if (address >= section->address &&
            address - section->address < section->size) {
            uint64_t in_section = address - section->address;

            *length = section->size - in_section;
            return pe_at_offset(image, section->offset + in_section, *length,
                                what, errp);
        }
    }
    pe_error(image, errp, "%s lies outside all sections", what);
    return NULL;
}

const uint8_t *pe_at_address(const PeImage *image, uint64_t address,
                             size_t length, const char *what, GError **errp)
{
    size_t rest;
    const uint8_t *p = pe_rest_at_address(image, address, &rest, what, errp);

    if (p && rest < length) {
        pe_error(image, errp, "%s does not fit into its section", what);
        return NULL;
    }
    return p;
}

/* The COFF header, behind the DOS header and the signature; or NULL. */
static const uint8_t *find_coff_header(const PeImage *image, GError **errp)
{
    const uint8_t *p;

    if (image->size < 2 || memcmp(image->data + DOS_MAGIC, "MZ", 2) != 0) {
        pe_error(image, errp, "not an executable: it does not begin with MZ");
        return NULL;
    }
    p = pe_at_offset(image, 0, DOS_HEADER_SIZE, "the DOS header", errp);
    if (p) {
        p = pe_at_offset(image, pe_u32(p + DOS_PE_OFFSET),
                         PE_SIGNATURE_SIZE + COFF_HEADER_SIZE,
                         "the PE header", errp);
    }
    if (p && memcmp(p, PE_SIGNATURE, PE_SIGNATURE_SIZE) != 0) {
        pe_error(image, errp, "not a Windows executable: no PE signature");
        return NULL;
    }
    return p ? p + PE_SIGNATURE_SIZE : NULL;
}

/* The RVA in an entry of the data directory; 0 if the image has fewer. */
static uint32_t read_directory(const uint8_t *directories, uint32_t count,
                               unsigned index)
{
    if (index >= count) {
        return 0;
    }
    return pe_u32(directories + index * DIRECTORY_SIZE + DIRECTORY_ADDRESS);
}

/* The optional header, which executables must have: @size bytes at @p. */
static bool read_optional_header(PeImage *image, const uint8_t *p,
                                 uint16_t size, GError **errp)
{
    uint16_t magic = size >= 2 ? pe_u16(p + OPTIONAL_MAGIC) : 0;
    size_t count_at = magic == OPTIONAL_MAGIC_PE32_PLUS
                      ? OPTIONAL_DIRECTORIES_PE32_PLUS
                      : OPTIONAL_DIRECTORIES_PE32;
    size_t directories_at = count_at + sizeof(uint32_t);
    uint32_t count;

    if (magic != OPTIONAL_MAGIC_PE32 && magic != OPTIONAL_MAGIC_PE32_PLUS) {
        return pe_error(image, errp, "neither PE32 nor PE32+: optional header "
                        "0x%x of %u bytes", magic, size);
    }
    if (size < directories_at) {
        return pe_error(image, errp, "its optional header has only %u bytes",
                        size);
    }
    count = pe_u32(p + count_at);
    if (count > (size - directories_at) / DIRECTORY_SIZE) {
        return pe_error(image, errp, "its data directory of %u entries does "
                        "not fit into its optional header", count);
    }
    image->headers_size = pe_u32(p + OPTIONAL_HEADERS_SIZE);
    image->imports = read_directory(p + directories_at, count,
                                    DIRECTORY_IMPORTS);
    image->resources = read_directory(p + directories_at, count,
                                      DIRECTORY_RESOURCES);
    return true;
}

static bool read_sections(PeImage *image, const uint8_t *table,
                          unsigned count, GError **errp)
{
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *p = table + i * SECTION_HEADER_SIZE;
        PeSection *section = &image->sections[image->sections_count];

        section->address = pe_u32(p + SECTION_ADDRESS);
        section->size = pe_u32(p + SECTION_RAW_SIZE);
        section->offset = pe_u32(p + SECTION_RAW_OFFSET);
        if (section->size == 0) {
            /* all zeros in memory, and its offset means nothing */
            continue;
        }
        if (!pe_at_offset(image, section->offset, section->size, "a section",
                          errp)) {
            return false;
        }
        image->sections_count++;
    }
    return true;
}

static bool read_headers(PeImage *image, PeInfo *info, GError **errp)
{
    const uint8_t *p = find_coff_header(image, errp);
    uint16_t sections, optional_size;

    if (!p) {
        return false;
    }
    info->machine = pe_u16(p + COFF_MACHINE);
    sections = pe_u16(p + COFF_SECTIONS);
    optional_size = pe_u16(p + COFF_OPTIONAL_SIZE);
    if (sections > LIMIT_PE_SECTIONS) {
        return pe_error(image, errp, "has %u sections, more than the %d that "
                        "Windows loads", sections, LIMIT_PE_SECTIONS);
    }
    p = pe_at_offset(image, p + COFF_HEADER_SIZE - image->data,
                     optional_size + sections * SECTION_HEADER_SIZE,
                     "the section table", errp);
    return p && read_optional_header(image, p, optional_size, errp) &&
           pe_at_offset(image, 0, image->headers_size, "the header area",
                        errp) &&
           read_sections(image, p + optional_size, sections, errp);
}

/* A name in an import: printable ASCII, which is what linkers write. */
static char *read_import_name(const PeImage *image, uint32_t address,
                              GError **errp)
{
    size_t length;
    const uint8_t *p = pe_rest_at_address(image, address, &length,
                                          "the name of an imported module",
                                          errp);
    size_t i;

    if (!p) {
        return NULL;
    }
    for (i = 0; i < length && i <= LIMIT_PE_NAME && p[i]; i++) {
        if (!g_ascii_isprint(p[i])) {
            pe_error(image, errp, "the name of an imported module holds the "
                     "byte 0x%02x", p[i]);
            return NULL;
        }
    }
    if (i == 0 || i == length || i > LIMIT_PE_NAME) {
        pe_error(image, errp, "the name of an imported module is empty or "
                 "does not end");
        return NULL;
    }
    return g_strndup((const char *)p, i);
}

/* The loader goes by the entry that ends the table, not by its size. */
static bool read_imports(const PeImage *image, GPtrArray *names,
                         GError **errp)
{
    if (image->imports == 0) {
        return true;
    }
    for (unsigned i = 0; i <= LIMIT_PE_IMPORTS; i++) {
        uint64_t address = (uint64_t)image->imports + i * IMPORT_SIZE;
        const uint8_t *p = pe_at_address(image, address, IMPORT_SIZE,
                                         "the import directory", errp);
        char *name;

        if (!p) {
            return false;
        }
        if (pe_u32(p + IMPORT_NAME) == 0 || pe_u32(p + IMPORT_THUNKS) == 0) {
            return true;
        }
        name = read_import_name(image, pe_u32(p + IMPORT_NAME), errp);
        if (!name) {
            return false;
        }
        g_ptr_array_add(names, name);
    }
    return pe_error(image, errp, "imports from more than %d modules",
                    LIMIT_PE_IMPORTS);
}

static PeInfo *parse(PeImage *image, GBytes *data, bool with_version,
                     GError **errp)
{
    g_autoptr(PeInfo) info = g_new0(PeInfo, 1);
    g_autoptr(GPtrArray) imports = g_ptr_array_new_with_free_func(g_free);

    image->data = g_bytes_get_data(data, &image->size);
    if (image->size > LIMIT_PE_SIZE) {
        pe_error(image, errp, "%zu bytes are too many for a driver or kernel",
                 image->size);
        return NULL;
    }
    if (!read_headers(image, info, errp) ||
        !read_imports(image, imports, errp) ||
        (with_version && !pe_read_version(image, info, errp))) {
        return NULL;
    }
    g_ptr_array_add(imports, NULL);
    info->imports = (char **)g_ptr_array_free(g_steal_pointer(&imports),
                                              FALSE);
    return g_steal_pointer(&info);
}

PeInfo *pe_parse(const char *name, GBytes *data, GError **errp)
{
    PeImage image = { .name = name };

    return parse(&image, data, true, errp);
}

PeInfo *pe_parse_code(const char *name, GBytes *data, GError **errp)
{
    PeImage image = { .name = name };

    return parse(&image, data, false, errp);
}

void pe_info_free(PeInfo *info)
{
    if (info) {
        g_free(info->original_filename);
        g_free(info->internal_name);
        g_strfreev(info->imports);
        g_free(info);
    }
}

int pe_version_compare(const PeVersion *a, const PeVersion *b)
{
    for (size_t i = 0; i < G_N_ELEMENTS(a->part); i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return 0;
}

bool pe_version_at_least(const PeVersion *version, uint16_t major,
                         uint16_t minor)
{
    PeVersion least = { { major, minor } };

    return pe_version_compare(version, &least) >= 0;
}

char *pe_version_string(const PeVersion *version)
{
    return g_strdup_printf("%u.%u.%u.%u", version->part[0], version->part[1],
                           version->part[2], version->part[3]);
}

char *pe_machine_string(uint16_t machine)
{
    switch (machine) {
    case PE_MACHINE_I386:
        return g_strdup("x86");
    case PE_MACHINE_AMD64:
        return g_strdup("x64");
    case PE_MACHINE_ARM64:
        return g_strdup("arm64");
    default:
        return g_strdup_printf("0x%04x", machine);
    }
}
