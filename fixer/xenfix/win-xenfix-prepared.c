/*
 * How win-xenfix shows what was changed, or would be
 *
 * The report is the one of a win-xenprep node, so that its JSON is the same as
 * that of qemu-img info.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-prepared.h"
#include "win-xenfix-print.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"

static void print_source(const WinXenprepDriverSource *source,
                         GString *words)
{
    xenfix_word(words, "%s", source->path);
    xenfix_word(words, "%s", source->used ? "used" : "not used");
    if (source->version) {
        xenfix_word(words, "version %s", source->version);
    }
    xenfix_word(words, "%s", source->reason);
    xenfix_print_words("driver source", words);
}

static void print_change(const WinXenprepChange *change, GString *words)
{
    printf("%s %s: partition %" PRId64 ", %s\n",
           WinXenprepAction_str(change->action),
           WinXenprepObject_str(change->object), change->partition,
           change->path);
    /* Edits of boot.ini are sentences, and have a line each. */
    if (change->object == WIN_XENPREP_OBJECT_FILE) {
        xenfix_print_strings("    edit", change->values);
    } else {
        xenfix_print_string_list("    values", change->values);
    }
    if (change->source) {
        printf("    source: %s\n", change->source);
    }
    printf("    reason: %s\n", change->reason);
}

static void print_human(const ImageInfoSpecificWinXenprep *report)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (report->profile) {
        printf("profile: %s\n", report->profile);
    }
    if (report->adapter_type) {
        printf("adapter type: %s\n", report->adapter_type);
    }
    if (report->windows) {
        xenfix_print_windows(report->windows, words);
    }
    for (WinXenprepPlaceList *place = report->other_windows; place;
         place = place->next) {
        printf("other Windows: partition %" PRId64 ", %s\n",
               place->value->partition, place->value->system_root);
    }
    for (WinXenprepDriverSourceList *source = report->driver_sources; source;
         source = source->next) {
        print_source(source->value, words);
    }
    for (WinXenprepChangeList *change = report->changes; change;
         change = change->next) {
        print_change(change->value, words);
    }
    xenfix_print_strings("warning", report->warnings);
    xenfix_print_string_list("read in a jail of", report->sandbox);
}

static void print_summary(const XenfixOptions *options,
                          const ImageInfoSpecificWinXenprep *report)
{
    if (report->patches == 0) {
        printf("nothing to change\n");
        return;
    }
    printf("%s: %" PRId64 " runs of sectors, %" PRIu64 " bytes\n",
           options->dry_run ? "would be changed" : "changed",
           report->patches, report->patched_bytes);
}

static void print_json(ImageInfoSpecificWinXenprep *report)
{
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    visit_type_ImageInfoSpecificWinXenprep(v, NULL, &report, &error_abort);
    xenfix_print_visited(v, &obj);
}

void xenfix_print_prepared(const XenfixOptions *options, BlockBackend *image,
                           ImageInfoSpecificWinXenprep *report)
{
    if (options->quiet) {
        return;
    }
    /* Not for the user, and not what qemu-img info has. */
    qapi_free_WinXenprepWitnessList(report->witnesses);
    report->witnesses = NULL;
    report->has_witnesses = false;
    if (options->json) {
        print_json(report);
        return;
    }
    printf("image: %s\nfile format: %s\n", options->image,
           bdrv_get_format_name(blk_bs(image)));
    print_human(report);
    print_summary(options, report);
}
