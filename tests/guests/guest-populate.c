/*
 * guest-populate: fill an NTFS volume made by mkntfs from a manifest
 *
 *     guest-populate VOLUME MANIFEST CONTENTS
 *
 * The manifest is text, one command a line, fields separated by tabs:
 *
 *     sd       NAME OFFSET SIZE          a security descriptor, by name
 *     dir      PATH TIME ATTR SD DOS     a directory
 *     file     PATH TIME ATTR SD DOS OFFSET SIZE CHUNK
 *                                        a file
 *     alloc    PATH TIME ATTR SD DOS SIZE
 *                                        clusters, but nothing written
 *     logfile  OFFSET SIZE               the first bytes of $LogFile
 *     flags    NUMBER                    $VOLUME_INFORMATION flags
 *     fill     PATH TIME ATTR SD DOS SPARE
 *                                        a file that takes all clusters
 *                                        but SPARE
 *
 * OFFSET and SIZE say where in the file CONTENTS the data are.  PATH is the
 * guest's, with '/'; TIME is seconds since 1970 and becomes all
 * four times; ATTR is FILE_ATTRIBUTE_*; DOS is the short name, "-" leaves
 * a POSIX name.  If CHUNK is not 0 the file is fragmented: after each CHUNK
 * bytes its next run starts behind a hole of free clusters.
 *
 * Equal input makes equal volumes.  libntfs-3g asks clock_gettime() for the
 * time; the function below takes its place and answers with the manifest's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <glib.h>

/* Or libntfs-3g's headers define a struct timespec of their own. */
#define HAVE_TIME_H 1
#include <ntfs-3g/types.h>
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/lcnalloc.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/security.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>

/* Whatever descriptor mkntfs stored first; replaced at once by ours. */
#define FIRST_SECURITY_ID 0x100

/* Clusters that stay free between two runs of a fragmented file. */
#define HOLE_CLUSTERS 3

/* A piece of the file CONTENTS. */
typedef struct Data {
    const char *start;
    gsize size;
} Data;

typedef struct Descriptor {
    Data data;
    /* The id in $Secure, 0 until a file has been given the descriptor. */
    le32 id;
} Descriptor;

typedef struct Populate {
    ntfs_volume *vol;
    GMappedFile *contents;
    /* name -> Descriptor */
    GHashTable *descriptors;
    /* The line of the manifest at work, for messages. */
    unsigned line;
} Populate;

static struct timespec now;

/* Takes the place of libc's for libntfs-3g too; see the head comment. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    (void)clock;
    *ts = now;
    return 0;
}

static void G_GNUC_NORETURN G_GNUC_PRINTF(2, 3)
fail(Populate *p, const char *format, ...)
{
    g_autofree char *message = NULL;
    int error = errno;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "guest-populate: line %u: %s: %s\n", p->line, message,
            strerror(error));
    exit(1);
}

/* The piece that two fields of the manifest name. */
static Data find_data(Populate *p, char **field)
{
    gsize length = g_mapped_file_get_length(p->contents);
    gsize offset = g_ascii_strtoull(field[0], NULL, 10);
    Data data = { .size = g_ascii_strtoull(field[1], NULL, 10) };

    if (offset > length || data.size > length - offset) {
        errno = EINVAL;
        fail(p, "offset %s is not in the contents", field[0]);
    }
    data.start = g_mapped_file_get_contents(p->contents) + offset;
    return data;
}

static void set_time(const char *text)
{
    now.tv_sec = g_ascii_strtoll(text, NULL, 10);
    now.tv_nsec = 0;
}

static ntfs_inode *open_path(Populate *p, const char *path)
{
    ntfs_inode *ni = ntfs_pathname_to_inode(p->vol, NULL, path);

    if (!ni) {
        fail(p, "cannot open %s", path);
    }
    return ni;
}

static ntfs_inode *open_parent(Populate *p, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    return open_path(p, parent);
}

static void close_inode(Populate *p, ntfs_inode *ni)
{
    if (ntfs_inode_close(ni)) {
        fail(p, "cannot close an inode");
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
        fail(p, "cannot set the security descriptor");
    }
    sd->id = ni->security_id;
}

