/*
 * The command line of one command of win-xenfix
 *
 * Notes on the design
 *
 * getopt_long() does the work.  What it has to know, and what --help shows,
 * is made of the tables of options, so that the two agree.  An exit status of
 * 1 is an answer of win-xenfix, so that errors are returned: much of QEMU's
 * convenience exits with 1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <getopt.h>

#include "win-xenfix-options.h"

#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/help-texts.h"
#include "qom/object_interfaces.h"

/* What getopt_long() returns for option 0; above all letters. */
#define FIRST_VALUE 256

/* Where the texts of --help begin, which have at most this many columns. */
#define HELP_COLUMN 26
#define HELP_WIDTH 78

bool xenfix_options_enum(const char *name, const char *value,
                         const QEnumLookup *lookup, int *number,
                         Error **errp)
{
    g_autoptr(GString) choices = g_string_new(NULL);

    for (int i = 0; i < lookup->size; i++) {
        const char *choice = qapi_enum_lookup(lookup, i);

        if (strcmp(value, choice) == 0) {
            *number = i;
            return true;
        }
        g_string_append_printf(choices, "%s'%s'",
                               i == 0 ? "" : i == lookup->size - 1 ? " or "
                               : ", ", choice);
    }
    error_setg(errp, "--%s must be used with %s as argument", name,
               choices->str);
    return false;
}

bool xenfix_options_number(const char *name, const char *value,
                           uint64_t *number, Error **errp)
{
    if (!g_ascii_isdigit(value[0]) ||
        qemu_strtou64(value, NULL, 10, number) < 0 || *number == 0) {
        error_setg(errp, "--%s must be used with a number above 0 as "
                   "argument", name);
        return false;
    }
    return true;
}

void xenfix_options_clear(XenfixOptions *options)
{
    g_free(options->reg_file);
    g_free(options->driver_source);
    g_free(options->without);
    g_free(options->force);
    qobject_unref(options->boot_ini_operations);
}

void xenfix_options_append(char ***list, const char *value)
{
    guint length = *list ? g_strv_length(*list) : 0;

    *list = g_renew(char *, *list, length + 2);
    (*list)[length] = (char *)value;
    (*list)[length + 1] = NULL;
}

bool xenfix_options_source(XenfixOptions *options, const char *value,
                           Error **errp)
{
    xenfix_options_append(&options->driver_source, value);
    return true;
}

bool xenfix_options_hal(XenfixOptions *options, const char *value,
                        Error **errp)
{
    int number;

    options->has_hal = xenfix_options_enum("hal", value,
                                           &WinXenprepHal_lookup, &number,
                                           errp);
    if (options->has_hal) {
        options->hal = number;
    }
    return options->has_hal;
}

bool xenfix_options_undo(XenfixOptions *options, const char *value,
                         Error **errp)
{
    options->undo = value;
    return true;
}

const XenfixOption xenfix_undo_options[] = {
    {
        "undo", 0, "FILE", "the undo file (default: IMAGE.xenfix-undo, if "
        "IMAGE is a file)", xenfix_options_undo
    },
    { NULL }
};

static bool set_format(XenfixOptions *options, const char *value,
                       Error **errp)
{
    options->format = value;
    return true;
}

static bool set_image_opts(XenfixOptions *options, const char *value,
                           Error **errp)
{
    options->image_opts = true;
    return true;
}

/* The object lives in QEMU's tree of objects; drivers find it by its id. */
static bool set_object(XenfixOptions *options, const char *value,
                       Error **errp)
{
    return user_creatable_add_from_str(value, errp);
}

static bool set_force_share(XenfixOptions *options, const char *value,
                            Error **errp)
{
    options->force_share = true;
    return true;
}

static bool set_output(XenfixOptions *options, const char *value,
                       Error **errp)
{
    options->json = strcmp(value, "json") == 0;
    if (!options->json && strcmp(value, "human") != 0) {
        error_setg(errp, "--output must be used with human or json as "
                   "argument");
        return false;
    }
    return true;
}

static bool set_quiet(XenfixOptions *options, const char *value,
                      Error **errp)
{
    options->quiet = true;
    return true;
}

static bool set_windows(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->windows = value;
    return true;
}

static bool set_dirty_hive(XenfixOptions *options, const char *value,
                           Error **errp)
{
    int number;

    if (!xenfix_options_enum("dirty-hive", value, &WinXenprepDirtyHive_lookup,
                             &number, errp)) {
        return false;
    }
    options->dirty_hive = number;
    return true;
}

