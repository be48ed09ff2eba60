/*
 * Service start: drivers that the boot loader has to start
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SERVICE_START_H
#define GUEST_SERVICE_START_H

#include "change.h"
#include "driver-files.h"
#include "profile.h"

/*
 * Sees to it that the boot loader starts @service in each of the control sets
 * of @windows, as [boot-service] of win-xenprep-profile(5) says.  Nothing is
 * changed for a driver whose file is not there or would not load: the boot
 * loader would stop at it.
 *
 * For each key that changes, a Change with @source is added to @changes; its
 * reason is made from the service's.  What cannot be done is a line in
 * @warnings (char *).
 */
bool service_start_settle(Hive *system, const ProfileBootService *service,
                          const Windows *windows, DriverFiles *files,
                          const char *source, GPtrArray *changes,
                          GPtrArray *warnings, GError **errp);

#endif /* GUEST_SERVICE_START_H */
