/*
 * How the commands of win-xenfix change a guest, in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"
#include "win-xenfix-change.h"
#include "win-xenfix-image.h"
#include "win-xenfix-options.h"
#include "win-xenfix-prepared.h"

#include "qapi/error.h"

static bool set_dry_run(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->dry_run = true;
    return true;
}

static bool add_force(XenfixOptions *options, const char *value, Error **errp)
{
    int number;

    if (!xenfix_options_enum("force", value, &WinXenprepRefusal_lookup,
                             &number, errp)) {
        return false;
    }
    xenfix_options_append(&options->force, value);
    return true;
}

const XenfixOption xenfix_change_options[] = {
    {
        "dry-run", 'n', NULL, "only tell what would be changed", set_dry_run
    },
    {
        "undo", 0, "FILE", "the undo file (default: IMAGE.xenfix-undo, if "
        "IMAGE is a file)", xenfix_options_undo
    },
    {
        "force", 0, "REFUSAL", "what not to refuse: dirty-volume or "
        "hal-family; may be given several times", add_force
    },
    { NULL }
};

/* Two runs need two undo files, and only the newer could be taken back. */
static bool may_change(const UndoState *state, Error **errp)
{
    if (!state->undo) {
        return true;
    }
    if (state->verdict == UNDO_VERDICT_SOUND) {
        error_setg(errp, "undo file '%s' has what an earlier run changed: "
                   "take that back with 'win-xenfix rollback', or move the "
                   "file away to keep it for good", state->path);
    } else {
        error_setg(errp, "undo file '%s' is of an earlier run, and %s has "
                   "changed since, so that it is of no more use: remove it",
                   state->path, state->what);
    }
    return false;
}

static bool change(BlockBackend *image, const UndoState *state,
                   const XenprepResult *result, Error **errp)
{
    g_autoptr(UndoFile) undo = undo_disk_collect(image, result, errp);

    if (!undo) {
        return false;
    }
    return undo->patches->len == 0 ||
           (may_change(state, errp) &&
            undo_transaction_run(image, state->path, undo, errp));
}

static bool run_for_good(const XenfixOptions *options, BlockBackend *image,
                         const XenprepOptions *request,
                         XenprepResult *result, Error **errp)
{
    g_auto(UndoState) state = { 0 };

    return undo_transaction_settle(options, image, &state, errp) &&
           xenfix_image_run(image, request, result, errp) &&
           change(image, &state, result, errp);
}

static bool run_dry(const XenfixOptions *options, BlockBackend *image,
                    const XenprepOptions *request, XenprepResult *result,
                    Error **errp)
{
    return undo_state_check_whole(options, image, errp) &&
           xenfix_image_run(image, request, result, errp);
}

static bool run_on(const XenfixOptions *options, BlockBackend *image,
                   const XenprepOptions *request, XenprepResult *result,
                   Error **errp)
{
    ERRP_GUARD();
    bool ok = options->dry_run
              ? run_dry(options, image, request, result, errp)
              : run_for_good(options, image, request, result, errp);

    if (!ok) {
        error_prepend(errp, "%s: ", options->image);
    }
    return ok;
}

XenprepOptions xenfix_change_request(const XenfixOptions *options)
{
    return (XenprepOptions) {
        .verb = XENPREP_VERB_PREPARE,
        .mode = XENPREP_MODE_APPLY,
        .windows = options->windows,
        .driver_source = options->driver_source,
        .dirty_hive = options->dirty_hive,
        .force = options->force,
        .has_hal = options->has_hal,
        .hal = options->hal,
        .hal_replace = options->hal_replace,
        .boot_ini = options->boot_ini,
        .boot_ini_operations = options->boot_ini_operations,
        .auto_reboot = options->auto_reboot,
        .details = true,
        .witnesses = true,
        .require_guest = true,
        .sandbox = options->sandbox,
    };
}

XenfixStatus xenfix_change_run(const XenfixOptions *options,
                               const XenprepOptions *request)
{
    g_auto(XenprepResult) result = { 0 };
    Error *err = NULL;
    BlockBackend *image = options->dry_run
                          ? xenfix_image_open(options, &err)
                          : xenfix_image_open_rw(options, &err);
    bool ok = image && run_on(options, image, request, &result,
                                &err);

    if (ok) {
        xenfix_print_prepared(options, image, result.report.prepare);
    } else {
        error_report_err(err);
    }
    blk_unref(image);
    return ok ? XENFIX_YES : XENFIX_ERROR;
}
