/*
 * Driver fit: whether a driver would load in a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVER_FIT_H
#define GUEST_DRIVER_FIT_H

#include "windows.h"

/*
 * Sets *@why to why Windows could not load the driver @pe, or to NULL if it
 * could: it is for another machine type, or a module that it imports from is
 * neither there nor one of @coming (NULL-terminated), files that will be.
 * Returns false if that cannot be told.
 */
bool driver_find_unfit(Volume *volume, const Windows *windows, char **coming,
                       const PeInfo *pe, char **why, GError **errp);

#endif /* GUEST_DRIVER_FIT_H */
