/*
 * New files of an NTFS volume, as Windows would have made them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "volume-index.h"

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/unistr.h>

#include "error.h"

/* The file's security id, an index into $Secure; 0 if it has none. */
static le32 security_of(Volume *volume, const char *path)
{
    ntfs_inode *ni = volume_open_inode(volume, path, NULL);
    le32 id = const_cpu_to_le32(0);

    if (ni && !(ni->mrec->flags & MFT_RECORD_IS_DIRECTORY) &&
        test_nino_flag(ni, v3_Extensions)) {
        id = ni->security_id;
    }
    if (ni) {
        volume_close_inode(volume, ni, path, true, NULL);
    }
    return id;
}

/* Whether two names have one extension or, with @by_stem, what precedes it. */
static bool are_alike(const char *a, const char *b, bool by_stem)
{
    const char *dot_a = strrchr(a, '.');
    const char *dot_b = strrchr(b, '.');

    if (!dot_a || !dot_b) {
        return false;
    }
    return by_stem ? dot_a - a == dot_b - b &&
                     g_ascii_strncasecmp(a, b, dot_a - a) == 0
                   : g_ascii_strcasecmp(dot_a, dot_b) == 0;
}

/* That of the first file beside it which is alike; 0 if none is. */
static le32 security_beside(Volume *volume, const char *directory,
                            char **names, const char *name, bool by_stem)
{
    le32 id = const_cpu_to_le32(0);

    for (char **other = names;
         *other && id == const_cpu_to_le32(0); other++) {
        g_autofree char *path = g_strdup_printf("%s\\%s", directory, *other);

        if (are_alike(*other, name, by_stem)) {
            id = security_of(volume, path);
        }
    }
    return id;
}

/*
 * A new file gets the security descriptor of a file of its kind beside it, or
 * of the one of its name, as hal.dll is for hal.old.  Without one, libntfs-3g
 * would let everyone do everything with it.
 */
static bool find_security(Volume *volume, const char *directory,
                          const char *name, le32 *id, GError **errp)
{
    g_auto(GStrv) names = volume_list(volume, directory, errp);

    if (!names) {
        return false;
    }
    *id = security_beside(volume, directory, names, name, false);
    if (*id == const_cpu_to_le32(0)) {
        *id = security_beside(volume, directory, names, name, true);
    }
    if (*id == const_cpu_to_le32(0)) {
        const char *dot = strrchr(name, '.');

        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: %s: there is no other *%s file whose security "
                    "descriptor a new one could get", volume->label,
                    directory, dot ? dot : "");
        return false;
    }
    return true;
}

static ntfs_inode *create_inode(Volume *volume, ntfs_inode *dir,
                                const char *path, const char *name,
                                le32 security_id, GError **errp)
{
    ntfschar *uname = NULL;
    int length = ntfs_mbstoucs(name, &uname);
    ntfs_inode *ni = NULL;

    volume_search_all_space(volume);
    if (length > 0) {
        ni = ntfs_create(dir, security_id, uname, length, S_IFREG);
    }
    if (!ni) {
        volume_set_error(volume, path, errp);
    }
    free(uname);
    return ni;
}

static bool write_new(Volume *volume, ntfs_inode *ni, const char *path,
                      GBytes *bytes, GError **errp)
{
    ntfs_attr *na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    bool ok;

    if (!na) {
        volume_set_error(volume, path, errp);
        return false;
    }
    ok = volume_write(volume, na, path, 0, data, size, errp);
    ntfs_attr_close(na);
    return ok;
}

/* Creates and fills the file; @dir and the new inode are closed in any case. */
static bool create_in(Volume *volume, ntfs_inode *dir, const char *path,
                      const char *name, le32 security_id, GBytes *bytes,
                      GError **errp)
{
    ntfs_inode *ni = create_inode(volume, dir, path, name, security_id, errp);
    bool ok = ni && write_new(volume, ni, path, bytes, errp);

    if (!ok) {
        if (ni) {
            ntfs_inode_close(ni);
        }
        ntfs_inode_close(dir);
        return false;
    }
    /*
     * Created with a POSIX name.  Setting a DOS name that is equal makes it
     * one WIN32+DOS name, as Windows would; this closes both inodes.
     */
    if (ntfs_set_ntfs_dos_name(ni, dir, name, strlen(name), 0) < 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return true;
}

bool volume_create(Volume *volume, const char *path, GBytes *bytes,
                   GError **errp)
{
    const char *slash = strrchr(path, '\\');
    g_autofree char *dir_path = g_strndup(path, slash - path);
    ntfs_inode *dir;
    le32 security_id;

    if (!find_security(volume, dir_path, slash + 1, &security_id, errp)) {
        return false;
    }
    dir = volume_open_inode(volume, dir_path, errp);
    if (dir && !index_check_bitmap(volume, dir, dir_path, errp)) {
        ntfs_inode_close(dir);
        return false;
    }
    return dir && create_in(volume, dir, path, slash + 1, security_id, bytes,
                            errp);
}
