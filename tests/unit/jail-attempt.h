/*
 * Attempts to do something in the jail
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_JAIL_ATTEMPT_H
#define TESTS_JAIL_ATTEMPT_H

#include "xenprep-jail.h"

/* Returns 0 if it came through, else an errno value. */
typedef int JailAttempt(void);

/* What became of an attempt. */
typedef enum JailOutcome {
    SUCCEEDED,
    REFUSED,
    /* by seccomp */
    KILLED,
    /* by itself, or by GLib */
    ABORTED,
    TOO_LONG,
    CRASHED,
} JailOutcome;

/*
 * Makes the attempt in a process of its own, jailed as the helper is, with the
 * socket of a client that is silent.  @before, which may be NULL, is done
 * there before it is jailed.
 */
JailOutcome jail_attempt(void (*before)(void), JailAttempt *attempt,
                         JailMode mode);

/* The measures that are then in force, with blanks between, or the error. */
char *jail_measures(void (*before)(void), JailMode mode);

/* From now on these calls fail, as they do on a kernel that lacks them. */
void without_landlock(void);
void without_seccomp(void);
void without_both(void);

/* What many attempts are: -1 and errno, or not. */
int result_of(long ret);

#endif /* TESTS_JAIL_ATTEMPT_H */
