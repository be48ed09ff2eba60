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

#define KiB 1024
#define MiB (1024 * 1024)

/* A hive that is edited: Windows XP itself allows 200 MiB for SYSTEM. */
#define LIMIT_HIVE_SIZE (256 * MiB)

/* A driver, a HAL or a kernel: ntoskrnl.exe of Windows 11 has 12 MiB. */
#define LIMIT_PE_SIZE (64 * MiB)

/* A BCD: those of real systems have some 64 KiB. */
#define LIMIT_BCD_SIZE MiB

/* boot.ini: NTLDR itself reads no more than a few KiB. */
#define LIMIT_BOOT_INI_SIZE (64 * 1024)

/* A .reg file or a profile, a text that a person wrote. */
#define LIMIT_TEXT_SIZE (16 * MiB)

/* Logical drives in an extended partition: letters end at 26. */
#define LIMIT_LOGICAL_DRIVES 64

/*
 * EFI system partitions that are looked into.  A disk has one, or two if
 * another system has its own.
 */
#define LIMIT_ESPS 8

/* Entries of a GPT, used or not: Windows makes 128 and uses no more. */
#define LIMIT_GPT_ENTRIES 1024

/* Bytes of a directory on a FAT volume: FAT allows 65,536 entries of 32. */
#define LIMIT_FAT_DIRECTORY (2 * MiB)

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

/*
 * Objects of a BCD that are looked at, and entries that are read: a system has
 * some 30, a handful of them entries.
 */
#define LIMIT_BCD_OBJECTS 512
#define LIMIT_BCD_ENTRIES 128

/* Entries of boot.ini that are looked at: NTLDR's menu shows 10. */
#define LIMIT_BOOT_INI_ENTRIES 32

/*
 * Runs of free clusters that are discarded: 12 MiB of memory, as much in the
 * client, and a quarter of what the protocol allows.
 */
#define LIMIT_DISCARD_EXTENTS 262144

/* Names in a volume's root that may be a Windows: users have some dozens. */
#define LIMIT_ROOT_NAMES 1024

/* Free cells of a hive that are used again; each new cell looks at them. */
#define LIMIT_FREE_CELLS 65536

/* A title there: the menu is indented on a line of 80. */
#define LIMIT_BOOT_INI_TITLE 70

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

/* Filters on one list that are looked at: Windows' own have up to four. */
#define LIMIT_FILTERS 64

/* Keys of a hive: each takes 80 bytes at least. */
#define LIMIT_HIVE_KEYS (LIMIT_HIVE_SIZE / 80)

/* .inf files of one id that are looked at: real hives have up to three. */
#define LIMIT_INF_FILES 64

/* Services that the boot loader loads: a Windows has some 30. */
#define LIMIT_BOOT_SERVICES 1024

/* Modules that are read to tell whether drivers load: some 60 are loaded. */
#define LIMIT_LOADED_MODULES 2048

/*
 * Blocks of a directory that are read for one name, or lie one below the other:
 * a deep one has four.
 */
#define LIMIT_INDEX_BLOCKS 64

/* Lines of warnings in one report: a guest has some five. */
#define LIMIT_WARNINGS 256

/* Bytes of a name or a path in a report: Windows' own have up to 260. */
#define LIMIT_REPORT_STRING 1024

/*
 * Bytes of a directory's index that is listed: an entry has some 100 bytes,
 * and a block may be half empty.
 */
#define LIMIT_DIRECTORY_SIZE (64 * MiB)

/* Names in a path: Windows' own have up to 260 characters. */
#define LIMIT_PATH_DEPTH 130

/* Bytes of a block of a directory: 4 KiB, or what its cluster has. */
#define LIMIT_INDEX_BLOCK_SIZE (64 * KiB)

/*
 * Bytes of $MFT that are a witness of use, and pieces: 65,536 records, which
 * is more than most guests have files.
 */
#define LIMIT_MFT_SIZE (64 * MiB)
#define LIMIT_MFT_PIECES 1024

