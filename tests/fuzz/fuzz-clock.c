/*
 * A clock that cannot be frozen
 *
 * The engine freezes the time of day (clock.c), by which libFuzzer tells how
 * long it has been running: a frozen one would let it run for ever.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "clock.h"

/* The linker puts this in the place of clock_freeze(). */
void __wrap_clock_freeze(int64_t seconds);

void __wrap_clock_freeze(int64_t seconds)
{
}
