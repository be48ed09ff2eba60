/*
 * BCD: which Windows the boot manager of Vista and later starts, and how
 *
 * The Boot Configuration Data are a registry hive:
 *
 *   Objects\{GUID}\Description        Type (REG_DWORD)
 *   Objects\{GUID}\Elements\11000001  Element (REG_BINARY, REG_SZ, ...)
 *
 * The types of objects and elements are Microsoft's ("BCD WMI provider": "BCD
 * Objects", "BcdLibraryElementTypes", "BcdBootMgrElementTypes",
 * "BcdOSLoaderElementTypes").
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BCD_H
#define GUEST_BCD_H

#include "disk.h"
#include "hive.h"

/* Types of objects; there are others. */
enum {
    BCD_OBJECT_BOOT_MANAGER = 0x10100002,
    BCD_OBJECT_WINDOWS = 0x10200003,    /* winload.exe, winload.efi */
    BCD_OBJECT_RESUME = 0x10200004,
    BCD_OBJECT_NTLDR = 0x10300006,      /* and with it boot.ini */
};

typedef enum BcdDeviceKind {
    /* There is no such element, or it is damaged. */
    BCD_DEVICE_NONE,
    /* The partition that the boot manager itself comes from. */
    BCD_DEVICE_BOOT,
    /* Whichever volume has the file: the boot manager looks for it. */
    BCD_DEVICE_LOCATE,
    /* A partition of a disk with an MBR. */
    BCD_DEVICE_MBR,
    /* A partition of a GPT. */
    BCD_DEVICE_GPT,
    /* What lies in a file: a virtual disk, a RAM disk. */
    BCD_DEVICE_FILE,
    /* Something else: the network, a whole disk. */
    BCD_DEVICE_OTHER,
} BcdDeviceKind;

typedef struct BcdDevice {
    BcdDeviceKind kind;
    /* BCD_DEVICE_MBR: of the disk, and in bytes from its start. */
    uint32_t signature;
    uint64_t offset;
    /* BCD_DEVICE_GPT */
    Guid disk;
    Guid partition;
} BcdDevice;

/* Something that the boot manager starts; strings are UTF-8. */
typedef struct BcdEntry {
    Guid id;
    /* BCD_OBJECT_* or another */
    uint32_t type;
    /* What the menu shows; NULL if there is none. */
    char *description;
    /* Where the loader is: \Windows\system32\winload.exe; or NULL. */
    BcdDevice device;
    char *path;
    /* Where Windows is, %SystemRoot%: \Windows; or NULL. */
    BcdDevice os_device;
    char *system_root;
    /* Another kernel or HAL than the usual one: a name; or NULL. */
    char *kernel;
    char *hal;
    /* Windows PE, as that of the recovery. */
    bool winpe;
    /* Safe mode, in whichever of its forms. */
    bool safe_mode;
} BcdEntry;

typedef struct Bcd {
    /*
     * BcdEntry *: those of the menu in its order, then what else there is of
     * Windows.
     */
    GPtrArray *entries;
    /* How many of them are in the menu. */
    guint shown;
    /*
     * What starts by itself: the default, without one the only entry; NULL if
     * that cannot be told, for which @why_none is the reason.
     */
    const BcdEntry *started;
    const char *why_none;
    /* What starts once, the next time, before that; NULL: nothing. */
    const BcdEntry *next;
} Bcd;

/*
 * Reads the BCD in @hive; @where names it in messages.  One without a boot
 * manager is an error; what is missing or damaged in an entry is not there.
 * Lines about what was not looked at are added to @warnings (char *).
 */
Bcd *bcd_read(Hive *hive, const char *where, GPtrArray *warnings,
              GError **errp);

void bcd_free(Bcd *bcd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bcd, bcd_free)

/*
 * "{GUID}", with the description if there is one: the entry for messages, to
 * be freed.
 */
char *bcd_entry_name(const BcdEntry *entry);

/* Takes what a device element holds apart. */
BcdDevice bcd_device_parse(GBytes *element);

/*
 * The partition of @disk that is meant, or NULL; @boot, which may be NULL, is
 * that of the boot manager.
 */
const Partition *bcd_device_partition(const BcdDevice *device,
                                      const Disk *disk,
                                      const Partition *boot);

/* Whether that is a partition of another disk than @disk. */
bool bcd_device_is_elsewhere(const BcdDevice *device, const Disk *disk);

/* What is meant, for messages; to be freed. */
char *bcd_device_describe(const BcdDevice *device);

#endif /* GUEST_BCD_H */
