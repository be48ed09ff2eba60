/*
 * Volume: one NTFS volume of the guest, through libntfs-3g
 *
 * libntfs-3g mounts what it should not (it ignores the dirty flag) and, read
 * only, looks at neither $LogFile nor hiberfil.sys.  The refusals are
 * therefore here, on the read-only mount that identifies the guest, and each
 * says what to do in the virtual machine that the disk comes from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/unistr.h>

#include "error.h"

#define BOOT_SECTOR_SIZE 512
#define BOOT_OEM_ID 3           /* u8[8], "NTFS    ", "-FVE-FS-" */
#define BOOT_OEM_ID_SIZE 8

/* What a message adds to let the user put a volume in order. */
#define SHUT_DOWN "boot it in the source VM and shut it down fully"

bool volume_probe(Overlay *overlay, const Partition *partition,
                  VolumeKind *kind, GError **errp)
{
    uint8_t sector[BOOT_SECTOR_SIZE];

    *kind = VOLUME_UNKNOWN;
    if (partition->size < sizeof(sector)) {
        return true;
    }
    if (!overlay_read(overlay, partition->start, sector, sizeof(sector),
                      errp)) {
        return false;
    }
    if (memcmp(sector + BOOT_OEM_ID, "NTFS    ", BOOT_OEM_ID_SIZE) == 0) {
        *kind = VOLUME_NTFS;
    } else if (memcmp(sector + BOOT_OEM_ID, "-FVE-FS-",
                      BOOT_OEM_ID_SIZE) == 0) {
        *kind = VOLUME_BITLOCKER;
    }
    return true;
}

void volume_set_error(Volume *volume, const char *what, GError **errp)
{
    int err = errno;

    if (volume->device_error) {
        g_propagate_prefixed_error(errp,
                                   g_steal_pointer(&volume->device_error),
                                   "%s: %s: ", volume->label, what);
    } else if (err == ENOSPC) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "%s: %s: there is no room on the volume; free some "
                    "space in the source VM", volume->label, what);
    } else {
        g_set_error(errp, GUEST_ERROR,
                    err == ENOENT || err == ENOTDIR ? GUEST_ERROR_NOT_FOUND
                                                    : GUEST_ERROR_INVALID,
                    "%s: %s: %s", volume->label, what, g_strerror(err));
    }
}

/* libntfs-3g talks to stderr by default, and in the process's locale. */
static void setup_library(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        ntfs_log_set_handler(ntfs_log_handler_null);
        ntfs_set_char_encoding("UTF-8");
        g_once_init_leave(&done, 1);
    }
}

static bool mount_volume(Volume *volume, VolumeAccess access, GError **errp)
{
    struct ntfs_device *dev = volume_device_new(volume);

    if (dev) {
        volume->ntfs = ntfs_device_mount(dev, access == VOLUME_READ_ONLY
                                              ? NTFS_MNT_RDONLY
                                              : NTFS_MNT_NONE);
    }
    if (!volume->ntfs) {
        volume_set_error(volume, "the NTFS volume cannot be read (chkdsk it "
                         "in the source VM)", errp);
        if (dev) {
            g_free(dev->d_private);
            ntfs_device_free(dev);
        }
        return false;
    }
    /* Or what is new in a compressed folder would be compressed, too. */
    NVolClearCompression(volume->ntfs);
    if (ntfs_set_ignore_case(volume->ntfs) < 0) {
        volume_set_error(volume, "$UpCase", errp);
        return false;
    }
    return true;
}

Volume *volume_open(Overlay *overlay, const Partition *partition,
                    VolumeAccess access, GError **errp)
{
    g_autoptr(Volume) volume = g_new0(Volume, 1);

    setup_library();
    volume->overlay = overlay;
    volume->access = access;
    volume->start = partition->start;
    volume->size = partition->size;
    volume->label = g_strdup_printf("partition %u", partition->number);
    if (!mount_volume(volume, access, errp)) {
        return NULL;
    }
    return g_steal_pointer(&volume);
}

bool volume_close(Volume *volume, GError **errp)
{
    bool ok = true;

    if (volume->ntfs) {
        /* Frees the volume, whatever it returns. */
        ok = ntfs_umount(volume->ntfs, FALSE) == 0;
        if (ok && volume->failed && volume->access == VOLUME_READ_WRITE) {
            ok = false;
            errno = EIO;
        }
        if (!ok) {
            volume_set_error(volume, "the volume cannot be written", errp);
        }
    }
    g_clear_error(&volume->device_error);
    g_free(volume->label);
    g_free(volume);
    return ok;
}

void volume_free(Volume *volume)
{
    if (volume) {
        volume_close(volume, NULL);
    }
}

bool volume_check_not_hibernated(Volume *volume, GError **errp)
{
    if (ntfs_volume_check_hiberfile(volume->ntfs, 0) == 0) {
        return true;
    }
    if (errno != EPERM) {
        volume_set_error(volume, "\\hiberfil.sys", errp);
        return false;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: Windows is hibernated (\\hiberfil.sys holds a session "
                "that a change would destroy): resume it in the source VM "
                "and shut it down fully", volume->label);
    return false;
}

/* As mounting it read-write would do, but with a reason. */
static bool logfile_is_clean(ntfs_attr *na)
{
    RESTART_PAGE_HEADER *rp = NULL;
    bool clean = ntfs_check_logfile(na, &rp) &&
                 ntfs_is_logfile_clean(na, rp);

    /* Version 2.0: Windows 8 and later keep metadata in a cache. */
    if (clean && rp && rp->major_ver == const_cpu_to_le16(2) &&
        rp->minor_ver == const_cpu_to_le16(0)) {
        clean = false;
    }
    free(rp);
    return clean;
}

static bool check_logfile(Volume *volume, GError **errp)
{
    ntfs_inode *ni = ntfs_inode_open(volume->ntfs, FILE_LogFile);
    ntfs_attr *na = ni ? ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0) : NULL;
    bool clean = false;

    if (!na) {
        volume_set_error(volume, "$LogFile", errp);
    } else {
        clean = logfile_is_clean(na);
        if (!clean && volume->device_error) {
            volume_set_error(volume, "$LogFile", errp);
        } else if (!clean) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                        "%s: the NTFS journal ($LogFile) is not clean, "
                        "Windows was not shut down: " SHUT_DOWN,
                        volume->label);
        }
        ntfs_attr_close(na);
    }
    if (ni) {
        ntfs_inode_close(ni);
    }
    return clean;
}

/* Marked by Windows, which will run chkdsk when it starts next. */
static bool check_not_dirty(Volume *volume, bool allow_dirty,
                            GPtrArray *warnings, GError **errp)
{
    if (!(volume->ntfs->flags & VOLUME_IS_DIRTY)) {
        return true;
    }
    if (allow_dirty) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("%s: the volume is marked dirty: its "
                                        "file system may have faults, which "
                                        "a change can make worse; Windows "
                                        "will run chkdsk when it starts",
                                        volume->label));
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: the volume is marked dirty, Windows wants to check "
                "it: let chkdsk run in the source VM (" SHUT_DOWN "), or "
                "go on at your own risk by force=dirty-volume",
                volume->label);
    return false;
}

bool volume_check_clean(Volume *volume, bool allow_dirty,
                        GPtrArray *warnings, GError **errp)
{
    return volume_check_not_hibernated(volume, errp) &&
           check_logfile(volume, errp) &&
           check_not_dirty(volume, allow_dirty, warnings, errp);
}
