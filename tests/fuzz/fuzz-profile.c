/*
 * Fuzz target: profiles, and the files that they refer to
 *
 * The input is a profile; behind a line "--- NAME" the text of such a file,
 * as often as there is one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "fuzz.h"
#include "profile.h"

#define SEPARATOR "\n--- "

/* @opaque: the files beside it; each begins with the line of its name. */
static GBytes *lookup(const char *name, void *opaque, GError **errp)
{
    char **parts = opaque;

    for (char **part = parts; *part; part++) {
        size_t length = strcspn(*part, "\n");

        if (length == strlen(name) && memcmp(*part, name, length) == 0) {
            const char *text = *part + length;

            return g_bytes_new(text, strlen(text));
        }
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND, "%s: not there",
                name);
    return NULL;
}

static void use(Profile *profile)
{
    g_autoptr(GPtrArray) parts = profile_parts(profile);
    GError *err = NULL;

    g_assert_cmpuint(parts->len, >, 0);
    g_assert_true(g_ptr_array_index(parts, parts->len - 1) == profile);
    if (!profile_include_embedded(profile, "no-auto-reboot", &err)) {
        fuzz_expect_error(g_steal_pointer(&err));
    }
    if (!profile_leave_out(profile, "ntfs-heads", &err)) {
        fuzz_expect_error(err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *all = g_strndup((const char *)data, size);
    char *beside = strstr(all, SEPARATOR);
    g_auto(GStrv) parts = g_strsplit(beside ? beside : "", SEPARATOR, 8);
    /* A NUL stands for itself in a profile with nothing beside it. */
    g_autoptr(GBytes) text = g_bytes_new(data, beside ? beside - all : size);
    GError *err = NULL;
    g_autoptr(Profile) profile = profile_parse("fuzz.profile", text, lookup,
                                               parts, &err);

    if (profile) {
        use(profile);
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
