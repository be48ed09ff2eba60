/*
 * guest-populate: files, directories, and what belongs to them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "populate.h"

/* Whatever descriptor mkntfs stored first; replaced at once by ours. */
#define FIRST_SECURITY_ID 0x100

/* Clusters that stay free between two runs of a fragmented file. */
#define HOLE_CLUSTERS 3

ntfs_inode *populate_open(Populate *p, const char *path)
{
    ntfs_inode *ni = ntfs_pathname_to_inode(p->vol, NULL, path);

    if (!ni) {
        populate_fail(p, "cannot open %s", path);
    }
    return ni;
}

ntfs_inode *populate_open_parent(Populate *p, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    return populate_open(p, parent);
}

void populate_close(Populate *p, ntfs_inode *ni)
{
    if (ntfs_inode_close(ni)) {
        populate_fail(p, "cannot close an inode");
    }
}

/*
 * The first user of a descriptor stores it in $Secure, whatever id that
 * gives it; later ones are created with the id.
 */
static void apply_descriptor(Populate *p, ntfs_inode *ni, Descriptor *sd)
{
    struct SECURITY_CONTEXT scx = { .vol = p->vol };

    if (sd->id) {
        return;
    }
    if (ntfs_set_ntfs_acl(&scx, ni, sd->data.start, sd->data.size, 0)) {
        populate_fail(p, "cannot set the security descriptor");
    }
    sd->id = ni->security_id;
}

ntfs_inode *populate_create(Populate *p, char **field, mode_t type)
{
    const char *path = field[1];
    le32 attributes = cpu_to_le32(strtoul(field[3], NULL, 0));
    Descriptor *sd = g_hash_table_lookup(p->descriptors, field[4]);
    g_autofree char *name = g_path_get_basename(path);
    ntfs_inode *dir = populate_open_parent(p, path);
    le32 dir_flags = dir->flags;
    ntfs_inode *ni;
    ntfschar *uname = NULL;
    int len = ntfs_mbstoucs(name, &uname);

    if (len < 0 || !sd) {
        populate_fail(p, "%s: bad name or security descriptor", path);
    }
    /* A new file is compressed if its directory is: pretend. */
    dir->flags = (dir->flags & ~FILE_ATTR_COMPRESSED) |
                 (attributes & FILE_ATTR_COMPRESSED);
    ni = ntfs_create(dir, sd->id ? sd->id
                                 : const_cpu_to_le32(FIRST_SECURITY_ID),
                     uname, len, type);
    free(uname);
    if (!ni) {
        populate_fail(p, "cannot create %s", path);
    }
    dir->flags = dir_flags;
    apply_descriptor(p, ni, sd);
    /* That a file is sparse the library says by itself, once it is. */
    ni->flags |= attributes & ~FILE_ATTR_SPARSE_FILE;
    if (S_ISDIR(type)) {
        ni->flags &= ~FILE_ATTR_ARCHIVE;
    }
    NInoFileNameSetDirty(ni);
    populate_close(p, dir);
    return ni;
}

/* Consumes @ni. */
void populate_close_named(Populate *p, ntfs_inode *ni, const char *path,
                          const char *dos_name)
{
    ntfs_inode *dir;

    if (!strcmp(dos_name, "-")) {
        populate_close(p, ni);
        return;
    }
    dir = populate_open_parent(p, path);
    if (ntfs_set_ntfs_dos_name(ni, dir, dos_name, strlen(dos_name), 0)) {
        populate_fail(p, "cannot name %s %s", path, dos_name);
    }
}

ntfs_attr *populate_open_data(Populate *p, ntfs_inode *ni)
{
    ntfs_attr *na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);

    if (!na) {
        populate_fail(p, "cannot open a data attribute");
    }
    return na;
}

s64 populate_end_of_last_run(Populate *p, ntfs_attr *na)
{
    const runlist_element *rl;
    s64 end = 0;

    if (NAttrNonResident(na) && ntfs_attr_map_whole_runlist(na)) {
        populate_fail(p, "cannot map a runlist");
    }
    for (rl = na->rl; rl && rl->length; rl++) {
        /* Those below 0 are holes of a sparse or compressed file. */
        end = rl->lcn >= 0 ? rl->lcn + rl->length : end;
    }
    return end;
}

static void write_piece(Populate *p, ntfs_attr *na, Data data, gsize at,
                        gsize count)
{
    if (ntfs_attr_pwrite(na, at, count, data.start + at) != (s64)count) {
        populate_fail(p, "cannot write");
    }
}

static bool is_zero(const char *data, gsize size)
{
    return size == 0 || (data[0] == 0 && !memcmp(data, data + 1, size - 1));
}

/*
 * Writes a file, in runs of @chunk bytes.  Between two runs the clusters
 * behind the first are taken away for a while, so that the file must go on
 * elsewhere.  libntfs-3g keeps files apart: writing two in turn would leave
 * each in one piece.  What is not written of a sparse file has no clusters.
 */
