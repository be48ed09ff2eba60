/*
 * The image that win-xenfix looks at
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"
#include "win-xenfix-image.h"

#include "block/xenprep-mapping.h"
#include "qapi/error.h"
#include "qemu/option.h"

static QemuOptsList image_opts = {
    .name = "source",
    .implied_opt_name = "source",
    .head = QTAILQ_HEAD_INITIALIZER(image_opts.head),
    .desc = {
        { /* end of list */ }
    },
};

static QDict *image_options(const XenfixOptions *options, Error **errp)
{
    QemuOpts *opts;
    QDict *dict;

    if (!options->image_opts) {
        dict = qdict_new();
        if (options->format) {
            qdict_put_str(dict, "driver", options->format);
        }
        return dict;
    }
    opts = qemu_opts_parse(&image_opts, options->image, true, errp);
    if (!opts) {
        return NULL;
    }
    dict = qemu_opts_to_qdict(opts, NULL);
    qemu_opts_del(opts);
    return dict;
}

/* Takes @dict, which is NULL if there is an error already. */
static BlockBackend *open_image(const XenfixOptions *options, QDict *dict,
                                int flags, Error **errp)
{
    ERRP_GUARD();
    BlockBackend *image;

    if (!dict) {
        return NULL;
    }
    image = blk_new_open(options->image_opts ? NULL : options->image, NULL,
                         dict, flags, errp);
    if (!image) {
        error_prepend(errp, "Could not open '%s': ", options->image);
    }
    return image;
}

/*
 * Whoever writes to the disk while we look makes what we see wrong, so nobody
 * may, unless the user takes the blame.
 */
BlockBackend *xenfix_image_open(const XenfixOptions *options, Error **errp)
{
    QDict *dict = image_options(options, errp);
    int flags = BDRV_O_NO_SHARE;

    if (dict && options->force_share) {
        flags = 0;
        qdict_put_bool(dict, BDRV_OPT_FORCE_SHARE, true);
    }
    return open_image(options, dict, flags, errp);
}

BlockBackend *xenfix_image_open_rw(const XenfixOptions *options,
                                   Error **errp)
{
    return open_image(options, image_options(options, errp),
                      BDRV_O_RDWR | BDRV_O_NO_SHARE, errp);
}

/* A disk of which a part is missing must not look like one that has zeros. */
static bool is_complete(BlockBackend *image, Error **errp)
{
    GRAPH_RDLOCK_GUARD_MAINLOOP();

    return xenprep_mapping_check_extents(blk_bs(image), errp) == 0;
}

bool xenfix_image_run(BlockBackend *image, const XenprepOptions *request,
                      XenprepResult *result, Error **errp)
{
    return is_complete(image, errp) &&
           xenprep_client_run_backend(image, request, result, errp);
}

bool xenfix_image_ask(BlockBackend *image, XenprepVerb verb,
                      const XenfixOptions *options, XenprepReport *report,
                      Error **errp)
{
    ERRP_GUARD();
    XenprepOptions question = {
        .verb = verb,
        .mode = XENPREP_MODE_PLAN,
        .windows = options->windows,
        .dirty_hive = options->dirty_hive,
        .machine = options->machine,
        .sandbox = options->sandbox,
    };
    g_auto(XenprepResult) result = { 0 };

    if (!undo_state_check_whole(options, image, errp) ||
        !xenfix_image_run(image, &question, &result, errp)) {
        error_prepend(errp, "%s: ", options->image);
        return false;
    }
    *report = result.report;
    result.report = (XenprepReport) { 0 };
    return true;
}
