/*
 * The choice between places that have drivers: all combinations of a few
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "driver-choice.h"
#include "error.h"

static const PeVersion kernel = { { 5, 1, 2600, 5512 } };
static const PeVersion older = { { 5, 1, 2600, 2180 } };
static const PeVersion oldest = { { 5, 1, 2600, 0 } };

#define FILES 2
#define PLACES 3

/* What a place may have: both files, each of one of the versions; or not. */
typedef struct Place {
    bool fits;
    const PeVersion *versions[FILES];
} Place;

static const Place places[] = {
    { false },
    { true, { &kernel, &kernel } }, { true, { &kernel, &older } },
    { true, { &kernel, &oldest } }, { true, { &older, &kernel } },
    { true, { &older, &older } }, { true, { &older, &oldest } },
    { true, { &oldest, &kernel } }, { true, { &oldest, &older } },
    { true, { &oldest, &oldest } }, { true, { NULL, &kernel } },
};

static GError *failure(int code, const char *message)
{
    return g_error_new_literal(GUEST_ERROR, code, message);
}

static DriverCandidate *candidate(const Place *place, guint rank)
{
    g_autofree char *path = g_strdup_printf("place%u", rank);
    DriverCandidate *result = driver_candidate_new(path, rank);

    for (unsigned i = 0; i < FILES && place->fits; i++) {
        driver_candidate_add_version(result, place->versions[i]);
    }
    if (!place->fits) {
        driver_candidate_fail(result, DRIVER_UNFIT,
                              failure(GUEST_ERROR_REFUSED, "for x64"));
    }
    return result;
}

/* A number for a version, in the same order; none is the lowest. */
static unsigned grade(const PeVersion *version)
{
    return version == &kernel ? 3 : version == &older ? 2
           : version == &oldest ? 1 : 0;
}

/* A number for a place: its lower version counts first. */
static unsigned place_grade(const Place *place)
{
    unsigned a = place->fits ? grade(place->versions[0]) : 0;
    unsigned b = place->fits ? grade(place->versions[1]) : 0;

    return place->fits ? 1 + MIN(a, b) * 10 + MAX(a, b) : 0;
}

/* The best by its grade; of equal ones the first. */
static guint expected(const Place *const *chosen)
{
    guint best = 0;

    for (guint i = 1; i < PLACES; i++) {
        if (place_grade(chosen[i]) > place_grade(chosen[best])) {
            best = i;
        }
    }
    return best;
}

static GPtrArray *candidate_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)
                                          driver_candidate_free);
}

/* In whichever order they are looked at, the same one is best. */
static void check_orders(GPtrArray *all, guint best)
{
    static const guint orders[][PLACES] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        DriverCandidate *result = g_ptr_array_index(all, orders[i][0]);

        for (guint j = 1; j < PLACES; j++) {
            result = driver_choice_better(
                result, g_ptr_array_index(all, orders[i][j]));
        }
        g_assert_cmpuint(result->rank, ==, best);
    }
}

static void check_report(GPtrArray *all, guint best)
{
    g_autoptr(GPtrArray) sources =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_source_free);

    driver_choice_report(all, g_ptr_array_index(all, best), &kernel, sources);
    g_assert_cmpuint(sources->len, ==, PLACES);
    for (guint i = 0; i < PLACES; i++) {
        const DriverSource *source = g_ptr_array_index(sources, i);

        g_assert_true(source->used == (i == best));
        g_assert_true(g_str_has_prefix(source->reason, "passed over: ") ==
                      (i != best));
    }
}

static void test_all(void)
{
    enum { N = G_N_ELEMENTS(places) };

    for (unsigned n = 0; n < N * N * N; n++) {
        const Place *chosen[PLACES] = {
            &places[n / N / N], &places[n / N % N], &places[n % N],
        };
        g_autoptr(GPtrArray) all = candidate_array();
        guint best = expected(chosen);

        for (guint i = 0; i < PLACES; i++) {
            g_ptr_array_add(all, candidate(chosen[i], i));
        }
        check_orders(all, best);
        if (chosen[best]->fits) {
            check_report(all, best);
        }
    }
}

static void test_is_best(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        DriverCandidate *one = candidate(&places[i], 0);

        g_assert_true(driver_choice_is_best(one, &kernel) ==
                      (places[i].fits && places[i].versions[0] == &kernel &&
                       places[i].versions[1] == &kernel));
        driver_candidate_free(one);
    }
}

/* What the report says of the second place, if the first is the best. */
static const struct {
    Place best;
    Place other;
    const char *reason;
    const char *other_reason;
    const char *other_version;
} reasons[] = {
    { { true, { &kernel, &kernel } }, { true, { &older, &kernel } },
      "newest version that is not above the kernel's 5.1.2600.5512",
      "passed over: version 5.1.2600.2180 is older than that of place0",
      "5.1.2600.2180" },
    { { true, { &older, &older } }, { true, { &older, &older } },
      "newest version that is not above the kernel's 5.1.2600.5512",
      "passed over: its version is that of place0, which comes first",
      "5.1.2600.2180" },
    { { true, { &kernel, &oldest } }, { true, { &oldest, &older } },
      "newest version that is not above the kernel's 5.1.2600.5512",
      "passed over: its oldest file is of version 5.1.2600.0, as that of "
      "place0, but the others are older", "5.1.2600.0" },
    { { true, { &oldest, &oldest } }, { true, { NULL, &kernel } },
      "newest version that is not above the kernel's 5.1.2600.5512",
      "passed over: a file in it has no version and counts as older than "
      "those of place0", NULL },
    { { true, { NULL, NULL } }, { false },
      "a file in it has no version and counts as the oldest, but no other "
      "source is better", "passed over: for x64", NULL },
};

