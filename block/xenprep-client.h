/*
 * The client: has a guest's disk prepared, or looked at, by the helper
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_CLIENT_H
#define XENPREP_CLIENT_H

#include "qapi/qapi-types-block-core.h"
#include "win-xenprep-compat.h"
#include "xenprep-collect.h"
#include "xenprep-options.h"

/*
 * Runs the helper over @disk, which is only ever read, and waits for it.  On
 * success *@result belongs to the caller; on failure only @refused is set.
 */
bool xenprep_client_run(BdrvChild *disk, const XenprepOptions *options,
                        XenprepResult *result, Error **errp);

/* The same for the disk of a tool. */
bool xenprep_client_run_backend(BlockBackend *disk,
                                const XenprepOptions *options,
                                XenprepResult *result, Error **errp);

#endif /* XENPREP_CLIENT_H */
