/*
 * Check: what becomes of a link of the boot path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check-internal.h"
#include "error.h"

void link_free(Link *link)
{
    g_free(link->name);
    g_free(link->object);
    g_free(link->text);
    g_free(link->stop_code);
    g_free(link->remedy);
    g_free(link);
}

static bool link_set(Link *link, LinkState state, const char *format,
                     va_list args)
{
    link->state = state;
    g_free(link->text);
    link->text = g_strdup_vprintf(format, args);
    return true;
}

void link_set_object(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(link->object);
    link->object = g_strdup_vprintf(format, args);
    va_end(args);
}

bool link_ok(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_OK, format, args);
    va_end(args);
    return true;
}

bool link_broken(Link *link, const char *stop_code, const char *remedy,
                 const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_BROKEN, format, args);
    va_end(args);
    link->stop_code = g_strdup(stop_code);
    link->remedy = g_strdup(remedy);
    return true;
}

bool link_unknown(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_UNKNOWN, format, args);
    va_end(args);
    return true;
}

bool link_skipped(Link *link, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    link_set(link, LINK_SKIPPED, format, args);
    va_end(args);
    return true;
}

bool link_failed(Link *link, GError *err, GError **errp)
{
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_IO)) {
        g_propagate_error(errp, err);
        return false;
    }
    link_unknown(link, "%s", err->message);
    g_error_free(err);
    return true;
}

bool link_doubt(Link *link)
{
    if (link->state == LINK_BROKEN) {
        link->state = LINK_UNKNOWN;
        g_clear_pointer(&link->stop_code, g_free);
        g_clear_pointer(&link->remedy, g_free);
    }
    return true;
}
