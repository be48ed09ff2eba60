/*
 * Driver database: the devices that Windows 8 and later can start at boot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVER_DATABASE_H
#define GUEST_DRIVER_DATABASE_H

#include "profile.h"

/*
 * Whether SYSTEM knows a driver package for one of @ids (NULL-terminated),
 * hardware or compatible ids of a device: PCI\VEN_8086&DEV_7010.
 */
bool driver_database_knows(Hive *system, char **ids);

/* Adds a line to @warnings (char *) if the device is not known. */
void driver_database_check(Hive *system, const ProfileKnownDevice *device,
                           GPtrArray *warnings);

#endif /* GUEST_DRIVER_DATABASE_H */
