/*
 * What the helper answers: patches, a report, or an error
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_ANSWER_H
#define XENPREP_ANSWER_H

#include <glib.h>

#include "xenprep-jail.h"
#include "xenprep-wire.h"

typedef struct Session {
    XenprepWire wire;
    /* What confines this process: NULL-terminated names. */
    const char *measures[JAIL_MAX_MEASURES];
    /* What was sent so far. */
    uint64_t patches;
    uint64_t patched_bytes;
    uint64_t discarded_bytes;
    /*
     * DiscardExtent: what is sent between the patches; or NULL.  All of it up
     * to @position, and all of the first @discards_sent, is behind us.
     */
    const GArray *discards;
    guint discards_sent;
    uint64_t position;
} Session;

/* Sets @errp if @ret, of xenprep-wire.h, is a failure; tells whether it is. */
bool answer_failed(int ret, GError **errp);

/* Sends one patch; an OverlayPatchFunc, of which @opaque is the session. */
bool answer_patch(uint64_t offset, const void *data, size_t length,
                  void *opaque, GError **errp);

/*
 * Sends what of the discards is behind the last patch; to be called when all
 * patches are sent.  Where a patch is, nothing is discarded.
 */
bool answer_last_discards(Session *session, GError **errp);

/*
 * Sends the report, a JSON object, and with it the end.  One that is too long
 * is an error, of which @why says what makes it so long, and the remedy.
 */
bool answer_report(Session *session, const char *json, const char *why,
                   GError **errp);

/* Sends one line, valid and not too long, whatever @err says. */
void answer_error(Session *session, const GError *err);

#endif /* XENPREP_ANSWER_H */
