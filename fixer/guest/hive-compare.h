/*
 * Hive compare: whether a key was changed by all that was done to its hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_COMPARE_H
#define GUEST_HIVE_COMPARE_H

#include "hive.h"

/* The hive as it was when @hive was opened. */
Hive *hive_as_opened(const Hive *hive, GError **errp);

/*
 * Whether the key of that path is the same in both hives: not there, or there
 * with the same values, and, if @deep, with the same keys below it.  Times,
 * class and security do not count.
 */
bool hive_same_key(Hive *a, Hive *b, const char *path, bool deep);

/* Whether the registry takes both for one name of a value. */
bool hive_same_name(const char *a, const char *b);

#endif /* GUEST_HIVE_COMPARE_H */
