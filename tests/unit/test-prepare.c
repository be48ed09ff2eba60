/*
 * Unit test of the pipeline, on test guests, without QEMU and without jail
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "prepare.h"
#include "util.h"

typedef struct Outcome {
    ByteSource *disk;
    Overlay *overlay;
    Preparation *preparation;
    GError *err;
} Outcome;

static void outcome_clear(Outcome *o)
{
    g_clear_pointer(&o->preparation, preparation_free);
    g_clear_pointer(&o->overlay, overlay_free);
    g_clear_pointer(&o->disk, source_free);
    g_clear_error(&o->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* Prepares the guest; false if it cannot be had here. */
static bool prepare(Outcome *o, const char *kind, bool apply,
                    const PrepareOptions *more)
{
    g_autoptr(Profile) profile = profile_embedded("ide", &o->err);
    PrepareOptions options = {
        .require_guest = true,
        .epoch = -1,
    };

    g_assert_no_error(o->err);
    if (more) {
        options = *more;
    }
    options.profile = profile;
    o->disk = guest_source(kind);
    if (!o->disk) {
        return false;
    }
    o->overlay = overlay_new(o->disk, LIMIT_OVERLAY_SIZE);
    o->preparation = prepare_run(o->overlay, &options, apply, &o->err);
    g_assert_true(!o->preparation == !!o->err);
    return true;
}

typedef struct Sum {
    unsigned runs;
    GChecksum *checksum;
} Sum;

static bool add_patch(uint64_t offset, const void *data, size_t length,
                      void *opaque, GError **errp)
{
    Sum *sum = opaque;

    sum->runs++;
    g_checksum_update(sum->checksum, (void *)&offset, sizeof(offset));
    g_checksum_update(sum->checksum, data, length);
    return true;
}

/* Number of patches; with @digest also what they are, to be freed. */
static unsigned patches(Outcome *o, char **digest)
{
    Sum sum = { .checksum = g_checksum_new(G_CHECKSUM_SHA256) };

    g_assert_true(overlay_foreach_patch(o->overlay, add_patch, &sum, NULL));
    if (digest) {
        *digest = g_strdup(g_checksum_get_string(sum.checksum));
    }
    g_checksum_free(sum.checksum);
    return sum.runs;
}

static void test_plan_changes_nothing(void)
{
    g_auto(Outcome) o = { 0 };

    if (prepare(&o, "xp-sp3-built", false, NULL)) {
        g_assert_no_error(o.err);
        /* Four drivers, and most of 34 keys in two control sets. */
        g_assert_cmpuint(o.preparation->changes->len, >, 60);
        g_assert_cmpuint(patches(&o, NULL), ==, 0);
    }
}

static void test_deterministic(void)
{
    g_auto(Outcome) first = { 0 };
    g_auto(Outcome) second = { 0 };
    g_autofree char *first_digest = NULL;
    g_autofree char *second_digest = NULL;

    if (!prepare(&first, "xp-sp3-built", true, NULL)) {
        return;
    }
    /* Where the time of day mattered, it would be another now. */
    g_usleep(1100 * 1000);
    prepare(&second, "xp-sp3-built", true, NULL);
    g_assert_no_error(first.err);
    g_assert_no_error(second.err);
    g_assert_cmpuint(patches(&first, &first_digest), >, 0);
    g_assert_cmpuint(patches(&second, &second_digest), >, 0);
    g_assert_cmpstr(first_digest, ==, second_digest);
}

static void test_epoch_is_used(void)
{
    PrepareOptions options = { .require_guest = true, .epoch = 1234567890 };
    g_auto(Outcome) o = { 0 };
    g_autoptr(Volume) volume = NULL;
    VolumeFileInfo info;

    if (!prepare(&o, "xp-sp3-built", true, &options)) {
        return;
    }
    g_assert_no_error(o.err);
    volume = volume_open(o.overlay, disk_partition(o.preparation->disk, 1),
                         VOLUME_READ_ONLY, NULL);
    g_assert_true(volume_stat(volume,
                              "\\windows\\SYSTEM32\\drivers\\ATAPI.SYS",
                              &info, NULL));
    g_assert_cmpint(info.mtime, ==, 1234567890);
    g_assert_true(volume_stat(volume,
                              "\\WINDOWS\\system32\\config\\SYSTEM",
                              &info, NULL));
    g_assert_cmpint(info.mtime, ==, 1234567890);
}

