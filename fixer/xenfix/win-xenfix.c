/*
 * win-xenfix: what a Windows guest's disk holds, and what makes it boot
 *
 * A tool of QEMU's block layer, as qemu-img is: it takes whatever QEMU can
 * open.  The guest is parsed by the same jailed helper that prepares disks
 * for the win-xenprep driver.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <getopt.h>

#include "qemu-version.h"
#include "win-xenfix-options.h"

#include "crypto/init.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/help-texts.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/sockets.h"
#include "trace/control.h"

static const XenfixCommand *const commands[] = {
    &xenfix_command_info,
    &xenfix_command_check,
    &xenfix_command_config,
    &xenfix_command_drivers,
    &xenfix_command_hal,
    &xenfix_command_boot_ini,
    &xenfix_command_rollback,
    &xenfix_command_status,
    &xenfix_command_report,
};

static const XenfixCommand *find_command(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static void print_version(void)
{
    printf("win-xenfix version " QEMU_FULL_VERSION "\n" QEMU_COPYRIGHT "\n");
}

static void print_help(void)
{
    print_version();
    printf("Usage: win-xenfix [standard options] command [command options] "
           "IMAGE\n"
           "Look at the disk of a Windows guest, and make it boot\n"
           "\n"
           "  -h, --help     display this help and exit\n"
           "  -V, --version  output version information and exit\n"
           "  -T, --trace    [[enable=]<pattern>][,events=<file>]"
           "[,file=<file>]\n"
           "                 specify tracing options\n"
           "\n"
           "Commands:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        printf("  %-13s  %s\n", commands[i]->name, commands[i]->summary);
    }
    printf("\n"
           "'win-xenfix command --help' tells the options of a command.\n"
           "\n"
           "Exit status: 0 done, or yes; 1 no; 2 cannot tell; 3 error\n"
           "\n" QEMU_HELP_BOTTOM "\n");
}

static int G_GNUC_PRINTF(1, 2) wrong(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_vreport(fmt, ap);
    va_end(ap);
    error_printf("Try 'win-xenfix --help' for more information\n");
    return XENFIX_ERROR;
}

/* trace_opt_parse() exits with 1, which would be an answer. */
static bool set_trace(const char *arg)
{
    QemuOpts *opts = qemu_opts_parse_noisily(&qemu_trace_opts, arg, true);

    if (!opts) {
        return false;
    }
    qemu_opts_del(opts);
    trace_opt_parse(arg);
    return true;
}

/* Returns an exit status, or -1 if there is a command at argv[optind]. */
static int parse_standard_options(int argc, char **argv)
{
    static const struct option longs[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { "trace", required_argument, NULL, 'T' },
        { 0 }
    };
    int c;

    while ((c = getopt_long(argc, argv, "+:hVT:", longs, NULL)) != -1) {
        switch (c) {
        case ':':
            return wrong("missing argument for option '%s'",
                         argv[optind - 1]);
        case '?':
            return wrong("unrecognized option '%s'", argv[optind - 1]);
        case 'h':
            print_help();
            return XENFIX_YES;
        case 'V':
            print_version();
            return XENFIX_YES;
        case 'T':
            if (!set_trace(optarg)) {
                return XENFIX_ERROR;
            }
            break;
        }
    }
    return optind < argc ? -1 : wrong("Not enough arguments");
}

static bool init_tracing(Error **errp)
{
    if (!trace_init_backends()) {
        error_setg(errp, "cannot start tracing");
        return false;
    }
    trace_init_file();
    return qemu_set_log(LOG_TRACE, errp);
}

static bool will_write(const XenfixCommand *command,
                       const XenfixOptions *options)
{
    return command->writes && !options->dry_run &&
           (!command->writes_with || command->writes_with(options));
}

/* -U is for looking only: others would not expect us to write. */
static int run_parsed(const XenfixCommand *command,
                      const XenfixOptions *options)
{
    if (options->force_share && will_write(command, options)) {
        return wrong("-U makes no sense with '%s', which writes to the image",
                     command->name);
    }
    return command->run(options);
}

static int run_command(int argc, char **argv)
{
    const XenfixCommand *command = find_command(argv[0]);
    XenfixOptions options = {
        .dirty_hive = WIN_XENPREP_DIRTY_HIVE_REFUSE,
        .auto_reboot = WIN_XENPREP_AUTO_REBOOT_KEEP,
        .sandbox = ON_OFF_AUTO_AUTO,
    };
    int status;

    if (!command) {
        return wrong("Command not found: %s", argv[0]);
    }
    switch (xenfix_options_parse(command, argc, argv, &options)) {
    case XENFIX_PARSED_HELP:
        status = XENFIX_YES;
        break;
    case XENFIX_PARSED_ERROR:
        status = XENFIX_ERROR;
        break;
    default:
        status = run_parsed(command, &options);
    }
    xenfix_options_clear(&options);
    return status;
}

static int run(int argc, char **argv)
{
    Error *err = NULL;
    int status = parse_standard_options(argc, argv);

    if (status >= 0) {
        return status;
    }
    if (!init_tracing(&err)) {
        error_report_err(err);
        return XENFIX_ERROR;
    }
    return run_command(argc - optind, argv + optind);
}

/* A report that is lost, on a full disk for one, is no answer. */
static bool flush_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return true;
    }
    error_report("Could not write to the standard output: %s",
                 strerror(errno));
    return false;
}

static bool init(const char *program, Error **errp)
{
    socket_init();
    error_init(program);
    module_call_init(MODULE_INIT_TRACE);
    qemu_init_exec_dir(program);
    if (qemu_init_main_loop(errp) < 0 || qcrypto_init(errp) < 0) {
        return false;
    }
    module_call_init(MODULE_INIT_QOM);
    bdrv_init();
    qemu_add_opts(&qemu_trace_opts);
    return true;
}

int main(int argc, char **argv)
{
    Error *err = NULL;
    int status;

    /* A server or a pipe that is gone is an error of a read or a write. */
    signal(SIGPIPE, SIG_IGN);
    if (!init(argv[0], &err)) {
        error_report_err(err);
        return XENFIX_ERROR;
    }
    status = run(argc, argv);
    return flush_output() ? status : XENFIX_ERROR;
}
