/*
 * Unit test of witnesses: they lie where the volume's use leaves its traces
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "guest-limits.h"
#include "prepare.h"
#include "util.h"

/* What begins each of them, on disk. */
static const struct {
    const char *what;
    const char *magic;
    uint64_t length;
} expected[] = {
    { "partition 1: $LogFile", "RSTR", 8192 },
    { "partition 1: $Volume", "FILE", 1024 },
    { "partition 1: \\WINDOWS\\system32\\config\\SYSTEM", "regf", 512 },
    /* All of it, whatever that is. */
    { "partition 1: $MFT", "FILE", 0 },
};

/* NULL, and the test is skipped, if the guest cannot be had here. */
static Preparation *prepare(Overlay *overlay, bool witnesses)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Profile) profile = profile_embedded("ide", &err);
    PrepareOptions options = {
        .profile = profile,
        .require_guest = true,
        .witnesses = witnesses,
        .epoch = -1,
    };
    Preparation *preparation;

    g_assert_no_error(err);
    preparation = prepare_run(overlay, &options, true, &err);
    g_assert_no_error(err);
    return preparation;
}

static void test_places(void)
{
    g_autoptr(ByteSource) disk = guest_source("xp-sp3-built");
    g_autoptr(Overlay) overlay = NULL;
    g_autoptr(Preparation) p = NULL;

    if (!disk) {
        return;
    }
    overlay = overlay_new(disk, LIMIT_OVERLAY_SIZE);
    p = prepare(overlay, true);
    g_assert_cmpuint(p->witnesses->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < p->witnesses->len; i++) {
        const Witness *witness = g_ptr_array_index(p->witnesses, i);
        char magic[5] = "";

        g_assert_cmpstr(witness->what, ==, expected[i].what);
        if (expected[i].length) {
            g_assert_cmpuint(witness->extent.length, ==, expected[i].length);
        }
        g_assert_true(overlay_read(overlay, witness->extent.offset, magic, 4,
                                   NULL));
        g_assert_cmpstr(magic, ==, expected[i].magic);
    }
}

static void test_not_asked_for(void)
{
    g_autoptr(ByteSource) disk = guest_source("xp-sp3-built");
    g_autoptr(Overlay) overlay = NULL;
    g_autoptr(Preparation) p = NULL;

    if (!disk) {
        return;
    }
    overlay = overlay_new(disk, LIMIT_OVERLAY_SIZE);
    p = prepare(overlay, false);
    g_assert_cmpuint(p->witnesses->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/witness/places", test_places);
    g_test_add_func("/witness/not-asked-for", test_not_asked_for);
    return g_test_run();
}