/* What is no reason to stop, but for the user to know. */
static const struct {
    const char *kind;
    const char *part;
} warnings[] = {
    { "half-service-pack", "is of service pack 3, but the registry speaks of "
      "service pack 2" },
    { "server-xp", "does not go with the registry's ProductType ServerNT" },
    { "other-architecture", "kernel is for x86, but the registry speaks of "
      "x64" },
    { "dirty-hive-with-log", "SYSTEM is dirty" },
    { "w2k-interrupted", "its mirror, SYSTEM.ALT, is taken" },
    { "w2k-large-hive", "too large for the boot loader of Windows 2000" },
    { "w2k-torn", "its mirror, SYSTEM.ALT, is taken" },
};

static void test_warning(gconstpointer data)
{
    const unsigned *i = data;
    g_auto(Outcome) o = { 0 };

    if (prepare(&o, warnings[*i].kind, true, NULL)) {
        g_assert_no_error(o.err);
        g_assert_cmpuint(o.preparation->warnings->len, ==, 1);
        g_test_message("%s", (char *)o.preparation->warnings->pdata[0]);
        g_assert_nonnull(strstr(o.preparation->warnings->pdata[0],
                                warnings[*i].part));
    }
}

/* Nobody needs to be warned of a guest that is in order. */
static void test_no_warning(void)
{
    static const char *const kinds[] = {
        "w2k-sp4", "xp-sp0", "xp-sp2", "xp-sp3", "w2k3-sp2", "xp-x64",
        "w2k3-x64", "logical-drive", "dynamic-disk",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Outcome) o = { 0 };

        if (prepare(&o, kinds[i], false, NULL)) {
            g_assert_no_error(o.err);
            g_assert_cmpuint(o.preparation->warnings->len, ==, 0);
        }
    }
}

/*
 * The last changes of a dirty hive are given up only when that is asked for,
 * and the result is in order.
 */
static void test_use_primary(void)
{
    PrepareOptions options = {
        .require_guest = true,
        .epoch = -1,
        .dirty_hive = DIRTY_HIVE_USE_PRIMARY,
    };
    static const char *const kinds[] = { "dirty-hive", "w2k-old-mirror" };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Outcome) o = { 0 };

        if (prepare(&o, kinds[i], true, &options)) {
            g_assert_no_error(o.err);
            g_assert_cmpuint(o.preparation->warnings->len, ==, 1);
            g_assert_true(g_str_has_prefix(o.preparation->warnings->pdata[0],
                                           "its last changes are lost"));
            g_assert_cmpuint(patches(&o, NULL), >, 0);
        }
    }
}

/* Whether the file of that path is among what is changed. */
static bool changes_file(const Outcome *o, const char *path)
{
    for (guint i = 0; i < o->preparation->changes->len; i++) {
        const Change *change = g_ptr_array_index(o->preparation->changes, i);

        if (g_str_equal(change->path, path)) {
            return true;
        }
    }
    return false;
}