/* Creates a file or directory; the caller sets its short name and closes. */
static ntfs_inode *create(Populate *p, char **field, mode_t type)
{
    const char *path = field[1];
    le32 attributes = cpu_to_le32(strtoul(field[3], NULL, 0));
    Descriptor *sd = g_hash_table_lookup(p->descriptors, field[4]);
    g_autofree char *name = g_path_get_basename(path);
    ntfs_inode *dir = open_parent(p, path);
    le32 dir_flags = dir->flags;
    ntfs_inode *ni;
    ntfschar *uname = NULL;
    int len = ntfs_mbstoucs(name, &uname);

    if (len < 0 || !sd) {
        fail(p, "%s: bad name or security descriptor", path);
    }
    /* A new file is compressed if its directory is: pretend. */
    dir->flags |= attributes & FILE_ATTR_COMPRESSED;
    ni = ntfs_create(dir, sd->id ? sd->id
                                 : const_cpu_to_le32(FIRST_SECURITY_ID),
                     uname, len, type);
    free(uname);
    if (!ni) {
        fail(p, "cannot create %s", path);
    }
    dir->flags = dir_flags;
    apply_descriptor(p, ni, sd);
    ni->flags |= attributes;
    if (S_ISDIR(type)) {
        ni->flags &= ~FILE_ATTR_ARCHIVE;
    }
    NInoFileNameSetDirty(ni);
    close_inode(p, dir);
    return ni;
}

/* Consumes @ni. */
static void set_dos_name(Populate *p, ntfs_inode *ni, const char *path,
                         const char *dos_name)
{
    ntfs_inode *dir;

    if (!strcmp(dos_name, "-")) {
        close_inode(p, ni);
        return;
    }
    dir = open_parent(p, path);
    if (ntfs_set_ntfs_dos_name(ni, dir, dos_name, strlen(dos_name), 0)) {
        fail(p, "cannot name %s %s", path, dos_name);
    }
}

static ntfs_attr *open_data(Populate *p, ntfs_inode *ni)
{
    ntfs_attr *na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);

    if (!na) {
        fail(p, "cannot open a data attribute");
    }
    return na;
}

static s64 end_of_last_run(Populate *p, ntfs_attr *na)
{
    const runlist_element *rl;
    s64 end = 0;

    if (ntfs_attr_map_whole_runlist(na)) {
        fail(p, "cannot map a runlist");
    }
    for (rl = na->rl; rl->length; rl++) {
        end = rl->lcn + rl->length;
    }
    return end;
}

/*
 * Takes the clusters behind @na's last run away, so that it must go on
 * elsewhere.  libntfs-3g keeps files apart: writing two in turn would leave
 * each in one piece.
 */
static runlist_element *block_next_run(Populate *p, ntfs_attr *na)
{
    runlist_element *rl = ntfs_cluster_alloc(p->vol, 0, HOLE_CLUSTERS,
                                             end_of_last_run(p, na),
                                             DATA_ZONE);

    if (!rl) {
        fail(p, "cannot allocate clusters");
    }
    return rl;
}

static void free_runs(void *rl)
{
    free(rl);
}

static void write_data(Populate *p, ntfs_attr *na, Data data, gsize chunk)
{
    g_autoptr(GPtrArray) holes = g_ptr_array_new_with_free_func(free_runs);
    gsize done = 0;

    while (done < data.size) {
        gsize count = chunk ? MIN(chunk, data.size - done) : data.size;

        if (ntfs_attr_pwrite(na, done, count, data.start + done)
            != (s64)count) {
            fail(p, "cannot write");
        }
        done += count;
        if (done < data.size) {
            g_ptr_array_add(holes, block_next_run(p, na));
        }
    }
    for (guint i = 0; i < holes->len; i++) {
        if (ntfs_cluster_free_from_rl(p->vol, g_ptr_array_index(holes, i))) {
            fail(p, "cannot free clusters");
        }
    }
}

static void do_sd(Populate *p, char **field)
{
    Descriptor *sd = g_new0(Descriptor, 1);

    sd->data = find_data(p, field + 2);
    g_hash_table_insert(p->descriptors, g_strdup(field[1]), sd);
}

static void do_dir(Populate *p, char **field)
{
    set_time(field[2]);
    set_dos_name(p, create(p, field, S_IFDIR), field[1], field[5]);
}

static void do_file(Populate *p, char **field)
{
    ntfs_inode *ni;
    ntfs_attr *na;

    set_time(field[2]);
    ni = create(p, field, S_IFREG);
    na = open_data(p, ni);
    write_data(p, na, find_data(p, field + 6), strtoul(field[8], NULL, 10));
    if (NAttrCompressed(na) && ntfs_attr_pclose(na)) {
        fail(p, "cannot complete %s", field[1]);
    }
    ntfs_attr_close(na);
    set_dos_name(p, ni, field[1], field[5]);
}

