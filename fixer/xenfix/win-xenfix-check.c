/*
 * win-xenfix check: whether a guest would boot, link by link
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-image.h"
#include "win-xenfix-print.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qapi/qobject-output-visitor.h"

#define DEFAULT_MACHINE "xen-hvm"

static const char *state_word(WinXenfixLinkState state)
{
    /* What does not work is to be found at a glance. */
    return state == WIN_XENFIX_LINK_STATE_BROKEN
           ? "BROKEN" : WinXenfixLinkState_str(state);
}

static void print_link(const WinXenfixLink *link)
{
    printf("%-8s %s: %s", state_word(link->state), link->name, link->text);
    if (link->object) {
        printf(" (%s)", link->object);
    }
    putchar('\n');
}

/* Links that the guest does not reach all say so: they share one line. */
static void print_links(const WinXenfixLinkList *link)
{
    g_autoptr(GString) not_reached = g_string_new(NULL);
    bool broken = false;

    for (; link; link = link->next) {
        WinXenfixLinkState state = link->value->state;

        if (broken && state == WIN_XENFIX_LINK_STATE_SKIPPED) {
            xenfix_word(not_reached, "%s", link->value->name);
        } else {
            print_link(link->value);
        }
        broken |= state == WIN_XENFIX_LINK_STATE_BROKEN;
    }
    if (not_reached->len) {
        xenfix_print_words("skipped  not reached", not_reached);
    }
}

static const WinXenfixLink *find_link(const WinXenfixCheck *check,
                                      WinXenfixLinkState state)
{
    for (WinXenfixLinkList *link = check->links; link; link = link->next) {
        if (link->value->state == state) {
            return link->value;
        }
    }
    return NULL;
}

static const char *verdict_text(WinXenfixAnswer boots)
{
    switch (boots) {
    case WIN_XENFIX_ANSWER_YES:
        return "yes, as far as the disk can tell";
    case WIN_XENFIX_ANSWER_NO:
        return "no";
    default:
        return "cannot tell";
    }
}

/* The answer, and the link that it is due to. */
static void print_verdict(const WinXenfixCheck *check)
{
    const WinXenfixLink *link = NULL;

    printf("boots on %s: %s\n", check->machine, verdict_text(check->boots));
    if (check->boots == WIN_XENFIX_ANSWER_NO) {
        link = find_link(check, WIN_XENFIX_LINK_STATE_BROKEN);
    } else if (check->boots == WIN_XENFIX_ANSWER_UNKNOWN) {
        link = find_link(check, WIN_XENFIX_LINK_STATE_UNKNOWN);
    }
    if (!link) {
        return;
    }
    printf("    because of: %s\n", link->name);
    if (link->stop_code) {
        printf("    the screen shows: %s\n", link->stop_code);
    }
    if (link->remedy) {
        printf("    remedy: %s\n", link->remedy);
    }
}

static void print_check(const WinXenfixCheck *check)
{
    if (check->windows) {
        printf("Windows: partition %" PRId64 ", %s\n",
               check->windows->partition, check->windows->system_root);
    }
    print_links(check->links);
    xenfix_print_strings("warning", check->warnings);
    print_verdict(check);
}

static void print_check_json(WinXenfixCheck *check)
{
    QObject *obj;
    Visitor *v = qobject_output_visitor_new(&obj);

    visit_type_WinXenfixCheck(v, NULL, &check, &error_abort);
    xenfix_print_visited(v, &obj);
}

static void print(const XenfixOptions *options, WinXenfixCheck *check)
{
    if (options->quiet) {
        return;
    }
    if (options->json) {
        print_check_json(check);
        return;
    }
    printf("image: %s\n", options->image);
    print_check(check);
}

static XenfixStatus answer(WinXenfixAnswer boots)
{
    switch (boots) {
    case WIN_XENFIX_ANSWER_YES:
        return XENFIX_YES;
    case WIN_XENFIX_ANSWER_NO:
        return XENFIX_NO;
    default:
        return XENFIX_CANNOT_TELL;
    }
}

static XenfixStatus run(const XenfixOptions *options)
{
    g_auto(XenprepReport) report = { 0 };
    XenfixOptions question = *options;
    XenfixStatus status = XENFIX_ERROR;
    Error *err = NULL;
    BlockBackend *image = xenfix_image_open(options, &err);

    question.machine = options->machine ?: DEFAULT_MACHINE;
    if (image && xenfix_image_ask(image, XENPREP_VERB_CHECK, &question,
                                  &report, &err)) {
        print(options, report.check);
        status = answer(report.check->boots);
    } else {
        error_report_err(err);
    }
    blk_unref(image);
    return status;
}

static bool set_machine(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->machine = value;
    return true;
}

static const XenfixOption check_options[] = {
    {
        "machine", 0, "MACHINE", "the machine that the guest is to boot on: "
        "xen-hvm (default), xen-hvm-ahci, qemu-pc, qemu-q35; with -uefi at the "
        "end, such as xen-hvm-uefi, each has UEFI firmware", set_machine
    },
    { NULL }
};

const XenfixCommand xenfix_command_check = {
    .name = "check",
    .summary = "Tell whether the Windows on a disk would boot, or why not",
    .details =
        "Follows the boot path from the firmware on, and stops at the first "
        "broken\nlink.\n"
        "\n"
        "Exit status: 0 it boots, as far as the disk can tell; 1 it does "
        "not;\n2 cannot tell; 3 error\n",
    .options = check_options,
    .run = run,
};
