/*
 * Clock: the time that an edit bears
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

/*
 * From now on the process's wall clock stands still at @seconds since 1970,
 * UTC, for libraries too.
 */
void clock_freeze(int64_t seconds);

#endif /* GUEST_CLOCK_H */
