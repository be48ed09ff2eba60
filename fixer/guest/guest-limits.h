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
#define LIMIT_TEXT_SIZE (16 * MiB)

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

/* Faults of one hive that are told apart; Windows' own hives have a few. */
#define LIMIT_HIVE_FAULTS 65536

/* The database of a dynamic disk: Windows gives it 1 MiB. */
#define LIMIT_LDM_SIZE (4 * MiB)

/* VBLKs that one of its records may take: the kernel of Linux knows of 4. */
#define LIMIT_LDM_PIECES 8

/* Entries of boot.ini that are looked at: NTLDR's menu shows 10. */
#define LIMIT_BOOT_INI_ENTRIES 32

/* Names in a volume's root that may be a Windows: users have some dozens. */
#define LIMIT_ROOT_NAMES 1024

/* Free cells of a hive that are used again; each new cell looks at them. */
#define LIMIT_FREE_CELLS 65536

/* Switches of one entry of boot.ini: there are some 50 in all. */
#define LIMIT_BOOT_INI_SWITCHES 64

/* Warnings about one boot.ini: a file that needs more is none. */
#define LIMIT_BOOT_INI_WARNINGS 64

/* Keys below Enum that are looked at: a server on a SAN has some 10,000. */
#define LIMIT_ENUM_KEYS 65536

/* Drivers of disks that are looked at: a Windows has some 20 enabled. */
#define LIMIT_STORAGE_DRIVERS 128

/* Lists of filters that one service may be on, for a report. */
#define LIMIT_FILTER_LISTS 16

/* Keys of a hive: each takes 80 bytes at least. */
#define LIMIT_HIVE_KEYS (LIMIT_HIVE_SIZE / 80)

/* Services that the boot loader loads: a Windows has some 30. */
#define LIMIT_BOOT_SERVICES 1024

/* Modules that are read to tell whether drivers load: some 60 are loaded. */
#define LIMIT_LOADED_MODULES 2048

/* Blocks of a directory that are read for one name: a deep one has four. */
#define LIMIT_INDEX_BLOCKS 64

/* Lines of warnings in one report: a guest has some five. */
#define LIMIT_WARNINGS 256

/* Bytes of a name or a path in a report: Windows' own have up to 260. */
#define LIMIT_REPORT_STRING 1024

#endif /* GUEST_GUEST_LIMITS_H */