/* A mirror is written where it is one, and where it is not the better one. */
static void test_mirror(void)
{
    static const struct {
        const char *kind;
        DirtyHive dirty_hive;
        const char *mirror;
        bool changes;
    } mirrors[] = {
        { "w2k-sp4", DIRTY_HIVE_REFUSE,
          "\\WINNT\\system32\\config\\SYSTEM.ALT", true },
        { "w2k-torn", DIRTY_HIVE_USE_PRIMARY,
          "\\WINNT\\system32\\config\\SYSTEM.ALT", true },
        { "w2k-old-mirror", DIRTY_HIVE_USE_PRIMARY,
          "\\WINNT\\system32\\config\\SYSTEM.ALT", false },
        { "xp-stale-mirror", DIRTY_HIVE_REFUSE,
          "\\WINDOWS\\system32\\config\\SYSTEM.ALT", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(mirrors); i++) {
        PrepareOptions options = {
            .require_guest = true,
            .epoch = -1,
            .dirty_hive = mirrors[i].dirty_hive,
        };
        g_auto(Outcome) o = { 0 };

        if (prepare(&o, mirrors[i].kind, true, &options)) {
            g_assert_no_error(o.err);
            g_assert_cmpint(changes_file(&o, mirrors[i].mirror), ==,
                            mirrors[i].changes);
        }
    }
}

/* After any refusal the message names an object and the overlay is unused. */
static const struct {
    const char *kind;
    GuestError code;
    const char *part;
} refusals[] = {
    { "dirty-hive", GUEST_ERROR_REFUSED, "registry hive is dirty" },
    { "windows-7", GUEST_ERROR_NOT_FOUND, "of which nothing is in "
      "\\WINDOWS\\system32\\DriverStore\\FileRepository\\mshdc.inf_*; " },
    { "w2k-old-mirror", GUEST_ERROR_REFUSED, "registry hive is dirty" },
    { "dynamic-mirror", GUEST_ERROR_REFUSED, "mirror" },
    { "fat-system-partition", GUEST_ERROR_REFUSED, "FAT" },
    { "bad-hive-checksum", GUEST_ERROR_REFUSED, "checksum is wrong" },
    { "no-hive", GUEST_ERROR_INVALID, "no registry hive" },
    { "dirty-volume", GUEST_ERROR_REFUSED, "marked dirty" },
    { "hibernated", GUEST_ERROR_REFUSED, "hiberfil.sys" },
    { "unclean-logfile", GUEST_ERROR_REFUSED, "$LogFile" },
    { "bitlocker", GUEST_ERROR_REFUSED, "BitLocker" },
    { "no-partition-table", GUEST_ERROR_NO_GUEST, "-f vmdk" },
    { "no-ntfs", GUEST_ERROR_NO_GUEST, "NTFS" },
    { "no-windows", GUEST_ERROR_NO_GUEST, "Windows" },
    { "no-driver-cab", GUEST_ERROR_NOT_FOUND, "driver.cab" },
    { "truncated-driver-cab", GUEST_ERROR_INVALID, "driver.cab" },
    { "wrong-machine-drivers", GUEST_ERROR_REFUSED, "x64" },
    { "full-volume", GUEST_ERROR_NO_SPACE, "no room" },
    { "wrong-bitmap", GUEST_ERROR_INVALID, "(filler.bin) lies" },
};

static void test_refusal(gconstpointer data)
{
    const unsigned *i = data;
    g_auto(Outcome) o = { 0 };

    if (prepare(&o, refusals[*i].kind, true, NULL)) {
        g_assert_error(o.err, GUEST_ERROR, refusals[*i].code);
        g_test_message("%s", o.err->message);
        g_assert_nonnull(strstr(o.err->message, refusals[*i].part));
        g_assert_null(strchr(o.err->message, '\n'));
    }
}

static void test_require_guest_off(void)
{
    static const char *const kinds[] = {
        "no-partition-table", "no-ntfs", "no-windows",
    };
    PrepareOptions options = { .require_guest = false, .epoch = -1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Outcome) o = { 0 };

        if (prepare(&o, kinds[i], true, &options)) {
            g_assert_no_error(o.err);
            g_assert_null(o.preparation->windows);
            g_assert_cmpuint(o.preparation->warnings->len, >, 0);
            g_assert_cmpuint(patches(&o, NULL), ==, 0);
        }
    }
}

static const char mend_select[] =
    "Windows Registry Editor Version 5.00\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\mended]\n"
    "\"Start\"=dword:00000004\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\n"
    "\"Current\"=dword:00000001\n\"Default\"=dword:00000001\n";

