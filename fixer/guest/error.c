/*
 * Errors of the guest engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"

G_DEFINE_QUARK(guest-error, guest_error)
