/*
 * The options of the block driver win-xenprep
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qapi/util.h"
#include "qemu/cutils.h"
#include "qemu/option.h"
#include "win-xenprep-options.h"

#define WIN_XENPREP_OPT_PROFILE "profile"
#define WIN_XENPREP_OPT_REG_FILE "reg-file"
#define WIN_XENPREP_OPT_DRIVER_SOURCE "driver-source"
#define WIN_XENPREP_OPT_WINDOWS "windows"
#define WIN_XENPREP_OPT_DIRTY_HIVE "dirty-hive"
#define WIN_XENPREP_OPT_WITHOUT "without"
#define WIN_XENPREP_OPT_FORCE "force"
#define WIN_XENPREP_OPT_HAL "hal"
#define WIN_XENPREP_OPT_BOOT_INI "boot-ini"
#define WIN_XENPREP_OPT_AUTO_REBOOT "auto-reboot"
#define WIN_XENPREP_OPT_STRICT_FILTERS "strict-filters"
#define WIN_XENPREP_OPT_DISCARD_FREE "discard-free"
#define WIN_XENPREP_OPT_DROP_PAGEFILE "drop-pagefile"
#define WIN_XENPREP_OPT_REQUIRE_GUEST "require-guest"
#define WIN_XENPREP_OPT_REPORT "report"
#define WIN_XENPREP_OPT_SANDBOX "sandbox"

#define DEFAULT_PROFILE "ide"

static QemuOptsList win_xenprep_runtime_opts = {
    .name = "win-xenprep",
    .head = QTAILQ_HEAD_INITIALIZER(win_xenprep_runtime_opts.head),
    .desc = {
        {
            .name = WIN_XENPREP_OPT_PROFILE,
            .type = QEMU_OPT_STRING,
            .help = "what to inject: an embedded profile, or the path of a "
                "profile; default " DEFAULT_PROFILE,
        },
        {
            .name = WIN_XENPREP_OPT_WINDOWS,
            .type = QEMU_OPT_STRING,
            .help = "which installation, PARTITION:\\PATH; default: the one "
                "that boots",
        },
        {
            .name = WIN_XENPREP_OPT_DIRTY_HIVE,
            .type = QEMU_OPT_STRING,
            .help = "a registry hive whose logs are unusable (refuse, "
                "use-primary), default refuse",
        },
        {
            .name = WIN_XENPREP_OPT_HAL,
            .type = QEMU_OPT_STRING,
            .help = "another hardware abstraction layer to start (standard, "
                "acpi-pic, acpi-up, acpi-mp, mps-up, mps-mp, syspro-mp)",
        },
        {
            .name = WIN_XENPREP_OPT_BOOT_INI,
            .type = QEMU_OPT_STRING,
            .help = "what becomes of scsi() and signature() in boot.ini "
                "(auto: the default entry is made multi(); rewrite-arc: all; "
                "keep), default auto",
        },
        {
            .name = WIN_XENPREP_OPT_AUTO_REBOOT,
            .type = QEMU_OPT_STRING,
            .help = "what follows a STOP screen (keep: as the guest has it; "
                "off: nothing, it stays), default keep",
        },
        {
            .name = WIN_XENPREP_OPT_STRICT_FILTERS,
            .type = QEMU_OPT_BOOL,
            .help = "whether filters of disks and controllers that are not "
                "Windows' own are taken off, even if they are sound, "
                "default off",
        },
        {
            .name = WIN_XENPREP_OPT_DISCARD_FREE,
            .type = QEMU_OPT_BOOL,
            .help = "whether free clusters read as zeros, default off",
        },
        {
            .name = WIN_XENPREP_OPT_DROP_PAGEFILE,
            .type = QEMU_OPT_BOOL,
            .help = "whether pagefile.sys and swapfile.sys read as zeros, "
                "default off",
        },
        {
            .name = WIN_XENPREP_OPT_REQUIRE_GUEST,
            .type = QEMU_OPT_BOOL,
            .help = "whether a disk without Windows is an error, default on",
        },
        {
            .name = WIN_XENPREP_OPT_REPORT,
            .type = QEMU_OPT_STRING,
            .help = "file that the report is written to as JSON; default: "
                "none",
        },
        {
            .name = WIN_XENPREP_OPT_SANDBOX,
            .type = QEMU_OPT_STRING,
            .help = "whether to jail the helper (on, off, auto), default auto",
        },
        { /* end of list */ }
    },
};

