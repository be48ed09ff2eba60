/*
 * win-xenfix boot-ini: shows boot.ini, or edits it in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-change.h"
#include "win-xenfix-image.h"
#include "win-xenfix-options.h"
#include "win-xenfix-print.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"
#include "qemu/cutils.h"

/* The same as NTLDR's own editor, Bootcfg, allows. */
#define MAX_TIMEOUT 999

/* An entry's number, or a time: neither has more digits. */
#define MAX_NUMBER 9999

/* Begins an edit, which the caller goes on with. */
static QList *add_edit(XenfixOptions *options, const char *name)
{
    QList *edit = qlist_new();

    if (!options->boot_ini_operations) {
        options->boot_ini_operations = qlist_new();
    }
    qlist_append_str(edit, name);
    qlist_append(options->boot_ini_operations, edit);
    return edit;
}

static bool set_default(XenfixOptions *options, const char *value,
                        Error **errp)
{
    uint64_t entry;

    if (!xenfix_options_number("default", value, &entry, errp)) {
        return false;
    }
    qlist_append_int(add_edit(options, "default"), MIN(entry, MAX_NUMBER));
    return true;
}

static bool set_timeout(XenfixOptions *options, const char *value,
                        Error **errp)
{
    int seconds;

    if (qemu_strtoi(value, NULL, 10, &seconds) < 0 || seconds < -1 ||
        seconds > MAX_TIMEOUT) {
        error_setg(errp, "--timeout must be used with a number of seconds "
                   "from 0 to %d, or -1, as argument", MAX_TIMEOUT);
        return false;
    }
    qlist_append_int(add_edit(options, "timeout"), seconds);
    return true;
}

static bool add_entry(XenfixOptions *options, const char *value, Error **errp)
{
    qlist_append_str(add_edit(options, "add"), value);
    return true;
}

static bool remove_entry(XenfixOptions *options, const char *value,
                         Error **errp)
{
    uint64_t entry;

    if (!xenfix_options_number("remove", value, &entry, errp)) {
        return false;
    }
    qlist_append_int(add_edit(options, "remove"), MIN(entry, MAX_NUMBER));
    return true;
}

/* [N:]SWITCH */
static bool set_option(XenfixOptions *options, const char *value,
                       Error **errp)
{
    const char *text = value;
    uint64_t entry = 0;
    QList *edit;

    if (g_ascii_isdigit(*value) &&
        (qemu_strtou64(value, &text, 10, &entry) < 0 || entry == 0 ||
         *text++ != ':')) {
        error_setg(errp, "--set-option must be used with a switch as "
                   "argument, in front of it the number of an entry and ':': "
                   "2:/PAE");
        return false;
    }
    edit = add_edit(options, "switch");
    qlist_append_int(edit, MIN(entry, MAX_NUMBER));
    qlist_append_str(edit, text);
    return true;
}

static bool set_rewrite_arc(XenfixOptions *options, const char *value,
                            Error **errp)
{
    options->boot_ini = WIN_XENPREP_BOOT_INI_REWRITE_ARC;
    return true;
}

static const XenfixOption boot_ini_options[] = {
    {
        "default", 0, "N", "start entry N by default", set_default
    },
    {
        "timeout", 0, "SECONDS", "how long the menu waits, -1: for ever",
        set_timeout
    },
    {
        "add", 0, "LINE", "add an entry, PATH=\"TITLE\" /SWITCH...",
        add_entry
    },
    {
        "remove", 0, "N", "remove entry N", remove_entry
    },
    {
        "set-option", 0, "[N:]SWITCH", "set a switch of entry N, or of the "
        "one that is started, /NAME or /NAME=VALUE; -/NAME takes it away",
        set_option
    },
    {
        "rewrite-arc", 0, NULL, "make scsi() and signature() the multi() of "
        "the same partition, before any other edit", set_rewrite_arc
    },
    { NULL }
};

static void print_json(WinXenfixBootIni *ini)
{
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    visit_type_WinXenfixBootIni(v, NULL, &ini, &error_abort);
    xenfix_print_visited(v, &obj);
}

static void print(const XenfixOptions *options, WinXenfixBootIni *ini)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (options->quiet) {
        return;
    }
    if (options->json) {
        print_json(ini);
    } else {
        xenfix_print_boot_ini(ini, words);
    }
}

static bool show_on(const XenfixOptions *options, BlockBackend *image,
                    Error **errp)
{
    g_auto(XenprepReport) report = { 0 };

    if (!xenfix_image_ask(image, XENPREP_VERB_INSPECT, options, &report,
                          errp)) {
        return false;
    }
    if (!report.inspect->boot_ini) {
        error_setg(errp, "%s: no boot.ini can be read there; 'win-xenfix "
                   "info' tells what there is", options->image);
        return false;
    }
    print(options, report.inspect->boot_ini);
    return true;
}

static XenfixStatus show(const XenfixOptions *options)
{
    Error *err = NULL;
    BlockBackend *image = xenfix_image_open(options, &err);
    bool ok = image && show_on(options, image, &err);

    if (!ok) {
        error_report_err(err);
    }
    blk_unref(image);
    return ok ? XENFIX_YES : XENFIX_ERROR;
}

static XenfixStatus edit(const XenfixOptions *options)
{
    XenprepOptions request = xenfix_change_request(options);

    if (options->boot_ini != WIN_XENPREP_BOOT_INI_REWRITE_ARC) {
        request.boot_ini = WIN_XENPREP_BOOT_INI_KEEP;
    }
    return xenfix_change_run(options, &request);
}

static bool has_edits(const XenfixOptions *options)
{
    return options->boot_ini_operations ||
           options->boot_ini == WIN_XENPREP_BOOT_INI_REWRITE_ARC;
}

static XenfixStatus run(const XenfixOptions *options)
{
    return has_edits(options) ? edit(options) : show(options);
}

const XenfixCommand xenfix_command_boot_ini = {
    .name = "boot-ini",
    .summary = "Show boot.ini, or edit it in place",
    .writes = true,
    .writes_with = has_edits,
    .details =
        "Without an edit boot.ini is shown, and nothing is written.  Edits "
        "are made in the\norder in which they are given; 'win-xenfix "
        "rollback' takes all of them back.\n"
        "\n"
        "Exit status: 0 done, or there was nothing to change; 3 error\n",
    .options = boot_ini_options,
    .more_options = xenfix_change_options,
    .run = run,
};
