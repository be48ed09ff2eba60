/*
 * Registry: .reg files merged into the guest's SYSTEM hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REGISTRY_H
#define GUEST_REGISTRY_H

#include "change.h"
#include "hive.h"

/*
 * The control sets that a prepared guest may boot with: those that Select
 * names as Current, Default and LastKnownGood, ascending, each once.  One
 * that is 0 or has no key is left out, with a line in @warnings (char *).
 */
GArray *registry_control_sets(Hive *system, const char *where,
                              GPtrArray *warnings, GError **errp);

/* The hives that .reg files may speak of, below HKEY_LOCAL_MACHINE. */
#define REGISTRY_SYSTEM "SYSTEM"
#define REGISTRY_SOFTWARE "SOFTWARE"

/* Refuses a file of which a key is in none of these hives. */
bool registry_check_file(const RegFile *file, GError **errp);

/* Whether one of the file's keys is in the hive of that name. */
bool registry_touches(const RegFile *file, const char *name);

/*
 * Merges the keys of @file that are in @hive, of that @name, as regedit
 * would, in the hive's memory.  CurrentControlSet means each of
 * @control_sets.  What is there already is no change; for each key that does
 * change a Change with that @reason is added to @changes.
 */
bool registry_merge(Hive *hive, const char *name, const RegFile *file,
                    const char *reason, const GArray *control_sets,
                    GPtrArray *changes, GError **errp);

/*
 * Drops from @changes those in @hive, of that @name, that come to nothing: a
 * key was deleted and made again as it had been, a value set and set back.
 * *@changed is whether any are left.
 */
bool registry_settle(Hive *hive, const char *name, GPtrArray *changes,
                     bool *changed, GError **errp);

/*
 * Adds a line to @warnings (char *) for each value of @file that @hive, of
 * that @name, does not hold in the end.
 */
void registry_find_overruled(Hive *hive, const char *name,
                             const RegFile *file, const GArray *control_sets,
                             GPtrArray *warnings);

#endif /* GUEST_REGISTRY_H */