/* No valid data: the initialised size stays 0, as for a new pagefile. */
static void do_alloc(Populate *p, char **field)
{
    ntfs_inode *ni;
    ntfs_attr *na;

    set_time(field[2]);
    ni = create(p, field, S_IFREG);
    na = open_data(p, ni);
    if (ntfs_attr_truncate_solid(na, g_ascii_strtoll(field[6], NULL, 10))) {
        fail(p, "cannot allocate %s", field[1]);
    }
    ntfs_attr_close(na);
    set_dos_name(p, ni, field[1], field[5]);
}

static void do_logfile(Populate *p, char **field)
{
    ntfs_inode *ni = ntfs_inode_open(p->vol, FILE_LogFile);
    ntfs_attr *na;

    if (!ni) {
        fail(p, "cannot open $LogFile");
    }
    na = open_data(p, ni);
    write_data(p, na, find_data(p, field + 1), 0);
    ntfs_attr_close(na);
    close_inode(p, ni);
}

static void do_flags(Populate *p, char **field)
{
    le16 flags = cpu_to_le16(strtoul(field[1], NULL, 0));

    if (ntfs_volume_write_flags(p->vol, flags)) {
        fail(p, "cannot set the volume flags");
    }
}

static void do_fill(Populate *p, char **field)
{
    s64 spare = g_ascii_strtoll(field[6], NULL, 10);
    ntfs_inode *ni;
    ntfs_attr *na;
    s64 step;

    set_time(field[2]);
    ni = create(p, field, S_IFREG);
    na = open_data(p, ni);
    if (ntfs_volume_get_free_space(p->vol)) {
        fail(p, "cannot count the free clusters");
    }
    /* Smaller and smaller steps: the file's own metadata needs room too. */
    step = p->vol->free_clusters - spare;
    while (step > 0) {
        s64 size = na->allocated_size + (step << p->vol->cluster_size_bits);

        if (ntfs_attr_truncate_solid(na, size)) {
            step /= 2;
        } else {
            step = MIN(step, p->vol->free_clusters - spare);
        }
    }
    ntfs_attr_close(na);
    set_dos_name(p, ni, field[1], field[5]);
}

static const struct {
    const char *name;
    guint fields;
    void (*run)(Populate *p, char **field);
} commands[] = {
    { "sd", 4, do_sd },
    { "dir", 6, do_dir },
    { "file", 9, do_file },
    { "alloc", 7, do_alloc },
    { "logfile", 3, do_logfile },
    { "flags", 2, do_flags },
    { "fill", 7, do_fill },
};

static void run_line(Populate *p, const char *line)
{
    g_auto(GStrv) field = g_strsplit(line, "\t", -1);

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_strcmp0(field[0], commands[i].name) ||
            g_strv_length(field) != commands[i].fields) {
            continue;
        }
        commands[i].run(p, field);
        return;
    }
    errno = EINVAL;
    fail(p, "not a command: %s", line);
}

/* Whether everything could be opened; the reason is on stderr if not. */
static bool open_files(Populate *p, char **argv, char **manifest)
{
    g_autoptr(GError) err = NULL;

    p->contents = g_mapped_file_new(argv[3], FALSE, &err);
    if (!p->contents || !g_file_get_contents(argv[2], manifest, NULL, &err)) {
        fprintf(stderr, "guest-populate: %s\n", err->message);
        return false;
    }
    p->vol = ntfs_mount(argv[1], 0);
    if (!p->vol) {
        fail(p, "cannot mount %s", argv[1]);
    }
    return true;
}

int main(int argc, char **argv)
{
    Populate p = { 0 };
    g_autofree char *manifest = NULL;
    g_auto(GStrv) lines = NULL;

    if (argc != 4) {
        fprintf(stderr, "usage: guest-populate VOLUME MANIFEST CONTENTS\n");
        return 2;
    }
    if (!open_files(&p, argv, &manifest)) {
        return 1;
    }
    p.descriptors = g_hash_table_new(g_str_hash, g_str_equal);
    lines = g_strsplit(g_strchomp(manifest), "\n", -1);
    for (char **line = lines; *line; line++) {
        p.line++;
        run_line(&p, *line);
    }
    if (ntfs_umount(p.vol, FALSE)) {
        fail(&p, "cannot unmount %s", argv[1]);
    }
    return 0;
}
