/*
 * Critical device: a new one that Windows Vista or 7 can start at boot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CRITICAL_DEVICE_H
#define GUEST_CRITICAL_DEVICE_H

#include "change.h"
#include "profile.h"

/*
 * Sees to it that in each of @control_sets the CriticalDeviceDatabase has
 * @device, with one of its services that is there, and its class.  What is in
 * order stays as it is.
 *
 * For each key that changes, a Change with @source is added to @changes; its
 * reason is made from the device's.  What cannot be done is a line in
 * @warnings (char *).
 */
bool critical_device_settle(Hive *system, const ProfileCriticalDevice *device,
                            const GArray *control_sets, const char *source,
                            GPtrArray *changes, GPtrArray *warnings,
                            GError **errp);

#endif /* GUEST_CRITICAL_DEVICE_H */
