/*
 * The client: has a guest's disk prepared by the helper
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_CLIENT_H
#define XENPREP_CLIENT_H

#include "qapi/qapi-types-block-core.h"
#include "win-xenprep-compat.h"
#include "xenprep-options.h"
#include "xenprep-overlay.h"

/* The outcome; both members are set. */
typedef struct XenprepResult {
    XenprepOverlay *overlay;
    ImageInfoSpecificWinXenprep *report;
} XenprepResult;

/*
 * Runs the helper over @disk, which is only ever read, and waits for it.  On
 * success *@result belongs to the caller; on failure it is not touched.
 */
bool xenprep_client_run(BdrvChild *disk, const XenprepOptions *options,
                        XenprepResult *result, Error **errp);

void xenprep_result_clear(XenprepResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XenprepResult, xenprep_result_clear)

#endif /* XENPREP_CLIENT_H */
