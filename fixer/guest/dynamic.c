/*
 * Dynamic disk: what its database says of a partition
 *
 * Windows' Logical Disk Manager (LDM) keeps its volumes in a database in the
 * last MiB of each disk, not in the partition table.  The system and the boot
 * partition keep an entry there, of type 0x42, because NTLDR knows nothing
 * else.  Only the database tells whether there is more of the volume than
 * that entry: a mirror, or other pieces, must not be edited one half at a
 * time.
 *
 * By hand, and not by libldm (0.2.5, tried): it believes what it reads.
 * Where the database claims to begin in its table of contents and its header,
 * how many records there are and how long, all that is followed without a
 * look at the buffer's end; a record in pieces is copied to where it says,
 * outside of what was allocated for it; and GLib aborts at a size that is too
 * large.  To make sure beforehand that none of this can happen would take
 * all of the reader below.  Beside that it needs libdevmapper, which brings
 * libudev and libselinux into the jail.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dynamic-internal.h"
#include "error.h"

bool dynamic_set_broken(const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "the disk is a dynamic one, but its database (LDM) %s: mend "
                "it in the source VM (Disk Management, Rescan Disks)", what);
    return false;
}

static const Record *find_record(const DynamicDisk *disk, RecordType type,
                                 uint64_t id)
{
    for (guint i = 0; i < disk->records->len; i++) {
        const Record *r = &g_array_index(disk->records, Record, i);

        if (r->type == type && r->id == id) {
            return r;
        }
    }
    return NULL;
}

/* The extent on this disk that begins where the partition does. */
static const Record *find_extent(const DynamicDisk *disk,
                                 const Partition *partition)
{
    for (guint i = 0; i < disk->records->len; i++) {
        const Record *r = &g_array_index(disk->records, Record, i);

        if (r->type == RECORD_EXTENT && r->disk == disk->id &&
            r->start + disk->first == partition->start / SECTOR_SIZE) {
            return r;
        }
    }
    return NULL;
}

/* Whether all that names @parent as its parent is as much as that says. */
static bool has_its_children(const DynamicDisk *disk, const Record *parent,
                             RecordType type)
{
    uint64_t n = 0;

    for (guint i = 0; i < disk->records->len; i++) {
        const Record *r = &g_array_index(disk->records, Record, i);

        n += r->type == type && r->parent == parent->id;
    }
    return n == parent->children;
}

/* What kind of volume it is if it is not a simple one, else NULL. */
static const char *volume_kind(const Record *volume, const Record *component)
{
    if (volume->layout == VOLUME_RAID5 ||
        component->layout == COMPONENT_RAID5) {
        return "a RAID-5";
    }
    if (volume->children != 1) {
        return "a mirrored";
    }
    if (component->layout == COMPONENT_STRIPED) {
        return "a striped";
    }
    return component->children != 1 ? "a spanned or extended" : NULL;
}

static bool refuse_kind(const Partition *partition, const char *kind,
                        bool mirrored, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "partition %u is a part of %s volume of a dynamic disk, of "
                "which one part must not be changed without the others: %s",
                partition->number, kind,
                mirrored ? "break the mirror in the source VM (Disk "
                           "Management, Break Mirrored Volume)"
                         : "move it to a simple volume in the source VM, by "
                           "backup and restore");
    return false;
}

bool dynamic_disk_check_simple(const DynamicDisk *disk,
                               const Partition *partition, GError **errp)
{
    const Record *extent = find_extent(disk, partition);
    const Record *component =
        extent ? find_record(disk, RECORD_COMPONENT, extent->parent) : NULL;
    const Record *volume =
        component ? find_record(disk, RECORD_VOLUME, component->parent)
                  : NULL;
    const char *kind;

    if (!extent) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: the disk is a dynamic one, and no volume "
                    "in its database (LDM) begins where the partition does: "
                    "move Windows to a basic disk in the source VM",
                    partition->number);
        return false;
    }
    if (!volume || !has_its_children(disk, volume, RECORD_COMPONENT) ||
        !has_its_children(disk, component, RECORD_EXTENT)) {
        return dynamic_set_broken("has a volume of which a part is missing",
                                  errp);
    }
    kind = volume_kind(volume, component);
    if (kind) {
        return refuse_kind(partition, kind, volume->children > 1, errp);
    }
    if (extent->count != partition->size / SECTOR_SIZE) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: the partition table and the dynamic "
                    "disk's database (LDM) differ about its size: move "
                    "Windows to a basic disk in the source VM",
                    partition->number);
        return false;
    }
    return true;
}
