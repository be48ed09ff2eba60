/*
 * Check: whether a registry hive is what Windows would write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_CHECK_H
#define GUEST_HIVE_CHECK_H

#include "hive-node.h"

typedef struct HiveCheck HiveCheck;

/* Walks the whole hive from the root key in the cell @root. */
HiveCheck *hive_check_new(const HiveImage *image, uint32_t root);

void hive_check_free(HiveCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HiveCheck, hive_check_free)

/* Whether there are more faults than are kept, so that none can be told. */
bool hive_check_is_hopeless(const HiveCheck *check);

/* What Windows would mind, to be freed; NULL if there is nothing. */
char *hive_check_describe(const HiveCheck *check);

/* What refers to the hive's cells, in use or not; it belongs to @check. */
const HiveReferences *hive_check_references(const HiveCheck *check);

/*
 * What is wrong with a hive after an edit that was not before it, to be
 * freed; or NULL.
 */
char *hive_check_compare(const HiveCheck *before, const HiveCheck *after);

#endif /* GUEST_HIVE_CHECK_H */
