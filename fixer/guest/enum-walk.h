/*
 * Enum walk: each device that Windows has ever met
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_ENUM_WALK_H
#define GUEST_ENUM_WALK_H

#include "hive.h"

/*
 * Called for each instance of a device: its key, and where that is below
 * Enum, PCI\VEN_8086&DEV_7110\3&61aaa01&0&38.
 */
typedef void EnumFunc(Hive *system, HiveKey instance, const char *path,
                      void *opaque);

/*
 * Walks over the devices below Enum of control set @set, but over no more than
 * there can be in a sound hive.
 */
void enum_walk(Hive *system, unsigned set, EnumFunc *func, void *opaque);

/*
 * Whether the device of that name is meant by @wanted: VEN_8086&DEV_7010 also
 * means VEN_8086&DEV_7010&SUBSYS_..., but no other; DiskQEMU* all that begin
 * with DiskQEMU.
 */
bool enum_device_is(const char *name, const char *wanted);

#endif /* GUEST_ENUM_WALK_H */
