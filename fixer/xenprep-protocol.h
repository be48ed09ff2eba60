/*
 * The protocol between win-xenprep's client and its jailed helper
 *
 * The client (in QEMU's block layer) and the helper (which parses the guest's
 * disk) talk over one stream socket.  This header is all that they share with
 * xenprep-wire.h; it includes nothing of QEMU and nothing of the engine.
 *
 * Every message is a header followed by a payload.  All integers are unsigned
 * and little-endian.  Offsets and lengths are in bytes.
 *
 *     +0  u32 type      one of XenprepMessage
 *     +4  u32 length    of the payload, at most XENPREP_MAX_PAYLOAD
 *
 * A conversation, in order:
 *
 *     both     HELLO        magic, version; each side refuses another version
 *     client   REQUEST      what to do
 *     helper   PATCH, ZERO  any number, ascending by offset, none overlapping
 *     helper   REPORT, END  success
 *
 * or, at any point after HELLO, ERROR instead of what would follow.  Before
 * REPORT the helper sends any number of READs, each of which is answered by
 * one READ_REPLY.  After ERROR or END it closes the socket and exits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_PROTOCOL_H
#define XENPREP_PROTOCOL_H

/* Changed whenever a message changes its layout or its meaning. */
#define XENPREP_PROTOCOL_VERSION 5

/* The helper's end of the socket: its standard input, its only descriptor. */
#define XENPREP_HELPER_FD 0

#define XENPREP_HEADER_SIZE 8

typedef enum XenprepMessage {
    /*
     * +0  u8[8] XENPREP_MAGIC
     * +8  u32   protocol version
     * The layout of HELLO is the same in every version.
     */
    XENPREP_MSG_HELLO = 1,

    /*
     * +0  u32  verb, one of XenprepVerb
     * +4  u32  mode, one of XenprepMode
     * +8  u32  number of sources, 1..XENPREP_MAX_SOURCES
     * then for each source
     *     +0   u64  size in bytes
     *     +8   u32  length of the name, at most XENPREP_MAX_NAME
     *     +12  name, UTF-8, not NUL-terminated: a file's name, in front of
     *          it the names of the folders that it was found in, if the user
     *          named a folder, with slashes: I386/ATAPI.SY_
     * then to the end of the payload a JSON object of options.
     * Source 0 is the disk.  The others are the disk's VMDK, files that the
     * user named, files beside them, and files in folders that the user
     * named: the helper never sees a path.
     */
    XENPREP_MSG_REQUEST = 2,

    /*
     * +0  u32  source
     * +4  u32  length, 1..XENPREP_MAX_READ
     * +8  u64  offset; offset + length is within the source
     */
    XENPREP_MSG_READ = 3,

    /*
     * +0  u32  error: 0, or an errno value of Linux
     * +4  the bytes, exactly as many as asked for; none after an error
     */
    XENPREP_MSG_READ_REPLY = 4,

    /*
     * +0  u64  offset on the disk, a multiple of XENPREP_SECTOR_SIZE
     * +8  the new bytes: whole sectors, except that the disk's last one may
     *     be short
     */
    XENPREP_MSG_PATCH = 5,

    /*
     * +0  u64  offset on the disk, a multiple of XENPREP_SECTOR_SIZE
     * +8  u64  length, a multiple of XENPREP_SECTOR_SIZE, or up to the end
     */
    XENPREP_MSG_ZERO = 6,

    /*
     * A JSON object, of the type in QEMU's QAPI schema that goes with the
     * verb.
     */
    XENPREP_MSG_REPORT = 7,

    /* One line of UTF-8, at most XENPREP_MAX_ERROR bytes, not terminated. */
    XENPREP_MSG_ERROR = 8,

    /* Empty. */
    XENPREP_MSG_END = 9,
} XenprepMessage;

typedef enum XenprepVerb {
    /*
     * Make the guest boot from the controller that the profile is for:
     * ImageInfoSpecificWinXenprep.
     */
    XENPREP_VERB_PREPARE = 1,
    /* Tell what the disk holds: WinXenfixInfo; plan only. */
    XENPREP_VERB_INSPECT = 2,
    /* Tell whether the guest would boot: WinXenfixCheck; plan only. */
    XENPREP_VERB_CHECK = 3,
} XenprepVerb;

typedef enum XenprepMode {
    /* Report what would change; no PATCH, no ZERO. */
    XENPREP_MODE_PLAN = 0,
    /* Report and send the patches. */
    XENPREP_MODE_APPLY = 1,
} XenprepMode;

#define XENPREP_MAGIC "WINXPREP"
#define XENPREP_MAGIC_SIZE 8

/* The unit of a patch: what a BIOS and NTFS's fixups think in. */
#define XENPREP_SECTOR_SIZE 512

/*
 * Limits.  Both sides check them before memory is taken.
 */

/* One READ: large enough that a cabinet streams at the disk's speed. */
#define XENPREP_MAX_READ (1024 * 1024)

/* Any payload: the largest READ_REPLY or PATCH with its fixed fields. */
#define XENPREP_MAX_PAYLOAD (XENPREP_MAX_READ + 16)

/* A REPORT: some hundred changes of a few hundred bytes, and room. */
#define XENPREP_MAX_REPORT (1024 * 1024)

/* An ERROR: one line that a person reads. */
#define XENPREP_MAX_ERROR 2048

/*
 * The disk, a profile, the .reg files beside it, and what is in the folder of
 * a setup CD: that of Windows XP x64 has 9,000 files.
 */
#define XENPREP_MAX_SOURCES 16384

/* A profile or a .reg file: what people write. */
#define XENPREP_MAX_TEXT (16 * 1024 * 1024)

/* A source's name: NAME_MAX of Linux. */
#define XENPREP_MAX_NAME 255

/*
 * All patches of one guest: some drivers, the sectors of one or two hives
 * that an edit touches.  A hundred times what the largest known guest needs.
 */
#define XENPREP_MAX_PATCH_BYTES (64 * 1024 * 1024)

/* PATCH and ZERO messages together: what a client keeps in its tables. */
#define XENPREP_MAX_EXTENTS (1024 * 1024)

#endif /* XENPREP_PROTOCOL_H */
