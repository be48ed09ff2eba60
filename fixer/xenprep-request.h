/*
 * A request to the helper, parsed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REQUEST_H
#define XENPREP_REQUEST_H

#include "guest/source.h"
#include "xenprep-wire.h"

typedef struct RequestSource {
    /* Without any directory. */
    char *name;
    ByteSource *bytes;
} RequestSource;

typedef struct Request {
    XenprepVerb verb;
    XenprepMode mode;
    /* RequestSource; the first is the disk. */
    GPtrArray *sources;

    /* The options' JSON object, member by member. */

    /* "profile": the name of an embedded one, or NULL. */
    char *profile;
    /* "profile-source": the index of the user's own, or 0. */
    unsigned profile_source;
    /* "container-source": the index of the VMDK's own file, or 0. */
    unsigned container_source;
    /* "require-guest" */
    bool require_guest;
    /* "source-date-epoch": seconds since 1970, or -1. */
    int64_t source_date_epoch;
} Request;

/*
 * Receives and parses a request.  The sources read over @wire, which must
 * outlive the request.
 */
Request *request_receive(XenprepWire *wire, GError **errp);

void request_free(Request *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

/* The source of that name, but for the disk; NULL if there is none. */
ByteSource *request_find_source(Request *request, const char *name);

#endif /* XENPREP_REQUEST_H */
