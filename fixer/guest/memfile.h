/*
 * Memfile: files in memory, for libraries that open by name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_MEMFILE_H
#define GUEST_MEMFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Memfile {
    int fd;
    /* What open() knows it by, while the memfile exists. */
    char *name;
} Memfile;

/* A new file in memory that holds @bytes, or is empty if that is NULL. */
Memfile *memfile_new(GBytes *bytes, GError **errp);

void memfile_free(Memfile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Memfile, memfile_free)

/* What it holds now. */
GBytes *memfile_read(const Memfile *file, GError **errp);

#endif /* GUEST_MEMFILE_H */
