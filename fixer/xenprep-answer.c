/*
 * What the helper answers: patches, a report, or an error
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest/discard.h"
#include "guest/error.h"
#include "guest/guest-limits.h"
#include "xenprep-answer.h"

bool answer_failed(int ret, GError **errp)
{
    if (ret < 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                    "the client is gone: %s", g_strerror(-ret));
    }
    return ret < 0;
}

static bool send_zeros(Session *session, uint64_t offset, uint64_t length,
                       GError **errp)
{
    uint8_t fixed[16];

    session->discarded_bytes += length;
    xenprep_put64(fixed, offset);
    xenprep_put64(fixed + 8, length);
    return !answer_failed(xenprep_wire_send(&session->wire, XENPREP_MSG_ZERO,
                                            fixed, sizeof(fixed), NULL, 0),
                          errp);
}

/* Sends what of the discards lies before @end and was not sent yet. */
static bool send_discards_before(Session *session, uint64_t end,
                                 GError **errp)
{
    guint n = session->discards ? session->discards->len : 0;

    while (session->discards_sent < n) {
        const DiscardExtent *extent = &g_array_index(session->discards,
                                                     DiscardExtent,
                                                     session->discards_sent);
        uint64_t extent_end = extent->offset + extent->length;
        uint64_t from = MAX(extent->offset, session->position);
        uint64_t to = MIN(extent_end, end);

        if (from < to && !send_zeros(session, from, to - from, errp)) {
            return false;
        }
        if (extent_end > end) {
            break;
        }
        session->discards_sent++;
    }
    return true;
}

bool answer_last_discards(Session *session, GError **errp)
{
    return send_discards_before(session, UINT64_MAX, errp);
}

bool answer_patch(uint64_t offset, const void *data, size_t length,
                  void *opaque, GError **errp)
{
    Session *session = opaque;
    uint8_t fixed[8];

    if (session->patched_bytes + length > XENPREP_MAX_PATCH_BYTES) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "more than %d MiB of the disk would change",
                    XENPREP_MAX_PATCH_BYTES / MiB);
        return false;
    }
    if (!send_discards_before(session, offset, errp)) {
        return false;
    }
    session->position = offset + length;
    session->patches++;
    session->patched_bytes += length;
    xenprep_put64(fixed, offset);
    return !answer_failed(xenprep_wire_send(&session->wire,
                                            XENPREP_MSG_PATCH, fixed,
                                            sizeof(fixed), data, length),
                          errp);
}

bool answer_report(Session *session, const char *json, const char *why,
                   GError **errp)
{
    size_t length = strlen(json);

    if (length > XENPREP_MAX_REPORT) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "the report has %zu bytes, more than the limit of %d: "
                    "%s", length, XENPREP_MAX_REPORT, why);
        return false;
    }
    return !answer_failed(xenprep_wire_send(&session->wire,
                                            XENPREP_MSG_REPORT, NULL, 0,
                                            json, length), errp) &&
           !answer_failed(xenprep_wire_send(&session->wire, XENPREP_MSG_END,
                                            NULL, 0, NULL, 0), errp);
}

/* Libraries and guests say all kinds of things. */
void answer_error(Session *session, const GError *err)
{
    g_autofree char *text = g_utf8_make_valid(err->message, -1);
    size_t length;

    for (char *p = text; *p; p++) {
        if (g_ascii_iscntrl(*p)) {
            *p = ' ';
        }
    }
    length = strlen(text);
    if (length > XENPREP_MAX_ERROR) {
        length = g_utf8_find_prev_char(text, text + XENPREP_MAX_ERROR) - text;
    }
    xenprep_wire_send(&session->wire, XENPREP_MSG_ERROR, NULL, 0, text,
                      length);
}