static void test_reasons(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autoptr(GPtrArray) all = candidate_array();
        g_autoptr(GPtrArray) sources =
            g_ptr_array_new_with_free_func((GDestroyNotify)
                                           driver_source_free);
        const DriverSource *source;
        g_autofree char *version = NULL;

        g_ptr_array_add(all, candidate(&reasons[i].best, 0));
        g_ptr_array_add(all, candidate(&reasons[i].other, 1));
        driver_choice_report(all, g_ptr_array_index(all, 0), &kernel,
                             sources);
        source = g_ptr_array_index(sources, 0);
        g_assert_cmpstr(source->reason, ==, reasons[i].reason);
        source = g_ptr_array_index(sources, 1);
        g_assert_cmpstr(source->path, ==, "place1");
        g_assert_cmpstr(source->reason, ==, reasons[i].other_reason);
        version = source->has_version ? pe_version_string(&source->version)
                                      : NULL;
        g_assert_cmpstr(version, ==, reasons[i].other_version);
    }
}

/* One that is not there is not reported, one that nobody looked at is. */
static void test_unseen(void)
{
    g_autoptr(GPtrArray) all = candidate_array();
    g_autoptr(GPtrArray) sources =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_source_free);
    DriverCandidate *unseen = driver_candidate_new("unseen", 2);
    const DriverSource *source;

    g_ptr_array_add(all, candidate(&places[1], 0));
    g_ptr_array_add(all, driver_candidate_new("absent", 1));
    g_ptr_array_add(all, unseen);
    unseen->state = DRIVER_UNSEEN;
    driver_choice_report(all, g_ptr_array_index(all, 0), &kernel, sources);
    g_assert_cmpuint(sources->len, ==, 2);
    source = g_ptr_array_index(sources, 1);
    g_assert_cmpstr(source->reason, ==,
                    "not looked at: place0 has the kernel's own version");
    g_assert_false(source->has_version);
}

static void add_failed(GPtrArray *all, const char *path, DriverState state,
                       int code, const char *message)
{
    DriverCandidate *failed = driver_candidate_new(path, all->len);

    driver_candidate_fail(failed, state, failure(code, message));
    g_ptr_array_add(all, failed);
}

static void assert_error(GPtrArray *all, int code, const char *message)
{
    const Windows xp = { .version = { { 5, 1, 2600, 5512 } } };
    g_autoptr(GError) err = NULL;

    driver_choice_set_error(all, "partition 1: a needs b.sys", &xp, &err);
    g_assert_error(err, GUEST_ERROR, code);
    g_assert_true(g_str_has_prefix(err->message, message));
    g_assert_true(g_str_has_suffix(err->message, "; name the setup CD's I386 "
                                   "folder, a cabinet or the files by "
                                   "driver-source=, or copy the files into "
                                   "the source VM"));
}

static void test_error(void)
{
    g_autoptr(GPtrArray) all = candidate_array();

    g_ptr_array_add(all, driver_candidate_new("absent", 0));
    assert_error(all, GUEST_ERROR_NOT_FOUND, "partition 1: a needs b.sys, of "
                 "which nothing is in absent; name");
    add_failed(all, "empty", DRIVER_EMPTY, GUEST_ERROR_NOT_FOUND, "no");
    assert_error(all, GUEST_ERROR_NOT_FOUND, "partition 1: a needs b.sys, of "
                 "which nothing is in absent, empty; name");
    add_failed(all, "part", DRIVER_INCOMPLETE, GUEST_ERROR_NOT_FOUND, "b");
    assert_error(all, GUEST_ERROR_NOT_FOUND, "partition 1: a needs b.sys: "
                 "part: b; tried as well: empty; name");
    add_failed(all, "bad", DRIVER_UNFIT, GUEST_ERROR_INVALID, "cut");
    add_failed(all, "worse", DRIVER_UNFIT, GUEST_ERROR_REFUSED, "x64");
    assert_error(all, GUEST_ERROR_INVALID, "partition 1: a needs b.sys: bad: "
                 "cut; tried as well: empty, part, worse; name");
    for (unsigned i = 0; i < 11; i++) {
        add_failed(all, "cab", DRIVER_EMPTY, GUEST_ERROR_NOT_FOUND, "no");
    }
    assert_error(all, GUEST_ERROR_INVALID, "partition 1: a needs b.sys: bad: "
                 "cut; tried as well: empty, part, worse, cab, cab, cab, cab, "
                 "cab, cab, cab, cab, cab, 2 more; name");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/driver-choice/all", test_all);
    g_test_add_func("/driver-choice/is-best", test_is_best);
    g_test_add_func("/driver-choice/reasons", test_reasons);
    g_test_add_func("/driver-choice/unseen", test_unseen);
    g_test_add_func("/driver-choice/error", test_error);
    return g_test_run();
}
