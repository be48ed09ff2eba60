/*
 * win-xenfix: what its commands share
 *
 * A command is a table entry: a name, the options that only it has, and a
 * function.  The text of --help, and the parsing of the command line, come
 * from the tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_H
#define WIN_XENFIX_H

#include "block/xenprep-client.h"
#include "config.h"

/* Exit statuses. */
typedef enum XenfixStatus {
    /* Done; to a question: yes. */
    XENFIX_YES = 0,
    XENFIX_NO = 1,
    XENFIX_CANNOT_TELL = 2,
    XENFIX_ERROR = 3,
} XenfixStatus;

/* What the user asks for.  Strings are those of the command line. */
typedef struct XenfixOptions {
    /* A file name, or options of QEMU's block drivers; or a directory. */
    const char *image;
    bool image_opts;
    /* NULL: to be guessed */
    const char *format;
    bool force_share;

    bool quiet;
    bool json;

    /* The same as the driver's. */
    const char *windows;
    WinXenprepDirtyHive dirty_hive;
    OnOffAuto sandbox;

    /* check */
    const char *machine;
    /* drivers; the lists are NULL if they are empty */
    const char *profile;
    char **reg_file;
    char **driver_source;
    char **without;
    WinXenprepAutoReboot auto_reboot;
    bool strict_filters;
    /* drivers, hal, boot-ini; the list and the QList are NULL if empty */
    char **force;
    bool has_hal;
    WinXenprepHal hal;
    bool hal_replace;
    WinXenprepBootIni boot_ini;
    /* As XenprepOptions has it. */
    QList *boot_ini_operations;
    bool dry_run;
    /* The undo file; NULL: beside the image. */
    const char *undo;
    /* config; its format is valid if @has_config_format is set */
    bool has_config_format;
    ConfigOptions config;
    /* report; NULL: no page is made */
    const char *html;
} XenfixOptions;

typedef struct XenfixOption {
    /* NULL ends a table. */
    const char *name;
    /* The short form, or 0. */
    char letter;
    /* Name of the argument in --help, NULL if there is none. */
    const char *argument;
    const char *help;
    /* @value is NULL if there is no argument. */
    bool (*set)(XenfixOptions *options, const char *value, Error **errp);
} XenfixOption;

typedef struct XenfixCommand {
    const char *name;
    /* One line for the list of commands, and for its own --help. */
    const char *summary;
    /* Whether it may write to the image. */
    bool writes;
    /* Of a command that @writes: whether it does with these; NULL: yes. */
    bool (*writes_with)(const XenfixOptions *options);
    /* Whether it does not look at the guest. */
    bool ignores_guest;
    /* Whether it has no report that could be JSON. */
    bool tells_nothing;
    /* Whether it takes a directory of reports instead of an image. */
    bool takes_directory;
    /* For its own --help, lines that end with a newline; may be NULL. */
    const char *details;
    /* Beside those that each command has; the second ones may be NULL. */
    const XenfixOption *options;
    const XenfixOption *more_options;
    XenfixStatus (*run)(const XenfixOptions *options);
} XenfixCommand;

extern const XenfixCommand xenfix_command_info;
extern const XenfixCommand xenfix_command_check;
extern const XenfixCommand xenfix_command_config;
extern const XenfixCommand xenfix_command_drivers;
extern const XenfixCommand xenfix_command_hal;
extern const XenfixCommand xenfix_command_boot_ini;
extern const XenfixCommand xenfix_command_rollback;
extern const XenfixCommand xenfix_command_status;
extern const XenfixCommand xenfix_command_report;

#endif /* WIN_XENFIX_H */
