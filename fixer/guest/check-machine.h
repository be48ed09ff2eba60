/*
 * Check: the machine that a guest is to boot on, as data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHECK_MACHINE_H
#define GUEST_CHECK_MACHINE_H

#include <glib.h>
#include <stdbool.h>

#include "pe.h"

typedef enum Firmware {
    FIRMWARE_BIOS,
    FIRMWARE_UEFI,
} Firmware;

typedef enum PathKind {
    /* A device that a driver has to serve. */
    PATH_DEVICE,
    /* A driver that has to be among the filters of a class. */
    PATH_FILTER,
    /* A class of devices that need none, but whose filters have to start. */
    PATH_CLASS,
    /* A driver that serves no device. */
    PATH_SERVICE,
} PathKind;

/* What the kernel has to start on its way to the boot volume. */
typedef struct PathStep {
    PathKind kind;
    /* That of its link: "controller"; others may have the same. */
    char *name;
    /* For people: "IDE controller". */
    char *title;
    /* First and last major.minor of the Windows that meets it. */
    PeVersion min_version;
    PeVersion max_version;

    /* Of a device: services that may drive it. */
    char **services;
    /* What it may be called below Enum, ENUMERATOR\DEVICE. */
    char **instances;
    /* The device that it hangs on, or NULL. */
    char *parent;
    /* How the name of its instance ends, or NULL. */
    char *suffix;
    /* Which of its instances the machine has is not fixed; or a new one. */
    bool any_slot;
    /* Of a dynamic disk it is only a part of the matter. */
    bool basic_disks;
    /* What of it win-xenprep mends; NULL: nothing. */
    char **mends;
    /* There is one with an ACPI HAL only. */
    bool acpi_hal;
    /* Its hardware ids, then its compatible ids. */
    char **ids;

    /* Of a filter and a class: a GUID. */
    char *class_guid;
    /* The filter, or the driver, that there has to be. */
    char *service;
} PathStep;

typedef struct CheckMachine {
    char *name;
    Firmware firmware;
    /* Windows older than this has no driver of its own for the disk. */
    PeVersion min_version;
    /* The profile by which win-xenprep prepares a guest for it. */
    char *profile;
    /* What the user does to have the other firmware instead. */
    char *other_firmware;
    /* A profile of ours, the services of which may spoil it here; or NULL. */
    char *spoilers;
    /* What else than win-xenprep helps against them. */
    char *spoilers_remedy;
    /* PathStep *, in the order in which they start. */
    GPtrArray *path;
} CheckMachine;

/* The machine of that name; an error names those that there are. */
CheckMachine *check_machine_find(const char *name, GError **errp);

void check_machine_free(CheckMachine *machine);

/* Whether win-xenprep mends that of a device: "database". */
bool path_step_mends(const PathStep *step, const char *what);

/* Whether that Windows has drivers for the machine. */
bool check_machine_is_for(const CheckMachine *machine,
                          const PeVersion *version);

/* Whether that Windows meets the step. */
bool path_step_is_for(const PathStep *step, const PeVersion *version);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckMachine, check_machine_free)

#endif /* GUEST_CHECK_MACHINE_H */
