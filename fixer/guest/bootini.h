/*
 * boot.ini: which Windows NTLDR starts, and where it lies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOTINI_H
#define GUEST_BOOTINI_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum ArcKind {
    /* Through the BIOS: multi(0)disk(0)rdisk(DISK)partition(N) */
    ARC_MULTI,
    /* Through NTBOOTDD.SYS: scsi(0)disk(DISK)rdisk(LUN)partition(N) */
    ARC_SCSI,
    /* Likewise, by the disk's signature: signature(...)disk... */
    ARC_SIGNATURE,
} ArcKind;

typedef struct ArcPath {
    ArcKind kind;
    /* The number in multi() or scsi(), else 0. */
    unsigned ordinal;
    /* The number in disk(), which scsi() uses as the SCSI id. */
    unsigned disk;
    /* The number in rdisk(), which multi() uses as the BIOS disk's. */
    unsigned rdisk;
    /* From 1. */
    unsigned partition;
    /* Of signature(), else 0. */
    uint32_t signature;
    /* With its leading backslash: \WINDOWS; "" for the root. */
    char *directory;
} ArcPath;

/* Parses an ARC path; false if @text is none (as C:\ is none). */
bool arc_path_parse(const char *text, ArcPath *path);

void arc_path_clear(ArcPath *path);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ArcPath, arc_path_clear)

typedef struct BootIni {
    /* The value of "default" in [boot loader]; NULL if there is none. */
    char *default_path;
    /*
     * char *: what stands in front of the descriptions in [operating
     * systems], in order: ARC paths, and the likes of C:\.
     */
    GPtrArray *paths;
} BootIni;

/*
 * Parses boot.ini, of which nothing is an error: what NTLDR does not know it
 * ignores, and a file without a path is as good as none.  Bytes beyond ASCII
 * are passed on as they are.
 */
BootIni *boot_ini_parse(GBytes *text);

void boot_ini_free(BootIni *ini);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootIni, boot_ini_free)

#endif /* GUEST_BOOTINI_H */
