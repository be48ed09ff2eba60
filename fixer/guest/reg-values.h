/*
 * Registry values that are made here, to be set in a hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_REG_VALUES_H
#define GUEST_REG_VALUES_H

#include "regfile.h"

/*
 * An empty array that owns its values (RegValue *), as hive_set_values() takes
 * them.  Their names belong to the caller.
 */
GPtrArray *reg_values_new(void);

/* @type is REG_SZ or REG_EXPAND_SZ. */
void reg_values_add_string(GPtrArray *values, const char *name,
                           uint32_t type, const char *text);

/* A REG_DWORD. */
void reg_values_add_number(GPtrArray *values, const char *name,
                           uint32_t number);

/* The value is deleted. */
void reg_values_add_removal(GPtrArray *values, const char *name);

#endif /* GUEST_REG_VALUES_H */
