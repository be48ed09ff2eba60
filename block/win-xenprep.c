/*
 * Block driver: a Windows guest's disk as it must be to boot under Xen
 *
 * Notes on the design
 *
 * The node presents its child with patches over it.  It is opened read-only,
 * the patches are computed then, by a helper process (xenprep-client.c), and
 * never change.  So there is no lock, and nothing to flush.
 *
 * It is not a filter in the sense of the block layer, whose filters present
 * the same data as their child: "qemu-img map", for one, skips filters, and
 * would tell of the disk without the patches.  For the same reason the node
 * has no plain file name: an overlay image that recorded the child's would
 * lose the patches.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenprep-compat.h"

#include "qapi/clone-visitor.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "win-xenprep-options.h"
#include "win-xenprep-report-file.h"
#include "xenprep-client.h"
#include "xenprep-mapping.h"

typedef struct BDRVWinXenprepState {
    /* Of the analysis at open; constant from then on. */
    XenprepResult result;
    /* Whether reads have to be compared with the length of the files. */
    bool can_be_cut;
    /* Length of the local file that the disk is in, 0 if it is elsewhere. */
    int64_t file_length;
    /* Where the report is, NULL if it was not asked for. */
    char *report_path;
} BDRVWinXenprepState;

/* Only the data are of interest; @options loses what describes the child. */
static int win_xenprep_open_child(BlockDriverState *bs, QDict *options,
                                  Error **errp)
{
    BdrvChild *child;

    if (!qdict_haskey(options, "file")) {
        error_setg(errp, "win-xenprep needs the disk that it is to prepare: "
                   "qemu-img convert -f vmdk --image-opts driver=win-xenprep,"
                   "file.filename=win2003.vmdk win2003.img");
        return -EINVAL;
    }
    child = bdrv_open_child(NULL, options, "file", bs, &child_of_bds,
                            BDRV_CHILD_DATA | BDRV_CHILD_PRIMARY, false, errp);
    return child ? 0 : -EINVAL;
}

static int win_xenprep_require_read_only(BlockDriverState *bs, Error **errp)
{
    int ret;

    bdrv_graph_rdlock_main_loop();
    ret = bdrv_apply_auto_read_only(bs, "win-xenprep presents a prepared "
                                    "disk to read; open it read-only "
                                    "(-r of qemu-io and qemu-nbd, read-only="
                                    "on elsewhere), or convert it", errp);
    bdrv_graph_rdunlock_main_loop();
    return ret;
}

/*
 * What whoever opens a disk decides for himself.  The options of a node that
 * another one was opened with may come out of an image, in the name of its
 * backing file; that must neither make files nor open the helper's jail.
 */
static bool win_xenprep_check_trust(BlockDriverState *bs,
                                    const XenprepOptions *options,
                                    Error **errp)
{
    const char *option = options->report ? "report=" :
                         options->sandbox == ON_OFF_AUTO_OFF ? "sandbox=off"
                         : NULL;

    if (bs->inherits_from && option) {
        error_setg(errp, "%s is not for a disk that another one was opened "
                   "with, such as a backing file: open it by itself, or "
                   "add a node for it", option);
        return false;
    }
    return true;
}

static int win_xenprep_prepare(BlockDriverState *bs,
                               const XenprepOptions *xo, Error **errp)
{
    BDRVWinXenprepState *s = bs->opaque;
    int64_t size;
    int ret;

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    ret = xenprep_mapping_check_extents(bs->file->bs, errp);
    if (ret < 0) {
        return ret;
    }
    s->can_be_cut = xenprep_mapping_can_be_cut(bs->file->bs);
    s->file_length = xenprep_mapping_file_length(bs->file->bs);
    size = bdrv_getlength(bs->file->bs);
    if (size >= 0 && s->file_length < 0) {
        size = s->file_length;
    }
    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the disk");
        return size;
    }
    bs->total_sectors = size / BDRV_SECTOR_SIZE;
    return xenprep_client_run(bs->file, xo, &s->result, errp) ? 0 : -EINVAL;
}

static char *win_xenprep_source_name(BlockDriverState *bs)
{
    GRAPH_RDLOCK_GUARD_MAINLOOP();

    return g_strdup(bs->file->bs->filename);
}

/* The same, and writes down what came of it, also of a disk that is refused. */
static int win_xenprep_prepare_and_report(BlockDriverState *bs,
                                          const XenprepOptions *xo,
                                          Error **errp)
{
    BDRVWinXenprepState *s = bs->opaque;
    g_autofree char *source = win_xenprep_source_name(bs);
    Error *why = NULL, *err = NULL;
    int ret;

    if (!win_xenprep_report_file_check(xo->report, errp)) {
        return -EINVAL;
    }
    ret = win_xenprep_prepare(bs, xo, &why);
    if (ret == 0) {
        s->report_path = g_strdup(xo->report);
        return win_xenprep_report_file_write(xo->report, source, &s->result,
                                             errp) ? 0 : -EIO;
    }
    if (!win_xenprep_report_file_write_error(xo->report, source,
                                             s->result.refused,
                                             error_get_pretty(why), &err)) {
        warn_report_err(err);
    }
    error_propagate(errp, why);
    return ret;
}

