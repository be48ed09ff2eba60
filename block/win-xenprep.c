/*
 * Block driver: a Windows guest's disk as it must be to boot under Xen
 *
 * Notes on the design
 *
 * The node presents its child with patches over it.  It is opened read-only,
 * the patches are computed then, by a helper process (xenprep-client.c), and
 * never change.  So there is no lock, and nothing to flush or to reopen.
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
#include "qapi/util.h"
#include "qemu/cutils.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "xenprep-client.h"
#include "xenprep-mapping.h"

#define WIN_XENPREP_OPT_PROFILE "profile"
#define WIN_XENPREP_OPT_REG_FILE "reg-file"
#define WIN_XENPREP_OPT_DRIVER_SOURCE "driver-source"
#define WIN_XENPREP_OPT_WINDOWS "windows"
#define WIN_XENPREP_OPT_DIRTY_HIVE "dirty-hive"
#define WIN_XENPREP_OPT_WITHOUT "without"
#define WIN_XENPREP_OPT_FORCE "force"
#define WIN_XENPREP_OPT_AUTO_REBOOT "auto-reboot"
#define WIN_XENPREP_OPT_REQUIRE_GUEST "require-guest"
#define WIN_XENPREP_OPT_SANDBOX "sandbox"

#define DEFAULT_PROFILE "ide"

typedef struct BDRVWinXenprepState {
    /* Of the analysis at open; constant from then on. */
    XenprepResult result;
    /* Whether reads have to be compared with the length of the files. */
    bool can_be_cut;
} BDRVWinXenprepState;

static QemuOptsList win_xenprep_runtime_opts = {
    .name = "win-xenprep",
    .head = QTAILQ_HEAD_INITIALIZER(win_xenprep_runtime_opts.head),
    .desc = {
        {
            .name = WIN_XENPREP_OPT_PROFILE,
            .type = QEMU_OPT_STRING,
            .help = "what to inject: an embedded profile, or the path of a "
                "profile; default " DEFAULT_PROFILE,
        },
        {
            .name = WIN_XENPREP_OPT_WINDOWS,
            .type = QEMU_OPT_STRING,
            .help = "which installation, PARTITION:\\PATH; default: the one "
                "that boots",
        },
        {
            .name = WIN_XENPREP_OPT_DIRTY_HIVE,
            .type = QEMU_OPT_STRING,
            .help = "a registry hive whose logs are unusable (refuse, "
                "use-primary), default refuse",
        },
        {
            .name = WIN_XENPREP_OPT_AUTO_REBOOT,
            .type = QEMU_OPT_STRING,
            .help = "what follows a STOP screen (keep: as the guest has it; "
                "off: nothing, it stays), default keep",
        },
        {
            .name = WIN_XENPREP_OPT_REQUIRE_GUEST,
            .type = QEMU_OPT_BOOL,
            .help = "whether a disk without Windows is an error, default on",
        },
        {
            .name = WIN_XENPREP_OPT_SANDBOX,
            .type = QEMU_OPT_STRING,
            .help = "whether to jail the helper (on, off, auto), default auto",
        },
        { /* end of list */ }
    },
};

static const char *const win_xenprep_strong_runtime_opts[] = {
    WIN_XENPREP_OPT_PROFILE,
    WIN_XENPREP_OPT_REG_FILE,
    WIN_XENPREP_OPT_REG_FILE ".",
    WIN_XENPREP_OPT_DRIVER_SOURCE,
    WIN_XENPREP_OPT_DRIVER_SOURCE ".",
    WIN_XENPREP_OPT_WINDOWS,
    WIN_XENPREP_OPT_DIRTY_HIVE,
    WIN_XENPREP_OPT_WITHOUT,
    WIN_XENPREP_OPT_WITHOUT ".",
    WIN_XENPREP_OPT_FORCE,
    WIN_XENPREP_OPT_FORCE ".",
    WIN_XENPREP_OPT_AUTO_REBOOT,
    WIN_XENPREP_OPT_REQUIRE_GUEST,

    NULL
};

/*
 * Takes the list NAME.0, NAME.1 ... out of @qdict, or its one element NAME.
 * QEMU's command lines know no lists of strings, so that QemuOpts does not.
 * Returns false if there is something else of that name.
 */
static bool win_xenprep_take_list(QDict *qdict, const char *name,
                                  char ***list, Error **errp)
{
    GPtrArray *array = g_ptr_array_new();
    g_autofree char *prefix = g_strconcat(name, ".", NULL);
    const char *value = qdict_get_try_str(qdict, name);

    if (value) {
        g_ptr_array_add(array, g_strdup(value));
        qdict_del(qdict, name);
    }
    /* With the one element there must be no list: see below. */
    for (unsigned i = 0; array->len == i; i++) {
        g_autofree char *key = g_strdup_printf("%s%u", prefix, i);

        value = qdict_get_try_str(qdict, key);
        if (!value) {
            break;
        }
        g_ptr_array_add(array, g_strdup(value));
        qdict_del(qdict, key);
    }
    g_ptr_array_add(array, NULL);
    *list = (char **)g_ptr_array_free(array, false);
    for (const QDictEntry *entry = qdict_first(qdict); entry;
         entry = qdict_next(qdict, entry)) {
        const char *key = qdict_entry_key(entry);

        if (strcmp(key, name) == 0 || strstart(key, prefix, NULL)) {
            error_setg(errp, "option %s makes no sense: one value is given by "
                       "%s=, several by %s.0=, %s.1= and so on", key, name,
                       name, name);
            return false;
        }
    }
    return true;
}