static void write_data(Populate *p, ntfs_attr *na, Data data, gsize chunk,
                       bool sparse)
{
    g_autoptr(GPtrArray) holes = g_ptr_array_new();
    gsize count;

    chunk = chunk ? chunk : data.size;
    for (gsize done = 0; done < data.size; done += count) {
        count = MIN(chunk, data.size - done);
        if (sparse && is_zero(data.start + done, count)) {
            continue;
        }
        write_piece(p, na, data, done, count);
        if (done + count < data.size && p->held->len == 0) {
            g_ptr_array_add(holes, populate_take(
                p, HOLE_CLUSTERS, populate_end_of_last_run(p, na)));
        }
    }
    for (guint i = 0; i < holes->len; i++) {
        populate_give_back(p, g_ptr_array_index(holes, i));
    }
}

void populate_dir(Populate *p, char **field)
{
    populate_set_time(field[2]);
    populate_close_named(p, populate_create(p, field, S_IFDIR), field[1],
                         field[5]);
}

void populate_file(Populate *p, char **field)
{
    bool sparse = strtoul(field[3], NULL, 0) &
                  le32_to_cpu(FILE_ATTR_SPARSE_FILE);
    ntfs_inode *ni;
    ntfs_attr *na;
    Data data = populate_find_data(p, field + 6);

    populate_set_time(field[2]);
    ni = populate_create(p, field, S_IFREG);
    na = populate_open_data(p, ni);
    if (sparse && ntfs_attr_truncate(na, data.size)) {
        populate_fail(p, "cannot set the size of %s", field[1]);
    }
    write_data(p, na, data, strtoul(field[8], NULL, 10), sparse);
    if (NAttrCompressed(na) && ntfs_attr_pclose(na)) {
        populate_fail(p, "cannot complete %s", field[1]);
    }
    ntfs_attr_close(na);
    populate_close_named(p, ni, field[1], field[5]);
}

/* No valid data: the initialised size stays 0, as for a new pagefile. */
void populate_alloc(Populate *p, char **field)
{
    ntfs_inode *ni;
    ntfs_attr *na;

    populate_set_time(field[2]);
    ni = populate_create(p, field, S_IFREG);
    na = populate_open_data(p, ni);
    if (ntfs_attr_truncate_solid(na, g_ascii_strtoll(field[6], NULL, 10))) {
        populate_fail(p, "cannot allocate %s", field[1]);
    }
    ntfs_attr_close(na);
    populate_close_named(p, ni, field[1], field[5]);
}

void populate_stream(Populate *p, char **field)
{
    ntfs_inode *ni = populate_open(p, field[1]);
    ntfschar *name = NULL;
    int length = ntfs_mbstoucs(field[2], &name);
    Data data = populate_find_data(p, field + 3);
    ntfs_attr *na = NULL;

    if (length > 0 && !ntfs_attr_add(ni, AT_DATA, name, length, NULL, 0)) {
        na = ntfs_attr_open(ni, AT_DATA, name, length);
    }
    if (!na) {
        populate_fail(p, "cannot add %s to %s", field[2], field[1]);
    }
    write_data(p, na, data, 0, false);
    ntfs_attr_close(na);
    free(name);
    populate_close(p, ni);
}

void populate_ea(Populate *p, char **field)
{
    ntfs_inode *ni = populate_open(p, field[1]);
    Data data = populate_find_data(p, field + 2);

    if (ntfs_set_ntfs_ea(ni, data.start, data.size, 0)) {
        populate_fail(p, "cannot set extended attributes of %s", field[1]);
    }
    populate_close(p, ni);
}

void populate_reparse(Populate *p, char **field)
{
    ntfs_inode *ni = populate_open(p, field[1]);
    Data data = populate_find_data(p, field + 2);

    if (ntfs_set_ntfs_reparse_data(ni, data.start, data.size, 0)) {
        populate_fail(p, "cannot make %s a reparse point", field[1]);
    }
    populate_close(p, ni);
}

void populate_link(Populate *p, char **field)
{
    ntfs_inode *ni = populate_open(p, field[2]);
    ntfs_inode *dir = populate_open_parent(p, field[1]);
    g_autofree char *name = g_path_get_basename(field[1]);
    ntfschar *uname = NULL;
    int length = ntfs_mbstoucs(name, &uname);

    if (length < 0 || ntfs_link(ni, dir, uname, length)) {
        populate_fail(p, "cannot link %s to %s", field[1], field[2]);
    }
    free(uname);
    populate_close(p, dir);
    populate_close_named(p, ni, field[1], field[3]);
}

void populate_logfile(Populate *p, char **field)
{
    ntfs_inode *ni = ntfs_inode_open(p->vol, FILE_LogFile);
    ntfs_attr *na;

    if (!ni) {
        populate_fail(p, "cannot open $LogFile");
    }
    na = populate_open_data(p, ni);
    write_data(p, na, populate_find_data(p, field + 1), 0, false);
    ntfs_attr_close(na);
    populate_close(p, ni);
}
