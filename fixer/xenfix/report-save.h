/*
 * A page that is written to a file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef REPORT_SAVE_H
#define REPORT_SAVE_H

/*
 * Whether a page may be written to @path: nothing is there, or an empty file,
 * or a page.  Else false and @errp.
 */
bool report_may_save(const char *path, Error **errp);

/* Puts a page there when it is complete; until then what was there stays. */
bool report_save(const char *path, const char *page, size_t length,
                 Error **errp);

#endif /* REPORT_SAVE_H */
