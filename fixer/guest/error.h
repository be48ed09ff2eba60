/*
 * Errors of the guest engine
 *
 * Every message is one line that names the object (partition, file, key), the
 * cause and, where a person can do something, the remedy.  Messages begin in
 * lower case unless with a name, and end without a full stop, as QEMU's do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_ERROR_H
#define GUEST_ERROR_H

#include <glib.h>

#define GUEST_ERROR guest_error_quark()

typedef enum GuestError {
    /* Data that cannot be what it should be. */
    GUEST_ERROR_INVALID,
    /* A file, a key, a member of a cabinet that is not there. */
    GUEST_ERROR_NOT_FOUND,
    /* Sound data that must not be edited: dirty, hibernated, encrypted... */
    GUEST_ERROR_REFUSED,
    /* No Windows that could be prepared: require-guest=off forgives it. */
    GUEST_ERROR_NO_GUEST,
    /* The volume or one of our own limits is too small. */
    GUEST_ERROR_NO_SPACE,
    /* The source could not be read. */
    GUEST_ERROR_IO,
} GuestError;

GQuark guest_error_quark(void);

#endif /* GUEST_ERROR_H */
