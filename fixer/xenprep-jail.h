/*
 * The helper's jail
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_JAIL_H
#define XENPREP_JAIL_H

#include <glib.h>
#include <stdbool.h>

typedef enum JailMode {
    /* As much as the kernel offers. */
    JAIL_AUTO,
    /* All of it, or an error. */
    JAIL_ON,
    /* Nothing: for debugging, and for kernels that offer nothing. */
    JAIL_OFF,
} JailMode;

/* "landlock", "seccomp", "rlimits", NULL */
#define JAIL_MAX_MEASURES 4

/*
 * Closes every descriptor but @keep_fd, which must be 0; standard output and
 * error become /dev/null, since a descriptor that is free would be the next
 * file's, and a library's message would be written into it.
 */
bool jail_close_descriptors(int keep_fd, GError **errp);

/*
 * Confines this process for good.  @measures receives the names of what is in
 * force from now on, NULL-terminated.
 */
bool jail_enter(JailMode mode, const char *measures[JAIL_MAX_MEASURES],
                GError **errp);

#endif /* XENPREP_JAIL_H */
