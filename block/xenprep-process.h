/*
 * The helper's process: start, find out how it ended, stop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_PROCESS_H
#define XENPREP_PROCESS_H

#include "qapi/qapi-types-common.h"

typedef struct XenprepProcess {
    /* What runs, for messages. */
    char *path;
    /* 0 once it has ended and been waited for. */
    pid_t pid;
    /* Our end of the socket to it. */
    int fd;
} XenprepProcess;

/*
 * Starts the helper: its standard input is the other end of @fd, its output
 * goes nowhere, and it inherits nothing else.  NULL and @errp on failure.
 */
XenprepProcess *xenprep_process_start(OnOffAuto sandbox, Error **errp);

/*
 * Waits up to @patience_ms for the helper to end by itself.  Returns how it
 * ended, in words, or NULL if it has not.  *@success is whether it ended with
 * status 0, as far as can be told.
 */
char *xenprep_process_wait(XenprepProcess *process, int64_t patience_ms,
                           bool *success);

/* Kills the helper if it still runs, and frees everything. */
void xenprep_process_free(XenprepProcess *process);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenprepProcess, xenprep_process_free)

#endif /* XENPREP_PROCESS_H */
