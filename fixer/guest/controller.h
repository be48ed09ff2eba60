/*
 * Controller: behind which controllers Windows has seen its disks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CONTROLLER_H
#define GUEST_CONTROLLER_H

#include "hive.h"

typedef enum ControllerBus {
    CONTROLLER_IDE,
    CONTROLLER_SCSI,
} ControllerBus;

typedef struct Controller {
    ControllerBus bus;
    /* PCI\VEN_1000&DEV_0030&..., or NULL if the registry does not tell. */
    char *device;
    /* The service that drives it, or NULL. */
    char *service;
} Controller;

/*
 * The controllers of all disks in the Enum key of control set @set, each
 * once: Controller, owned by the array.
 */
GPtrArray *controllers_find(Hive *system, unsigned set);

/*
 * What follows from them for a move to IDE, in one line, to be freed.
 * @adapter_type is the VMDK's, or NULL.
 */
char *controllers_conclude(GPtrArray *controllers, const char *adapter_type);

/* "IDE", "SCSI" */
const char *controller_bus_string(ControllerBus bus);

#endif /* GUEST_CONTROLLER_H */
