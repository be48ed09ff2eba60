/*
 * How the commands of win-xenfix change a guest, in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENFIX_CHANGE_H
#define WIN_XENFIX_CHANGE_H

#include "win-xenfix.h"

/* What each command has that changes a guest. */
extern const XenfixOption xenfix_change_options[];

/* What such a command asks the helper for, as far as all of them do. */
XenprepOptions xenfix_change_request(const XenfixOptions *options);

/*
 * Has @request made, and writes its patches to the image by way of an undo
 * file; or with --dry-run only says what they would be.
 */
XenfixStatus xenfix_change_run(const XenfixOptions *options,
                               const XenprepOptions *request);

#endif /* WIN_XENFIX_CHANGE_H */
