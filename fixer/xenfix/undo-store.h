/*
 * An undo file on the host: made, read, and taken away so that no crash hurts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_STORE_H
#define UNDO_STORE_H

#include "undo-file.h"

/*
 * Reads the file.  *@undo is NULL if there is none, which is no error; else
 * it belongs to the caller.
 */
bool undo_store_load(const char *path, UndoFile **undo, GError **error);

/*
 * Makes the file, which must not exist.  When it returns true the file is
 * there, whole, and stays there whatever happens to the host; when it returns
 * false there is none.
 */
bool undo_store_create(const char *path, const UndoFile *undo,
                       GError **error);

/* Changes the state of the file, durably. */
bool undo_store_set_done(const char *path, bool done, GError **error);

/* Removes the file, durably. */
bool undo_store_remove(const char *path, GError **error);

#endif /* UNDO_STORE_H */
