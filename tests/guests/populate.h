/*
 * What the files of guest-populate share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_GUESTS_POPULATE_H
#define TESTS_GUESTS_POPULATE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include <glib.h>

/* Or libntfs-3g's headers define a struct timespec of their own. */
#define HAVE_TIME_H 1
#include <ntfs-3g/types.h>
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/ea.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/lcnalloc.h>
#include <ntfs-3g/reparse.h>
#include <ntfs-3g/runlist.h>
#include <ntfs-3g/security.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>

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
    /* Runlists of clusters that are held so that files avoid them. */
    GPtrArray *held;
    /* The line of the manifest at work, for messages. */
    unsigned line;
} Populate;

/* guest-populate.c */

/* Ends the program, naming the line of the manifest and errno. */
void G_GNUC_NORETURN G_GNUC_PRINTF(2, 3)
populate_fail(Populate *p, const char *format, ...);

/* What clock_gettime() says from now on, in seconds as a text. */
void populate_set_time(const char *text);

/* The piece that two fields of the manifest name. */
Data populate_find_data(Populate *p, char **field);

/* populate-file.c: commands, each with the fields of its line. */
void populate_dir(Populate *p, char **field);
void populate_file(Populate *p, char **field);
void populate_alloc(Populate *p, char **field);
void populate_stream(Populate *p, char **field);
void populate_ea(Populate *p, char **field);
void populate_reparse(Populate *p, char **field);
void populate_link(Populate *p, char **field);
void populate_logfile(Populate *p, char **field);

/*
 * Creates what the first fields of a line describe: a file or directory, whose
 * short name is then set by populate_close_named().
 */
ntfs_inode *populate_create(Populate *p, char **field, mode_t type);
void populate_close_named(Populate *p, ntfs_inode *ni, const char *path,
                          const char *dos_name);
void populate_close(Populate *p, ntfs_inode *ni);
ntfs_inode *populate_open(Populate *p, const char *path);
ntfs_inode *populate_open_parent(Populate *p, const char *path);
ntfs_attr *populate_open_data(Populate *p, ntfs_inode *ni);

/* The cluster behind the last one that @na has. */
s64 populate_end_of_last_run(Populate *p, ntfs_attr *na);

/* populate-space.c: commands about clusters and records. */
void populate_hold(Populate *p, char **field);
void populate_release(Populate *p, char **field);
void populate_fill(Populate *p, char **field);
void populate_forget(Populate *p, char **field);
void populate_mft(Populate *p, char **field);
void populate_fill_mft(Populate *p, char **field);

/* Takes @count clusters from @lcn on, or behind it. */
runlist_element *populate_take(Populate *p, s64 count, s64 lcn);
void populate_give_back(Populate *p, runlist_element *rl);

#endif /* TESTS_GUESTS_POPULATE_H */
