/*
 * Portable Executable files: what a driver is, which version, what it needs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PE_H
#define GUEST_PE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* IMAGE_FILE_MACHINE_*, Microsoft PE/COFF specification, "Machine Types". */
enum {
    PE_MACHINE_I386 = 0x014c,
    PE_MACHINE_IA64 = 0x0200,
    PE_MACHINE_AMD64 = 0x8664,
    PE_MACHINE_ARM64 = 0xaa64,
};

/* VS_FIXEDFILEINFO's file version: 5.1.2600.5512. */
typedef struct PeVersion {
    uint16_t part[4];
} PeVersion;

typedef struct PeInfo {
    /* IMAGE_FILE_HEADER.Machine */
    uint16_t machine;
    /* Whether there is a version resource; if not, the next three are 0. */
    bool has_version;
    PeVersion file_version;
    /* StringFileInfo of the first language, UTF-8; NULL where absent. */
    char *original_filename;
    char *internal_name;
    /* Modules of the import directory, as written; NULL-terminated. */
    char **imports;
} PeInfo;

/*
 * Parses the whole file @data; @name is for messages.  Every offset and count
 * in it is untrusted.  A file that is no PE, is truncated, or whose headers,
 * import directory or version resource lie outside it is an error.
 */
PeInfo *pe_parse(const char *name, GBytes *data, GError **errp);

/*
 * The same without the version: what Windows looks at to load the file.  A
 * damaged version resource, which it would not mind, is none here either.
 */
PeInfo *pe_parse_code(const char *name, GBytes *data, GError **errp);

void pe_info_free(PeInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PeInfo, pe_info_free)

/* -1, 0 or 1 as @a is older than, as old as, or newer than @b. */
int pe_version_compare(const PeVersion *a, const PeVersion *b);

/* Whether @version is MAJOR.MINOR or newer. */
bool pe_version_at_least(const PeVersion *version, uint16_t major,
                         uint16_t minor);

/* "5.1.2600.5512", to be freed. */
char *pe_version_string(const PeVersion *version);

/* Microsoft's short name of a machine type: "x86", "x64", "0x01c4". */
char *pe_machine_string(uint16_t machine);

#endif /* GUEST_PE_H */
