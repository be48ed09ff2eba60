/*
 * SYSTEM hives made from .reg text, for tests of what edits them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_HIVE_FIXTURE_H
#define TEST_HIVE_FIXTURE_H

#include "change.h"
#include "hive.h"

/* How keys of control sets begin in a .reg file. */
#define SET1 "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\"
#define SET2 "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\"

/* A hive with the keys of the .reg text @body (without its first line). */
Hive *fixture_hive(const char *body);

/* The numbers of control sets: 1 to @count. */
GArray *fixture_sets(unsigned count);

/* Saves it and opens what was saved. */
Hive *fixture_reopen(Hive *hive);

/* The hive must hold just what a fixture of @body does. */
void fixture_assert(Hive *hive, const char *body);

/*
 * The changes must be these, in order, one a line: what follows
 * HKEY_LOCAL_MACHINE\SYSTEM\, the values in order, the reason, as
 * "ControlSet001\Services\x [Start] because"; "create " or "delete " in front
 * of those that make or delete the key.
 */
void fixture_assert_changes(const GPtrArray *changes, const char *lines);

/* The warnings must be these, one a line. */
void fixture_assert_warnings(const GPtrArray *warnings, const char *lines);

#endif /* TEST_HIVE_FIXTURE_H */
