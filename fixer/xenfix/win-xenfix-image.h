/*
 * The image that win-xenfix looks at
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_IMAGE_H
#define WIN_XENFIX_IMAGE_H

#include "win-xenfix.h"

/* Opens the image, to be read.  NULL and @errp on failure. */
BlockBackend *xenfix_image_open(const XenfixOptions *options, Error **errp);

/* Opens it to be written; nobody else may have it open then. */
BlockBackend *xenfix_image_open_rw(const XenfixOptions *options,
                                   Error **errp);

/*
 * Has the helper do what @request says.  On success the caller has to clear
 * *@result.
 */
bool xenfix_image_run(BlockBackend *image, const XenprepOptions *request,
                      XenprepResult *result, Error **errp);

/*
 * Has the helper answer @verb, which changes nothing, unless a run of
 * win-xenfix on the image was cut off.  On success the caller has to clear
 * *@report.
 */
bool xenfix_image_ask(BlockBackend *image, XenprepVerb verb,
                      const XenfixOptions *options, XenprepReport *report,
                      Error **errp);

#endif /* WIN_XENFIX_IMAGE_H */
