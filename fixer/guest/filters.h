/*
 * Filters: the drivers that Windows puts around the one that serves a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_FILTERS_H
#define GUEST_FILTERS_H

#include "change.h"
#include "hive.h"

/* The values that are lists of them. */
#define FILTERS_VALUES 2
extern const char *const filters_values[FILTERS_VALUES];

/*
 * Takes @names, which end with NULL, off all lists of filters in control set
 * @set.  A list that nothing is left of is deleted.  For each key that
 * changes a Change is added to @changes; @reason is what follows the names in
 * it.  Those of @names that must stay on a list are added to @listed (not
 * owned), with a line in @warnings (char *).
 */
bool filters_unlist(Hive *system, unsigned set, const char *const *names,
                    const char *source, const char *reason,
                    GPtrArray *changes, GPtrArray *listed,
                    GPtrArray *warnings, GError **errp);

/*
 * Takes the one filter @name off the lists of the key @path, which there is,
 * alone.  That it cannot be is a line in @warnings (char *).
 */
bool filters_unlist_from(Hive *system, const char *path, const char *name,
                         const char *source, const char *reason,
                         GPtrArray *changes, GPtrArray *warnings,
                         GError **errp);

#endif /* GUEST_FILTERS_H */
