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
 *     link     PATH TARGET DOS           another name of the file TARGET
 *     stream   PATH NAME OFFSET SIZE     a named stream of a file
 *     ea       PATH OFFSET SIZE          its extended attributes, as NTFS
 *                                        stores them
 *     reparse  PATH OFFSET SIZE          the reparse point of a file
 *     logfile  OFFSET SIZE               the first bytes of $LogFile
 *     flags    NUMBER                    $VOLUME_INFORMATION flags
 *     version  MAJOR MINOR               of NTFS: how later records are made
 *     hold     STEP                      from now on only every STEP-th of
 *                                        the free clusters is free
 *     release                            and now all of them are, again
 *     fill     PATH TIME ATTR SD DOS SPARE HOW
 *                                        a file that takes all clusters but
 *                                        SPARE, which are "scattered", one
 *                                        here, one there, or "together"
 *     forget   PATH                      $Bitmap calls the file's clusters free
 *     mft      TIME RUNS                 makes $MFT one of so many runs
 *     fill-mft PATH TIME WHAT            empty files in the directory PATH,
 *                                        until another one needs more of
 *                                        $MFT's "data", or of its "bitmap"
 *
 * OFFSET and SIZE say where in the file CONTENTS the data are.  PATH is the
 * guest's, with '/'; TIME is seconds since 1970 and becomes all
 * four times; ATTR is FILE_ATTRIBUTE_*; DOS is the short name, "-" leaves
 * a POSIX name.  If CHUNK is not 0 the file is fragmented: after each CHUNK
 * bytes its next run starts behind a hole of free clusters.  Of a sparse file
 * CHUNKs that are all zeros get no clusters.
 *
 * Equal input makes equal volumes.  libntfs-3g asks clock_gettime() for the
 * time; the function below takes its place and answers with the manifest's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "populate.h"

static struct timespec now;

/* Takes the place of libc's for libntfs-3g too; see the head comment. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    (void)clock;
    *ts = now;
    return 0;
}

void populate_fail(Populate *p, const char *format, ...)
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

Data populate_find_data(Populate *p, char **field)
{
    gsize length = g_mapped_file_get_length(p->contents);
    gsize offset = g_ascii_strtoull(field[0], NULL, 10);
    Data data = { .size = g_ascii_strtoull(field[1], NULL, 10) };

    if (offset > length || data.size > length - offset) {
        errno = EINVAL;
        populate_fail(p, "offset %s is not in the contents", field[0]);
    }
    data.start = g_mapped_file_get_contents(p->contents) + offset;
    return data;
}

void populate_set_time(const char *text)
{
    now.tv_sec = g_ascii_strtoll(text, NULL, 10);
    now.tv_nsec = 0;
}

static void do_sd(Populate *p, char **field)
{
    Descriptor *sd = g_new0(Descriptor, 1);

    sd->data = populate_find_data(p, field + 2);
    g_hash_table_insert(p->descriptors, g_strdup(field[1]), sd);
}

static void do_flags(Populate *p, char **field)
{
    le16 flags = cpu_to_le16(strtoul(field[1], NULL, 0));

    if (ntfs_volume_write_flags(p->vol, flags)) {
        populate_fail(p, "cannot set the volume flags");
    }
}

/* What a volume says that another Windows has upgraded. */
static void do_version(Populate *p, char **field)
{
    u8 version[2] = { strtoul(field[1], NULL, 10),
                      strtoul(field[2], NULL, 10) };
    ntfs_attr *na = ntfs_attr_open(p->vol->vol_ni, AT_VOLUME_INFORMATION,
                                   AT_UNNAMED, 0);

    if (!na || ntfs_attr_pwrite(na, offsetof(VOLUME_INFORMATION, major_ver),
                                sizeof(version), version) < 0) {
        populate_fail(p, "cannot set the version of NTFS");
    }
    ntfs_attr_close(na);
    p->vol->major_ver = version[0];
    p->vol->minor_ver = version[1];
}

static const struct {
    const char *name;
    guint fields;
    void (*run)(Populate *p, char **field);
} commands[] = {
    { "sd", 4, do_sd },
    { "dir", 6, populate_dir },
    { "file", 9, populate_file },
    { "alloc", 7, populate_alloc },
    { "link", 4, populate_link },
    { "stream", 5, populate_stream },
    { "ea", 4, populate_ea },
    { "reparse", 4, populate_reparse },
    { "logfile", 3, populate_logfile },
    { "flags", 2, do_flags },
    { "version", 3, do_version },
    { "hold", 2, populate_hold },
    { "release", 1, populate_release },
    { "fill", 8, populate_fill },
    { "forget", 2, populate_forget },
    { "mft", 3, populate_mft },
    { "fill-mft", 4, populate_fill_mft },
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
    populate_fail(p, "not a command: %s", line);
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
        populate_fail(p, "cannot mount %s", argv[1]);
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
    p.held = g_ptr_array_new();
    lines = g_strsplit(g_strchomp(manifest), "\n", -1);
    for (char **line = lines; *line; line++) {
        p.line++;
        run_line(&p, *line);
    }
    if (ntfs_umount(p.vol, FALSE)) {
        populate_fail(&p, "cannot unmount %s", argv[1]);
    }
    return 0;
}