static void win_xenprep_clear(BDRVWinXenprepState *s)
{
    xenprep_result_clear(&s->result);
    g_free(s->report_path);
    s->report_path = NULL;
}

static int win_xenprep_open(BlockDriverState *bs, QDict *options, int flags,
                            Error **errp)
{
    XenprepOptions xo = {
        .verb = XENPREP_VERB_PREPARE,
        .mode = XENPREP_MODE_APPLY,
        .details = bs->open_flags & BDRV_O_NO_IO,
    };
    int ret;

    ret = win_xenprep_require_read_only(bs, errp);
    if (ret < 0) {
        return ret;
    }
    /*
     * "qemu-img info" promises to read nothing, but it is what it asks for
     * that has to be read, and more.  The child must not inherit this.
     */
    bs->open_flags &= ~BDRV_O_NO_IO;
    ret = win_xenprep_open_child(bs, options, errp);
    if (ret < 0) {
        return ret;
    }
    if (!win_xenprep_options_parse(options, &xo, errp) ||
        !win_xenprep_check_trust(bs, &xo, errp)) {
        ret = -EINVAL;
    } else if (xo.report) {
        /* Who keeps it wants the product's name. */
        xo.details = true;
        ret = win_xenprep_prepare_and_report(bs, &xo, errp);
    } else {
        ret = win_xenprep_prepare(bs, &xo, errp);
    }
    win_xenprep_options_clear(&xo);
    if (ret < 0) {
        win_xenprep_clear(bs->opaque);
    }
    return ret;
}

/* For people, when all that was to be read has been. */
static void win_xenprep_summarize(BlockDriverState *bs)
{
    BDRVWinXenprepState *s = bs->opaque;
    g_autofree char *source = win_xenprep_source_name(bs);
    g_autofree char *line =
        win_xenprep_report_file_summary(s->report_path, source, &s->result);

    if (win_xenprep_report_file_is_there(s->report_path)) {
        info_report("%s", line);
    } else {
        warn_report("%s: the report in '%s' was overwritten or removed since; "
                    "name another file by report=", source, s->report_path);
    }
}

static void GRAPH_UNLOCKED win_xenprep_close(BlockDriverState *bs)
{
    BDRVWinXenprepState *s = bs->opaque;

    if (s->report_path) {
        win_xenprep_summarize(bs);
    }
    win_xenprep_clear(s);
}

/*
 * An overlay that is reopened reopens us, too.  That is fine as long as all
 * stays as it is: the block layer compares the options, but would let another
 * disk take the place of the one that the patches are for.
 */
static int GRAPH_UNLOCKED
win_xenprep_reopen_prepare(BDRVReopenState *state, BlockReopenQueue *queue,
                           Error **errp)
{
    const char *file = qdict_get_try_str(state->options, "file");

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    if (state->flags & BDRV_O_RDWR) {
        error_setg(errp, "the disk that win-xenprep has prepared cannot be "
                   "written to: convert it, or write to an overlay on it");
        return -EACCES;
    }
    if (file && strcmp(file, state->bs->file->bs->node_name)) {
        error_setg(errp, "another disk cannot be put below win-xenprep: add "
                   "another node for it");
        return -EINVAL;
    }
    return 0;
}

/*
 * Whoever writes to the disk below, or resizes it, makes the patches wrong,
 * so nobody may.  Our own parents need not read for that to hold.
 */
static void win_xenprep_child_perm(BlockDriverState *bs, BdrvChild *c,
                                   BdrvChildRole role,
                                   BlockReopenQueue *reopen_queue,
                                   uint64_t perm, uint64_t shared,
                                   uint64_t *nperm, uint64_t *nshared)
{
    *nperm = BLK_PERM_CONSISTENT_READ;
    *nshared = BLK_PERM_CONSISTENT_READ | BLK_PERM_WRITE_UNCHANGED;
}

/* The child's data, but not the zeros that stand for what is cut off. */
static int coroutine_fn GRAPH_RDLOCK
win_xenprep_co_read_below(BlockDriverState *bs, int64_t offset, int64_t bytes,
                          QEMUIOVector *qiov, size_t qiov_offset)
{
    BDRVWinXenprepState *s = bs->opaque;
    int ret;

    if (s->can_be_cut) {
        ret = xenprep_mapping_co_check(bs->file->bs, offset, bytes);
        if (ret < 0) {
            return ret;
        }
    }
    ret = bdrv_co_preadv_part(bs->file, offset, bytes, qiov, qiov_offset, 0);
    return ret < 0 ? ret : xenprep_mapping_co_check_length(bs->file->bs,
                                                           s->file_length);
}

