/*
 * Fuzz target: the whole engine, on a disk whose metadata is damaged
 *
 * The input: two bytes that say what is asked for, then edits of the disk, as
 * fuzz_base_edit() takes them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "check.h"
#include "fuzz-base.h"
#include "guest-limits.h"
#include "inspect.h"
#include "prepare.h"
#include "report.h"

/* The first byte, modulo 4. */
enum { PLAN, APPLY, INSPECT, CHECK };

/* Bits of the second byte. */
#define USE_PRIMARY 1
#define FORCE_DIRTY 2
#define DETAILS 4
#define WITNESSES 8
#define WITHOUT_GUEST 16
#define NAMED_WINDOWS 32

static const char *const sandbox[] = { NULL };

/* Patches ascend, and leave the first sector alone. */
static bool check_patch(uint64_t offset, const void *data, size_t length,
                        void *opaque, GError **errp)
{
    uint64_t *end = opaque;

    g_assert_cmpuint(offset, >=, *end);
    g_assert_cmpuint(offset, >=, 512);
    g_assert_cmpuint(length, >, 0);
    *end = offset + length;
    return true;
}

static char *prepare(Overlay *overlay, uint8_t flags, bool apply,
                     GError **errp)
{
    g_autoptr(Profile) profile = profile_embedded("ide", errp);
    g_autoptr(Preparation) preparation = NULL;
    uint64_t end = 0;
    const PrepareOptions options = {
        .profile = profile,
        .windows = flags & NAMED_WINDOWS ? "1:\\WINDOWS" : NULL,
        .dirty_hive = flags & USE_PRIMARY ? DIRTY_HIVE_USE_PRIMARY
                                          : DIRTY_HIVE_REFUSE,
        .force_dirty_volume = flags & FORCE_DIRTY,
        .details = flags & DETAILS,
        .witnesses = flags & WITNESSES,
        .require_guest = !(flags & WITHOUT_GUEST),
        .epoch = -1,
    };

    preparation = prepare_run(overlay, &options, apply, errp);
    if (!preparation) {
        return NULL;
    }
    overlay_foreach_patch(overlay, check_patch, &end, NULL);
    g_assert_true(apply || end == 0);
    return report_to_json(preparation, &(ReportFacts) {
        .profile = profile->name,
        .sandbox = sandbox,
    });
}

static char *run(Overlay *overlay, uint8_t verb, uint8_t flags, GError **errp)
{
    const char *windows = flags & NAMED_WINDOWS ? "1:\\WINDOWS" : NULL;
    DirtyHive dirty = flags & USE_PRIMARY ? DIRTY_HIVE_USE_PRIMARY
                                          : DIRTY_HIVE_REFUSE;

    if (verb == INSPECT) {
        return inspect_run(overlay, &(InspectOptions) {
            .windows = windows,
            .dirty_hive = dirty,
            .sandbox = sandbox,
        }, errp);
    }
    if (verb == CHECK) {
        return check_run(overlay, &(CheckOptions) {
            .windows = windows,
            .dirty_hive = dirty,
            .machine = "xen-hvm",
            .sandbox = sandbox,
        }, errp);
    }
    return prepare(overlay, flags, verb == APPLY, errp);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_base_load();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    uint8_t verb = fuzz_take8(&input) % 4;
    uint8_t flags = fuzz_take8(&input);
    g_autoptr(ByteSource) disk = fuzz_base_new();
    g_autoptr(Overlay) overlay = overlay_new(disk, LIMIT_OVERLAY_SIZE);
    g_autofree char *json = NULL;
    GError *err = NULL;

    while (input.left > 0) {
        fuzz_base_edit(disk, &input);
    }
    json = run(overlay, verb, flags, &err);
    if (json) {
        g_assert_true(g_utf8_validate(json, -1, NULL));
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