/*
 * Bytes of $MFT that are read to tell who owns which clusters: four million
 * records, which is a large file server, in some seconds.
 */
#define LIMIT_MFT_WALK (4096ULL * MiB)

/*
 * Pieces of files and holes in them that are looked at for that, in some
 * seconds: each 64 KiB of compressed files may have one of each.
 */
#define LIMIT_OWNED_RUNS (64 * MiB)

/* Clusters that changes take: as many as the overlay has sectors, twice. */
#define LIMIT_TAKEN_CLUSTERS (2 * LIMIT_OVERLAY_SIZE / 512)

/*
 * Bytes of a record there: Windows makes 1024, or 4096 where a sector has as
 * many.  What protects a larger one does not fit into its first sector.
 */
#define LIMIT_MFT_RECORD_SIZE (64 * KiB)

/* Sections of a PE: the Windows loader itself takes no more. */
#define LIMIT_PE_SECTIONS 96

/* Bytes of the name of a module that is imported: NTFS has no longer ones. */
#define LIMIT_PE_NAME 255

/*
 * Members and folders of a cabinet: driver.cab of Windows XP has some 2,500
 * members.  libmspack keeps all in memory, names of up to 255 bytes included,
 * and walks the list of folders for each member: these limits keep that to
 * 6 MiB and a fraction of a second.
 */
#define LIMIT_CABINET_FILES 16384
#define LIMIT_CABINET_FOLDERS 4096

/*
 * Bytes that the cabinets of one search for drivers, or for a HAL, are
 * unpacked to, those that are passed over on the way to a member among them:
 * the largest folder that the format allows, twice.  Some KiB of a cabinet
 * can become 2 GiB.
 */
#define LIMIT_UNPACKED_SIZE (4096ULL * MiB)

/* Bytes of one piece of libmspack's memory: the largest window has 2 MiB. */
#define LIMIT_UNPACKER_PIECE (4 * MiB)

/* Profiles that include profiles: no sensible one goes as deep. */
#define LIMIT_PROFILE_DEPTH 8

/* Bytes of a VMDK's descriptor: it has a line for each extent of 2 GB. */
#define LIMIT_VMDK_DESCRIPTOR (256 * KiB)

/*
 * Names of keys and values in UTF-16 units, and keys below keys: Microsoft's
 * own limits ("Registry element size limits").
 */
#define LIMIT_KEY_NAME 255
#define LIMIT_VALUE_NAME 16383
#define LIMIT_KEY_DEPTH 512

/*
 * Subkeys and values of one key that is looked into: each look goes through
 * all of them.  Windows' own longest lists have some 30,000.
 */
#define LIMIT_SUBKEYS 131072
#define LIMIT_VALUES 131072

/* Bytes of a value in a .reg file: Windows has no limit but memory. */
#define LIMIT_REG_DATA MiB

/*
 * Directories that one "*" of a profile's sources stands for: the DriverStore
 * of Windows keeps a few versions of a driver.
 */
#define LIMIT_DRIVER_PLACES 64

/* Hardware profiles that are looked at: a notebook has two or three. */
#define LIMIT_HARDWARE_PROFILES 64

/* Bytes of the list of drivers that the boot loader passes over. */
#define LIMIT_PASSED_DRIVERS 8192

/*
 * Bytes of memory for the whole helper: the largest hive, as the volume holds
 * it, as it is edited, as it was before, and as it is written, with room to
 * grow; and everything else.
 */
#define LIMIT_MEMORY (5ULL * LIMIT_HIVE_SIZE + 256ULL * MiB)

/*
 * Seconds of processor time.  The client gives up after as many seconds of
 * waiting (XENPREP_PATIENCE_MS), so this is for one that cannot.
 */
#define LIMIT_CPU_SECONDS 60

/* Open files: the socket, and /dev/null twice. */
#define LIMIT_DESCRIPTORS 3

#endif /* GUEST_GUEST_LIMITS_H */
