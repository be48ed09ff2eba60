/*
 * GUIDs: of partitions, disks, objects in the BCD
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_GUID_H
#define GUEST_GUID_H

#include <stdbool.h>
#include <stdint.h>

/*
 * As it lies on the disk: the first three groups of the text are
 * little-endian numbers of 32, 16 and 16 bits, the others are bytes in their
 * order ("EFI GUID", UEFI specification 2.10, appendix A).
 */
typedef struct Guid {
    uint8_t bytes[16];
} Guid;

/* "{C12A7328-F81F-11D2-BA4B-00A0C93EC93B}" and a NUL. */
#define GUID_STRING_SIZE 39

bool guid_equal(const Guid *a, const Guid *b);

/* Whether all bytes are zero, as in an entry that is not used. */
bool guid_is_zero(const Guid *guid);

/* In braces and upper case, as Windows writes it; to be freed. */
char *guid_to_string(const Guid *guid);

/* With or without braces, in either case; false if @text is no GUID. */
bool guid_parse(const char *text, Guid *guid);

#endif /* GUEST_GUID_H */
