/*
 * win-xenfix hal: makes a guest start with another HAL, in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-change.h"
#include "win-xenfix-options.h"

#include "qapi/error.h"
#include "qemu/error-report.h"

static bool set_to(XenfixOptions *options, const char *value, Error **errp)
{
    int number;

    if (!xenfix_options_enum("to", value, &WinXenprepHal_lookup, &number,
                             errp)) {
        return false;
    }
    options->has_hal = true;
    options->hal = number;
    return true;
}

static bool set_replace(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->hal_replace = true;
    return true;
}

static bool set_family(XenfixOptions *options, const char *value,
                       Error **errp)
{
    xenfix_options_append(&options->force,
                          WinXenprepRefusal_str(WIN_XENPREP_REFUSAL_HAL_FAMILY));
    return true;
}

static const XenfixOption hal_options[] = {
    {
        "to", 0, "TYPE", "the HAL: standard, acpi-pic, acpi-up, acpi-mp, "
        "mps-up, mps-mp or syspro-mp", set_to
    },
    {
        "source", 0, "PATH", "a folder (I386 of a setup CD), cabinet or file "
        "that has HAL and kernels; may be given several times",
        xenfix_options_source
    },
    {
        "driver-source", 0, "PATH", "the same, as the driver calls it",
        xenfix_options_source
    },
    {
        "replace", 0, NULL, "exchange the installed files, which are kept as "
        "*.old, rather than to put others beside them", set_replace
    },
    {
        "allow-family-change", 0, NULL, "do not refuse a HAL of another "
        "family, with which Windows may not start", set_family
    },
    { NULL }
};

static XenfixStatus run(const XenfixOptions *options)
{
    XenprepOptions request = xenfix_change_request(options);

    if (!options->has_hal) {
        error_report("Expecting --to=TYPE, the HAL that is wanted");
        error_printf("Try 'win-xenfix hal --help' for more information\n");
        return XENFIX_ERROR;
    }
    request.boot_ini = WIN_XENPREP_BOOT_INI_KEEP;
    return xenfix_change_run(options, &request);
}

const XenfixCommand xenfix_command_hal = {
    .name = "hal",
    .summary = "Make Windows start with another HAL, in place",
    .writes = true,
    .details =
        "HAL and kernels come from the guest itself, or from --source.  "
        "boot.ini then\nstarts them by default; the entry from before stays.  "
        "What was there is in the\nundo file; 'win-xenfix rollback' puts it "
        "back.\n"
        "\n"
        "Exit status: 0 done, or there was nothing to change; 3 error\n",
    .options = hal_options,
    .more_options = xenfix_change_options,
    .run = run,
};