static bool set_sandbox(XenfixOptions *options, const char *value,
                        Error **errp)
{
    int number;

    if (!xenfix_options_enum("sandbox", value, &OnOffAuto_lookup, &number,
                             errp)) {
        return false;
    }
    options->sandbox = number;
    return true;
}

/* What each command has that opens an image. */
static const XenfixOption image_options[] = {
    {
        "format", 'f', "FMT", "the image's format (default: it is guessed)",
        set_format
    },
    {
        "image-opts", 0, NULL, "IMAGE has options of QEMU's block drivers, "
        "such as driver=nbd,host=HOST", set_image_opts
    },
    {
        "object", 0, "OBJECTDEF", "a QEMU object that IMAGE refers to, such "
        "as a secret; see qemu(1)", set_object
    },
    {
        "force-share", 'U', NULL, "look at an image that others may be "
        "writing to; the result may be wrong", set_force_share
    },
    { NULL }
};

/* What each command has that has something to tell. */
static const XenfixOption output_options[] = {
    {
        "output", 0, "OFMT", "human (default) or json", set_output
    },
    { NULL }
};

/* What each command has. */
static const XenfixOption common_options[] = {
    {
        "quiet", 'q', NULL, "print nothing but errors", set_quiet
    },
    { NULL }
};

/* What each command has that looks at the guest. */
static const XenfixOption guest_options[] = {
    {
        "windows", 0, "PART:PATH", "which installation, such as 2:\\WINNT "
        "(default: the one that boots)", set_windows
    },
    {
        "dirty-hive", 0, "ACTION", "what to do about a registry hive whose "
        "logs are unusable: refuse (default) or use-primary", set_dirty_hive
    },
    {
        "sandbox", 0, "MODE", "whether to jail the program that reads the "
        "guest: auto (default), on or off", set_sandbox
    },
    { NULL }
};

/* How many tables a command may have. */
enum { TABLES = 6 };

/* All of them, in the order of --help; NULL: it has none of that kind. */
static void list_tables(const XenfixCommand *command,
                        const XenfixOption *tables[TABLES])
{
    tables[0] = command->options;
    tables[1] = command->more_options;
    tables[2] = command->takes_directory ? NULL : image_options;
    tables[3] = command->tells_nothing ? NULL : output_options;
    tables[4] = common_options;
    tables[5] = command->ignores_guest ? NULL : guest_options;
}

/* ------------------------------------------------------------- --help */

/* Prints words from HELP_COLUMN on; the cursor is in column @at. */
static void print_wrapped(const char *text, int at)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    if (at >= HELP_COLUMN) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", HELP_COLUMN - at, "");
    at = HELP_COLUMN;
    for (char **word = words; *word; word++) {
        int length = strlen(*word);

        if (at > HELP_COLUMN && at + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        }
        at += printf(at > HELP_COLUMN ? " %s" : "%s", *word);
    }
    putchar('\n');
}

static void print_option(const XenfixOption *option)
{
    int at = option->letter ? printf("  -%c, ", option->letter)
                            : printf("      ");

    at += printf("--%s", option->name);
    if (option->argument) {
        at += printf("=%s", option->argument);
    }
    print_wrapped(option->help, at);
}

static const char *operand(const XenfixCommand *command)
{
    return command->takes_directory ? "DIR" : "IMAGE";
}

static void print_help(const XenfixCommand *command)
{
    const XenfixOption *tables[TABLES];

    list_tables(command, tables);
    printf("Usage: win-xenfix %s [OPTION]... %s\n"
           "%s.\n"
           "\n"
           "%s%s.\n"
           "\n", command->name, operand(command), command->summary,
           command->takes_directory
           ? "DIR has the guests' reports, files that end in .json"
           : "IMAGE is a disk image filename",
           command->writes ? "" : "; it is only read");
    for (unsigned i = 0; i < TABLES; i++) {
        for (const XenfixOption *option = tables[i]; option && option->name;
             option++) {
            print_option(option);
        }
    }
    printf("  -h, --help");
    print_wrapped("display this help and exit", strlen("  -h, --help"));
    if (command->details) {
        printf("\n%s", command->details);
    }
    printf("\n" QEMU_HELP_BOTTOM "\n");
}

/* ------------------------------------------------------------ parsing */