static int coroutine_fn GRAPH_RDLOCK
win_xenprep_co_preadv_part(BlockDriverState *bs, int64_t offset, int64_t bytes,
                           QEMUIOVector *qiov, size_t qiov_offset,
                           BdrvRequestFlags flags)
{
    BDRVWinXenprepState *s = bs->opaque;

    while (bytes > 0) {
        XenprepSpan span = xenprep_overlay_span(s->result.overlay, offset,
                                                bytes);
        int ret = 0;

        switch (span.kind) {
        case XENPREP_SPAN_BELOW:
            ret = win_xenprep_co_read_below(bs, offset, span.length, qiov,
                                            qiov_offset);
            break;
        case XENPREP_SPAN_DATA:
            qemu_iovec_from_buf(qiov, qiov_offset, span.data, span.length);
            break;
        case XENPREP_SPAN_ZERO:
            qemu_iovec_memset(qiov, qiov_offset, 0, span.length);
            break;
        }
        if (ret < 0) {
            return ret;
        }
        offset += span.length;
        bytes -= span.length;
        qiov_offset += span.length;
    }
    return 0;
}

/*
 * The status of all layers below us, as one: a backing file of the child's is
 * none of ours, and what one layer calls unallocated is data here.
 */
static int coroutine_fn GRAPH_RDLOCK
win_xenprep_status_below(BlockDriverState *bs, XenprepStatusMode mode,
                         int64_t offset, int64_t bytes, int64_t *pnum,
                         int64_t *map, BlockDriverState **file)
{
    BDRVWinXenprepState *s = bs->opaque;
    int ret = xenprep_mapping_co_status(bs->file->bs, mode, offset, bytes,
                                        pnum, map, file);
    int cut = xenprep_mapping_co_check_length(bs->file->bs, s->file_length);

    if (cut < 0) {
        return cut;
    }
    if (ret < 0) {
        return ret;
    }
    if (*pnum == 0) {
        /* The child has become shorter; let a read tell what is there. */
        *pnum = bytes;
        return BDRV_BLOCK_DATA;
    }
    ret &= BDRV_BLOCK_DATA | BDRV_BLOCK_ZERO | BDRV_BLOCK_OFFSET_VALID |
           BDRV_BLOCK_COMPRESSED;
    if (!(ret & (BDRV_BLOCK_DATA | BDRV_BLOCK_ZERO))) {
        ret |= BDRV_BLOCK_DATA;
    }
    return ret;
}

static int coroutine_fn GRAPH_RDLOCK
win_xenprep_co_block_status(BlockDriverState *bs, XenprepStatusMode mode,
                            int64_t offset, int64_t bytes, int64_t *pnum,
                            int64_t *map, BlockDriverState **file)
{
    BDRVWinXenprepState *s = bs->opaque;
    XenprepSpan span = xenprep_overlay_span(s->result.overlay, offset, bytes);

    *pnum = span.length;
    switch (span.kind) {
    case XENPREP_SPAN_DATA:
        return BDRV_BLOCK_DATA;
    case XENPREP_SPAN_ZERO:
        return BDRV_BLOCK_ZERO;
    default:
        return win_xenprep_status_below(bs, mode, offset, span.length, pnum,
                                        map, file);
    }
}

/*
 * Leaves the name empty, so that the node is known by its options ("json:").
 * Without this function it could get the plain name of its child.
 */
static void win_xenprep_refresh_filename(BlockDriverState *bs)
{
}

static ImageInfoSpecific *
win_xenprep_get_specific_info(BlockDriverState *bs, Error **errp)
{
    BDRVWinXenprepState *s = bs->opaque;
    ImageInfoSpecific *info = g_new0(ImageInfoSpecific, 1);

    info->type = IMAGE_INFO_SPECIFIC_KIND_WIN_XENPREP;
    info->u.win_xenprep.data = QAPI_CLONE(ImageInfoSpecificWinXenprep,
                                          s->result.report.prepare);
    return info;
}

static BlockDriver bdrv_win_xenprep = {
    .format_name                = "win-xenprep",
    .instance_size              = sizeof(BDRVWinXenprepState),

    .bdrv_open                  = win_xenprep_open,
    .bdrv_close                 = win_xenprep_close,
    .bdrv_reopen_prepare        = win_xenprep_reopen_prepare,
    .bdrv_child_perm            = win_xenprep_child_perm,

    .bdrv_co_preadv_part        = win_xenprep_co_preadv_part,
    .bdrv_co_block_status       = win_xenprep_co_block_status,

    .bdrv_refresh_filename      = win_xenprep_refresh_filename,
    .bdrv_get_specific_info     = win_xenprep_get_specific_info,
    .strong_runtime_opts        = win_xenprep_strong_runtime_opts,
};

static void bdrv_win_xenprep_init(void)
{
    bdrv_register(&bdrv_win_xenprep);
}

block_init(bdrv_win_xenprep_init);
