/*
 * What a person at a terminal sees while a slow disk is being prepared
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_PROGRESS_H
#define XENPREP_PROGRESS_H

#include "xenprep-protocol.h"

typedef struct XenprepProgress XenprepProgress;

/*
 * Begins to count.  After two seconds a line on standard error says how far
 * it is, and each second again.  NULL, which the others take, too, if that is
 * no terminal.
 */
XenprepProgress *xenprep_progress_start(XenprepVerb verb);

/* Counts a read of @bytes from @source, which is valid until the end. */
void xenprep_progress_read(XenprepProgress *progress, const char *source,
                           uint64_t bytes);

/* Takes the line away, and frees everything. */
void xenprep_progress_end(XenprepProgress *progress);

#endif /* XENPREP_PROGRESS_H */
