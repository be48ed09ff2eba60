/*
 * The options of a request to the helper
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_REQUEST_OPTIONS_H
#define XENPREP_REQUEST_OPTIONS_H

#include "xenprep-request.h"

/* Sets @errp to what is wrong with the request; returns false. */
bool request_fail(GError **errp, const char *why);

/*
 * Parses @text, of @length bytes, into @request, whose verb and sources are
 * known already.  Unknown members are errors.
 */
bool request_parse_options(Request *request, const char *text, size_t length,
                           GError **errp);

#endif /* XENPREP_REQUEST_OPTIONS_H */
