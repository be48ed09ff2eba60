/*
 * Hive: values that are lists of strings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_STRINGS_H
#define GUEST_HIVE_STRINGS_H

#include "hive.h"

/*
 * The strings of a REG_MULTI_SZ value, up to the first empty one, UTF-8; a
 * REG_SZ or REG_EXPAND_SZ value is a list of one.  To be freed; NULL if there
 * is no such value or it is of another type.
 */
char **hive_key_strings(Hive *hive, HiveKey key, const char *name);

#endif /* GUEST_HIVE_STRINGS_H */