const char *const win_xenprep_strong_runtime_opts[] = {
    WIN_XENPREP_OPT_PROFILE,
    WIN_XENPREP_OPT_REG_FILE,
    WIN_XENPREP_OPT_REG_FILE ".",
    WIN_XENPREP_OPT_DRIVER_SOURCE,
    WIN_XENPREP_OPT_DRIVER_SOURCE ".",
    WIN_XENPREP_OPT_WINDOWS,
    WIN_XENPREP_OPT_DIRTY_HIVE,
    WIN_XENPREP_OPT_WITHOUT,
    WIN_XENPREP_OPT_WITHOUT ".",
    WIN_XENPREP_OPT_FORCE,
    WIN_XENPREP_OPT_FORCE ".",
    WIN_XENPREP_OPT_HAL,
    WIN_XENPREP_OPT_BOOT_INI,
    WIN_XENPREP_OPT_AUTO_REBOOT,
    WIN_XENPREP_OPT_STRICT_FILTERS,
    WIN_XENPREP_OPT_DISCARD_FREE,
    WIN_XENPREP_OPT_DROP_PAGEFILE,
    WIN_XENPREP_OPT_REQUIRE_GUEST,

    NULL
};

/*
 * Takes the list NAME.0, NAME.1 ... out of @qdict, or its one element NAME.
 * QEMU's command lines know no lists of strings, so that QemuOpts does not.
 * Returns false if there is something else of that name.
 */
static bool win_xenprep_take_list(QDict *qdict, const char *name,
                                  char ***list, Error **errp)
{
    GPtrArray *array = g_ptr_array_new();
    g_autofree char *prefix = g_strconcat(name, ".", NULL);
    const char *value = qdict_get_try_str(qdict, name);

    if (value) {
        g_ptr_array_add(array, g_strdup(value));
        qdict_del(qdict, name);
    }
    /* With the one element there must be no list: see below. */
    for (unsigned i = 0; array->len == i; i++) {
        g_autofree char *key = g_strdup_printf("%s%u", prefix, i);

        value = qdict_get_try_str(qdict, key);
        if (!value) {
            break;
        }
        g_ptr_array_add(array, g_strdup(value));
        qdict_del(qdict, key);
    }
    g_ptr_array_add(array, NULL);
    *list = (char **)g_ptr_array_free(array, false);
    for (const QDictEntry *entry = qdict_first(qdict); entry;
         entry = qdict_next(qdict, entry)) {
        const char *key = qdict_entry_key(entry);

        if (strcmp(key, name) == 0 || strstart(key, prefix, NULL)) {
            error_setg(errp, "option %s makes no sense: one value is given by "
                       "%s=, several by %s.0=, %s.1= and so on", key, name,
                       name, name);
            return false;
        }
    }
    return true;
}

static bool win_xenprep_take_lists(QDict *qdict, XenprepOptions *options,
                                   Error **errp)
{
    struct {
        const char *name;
        char ***list;
    } lists[] = {
        { WIN_XENPREP_OPT_REG_FILE, &options->reg_file },
        { WIN_XENPREP_OPT_DRIVER_SOURCE, &options->driver_source },
        { WIN_XENPREP_OPT_WITHOUT, &options->without },
        { WIN_XENPREP_OPT_FORCE, &options->force },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
        if (!win_xenprep_take_list(qdict, lists[i].name, lists[i].list,
                                   errp)) {
            return false;
        }
    }
    return true;
}

/* "refuse or use-primary", of all that @lookup has; to be freed. */
static char *win_xenprep_choices(const QEnumLookup *lookup)
{
    GString *choices = g_string_new(NULL);

    for (int i = 0; i < lookup->size; i++) {
        g_string_append_printf(choices, "%s%s",
                               i == 0 ? "" : i == lookup->size - 1 ? " or "
                               : ", ", qapi_enum_lookup(lookup, i));
    }
    return g_string_free(choices, false);
}

/* Sets *@number to what @value stands for, -1 for one of no meaning. */
static bool win_xenprep_parse_enum(const char *name, const char *value,
                                   const QEnumLookup *lookup, int *number,
                                   Error **errp)
{
    Error *err = NULL;
    g_autofree char *choices = NULL;

    *number = qapi_enum_parse(lookup, value, -1, &err);
    if (err) {
        choices = win_xenprep_choices(lookup);
        error_propagate_prepend(errp, err, "option %s is %s: ", name, choices);
    }
    return *number >= 0;
}

