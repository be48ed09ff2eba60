/*
 * Changes a disk, and takes the change back, so that no crash leaves a mixture
 *
 * Notes on the design
 *
 *   1. The undo file, whole and durable.      crash: the disk is as it was
 *   2. All patches, then a flush.             crash: the file is not "done"
 *   3. The file becomes "done", durably.      crash: 2 or 4
 *   4. The changes are made.
 *
 * To take them back: 3, 2 and 1, in this order, with the old bytes.
 *
 * Whoever finds a file that is not "done" takes the changes back: that works
 * with what is in the file alone, whatever the run was about, and whatever
 * this one is to do.  An error on the way has the same end, at once.
 *
 * The image is open for writing, and shared with nobody, all the time: QEMU's
 * locks see to it that there is one of us.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"

#include "qapi/error.h"
#include "qemu/error-report.h"
#include "undo-place.h"
#include "undo-store.h"

void undo_state_clear(UndoState *state)
{
    g_free(state->path);
    undo_file_free(state->undo);
    g_free(state->what);
    *state = (UndoState) { 0 };
}

/* Hands on GLib's kind of error, which is freed. */
static bool hand_on(GError *error, Error **errp)
{
    error_setg(errp, "%s", error->message);
    g_error_free(error);
    return false;
}

static bool load_undo(UndoState *state, Error **errp)
{
    GError *error = NULL;

    return undo_store_load(state->path, &state->undo, &error) ||
           hand_on(error, errp);
}

static bool compare(UndoState *state, BlockBackend *image, Error **errp)
{
    state->verdict = undo_disk_compare(image, state->undo, &state->what, errp);
    return state->verdict != UNDO_VERDICT_ERROR;
}

bool undo_state_read(const XenfixOptions *options, BlockBackend *image,
                     UndoState *state, Error **errp)
{
    state->path = undo_place(options, image, errp);
    return state->path && load_undo(state, errp) &&
           (!state->undo || compare(state, image, errp));
}


/* ------------------------------------------------------------- changing */

/* After the error @err, which it takes: everything as it was. */
static bool put_back(BlockBackend *image, const char *path,
                     const UndoFile *undo, Error *err, Error **errp)
{
    Error *second = NULL;
    GError *error = NULL;

    if (!undo_disk_revert(image, undo, &second)) {
        error_setg(errp, "%s; taking the changes back failed as well (%s): "
                   "the image is half-changed, mend the cause and run "
                   "'win-xenfix rollback'", error_get_pretty(err),
                   error_get_pretty(second));
        error_free(second);
    } else if (!undo_store_remove(path, &error)) {
        error_setg(errp, "%s; the changes were taken back, but: %s",
                   error_get_pretty(err), error->message);
        g_error_free(error);
    } else {
        error_setg(errp, "%s; the image is as it was", error_get_pretty(err));
    }
    error_free(err);
    return false;
}

bool undo_transaction_run(BlockBackend *image, const char *path,
                          const UndoFile *undo, Error **errp)
{
    GError *error = NULL;
    Error *err = NULL;

    if (!undo_store_create(path, undo, &error)) {
        return hand_on(error, errp);
    }
    if (!undo_disk_apply(image, undo, &err)) {
        return put_back(image, path, undo, err, errp);
    }
    if (!undo_store_set_done(path, true, &error)) {
        hand_on(error, &err);
        return put_back(image, path, undo, err, errp);
    }
    return true;
}

/* ---------------------------------------------------------- taking back */

/* Why that is not safe, if so. */
static bool may_take_back(const UndoState *state, Error **errp)
{
    if (state->verdict == UNDO_VERDICT_SOUND) {
        return true;
    }
    if (state->verdict == UNDO_VERDICT_FOREIGN) {
        error_setg(errp, "undo file '%s' is not of this image, but of %s: "
                   "take back first what a later run with another undo file "
                   "has changed ('win-xenfix rollback --undo FILE'); if there "
                   "was none, move this one away", state->path, state->what);
    } else if (state->undo->done) {
        error_setg(errp, "%s has changed since win-xenfix wrote to the disk: "
                   "take back first what a later run with another undo file "
                   "has changed ('win-xenfix rollback --undo FILE'); if there "
                   "was none, taking this back would destroy the guest: "
                   "remove '%s' to keep the disk as it is", state->what,
                   state->path);
    } else {
        error_setg(errp, "an earlier run was cut off, and %s has changed "
                   "since; neither completing nor taking it back is safe: "
                   "remove '%s' to keep the disk as it is", state->what,
                   state->path);
    }
    return false;
}

/* Who may read the image need not be who changed it. */
static bool is_hidden(const char *path)
{
    if (access(path, R_OK) == 0 || errno != EACCES) {
        return false;
    }
    warn_report("cannot open undo file '%s': %s; whether a run was cut off is "
                "not known, 'win-xenfix status' as its owner tells", path,
                strerror(errno));
    return true;
}

bool undo_state_check_whole(const XenfixOptions *options,
                            BlockBackend *image, Error **errp)
{
    g_auto(UndoState) state = { 0 };

    /* Without a place for an undo file there is none. */
    state.path = undo_place(options, image, NULL);
    if (!state.path || is_hidden(state.path)) {
        return true;
    }
    if (!load_undo(&state, errp)) {
        return false;
    }
    if (!state.undo || state.undo->done) {
        return true;
    }
    if (!compare(&state, image, errp)) {
        return false;
    }
    if (state.verdict == UNDO_VERDICT_FOREIGN) {
        return true;
    }
    if (may_take_back(&state, errp)) {
        error_setg(errp, "an earlier run was cut off, so that the disk is "
                   "half-changed: run 'win-xenfix rollback' first");
    }
    return false;
}

bool undo_transaction_roll_back(BlockBackend *image, const UndoState *state,
                                Error **errp)
{
    ERRP_GUARD();
    GError *error = NULL;

    if (!may_take_back(state, errp)) {
        return false;
    }
    if (state->undo->done &&
        !undo_store_set_done(state->path, false, &error)) {
        return hand_on(error, errp);
    }
    if (!undo_disk_revert(image, state->undo, errp)) {
        error_prepend(errp, "the image is half-changed, mend the cause and "
                      "run 'win-xenfix rollback' again: ");
        return false;
    }
    return undo_store_remove(state->path, &error) || hand_on(error, errp);
}

bool undo_transaction_settle(const XenfixOptions *options,
                             BlockBackend *image, UndoState *state,
                             Error **errp)
{
    if (!undo_state_read(options, image, state, errp)) {
        return false;
    }
    if (!state->undo) {
        return true;
    }
    if (state->undo->done && state->verdict != UNDO_VERDICT_FOREIGN) {
        return true;
    }
    if (!undo_transaction_roll_back(image, state, errp)) {
        return false;
    }
    if (!options->quiet) {
        info_report("an earlier run was cut off; what it had changed was "
                    "taken back");
    }
    undo_file_free(g_steal_pointer(&state->undo));
    return true;
}
