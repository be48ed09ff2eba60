/*
 * win-xenfix drivers: makes a guest bootable from IDE, in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"
#include "win-xenfix-image.h"
#include "win-xenfix-options.h"
#include "win-xenfix-prepared.h"

#include "qapi/error.h"

#define DEFAULT_PROFILE "ide"

static bool set_profile(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->profile = value;
    return true;
}

static bool add_reg_file(XenfixOptions *options, const char *value,
                         Error **errp)
{
    xenfix_options_append(&options->reg_file, value);
    return true;
}

static bool add_driver_source(XenfixOptions *options, const char *value,
                              Error **errp)
{
    xenfix_options_append(&options->driver_source, value);
    return true;
}

static bool add_without(XenfixOptions *options, const char *value,
                        Error **errp)
{
    xenfix_options_append(&options->without, value);
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

static bool set_auto_reboot(XenfixOptions *options, const char *value,
                            Error **errp)
{
    int number;

    if (!xenfix_options_enum("auto-reboot", value,
                             &WinXenprepAutoReboot_lookup, &number, errp)) {
        return false;
    }
    options->auto_reboot = number;
    return true;
}

static bool set_dry_run(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->dry_run = true;
    return true;
}

static const XenfixOption drivers_options[] = {
    {
        "dry-run", 'n', NULL, "only tell what would be changed", set_dry_run
    },
    {
        "undo", 0, "FILE", "the undo file (default: IMAGE.xenfix-undo, if "
        "IMAGE is a file)", xenfix_options_undo
    },
    {
        "profile", 0, "PROFILE", "what to inject: a built-in profile, or the "
        "path of one (default: " DEFAULT_PROFILE ")", set_profile
    },
    {
        "reg-file", 0, "FILE", "a .reg file to be merged before the "
        "profile's; may be given several times", add_reg_file
    },
    {
        "driver-source", 0, "PATH", "a file or folder with drivers that the "
        "guest lacks; may be given several times", add_driver_source
    },
    {
        "without", 0, "PART", "a part of the profile to leave out; may be "
        "given several times", add_without
    },
    {
        "force", 0, "REFUSAL", "what not to refuse: dirty-volume", add_force
    },
    {
        "auto-reboot", 0, "MODE", "what follows a STOP screen: keep "
        "(default), as the guest has it; off, it stays", set_auto_reboot
    },
    { NULL }
};

static bool prepare(BlockBackend *image, const XenfixOptions *options,
                    XenprepResult *result, Error **errp)
{
    XenprepOptions request = {
        .verb = XENPREP_VERB_PREPARE,
        .mode = XENPREP_MODE_APPLY,
        .profile = options->profile ?: DEFAULT_PROFILE,
        .windows = options->windows,
        .driver_source = options->driver_source,
        .reg_file = options->reg_file,
        .dirty_hive = options->dirty_hive,
        .without = options->without,
        .force = options->force,
        .auto_reboot = options->auto_reboot,
        .details = true,
        .witnesses = true,
        .require_guest = true,
        .sandbox = options->sandbox,
    };

    return xenfix_image_run(image, &request, result, errp);
}

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
                         XenprepResult *result, Error **errp)
{
    g_auto(UndoState) state = { 0 };

    return undo_transaction_settle(options, image, &state, errp) &&
           prepare(image, options, result, errp) &&
           change(image, &state, result, errp);
}

/* A disk that is half-changed cannot be told about. */
static bool refuse_pending(const XenfixOptions *options, BlockBackend *image,
                           Error **errp)
{
    g_auto(UndoState) state = { 0 };
    Error *err = NULL;

    if (!undo_state_read(options, image, &state, &err)) {
        if (state.path) {
            error_propagate(errp, err);
            return false;
        }
        /* No place for an undo file: none is needed to look. */
        error_free(err);
        return true;
    }
    if (state.undo && !state.undo->done &&
        state.verdict != UNDO_VERDICT_FOREIGN) {
        error_setg(errp, "an earlier run was cut off, so that the disk is "
                   "half-changed: run 'win-xenfix rollback' first");
        return false;
    }
    return true;
}

static bool run_dry(const XenfixOptions *options, BlockBackend *image,
                    XenprepResult *result, Error **errp)
{
    return refuse_pending(options, image, errp) &&
           prepare(image, options, result, errp);
}

static bool run_on(const XenfixOptions *options, BlockBackend *image,
                   XenprepResult *result, Error **errp)
{
    ERRP_GUARD();
    bool ok = options->dry_run ? run_dry(options, image, result, errp)
                               : run_for_good(options, image, result, errp);

    if (!ok) {
        error_prepend(errp, "%s: ", options->image);
    }
    return ok;
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_auto(XenprepResult) result = { 0 };
    Error *err = NULL;
    BlockBackend *image = options->dry_run
                          ? xenfix_image_open(options, &err)
                          : xenfix_image_open_rw(options, &err);
    bool ok = image && run_on(options, image, &result, &err);

    if (ok) {
        xenfix_print_prepared(options, image, result.report.prepare);
    } else {
        error_report_err(err);
    }
    blk_unref(image);
    return ok ? XENFIX_YES : XENFIX_ERROR;
}

const XenfixCommand xenfix_command_drivers = {
    .name = "drivers",
    .summary = "Make the Windows on a disk boot from IDE, in place",
    .writes = true,
    .details =
        "Changes what the win-xenprep driver would show as changed.  What was "
        "there is\nin the undo file; 'win-xenfix rollback' puts it back.\n"
        "\n"
        "Exit status: 0 done, or there was nothing to change; 3 error\n",
    .options = drivers_options,
    .run = run,
};
