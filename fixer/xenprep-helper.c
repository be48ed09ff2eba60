/*
 * win-xenprep-helper: parses a guest's disk, in a jail
 *
 * Started by the client in QEMU's block layer, never by a person.  It opens
 * nothing: every byte comes over the socket that is its standard input, and
 * so does it answer (see xenprep-protocol.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "guest/error.h"
#include "xenprep-verbs.h"

/* HELLO from both sides, before anything else is believed. */
static bool greet(Session *session, GError **errp)
{
    uint32_t version;
    int ret = xenprep_wire_send_hello(&session->wire);

    if (ret == 0) {
        ret = xenprep_wire_recv_hello(&session->wire, &version);
    }
    if (answer_failed(ret, errp)) {
        return false;
    }
    if (version != XENPREP_PROTOCOL_VERSION) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "the client speaks version %u of the protocol, this "
                    "win-xenprep-helper speaks version %d: install both "
                    "from one build", version, XENPREP_PROTOCOL_VERSION);
        return false;
    }
    return true;
}

static bool serve(Session *session, JailMode mode, GError **errp)
{
    g_autoptr(Request) request = NULL;

    if (!greet(session, errp) ||
        !jail_close_descriptors(XENPREP_HELPER_FD, errp) ||
        !jail_enter(mode, session->measures, errp)) {
        return false;
    }
    request = request_receive(&session->wire, errp);
    return request && verb_run(session, request, errp);
}

static bool parse_mode(int argc, char **argv, JailMode *mode)
{
    static const struct {
        const char *text;
        JailMode mode;
    } modes[] = {
        { "--sandbox=auto", JAIL_AUTO },
        { "--sandbox=on", JAIL_ON },
        { "--sandbox=off", JAIL_OFF },
    };

    for (unsigned i = 0; argc == 2 && i < G_N_ELEMENTS(modes); i++) {
        if (g_str_equal(argv[1], modes[i].text)) {
            *mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    Session session = {
        .wire = { .fd = XENPREP_HELPER_FD, .patience_ms = -1 },
    };
    g_autoptr(GError) err = NULL;
    JailMode mode;

    if (!parse_mode(argc, argv, &mode)) {
        g_printerr("%s is started by QEMU's win-xenprep block driver; it is "
                   "of no use to people\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (!serve(&session, mode, &err)) {
        answer_error(&session, err);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
