/*
 * Where the undo file of an image is
 *
 * Beside the image's file, if it is one, and there whatever links lead to the
 * file, so that every run finds it.  In all other cases the user has to say
 * where: a device node is on no disk, a server has no place for it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-place.h"

#include "qapi/error.h"

#define SUFFIX ".xenfix-undo"

/* The file that @image is in, NULL if it is in something else. */
static const char *image_file(BlockBackend *image, bool *encrypted)
{
    BlockDriverState *bs = blk_bs(image);
    BlockDriverState *below;

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    *encrypted = bs->encrypted;
    while ((below = bdrv_primary_bs(bs))) {
        bs = below;
        *encrypted |= bs->encrypted;
    }
    return strcmp(bs->drv->format_name, "file") == 0 && *bs->exact_filename
           ? bs->exact_filename : NULL;
}

char *undo_place(const XenfixOptions *options, BlockBackend *image,
                 Error **errp)
{
    g_autofree char *real = NULL;
    const char *file;
    bool encrypted;

    if (options->undo) {
        return g_strdup(options->undo);
    }
    file = image_file(image, &encrypted);
    if (encrypted) {
        error_setg(errp, "the image is encrypted, an undo file is not: name "
                   "a safe place for it with --undo FILE");
        return NULL;
    }
    if (!file) {
        error_setg(errp, "the image is no file on this host: say with "
                   "--undo FILE where the undo file is to be");
        return NULL;
    }
    real = realpath(file, NULL);
    if (!real) {
        error_setg_errno(errp, errno, "there is no place beside '%s' for an "
                         "undo file, name one with --undo FILE", file);
        return NULL;
    }
    return g_strconcat(real, SUFFIX, NULL);
}
