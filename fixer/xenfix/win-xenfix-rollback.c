/*
 * win-xenfix rollback: takes back what another command has changed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"
#include "win-xenfix-image.h"
#include "win-xenfix-options.h"

#include "qapi/error.h"

static bool roll_back(const XenfixOptions *options, BlockBackend *image,
                      Error **errp)
{
    g_auto(UndoState) state = { 0 };

    if (!undo_state_read(options, image, &state, errp)) {
        return false;
    }
    if (!state.undo) {
        error_setg(errp, "there is nothing to roll back: no undo file '%s'",
                   state.path);
        return false;
    }
    if (!undo_transaction_roll_back(image, &state, errp)) {
        return false;
    }
    if (!options->quiet) {
        printf("%s: as it was before win-xenfix changed %" PRIu64 " bytes "
               "of it\n", options->image, undo_file_patch_bytes(state.undo));
    }
    return true;
}

static XenfixStatus run(const XenfixOptions *options)
{
    Error *err = NULL;
    BlockBackend *image = xenfix_image_open_rw(options, &err);
    bool ok = false;

    if (image) {
        ok = roll_back(options, image, &err);
        if (!ok) {
            error_prepend(&err, "%s: ", options->image);
        }
    }
    if (!ok) {
        error_report_err(err);
    }
    blk_unref(image);
    return ok ? XENFIX_YES : XENFIX_ERROR;
}

const XenfixCommand xenfix_command_rollback = {
    .name = "rollback",
    .summary = "Take back what win-xenfix has changed on a disk",
    .writes = true,
    .ignores_guest = true,
    .tells_nothing = true,
    .details =
        "It is refused if the guest was started or a volume was mounted "
        "since.\n"
        "\n"
        "Exit status: 0 done; 3 error\n",
    .options = xenfix_undo_options,
    .run = run,
};
