/*
 * win-xenfix status: whether a run was cut off, or can be taken back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-transaction.h"
#include "win-xenfix-image.h"
#include "win-xenfix-options.h"
#include "win-xenfix-print.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"

static WinXenfixUndoState state_of(const UndoState *state)
{
    if (!state->undo) {
        return WIN_XENFIX_UNDO_STATE_NONE;
    }
    if (state->verdict == UNDO_VERDICT_FOREIGN) {
        return WIN_XENFIX_UNDO_STATE_FOREIGN;
    }
    if (!state->undo->done) {
        return WIN_XENFIX_UNDO_STATE_PENDING;
    }
    return state->verdict == UNDO_VERDICT_CHANGED
           ? WIN_XENFIX_UNDO_STATE_STALE : WIN_XENFIX_UNDO_STATE_DONE;
}

/* A view; only the object itself is to be freed. */
static WinXenfixUndo view(const UndoState *state)
{
    WinXenfixUndo report = {
        .undo_file = state->path,
        .state = state_of(state),
        .difference = state->what,
    };

    if (state->undo) {
        report.has_patches = true;
        report.patches = state->undo->patches->len;
        report.has_patched_bytes = true;
        report.patched_bytes = undo_file_patch_bytes(state->undo);
    }
    XENPREP_SET_HAS(&report, difference);
    return report;
}

static const char *meaning(const UndoState *state)
{
    switch (state_of(state)) {
    case WIN_XENFIX_UNDO_STATE_NONE:
        return "there is nothing to take back";
    case WIN_XENFIX_UNDO_STATE_PENDING:
        return state->what
               ? "a run was cut off, and the disk has been used since"
               : "a run was cut off; 'win-xenfix rollback' takes it back, and "
                 "so does the next run";
    case WIN_XENFIX_UNDO_STATE_DONE:
        return "the changes can be taken back with 'win-xenfix rollback'";
    case WIN_XENFIX_UNDO_STATE_STALE:
        return "the disk has been used since; unless that was a run with "
               "another undo file, which can be taken back first, nothing can "
               "be taken back";
    default:
        return "the undo file is of another image, or a later run with "
               "another undo file has to be taken back first";
    }
}

static void print_human(const XenfixOptions *options, const UndoState *state,
                        const WinXenfixUndo *report)
{
    printf("image: %s\nundo file: %s\nstate: %s\n", options->image,
           report->undo_file, WinXenfixUndoState_str(report->state));
    if (report->has_patches) {
        printf("changes: %" PRId64 " runs of sectors, %" PRIu64 " bytes\n",
               report->patches, report->patched_bytes);
    }
    if (report->difference) {
        printf("difference: %s\n", report->difference);
    }
    printf("meaning: %s\n", meaning(state));
}

static void print(const XenfixOptions *options, const UndoState *state)
{
    WinXenfixUndo report = view(state);
    WinXenfixUndo *reported = &report;
    QObject *obj;
    Visitor *v;

    if (options->quiet) {
        return;
    }
    if (!options->json) {
        print_human(options, state, &report);
        return;
    }
    v = qobject_output_visitor_new(&obj);
    visit_type_WinXenfixUndo(v, NULL, &reported, &error_abort);
    xenfix_print_visited(v, &obj);
}

static XenfixStatus answer(const UndoState *state)
{
    switch (state_of(state)) {
    case WIN_XENFIX_UNDO_STATE_PENDING:
        return XENFIX_NO;
    case WIN_XENFIX_UNDO_STATE_FOREIGN:
        return XENFIX_CANNOT_TELL;
    default:
        return XENFIX_YES;
    }
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_auto(UndoState) state = { 0 };
    XenfixStatus status = XENFIX_ERROR;
    Error *err = NULL;
    BlockBackend *image = xenfix_image_open(options, &err);

    if (image && undo_state_read(options, image, &state, &err)) {
        print(options, &state);
        status = answer(&state);
    } else {
        if (image) {
            error_prepend(&err, "%s: ", options->image);
        }
        error_report_err(err);
    }
    blk_unref(image);
    return status;
}

const XenfixCommand xenfix_command_status = {
    .name = "status",
    .ignores_guest = true,
    .summary = "Tell whether a run was cut off, or can be taken back",
    .details =
        "States: none, there is no undo file; pending, a run was cut off; "
        "done, it can\nbe taken back; stale, the disk was used since; "
        "foreign, the undo file is of\nanother image.\n"
        "\n"
        "Exit status: 0 the disk is whole: none, done or stale; 1 pending; "
        "2 foreign;\n3 error\n",
    .options = xenfix_undo_options,
    .run = run,
};
