/*
 * Check: the machine that a guest is to boot on, as data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CHECK_MACHINE_H
#define GUEST_CHECK_MACHINE_H

#include <glib.h>
#include <stdbool.h>

typedef enum PathKind {
    /* A device that a driver has to serve. */
    PATH_DEVICE,
    /* A driver that has to be among the filters of a class. */
    PATH_FILTER,
    /* A class of devices that need none, but whose filters have to start. */
    PATH_CLASS,
} PathKind;

/* What the kernel has to start on its way to the boot volume. */
typedef struct PathStep {
    PathKind kind;
    /* That of its link: "controller". */
    char *name;
    /* For people: "IDE controller". */
    char *title;

    /* Of a device: services that may drive it. */
    char **services;
    /* What it may be called below Enum, ENUMERATOR\DEVICE. */
    char **instances;
    /* The device that it hangs on, or NULL. */
    char *parent;
    /* How the name of its instance ends, or NULL. */
    char *suffix;
    /* Of a dynamic disk it is only a part of the matter. */
    bool basic_disks;
    /* What of it win-xenprep mends; NULL: nothing. */
    char **mends;
    /* There is one with an ACPI HAL only. */
    bool acpi_hal;
    /* Its hardware ids, then its compatible ids. */
    char **ids;

    /* Of the other two: a GUID. */
    char *class_guid;
    /* The filter that there has to be. */
    char *service;
} PathStep;

typedef struct CheckMachine {
    char *name;
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

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckMachine, check_machine_free)

#endif /* GUEST_CHECK_MACHINE_H */