static bool win_xenprep_check_force(char **force, Error **errp)
{
    for (char **refusal = force; *refusal; refusal++) {
        int number;

        if (!win_xenprep_parse_enum(WIN_XENPREP_OPT_FORCE, *refusal,
                                    &WinXenprepRefusal_lookup, &number,
                                    errp)) {
            return false;
        }
    }
    return true;
}

/* Those that are there; @options has the defaults of the others already. */
static bool win_xenprep_parse_enums(QemuOpts *opts, XenprepOptions *options,
                                    Error **errp)
{
    int hal, boot_ini, dirty_hive, auto_reboot, sandbox;
    const struct {
        const char *name;
        const QEnumLookup *lookup;
        int *number;
    } enums[] = {
        { WIN_XENPREP_OPT_HAL, &WinXenprepHal_lookup, &hal },
        { WIN_XENPREP_OPT_BOOT_INI, &WinXenprepBootIni_lookup, &boot_ini },
        { WIN_XENPREP_OPT_DIRTY_HIVE, &WinXenprepDirtyHive_lookup,
          &dirty_hive },
        { WIN_XENPREP_OPT_AUTO_REBOOT, &WinXenprepAutoReboot_lookup,
          &auto_reboot },
        { WIN_XENPREP_OPT_SANDBOX, &OnOffAuto_lookup, &sandbox },
    };

    hal = options->has_hal ? (int)options->hal : -1;
    boot_ini = options->boot_ini;
    dirty_hive = options->dirty_hive;
    auto_reboot = options->auto_reboot;
    sandbox = options->sandbox;
    for (unsigned i = 0; i < ARRAY_SIZE(enums); i++) {
        const char *value = qemu_opt_get(opts, enums[i].name);

        if (value && !win_xenprep_parse_enum(enums[i].name, value,
                                             enums[i].lookup,
                                             enums[i].number, errp)) {
            return false;
        }
    }
    options->has_hal = hal >= 0;
    options->hal = MAX(hal, 0);
    options->boot_ini = boot_ini;
    options->dirty_hive = dirty_hive;
    options->auto_reboot = auto_reboot;
    options->sandbox = sandbox;
    return true;
}

/*
 * The block layer would say so, but not before the guest is prepared and told
 * about.
 */
static bool win_xenprep_refuse_rest(QDict *qdict, Error **errp)
{
    const QDictEntry *entry = qdict_first(qdict);

    if (entry) {
        error_setg(errp, "Block format 'win-xenprep' does not support the "
                   "option '%s'", qdict_entry_key(entry));
    }
    return !entry;
}

bool win_xenprep_options_parse(QDict *qdict, XenprepOptions *options,
                               Error **errp)
{
    QemuOpts *opts = qemu_opts_create(&win_xenprep_runtime_opts, NULL, 0,
                                      &error_abort);
    bool ok = win_xenprep_take_lists(qdict, options, errp) &&
              win_xenprep_check_force(options->force, errp) &&
              qemu_opts_absorb_qdict(opts, qdict, errp) &&
              win_xenprep_refuse_rest(qdict, errp) &&
              win_xenprep_parse_enums(opts, options, errp);

    if (ok) {
        options->profile = qemu_opt_get_del(opts, WIN_XENPREP_OPT_PROFILE)
                           ?: g_strdup(DEFAULT_PROFILE);
        options->windows = qemu_opt_get_del(opts, WIN_XENPREP_OPT_WINDOWS);
        options->report = qemu_opt_get_del(opts, WIN_XENPREP_OPT_REPORT);
        options->strict_filters =
            qemu_opt_get_bool(opts, WIN_XENPREP_OPT_STRICT_FILTERS, false);
        options->discard_free =
            qemu_opt_get_bool(opts, WIN_XENPREP_OPT_DISCARD_FREE, false);
        options->drop_pagefile =
            qemu_opt_get_bool(opts, WIN_XENPREP_OPT_DROP_PAGEFILE, false);
        options->require_guest =
            qemu_opt_get_bool(opts, WIN_XENPREP_OPT_REQUIRE_GUEST, true);
    }
    qemu_opts_del(opts);
    return ok;
}

void win_xenprep_options_clear(XenprepOptions *options)
{
    g_free((char *)options->profile);
    g_free((char *)options->windows);
    g_free((char *)options->report);
    g_strfreev(options->reg_file);
    g_strfreev(options->driver_source);
    g_strfreev(options->without);
    g_strfreev(options->force);
}
