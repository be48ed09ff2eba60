/*
 * Service choice: which of several services is to drive a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SERVICE_CHOICE_H
#define GUEST_SERVICE_CHOICE_H

#include "hive.h"

/* Whether control set @set has a key of that name below Services. */
bool service_choice_exists(Hive *system, unsigned set, const char *service);

/* The first of @services (NULL-terminated) that has one; or NULL. */
const char *service_choice_first(Hive *system, unsigned set,
                                 const char *const *services);

/*
 * What is wrong with @service (NULL: none) as the driver of a device that one
 * of @services may drive, to be freed: "its driver was vmscsi".  NULL if
 * nothing is.
 */
char *service_choice_fault(Hive *system, unsigned set, const char *service,
                           const char *const *services);

#endif /* GUEST_SERVICE_CHOICE_H */
