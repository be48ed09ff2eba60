/*
 * Registry number: a setting that must not have certain values
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REGISTRY_NUMBER_H
#define GUEST_REGISTRY_NUMBER_H

#include "change.h"
#include "profile.h"

/*
 * In each of @control_sets, gives the value its right number if it has one of
 * the wrong ones.  Without the value, or the key, Windows has its own default,
 * and nothing is done.  For each key that changes a Change with @source is
 * added to @changes.
 */
bool registry_number_settle(Hive *system, const ProfileNumber *number,
                            const GArray *control_sets, const char *source,
                            GPtrArray *changes, GError **errp);

#endif /* GUEST_REGISTRY_NUMBER_H */