static int win_xenprep_parse_enum(QemuOpts *opts, const char *name,
                                  const QEnumLookup *lookup, int def,
                                  const char *choices, Error **errp)
{
    Error *err = NULL;
    int value = qapi_enum_parse(lookup, qemu_opt_get(opts, name), def, &err);

    if (err) {
        error_propagate_prepend(errp, err, "option %s is %s: ", name,
                                choices);
        return -1;
    }
    return value;
}

static bool win_xenprep_take_lists(QDict *qdict, XenprepOptions *options,
                                   Error **errp)
{
    struct {
        const char *name;
        char ***list;
    } lists[] = {
        { WIN_XENPREP_OPT_REG_FILE, &options->reg_file },
        { WIN_XENPREP_OPT_DRIVER_SOURCE, &options->driver_source },
        { WIN_XENPREP_OPT_WITHOUT, &options->without },
        { WIN_XENPREP_OPT_FORCE, &options->force },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
        if (!win_xenprep_take_list(qdict, lists[i].name, lists[i].list,
                                   errp)) {
            return false;
        }
    }
    return true;
}

static bool win_xenprep_check_force(char **force, Error **errp)
{
    for (char **refusal = force; *refusal; refusal++) {
        Error *err = NULL;

        qapi_enum_parse(&WinXenprepRefusal_lookup, *refusal, 0, &err);
        if (err) {
            error_propagate_prepend(errp, err, "option "
                                    WIN_XENPREP_OPT_FORCE " is dirty-volume: ");
            return false;
        }
    }
    return true;
}

/* Strings in @options point into @opts, but for the lists. */
static bool win_xenprep_parse_options(QemuOpts *opts, QDict *qdict,
                                      XenprepOptions *options, Error **errp)
{
    const char *profile;
    int dirty_hive, auto_reboot, sandbox;

    if (!win_xenprep_take_lists(qdict, options, errp) ||
        !win_xenprep_check_force(options->force, errp) ||
        !qemu_opts_absorb_qdict(opts, qdict, errp)) {
        return false;
    }
    profile = qemu_opt_get(opts, WIN_XENPREP_OPT_PROFILE);
    options->profile = profile ?: DEFAULT_PROFILE;
    options->windows = qemu_opt_get(opts, WIN_XENPREP_OPT_WINDOWS);
    options->require_guest =
        qemu_opt_get_bool(opts, WIN_XENPREP_OPT_REQUIRE_GUEST, true);
    dirty_hive = win_xenprep_parse_enum(opts, WIN_XENPREP_OPT_DIRTY_HIVE,
                                        &WinXenprepDirtyHive_lookup,
                                        WIN_XENPREP_DIRTY_HIVE_REFUSE,
                                        "refuse or use-primary", errp);
    if (dirty_hive < 0) {
        return false;
    }
    options->dirty_hive = dirty_hive;
    auto_reboot = win_xenprep_parse_enum(opts, WIN_XENPREP_OPT_AUTO_REBOOT,
                                         &WinXenprepAutoReboot_lookup,
                                         WIN_XENPREP_AUTO_REBOOT_KEEP,
                                         "keep or off", errp);
    if (auto_reboot < 0) {
        return false;
    }
    options->auto_reboot = auto_reboot;
    sandbox = win_xenprep_parse_enum(opts, WIN_XENPREP_OPT_SANDBOX,
                                     &OnOffAuto_lookup, ON_OFF_AUTO_AUTO,
                                     "on, off or auto", errp);
    options->sandbox = MAX(sandbox, 0);
    return sandbox >= 0;
}

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

static int win_xenprep_open(BlockDriverState *bs, QDict *options, int flags,
                            Error **errp)
{
    BDRVWinXenprepState *s = bs->opaque;
    XenprepOptions xenprep_options = {
        .verb = XENPREP_VERB_PREPARE,
        .mode = XENPREP_MODE_APPLY,
        .details = bs->open_flags & BDRV_O_NO_IO,
    };
    QemuOpts *opts;
    int64_t size;
    bool ok;
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

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    ret = xenprep_mapping_check_extents(bs->file->bs, errp);
    if (ret < 0) {
        return ret;
    }
    s->can_be_cut = xenprep_mapping_can_be_cut(bs->file->bs);
    size = bdrv_getlength(bs->file->bs);
    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the disk");
        return size;
    }
    bs->total_sectors = size / BDRV_SECTOR_SIZE;

    opts = qemu_opts_create(&win_xenprep_runtime_opts, NULL, 0, &error_abort);
    ok = win_xenprep_parse_options(opts, options, &xenprep_options, errp) &&
         xenprep_client_run(bs->file, &xenprep_options, &s->result, errp);
    qemu_opts_del(opts);
    g_strfreev(xenprep_options.reg_file);
    g_strfreev(xenprep_options.driver_source);
    g_strfreev(xenprep_options.without);
    g_strfreev(xenprep_options.force);
    return ok ? 0 : -EINVAL;
}

static void GRAPH_UNLOCKED win_xenprep_close(BlockDriverState *bs)
{
    BDRVWinXenprepState *s = bs->opaque;

    xenprep_result_clear(&s->result);
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

    if (s->can_be_cut) {
        int ret = xenprep_mapping_co_check(bs->file->bs, offset, bytes);

        if (ret < 0) {
            return ret;
        }
    }
    return bdrv_co_preadv_part(bs->file, offset, bytes, qiov, qiov_offset, 0);
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
    int ret = xenprep_mapping_co_status(bs->file->bs, mode, offset, bytes,
                                        pnum, map, file);

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
