/*
 * Ends in the jail, as the helper may
 *
 * Usage: jail-end HOW
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "xenprep-jail.h"

static void end_by_abort(void)
{
    abort();
}

static void end_by_assertion(void)
{
    g_assert_not_reached();
}

/* The C library finds it out. */
static void end_by_heap(void)
{
    void *volatile p = malloc(100);

    free(p);
    free(p);
}

/* What GLib does if there is no memory. */
static void end_by_memory(void)
{
    while (g_malloc(64 * 1024)) {
        /* on */
    }
}

/*
 * A library that is told that there is no memory, and goes on.  It has some
 * back then, in pieces.
 */
static void end_without_memory(void)
{
    enum { PIECES = 1024 * 1024 };
    static void *pieces[PIECES];
    size_t n = 0;

    while (n < PIECES && (pieces[n] = malloc(64 * 1024))) {
        n++;
    }
    while (n > 0) {
        free(pieces[--n]);
    }
}

/* A buffer grows that has pages of its own. */
static void end_with_growth(void)
{
    void *p = g_malloc(1024 * 1024);

    g_free(g_realloc(p, 16 * 1024 * 1024));
}

/* An error message, from a locale that is not there. */
static void end_by_message(void)
{
    g_autofree char *text = g_locale_to_utf8("x", -1, NULL, NULL, NULL);

    g_printerr("%s%s\n", text, g_strerror(5));
}

static const struct {
    const char *how;
    void (*end)(void);
} ends[] = {
    { "abort", end_by_abort },
    { "assertion", end_by_assertion },
    { "heap", end_by_heap },
    { "memory", end_by_memory },
    { "without-memory", end_without_memory },
    { "growth", end_with_growth },
    { "message", end_by_message },
};

int main(int argc, char **argv)
{
    const char *measures[JAIL_MAX_MEASURES];

    for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(ends); i++) {
        if (g_str_equal(argv[1], ends[i].how)) {
            if (!jail_close_descriptors(STDIN_FILENO, NULL) ||
                !jail_enter(JAIL_ON, measures, NULL)) {
                return 125;
            }
            ends[i].end();
            return EXIT_SUCCESS;
        }
    }
    return 126;
}
