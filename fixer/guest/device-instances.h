/*
 * Device instances: devices that Windows has met, and what drives them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DEVICE_INSTANCES_H
#define GUEST_DEVICE_INSTANCES_H

#include "change.h"
#include "hive.h"

/*
 * Sees to it that each instance of @device below Enum that has a class starts
 * and is driven by one of @services, which end with NULL.  Another service,
 * none, or one without a key below Services is replaced by the first of them
 * that has a key, and the class by @class_guid; an instance that was disabled
 * is enabled.  @device is ENUMERATOR\DEVICE; it also means all devices whose
 * names go on with "&": PCI\VEN_8086&DEV_7010.
 *
 * For each key that changes, a Change with @source is added to @changes; its
 * reason is made from @reason.  What cannot be done is a line in @warnings
 * (char *).
 */
bool device_instances_settle(Hive *system, const char *device,
                             const char *const *services,
                             const char *class_guid, const char *source,
                             const char *reason, const GArray *control_sets,
                             GPtrArray *changes, GPtrArray *warnings,
                             GError **errp);

#endif /* GUEST_DEVICE_INSTANCES_H */
