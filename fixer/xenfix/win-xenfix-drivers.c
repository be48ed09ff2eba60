/*
 * win-xenfix drivers: makes a guest bootable from IDE, in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "win-xenfix-change.h"
#include "win-xenfix-options.h"

#include "qapi/error.h"

#define DEFAULT_PROFILE "ide"

static bool set_profile(XenfixOptions *options, const char *value,
                        Error **errp)
{
    options->profile = value;
    return true;
}

static bool add_reg_file(XenfixOptions *options, const char *value,
                         Error **errp)
{
    xenfix_options_append(&options->reg_file, value);
    return true;
}

static bool add_without(XenfixOptions *options, const char *value,
                        Error **errp)
{
    xenfix_options_append(&options->without, value);
    return true;
}

static bool set_boot_ini(XenfixOptions *options, const char *value,
                         Error **errp)
{
    int number;

    if (!xenfix_options_enum("boot-ini", value, &WinXenprepBootIni_lookup,
                             &number, errp)) {
        return false;
    }
    options->boot_ini = number;
    return true;
}

static bool set_auto_reboot(XenfixOptions *options, const char *value,
                            Error **errp)
{
    int number;

    if (!xenfix_options_enum("auto-reboot", value,
                             &WinXenprepAutoReboot_lookup, &number, errp)) {
        return false;
    }
    options->auto_reboot = number;
    return true;
}

static bool set_strict_filters(XenfixOptions *options, const char *value,
                               Error **errp)
{
    options->strict_filters = true;
    return true;
}

static const XenfixOption drivers_options[] = {
    {
        "profile", 0, "PROFILE", "what to inject: a built-in profile, or the "
        "path of one (default: " DEFAULT_PROFILE ")", set_profile
    },
    {
        "reg-file", 0, "FILE", "a .reg file to be merged before the "
        "profile's; may be given several times", add_reg_file
    },
    {
        "driver-source", 0, "PATH", "a file or folder with drivers that the "
        "guest lacks; may be given several times", xenfix_options_source
    },
    {
        "without", 0, "PART", "a part of the profile to leave out; may be "
        "given several times", add_without
    },
    {
        "hal", 0, "TYPE", "another HAL to start: standard, acpi-pic, acpi-up, "
        "acpi-mp, mps-up, mps-mp or syspro-mp", xenfix_options_hal
    },
    {
        "boot-ini", 0, "MODE", "what becomes of scsi() and signature() in "
        "boot.ini: auto (default), the entry that is started becomes multi(); "
        "rewrite-arc, all; keep", set_boot_ini
    },
    {
        "auto-reboot", 0, "MODE", "what follows a STOP screen: keep "
        "(default), as the guest has it; off, it stays", set_auto_reboot
    },
    {
        "strict-filters", 0, NULL, "take off filters of disks and controllers "
        "that are not Windows' own, even sound ones", set_strict_filters
    },
    { NULL }
};

static XenfixStatus run(const XenfixOptions *options)
{
    XenprepOptions request = xenfix_change_request(options);

    request.profile = options->profile ?: DEFAULT_PROFILE;
    request.reg_file = options->reg_file;
    request.without = options->without;
    request.strict_filters = options->strict_filters;
    return xenfix_change_run(options, &request);
}

const XenfixCommand xenfix_command_drivers = {
    .name = "drivers",
    .summary = "Make the Windows on a disk boot from IDE, in place",
    .writes = true,
    .details =
        "Changes what the win-xenprep driver would show as changed.  What was "
        "there is\nin the undo file; 'win-xenfix rollback' puts it back.\n"
        "\n"
        "Exit status: 0 done, or there was nothing to change; 3 error\n",
    .options = drivers_options,
    .more_options = xenfix_change_options,
    .run = run,
};