/* How many keys below the control set change. */
static unsigned changes_below(const Outcome *o, const char *set)
{
    const GPtrArray *changes = o->preparation->changes;
    unsigned n = 0;

    for (guint i = 0; i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);

        n += strstr(change->path, set) != NULL;
    }
    return n;
}

/* What a .reg file makes a control set to start with gets everything, too. */
static void test_select_is_mended(void)
{
    g_autoptr(GBytes) text = g_bytes_new_static(mend_select,
                                                strlen(mend_select));
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)regfile_free);
    PrepareOptions options = {
        .require_guest = true,
        .epoch = -1,
        .reg_files = files,
    };
    g_auto(Outcome) o = { 0 };

    g_ptr_array_add(files, regfile_parse("select.reg", text, NULL));
    if (prepare(&o, "broken-select-missing-set", true, &options)) {
        g_assert_no_error(o.err);
        g_assert_cmpuint(o.preparation->windows->control_sets->len, ==, 2);
        g_assert_cmpuint(changes_below(&o, "ControlSet001"), >, 1);
        g_assert_cmpuint(changes_below(&o, "ControlSet001"), ==,
                         changes_below(&o, "ControlSet003"));
    }
}

/* Files beyond 128 GiB, which only later Windows can write to on IDE. */
static void test_size(void)
{
    static const struct {
        PeVersion version;
        unsigned service_pack;
        const char *needs;
    } cases[] = {
        { { { 5, 0, 2195, 6717 } }, 4, "EnableBigLba=1" },
        { { { 5, 1, 2600, 0 } }, 0, "only with SP1" },
        { { { 5, 1, 2600, 1106 } }, 1, NULL },
        { { { 5, 2, 3790, 0 } }, 0, NULL },
        { { { 6, 0, 6002, 18005 } }, 0, NULL },
    };
    Partition partition = { .start = 32256 };
    g_autoptr(GArray) partitions = g_array_new(FALSE, FALSE,
                                               sizeof(Partition));
    Disk disk = { .partitions = partitions };
    const uint64_t limit = UINT64_C(128) << 30;

    g_array_append_val(partitions, partition);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Windows windows = {
            .version = cases[i].version,
            .service_pack = cases[i].service_pack,
        };
        Partition *p = &g_array_index(partitions, Partition, 0);
        g_autofree char *why = NULL;

        p->size = limit - p->start;
        g_assert_null(windows_check_size(&windows, &disk));
        p->size = UINT64_MAX;
        why = windows_check_size(&windows, &disk);
        g_assert_true(!why == !cases[i].needs);
        g_assert_true(!why || strstr(why, cases[i].needs));
        g_clear_pointer(&why, g_free);
        p->size = limit - p->start + 512;
        why = windows_check_size(&windows, &disk);
        g_assert_true(!why == !cases[i].needs);
    }
}

int main(int argc, char **argv)
{
    static unsigned numbers[MAX(G_N_ELEMENTS(refusals),
                                G_N_ELEMENTS(warnings))];

    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        numbers[i] = i;
    }

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prepare/plan-changes-nothing",
                    test_plan_changes_nothing);
    g_test_add_func("/prepare/deterministic", test_deterministic);
    g_test_add_func("/prepare/epoch-is-used", test_epoch_is_used);
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *path = g_strdup_printf("/prepare/refusal/%s",
                                                refusals[i].kind);

        g_test_add_data_func(path, &numbers[i], test_refusal);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(warnings); i++) {
        g_autofree char *path = g_strdup_printf("/prepare/warning/%s",
                                                warnings[i].kind);

        g_test_add_data_func(path, &numbers[i], test_warning);
    }
    g_test_add_func("/prepare/no-warning", test_no_warning);
    g_test_add_func("/prepare/use-primary", test_use_primary);
    g_test_add_func("/prepare/mirror", test_mirror);
    g_test_add_func("/prepare/require-guest-off", test_require_guest_off);
    g_test_add_func("/prepare/select-is-mended", test_select_is_mended);
    g_test_add_func("/prepare/size", test_size);
    return g_test_run();
}
