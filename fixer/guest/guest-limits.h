/*
 * Limits of the guest engine, each with its reason
 *
 * A disk is hostile until proved otherwise: every size that it names is
 * checked against these before memory is taken.  The limits of the protocol
 * are in xenprep-protocol.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_GUEST_LIMITS_H
#define GUEST_GUEST_LIMITS_H

#define MiB (1024 * 1024)

/* A hive that is edited: Windows XP itself allows 200 MiB for SYSTEM. */
#define LIMIT_HIVE_SIZE (256 * MiB)

/* A driver, a HAL or a kernel: ntoskrnl.exe of Windows 11 has 12 MiB. */
#define LIMIT_PE_SIZE (64 * MiB)

/* boot.ini: NTLDR itself reads no more than a few KiB. */
#define LIMIT_BOOT_INI_SIZE (64 * 1024)

/* A .reg file or a profile, a text that a person wrote. */
#define LIMIT_TEXT_SIZE (4 * MiB)

/* Logical drives in an extended partition: letters end at 26. */
#define LIMIT_LOGICAL_DRIVES 64

/* Names in one directory that is listed (Driver Cache). */
#define LIMIT_DIRECTORY_ENTRIES 65536

/* Devices of one enumerator that are looked at: a server on a SAN has 1,000. */
#define LIMIT_INSTANCES 4096

/* Copy-on-write sectors of one guest; the patches are a part of them. */
#define LIMIT_OVERLAY_SIZE (128 * MiB)

/* Modules that one driver imports from. */
#define LIMIT_PE_IMPORTS 256

#endif /* GUEST_GUEST_LIMITS_H */
