/*
 * Service image: the file that a service's ImagePath means
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SERVICE_IMAGE_H
#define GUEST_SERVICE_IMAGE_H

#include "windows.h"

/*
 * The driver's file as a path on Windows' volume,
 * \WINDOWS\system32\drivers\atapi.sys, to be freed: @image_path is the value
 * of the service @name, NULL if it has none.  NULL if it may be on another
 * volume, or begins with a variable other than %SystemRoot%.
 */
char *service_image_path(const Windows *windows, const char *name,
                         const char *image_path);

/*
 * Whether the value is of a form in which the boot loader is known to find the
 * file: below %SystemRoot%, or \SystemRoot\...; the kernel knows more.
 */
bool service_image_is_for_loader(const char *image_path);

#endif /* GUEST_SERVICE_IMAGE_H */
