/*
 * The system calls of the helper's jail
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_JAIL_CALLS_H
#define XENPREP_JAIL_CALLS_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A sanitizer makes system calls of its own, and takes more memory than there
 * is; a jail that is built with one is for its tests only.
 */
#ifdef __SANITIZE_ADDRESS__
#define JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_SANITIZED 1
#endif
#endif

typedef struct JailCall {
    int number;
    /* What its arguments have to be. */
    unsigned n_conditions;
    struct scmp_arg_cmp conditions[2];
    /* It fails with EACCES, instead of ending the process. */
    bool refused;
    /* NULL if each run makes it, else when it is made. */
    const char *when;
} JailCall;

/* All that is not among them ends the process. */
const JailCall *jail_calls(size_t *n);

/* Confines this process to them for good.  Returns 0 or -errno. */
int jail_enter_seccomp(void);

#endif /* XENPREP_JAIL_CALLS_H */