/* All that a command has, and what getopt_long() wants to know of it. */
typedef struct Grammar {
    /* const XenfixOption */
    GPtrArray *options;
    /* struct option */
    GArray *longs;
    GString *letters;
} Grammar;

static void grammar_add(Grammar *grammar, const char *name, char letter,
                        bool argument, int value)
{
    struct option option = {
        .name = name,
        .has_arg = argument ? required_argument : no_argument,
        .val = value,
    };

    g_array_append_val(grammar->longs, option);
    if (letter) {
        g_string_append_c(grammar->letters, letter);
        g_string_append(grammar->letters, argument ? ":" : "");
    }
}

static void grammar_add_table(Grammar *grammar, const XenfixOption *option)
{
    for (; option && option->name; option++) {
        grammar_add(grammar, option->name, option->letter, option->argument,
                    FIRST_VALUE + grammar->options->len);
        g_ptr_array_add(grammar->options, (void *)option);
    }
}

static void grammar_init(Grammar *grammar, const XenfixCommand *command)
{
    const XenfixOption *tables[TABLES];

    *grammar = (Grammar) {
        .options = g_ptr_array_new(),
        .longs = g_array_new(TRUE, TRUE, sizeof(struct option)),
        /* A missing argument is told from an unknown option. */
        .letters = g_string_new(":"),
    };
    list_tables(command, tables);
    for (unsigned i = 0; i < TABLES; i++) {
        grammar_add_table(grammar, tables[i]);
    }
    grammar_add(grammar, "help", 'h', false, 'h');
}

static void grammar_clear(Grammar *grammar)
{
    g_ptr_array_unref(grammar->options);
    g_array_unref(grammar->longs);
    g_string_free(grammar->letters, true);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Grammar, grammar_clear)

/* The option for what getopt_long() has returned: its value or its letter. */
static const XenfixOption *grammar_find(const Grammar *grammar, int c)
{
    if (c >= FIRST_VALUE) {
        return g_ptr_array_index(grammar->options, c - FIRST_VALUE);
    }
    for (unsigned i = 0; i < grammar->options->len; i++) {
        const XenfixOption *option = g_ptr_array_index(grammar->options, i);

        if (option->letter == c) {
            return option;
        }
    }
    g_assert_not_reached();
}

static XenfixParsed G_GNUC_PRINTF(2, 3)
wrong(const XenfixCommand *command, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_vreport(fmt, ap);
    va_end(ap);
    error_printf("Try 'win-xenfix %s --help' for more information\n",
                 command->name);
    return XENFIX_PARSED_ERROR;
}

/* Takes over one option, which was argv[optind - 1] or begins there. */
static XenfixParsed parse_one(const XenfixCommand *command,
                              const Grammar *grammar, int c,
                              const char *argument, XenfixOptions *options)
{
    const XenfixOption *option;
    Error *err = NULL;

    switch (c) {
    case 'h':
        print_help(command);
        return XENFIX_PARSED_HELP;
    case ':':
        return wrong(command, "missing argument for option '%s'", argument);
    case '?':
        return wrong(command, "unrecognized option '%s'", argument);
    }
    option = grammar_find(grammar, c);
    if (option->set(options, option->argument ? optarg : NULL, &err)) {
        return XENFIX_PARSED_OK;
    }
    if (!err) {
        /* --object=help has printed what there is. */
        return XENFIX_PARSED_HELP;
    }
    error_report_err(err);
    return XENFIX_PARSED_ERROR;
}

XenfixParsed xenfix_options_parse(const XenfixCommand *command,
                                  int argc, char **argv,
                                  XenfixOptions *options)
{
    g_auto(Grammar) grammar = { 0 };
    int c;

    grammar_init(&grammar, command);
    qemu_reset_optind();
    while ((c = getopt_long(argc, argv, grammar.letters->str,
                            (const struct option *)grammar.longs->data,
                            NULL)) != -1) {
        XenfixParsed parsed = parse_one(command, &grammar, c,
                                        argv[optind - 1], options);

        if (parsed != XENFIX_PARSED_OK) {
            return parsed;
        }
    }
    if (optind != argc - 1) {
        return wrong(command, "Expecting one %s",
                     command->takes_directory ? "directory"
                     : "image file name");
    }
    options->image = argv[optind];
    if (options->image_opts && options->format) {
        return wrong(command, "--image-opts and --format are mutually "
                     "exclusive");
    }
    return XENFIX_PARSED_OK;
}
