/*
 * What the helper is asked to do, done by the engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_VERBS_H
#define XENPREP_VERBS_H

#include "xenprep-answer.h"
#include "xenprep-request.h"

/* Does what @request asks for, and answers it; an error is not sent yet. */
bool verb_run(Session *session, Request *request, GError **errp);

#endif /* XENPREP_VERBS_H */
