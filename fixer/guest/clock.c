/*
 * Clock: the time that an edit bears
 *
 * Two conversions of one disk are to be equal bit for bit, but libntfs-3g
 * puts the time of day into whatever it writes.  It asks clock_gettime(),
 * and a function of that name in the executable takes precedence over the C
 * library's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static bool frozen;
static int64_t frozen_seconds;

void clock_freeze(int64_t seconds)
{
    frozen = true;
    frozen_seconds = seconds;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (frozen && clock == CLOCK_REALTIME) {
        ts->tv_sec = frozen_seconds;
        ts->tv_nsec = 0;
        return 0;
    }
    return syscall(SYS_clock_gettime, clock, ts);
}
