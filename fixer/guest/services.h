/*
 * Services: drivers and programs that a moved guest must not start
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SERVICES_H
#define GUEST_SERVICES_H

#include "change.h"
#include "hive.h"

/*
 * Disables @names, which end with NULL, in each of @control_sets: they are
 * taken off all lists of filters, and those that are there get Start=4.  Names
 * are whole and compared without regard to case; no key is deleted, but for
 * StartOverride below them, which would count more.
 *
 * For each key that changes, a Change with @source is added to @changes; its
 * reason is made from @reason.  What cannot be done is a line in @warnings
 * (char *).
 */
bool services_disable(Hive *system, const char *const *names,
                      const char *source, const char *reason,
                      const GArray *control_sets, GPtrArray *changes,
                      GPtrArray *warnings, GError **errp);

#endif /* GUEST_SERVICES_H */
