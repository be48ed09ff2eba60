/*
 * Where drivers are taken from: the files of a guest, and the user's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compress.h"
#include "driver-guest.h"
#include "driver-place.h"

/* What the user has is as good as the guest's: it comes first. */
static void test_user_folder(void)
{
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        add_folder(&g, "I386", 5512);
        plan_ok(&g);
        assert_edits(&g, 4, "I386/");
        g_assert_cmpuint(g.sources->len, ==, 4);
        assert_source(&g, "I386", true, NEWEST);
        assert_source(&g, CABINET, false,
                      "not looked at: I386 has the kernel's own version");
        assert_warnings(&g, 0, NULL);
    }
}

static void test_guest_only(void)
{
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        plan_ok(&g);
        assert_edits(&g, 4, CABINET);
        g_assert_cmpuint(g.sources->len, ==, 3);
        assert_source(&g, CABINET, true, NEWEST);
        assert_source(&g, "\\WINDOWS\\Driver Cache\\i386", false,
                      "passed over: none of the files is in it");
        assert_source(&g, "\\WINDOWS\\system32\\dllcache", false,
                      "passed over: none of the files is in it");
        assert_warnings(&g, 0, NULL);
    }
}

/* The user's places that will not do, or less well, and why. */
static void test_passed_over(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    add_folder(&g, "newer", 9999);
    add_folder(&g, "older", 2180);
    add_file(&g, g_strdup("part/ATAPI.SY_"), x86_driver(5512));
    add_file(&g, g_strdup("part/intelide.sys"), x86_driver(5512));
    add_file(&g, g_strdup("mixed/PciIdeX.sys"), x86_driver(9999));
    add_folder(&g, "mixed", 5512);
    plan_ok(&g);
    assert_edits(&g, 4, CABINET);
    assert_source(&g, "newer", false, "passed over: atapi.sys: its version "
                  "5.1.2600.9999 is newer than the kernel's 5.1.2600.5512");
    assert_source(&g, "older", false, "passed over: version 5.1.2600.2180 is "
                  "older than that of " CABINET);
    assert_source(&g, "part", false,
                  "passed over: pciide.sys, pciidex.sys are not in it");
    assert_source(&g, "mixed", false, "passed over: pciidex.sys: its version "
                  "5.1.2600.9999 is newer than the kernel's 5.1.2600.5512");
    assert_warnings(&g, 0, NULL);
}

/* One file of a folder is replaced by @bytes, and the folder passed over. */
static void check_unfit(GBytes *bytes, const char *reason)
{
    g_auto(Guest) g = { 0 };
    g_autofree char *passed_over = g_strconcat("passed over: ", reason, NULL);
    g_autofree char *warning = g_strconcat("I386: ", passed_over, NULL);

    if (guest_open(&g)) {
        add_file(&g, g_strdup("I386/PCIIDEX.SYS"), g_bytes_ref(bytes));
        add_folder(&g, "I386", 5512);
        plan_ok(&g);
        assert_edits(&g, 4, CABINET);
        assert_source(&g, "I386", false, passed_over);
        /* what is sound, but for another guest, is nothing to warn of */
        assert_warnings(&g, strstr(reason, " is for ") ||
                            strstr(reason, " imports ") ? 0 : 1, warning);
    }
}

static void test_unfit(void)
{
    g_autoptr(GBytes) x64 = driver(5512, PE_MACHINE_AMD64, NULL);
    g_autoptr(GBytes) import = driver(5512, PE_MACHINE_I386, "STORPORT.SYS");
    g_autoptr(GBytes) text = g_bytes_new_static("[Version]", 9);
    g_autoptr(GBytes) compressed = szdd(text, false);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(
        compressed, 0, g_bytes_get_size(compressed) - 1);

    check_unfit(x64, "pciidex.sys: it is for x64, the guest is x86");
    check_unfit(import, "pciidex.sys: it imports from STORPORT.SYS, which the "
                "guest does not have");
    check_unfit(text, "pciidex.sys: not an executable: it does not begin with "
                "MZ");
    check_unfit(cut, "PCIIDEX.SYS: it is truncated or damaged: 8 bytes come "
                "out, its header says 9");
}

/* Each file of a setup CD in another of the formats, by names in capitals. */
static void test_compressed(void)
{
    static const struct {
        const char *name;
        GBytes *(*compress)(GBytes *bytes);
    } files[] = {
        { "I386/ATAPI.SY_", szdd_matches }, { "I386/INTELIDE.SY_", cabinet },
        { "I386/PCIIDE.SYS", plain }, { "I386/PCIIDEX.SY_", kwaj_mszip },
    };
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) bytes = x86_driver(5512);

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        add_file(&g, g_strdup(files[i].name), files[i].compress(bytes));
    }
    plan_ok(&g);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        const FileEdit *edit = g_ptr_array_index(g.edits, i);

        g_assert_cmpstr(edit->source, ==, files[i].name);
        g_assert_true(g_bytes_equal(edit->bytes, bytes));
        g_assert_true(edit->create);
    }
}

/* Files that are named one by one are one source. */
static void test_loose_files(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        add_file(&g, g_strdup(names[i]), x86_driver(5512));
    }
    add_folder(&g, "I386", 5512);
    plan_ok(&g);
    assert_edits(&g, 4, "");
    assert_source(&g, "driver-source", true, NEWEST);
    assert_source(&g, "I386", false, "not looked at: driver-source has the "
                  "kernel's own version");
}

/* A cabinet in a folder is a source of its own; so is one beside it. */
static void test_user_cabinets(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    g.windows.version.part[3] = 6000;
    add_file(&g, g_strdup("I386/SP2.CAB"), driver_cabinet(2180));
    add_folder(&g, "I386", 5512);
    add_file(&g, g_strdup("sp4.cab"), driver_cabinet(5700));
    plan_ok(&g);
    assert_edits(&g, 4, "sp4.cab");
    assert_source(&g, "sp4.cab", true, "newest version that is not above the "
                  "kernel's 5.1.2600.6000");
    assert_source(&g, "I386", false, "passed over: version 5.1.2600.5512 is "
                  "older than that of sp4.cab");
    assert_source(&g, "I386/SP2.CAB", false, "passed over: version "
                  "5.1.2600.2180 is older than that of sp4.cab");
    assert_source(&g, CABINET, false, "passed over: version 5.1.2600.5512 is "
                  "older than that of sp4.cab");
    /* of the kernel's own service pack: hotfixes bring kernels alone */
    assert_warnings(&g, 0, NULL);
}

/* Sources without versions, and of several. */
static void test_versions(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    g.windows.version.part[3] = 6000;
    add_file(&g, g_strdup("I386/atapi.sys"), x86_driver(5600));
    add_folder(&g, "I386", 5512);
    plan_ok(&g);
    /* driver.cab has no newer pciide.sys, but an older atapi.sys */
    assert_edits(&g, 4, "I386/");
    assert_warnings(&g, 1, "I386: its files are of different versions: "
                    "atapi.sys 5.1.2600.5600, intelide.sys 5.1.2600.5512, "
                    "pciide.sys 5.1.2600.5512, pciidex.sys 5.1.2600.5512");
}

static void test_no_version(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    /* older than all that the guest has */
    g.windows.version.part[3] = 100;
    add_folder(&g, "I386", NO_VERSION);
    plan_ok(&g);
    assert_edits(&g, 4, "I386/");
    assert_source(&g, "I386", true, "a file in it has no version and counts "
                  "as the oldest, but no other source is better");
    assert_warnings(&g, 4, DRIVERS "atapi.sys: I386/atapi.sys has no version: "
                    "whether it is older than the kernel's 5.1.2600.100 "
                    "cannot be told");
}

/* A part of a set is refused, a damaged cabinet warned of. */
static void test_bad_cabinets(void)
{
    g_auto(Guest) g = { 0 };
    GBytes *part = driver_cabinet(5512);
    g_autoptr(GBytes) whole = driver_cabinet(5512);

    if (!guest_open(&g)) {
        g_bytes_unref(part);
        return;
    }
    ((guint8 *)g_bytes_get_data(part, NULL))[0x1e] = 2;
    add_file(&g, g_strdup("part.cab"), part);
    add_file(&g, g_strdup("cut.cab"), g_bytes_new_from_bytes(whole, 0, 99));
    plan_ok(&g);
    assert_edits(&g, 4, CABINET);
    assert_source(&g, "part.cab", false, "passed over: it is part 1 of a set "
                  "of several cabinets, which is not supported: unpack the "
                  "whole set");
    assert_warnings(&g, 1, "cut.cab: passed over: it is truncated: its header "
                    "says 7330 bytes, 99 are there");
}

typedef struct CountingSource {
    ByteSource source;
    GBytes *bytes;
    gsize count;
} CountingSource;

static bool counting_pread(ByteSource *source, uint64_t offset, void *buf,
                           size_t length, GError **errp)
{
    CountingSource *s = (CountingSource *)source;

    memcpy(buf, (guint8 *)g_bytes_get_data(s->bytes, NULL) + offset, length);
    s->count += length;
    return true;
}

/*
 * The files lie in the cabinet in the opposite order, each behind 1 MiB of
 * other data, and yet its data is read just once.
 */
static void test_cabinet_read_once(void)
{
    enum { N = G_N_ELEMENTS(names) };
    CabinetMember members[2 * N];
    g_autoptr(GBytes) driver_bytes = x86_driver(5512);
    g_autoptr(GBytes) filler = g_bytes_new_take(g_malloc0(MiB), MiB);
    CountingSource source = { .source = { .pread = counting_pread } };
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < N; i++) {
        members[2 * i] = (CabinetMember) { "filler", filler };
        members[2 * i + 1] = (CabinetMember) { names[N - 1 - i],
                                               driver_bytes };
    }
    source.bytes = cabinet_image(members, 2 * N);
    source.source.size = g_bytes_get_size(source.bytes);
    add_source(&g, g_strdup("big.cab"), &source.source);
    plan_ok(&g);
    assert_edits(&g, 4, "big.cab");
    g_assert_cmpuint(source.count, <, source.source.size + 256 * 1024);
    g_ptr_array_set_size(g.bytes, 0);
    g_bytes_unref(source.bytes);
}

/* What is there and fits stays; what does not fit is replaced. */
static void test_present(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) fit = x86_driver(2180);
    g_autoptr(GBytes) unfit = driver(5512, PE_MACHINE_AMD64, NULL);
    const FileEdit *edit;

    if (!guest_open(&g)) {
        return;
    }
    put_into_guest(&g, "intelide.sys", fit);
    put_into_guest(&g, "pciide.sys", unfit);
    plan_ok(&g);
    assert_edits(&g, 3, CABINET);
    edit = g_ptr_array_index(g.edits, 1);
    g_assert_cmpstr(edit->path, ==, DRIVERS "pciide.sys");
    g_assert_false(edit->create);
    g_assert_true(g_str_has_prefix(edit->reason,
                                   "it is for x64, the guest is x86: "));
}

static void test_all_present(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) fit = x86_driver(2180);

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        put_into_guest(&g, names[i], fit);
    }
    add_folder(&g, "I386", 5512);
    plan_ok(&g);
    g_assert_cmpuint(g.edits->len, ==, 0);
    g_assert_cmpuint(g.sources->len, ==, 0);
}

/* A directory of the guest: files go elsewhere, as a profile may want. */
static void test_guest_directory(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) fit = x86_driver(2180);

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        put_into_guest(&g, names[i], fit);
    }
    g_free(g.profile->directory);
    g.profile->directory = g_strdup("system32");
    g_strfreev(g.profile->sources);
    g.profile->sources = g_strsplit("System32\\Drivers", ";", -1);
    plan_ok(&g);
    assert_edits(&g, 4, "\\WINDOWS\\System32\\Drivers\\");
    assert_source(&g, "\\WINDOWS\\System32\\Drivers", true, NEWEST);
    assert_warnings(&g, 4, "\\WINDOWS\\system32\\atapi.sys: version "
                    "5.1.2600.2180, out of \\WINDOWS\\System32\\Drivers\\"
                    "atapi.sys, is older than the kernel's 5.1.2600.5512");
}

/* All whose names begin so, as folders of the DriverStore have to be found. */
static void test_pattern(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) fit = x86_driver(5512);

    if (!guest_open(&g)) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        put_into_guest(&g, names[i], fit);
    }
    g_free(g.profile->directory);
    g.profile->directory = g_strdup("system32");
    g_strfreev(g.profile->sources);
    g.profile->sources = g_strsplit("Nowhere\\x*;System32\\x*;System32\\DRI*",
                                    ";", -1);
    plan_ok(&g);
    assert_edits(&g, 4, "\\WINDOWS\\System32\\drivers\\");
    assert_source(&g, "\\WINDOWS\\System32\\drivers", true, NEWEST);
    g_assert_cmpuint(g.sources->len, ==, 1);
}

/* What nothing is found by is named as it stands. */
static void test_pattern_without(void)
{
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        g_strfreev(g.profile->sources);
        g.profile->sources = g_strsplit("Nowhere\\x*;System32\\x*", ";", -1);
        assert_plan_fails(&g, GUEST_ERROR_NOT_FOUND,
                          " is in \\WINDOWS\\Nowhere\\x*, "
                          "\\WINDOWS\\System32\\x*; ");
    }
}

/* A directory that cannot be listed for now may hold what is wanted. */
static void test_pattern_disk_fails(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GPtrArray) places = NULL;

    if (guest_open(&g)) {
        g_strfreev(g.profile->sources);
        g.profile->sources = g_strsplit("Driver Cache\\i*", ";", -1);
        disk_fails = true;
        places = driver_places_new(g.volume, &g.windows, g.profile, NULL,
                                   &g.err);
        g_assert_null(places);
        g_assert_error(g.err, GUEST_ERROR, GUEST_ERROR_IO);
    }
}

/* A second profile with the same files has nothing left to bring. */
static void test_two_profiles(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(GBytes) fit = x86_driver(5512);

    if (guest_open(&g)) {
        plan_ok(&g);
        assert_edits(&g, 4, CABINET);
        plan_ok(&g);
        assert_edits(&g, 4, CABINET);
        /* Another file is one edit more, and the others stay. */
        put_into_guest(&g, "other.sys", fit);
        g_strfreev(g.profile->files);
        g.profile->files = g_strsplit("atapi.sys;other.sys", ";", -1);
        g_free(g.profile->directory);
        g.profile->directory = g_strdup("system32");
        g_strfreev(g.profile->sources);
        g.profile->sources = g_strsplit("system32\\drivers", ";", -1);
        put_into_guest(&g, "atapi.sys", fit);
        plan_ok(&g);
        g_assert_cmpuint(g.edits->len, ==, 6);
    }
}

static bool failing_pread(ByteSource *source, uint64_t offset, void *buf,
                          size_t length, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "file on fire");
    return false;
}

/* It might have been the one to take. */
static void test_user_file_fails(void)
{
    ByteSource failing = { .size = 1000, .pread = failing_pread };
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        add_source(&g, g_strdup("I386/atapi.sys"), &failing);
        add_folder(&g, "I386", 5512);
        assert_plan_fails(&g, GUEST_ERROR_IO, "file on fire");
    }
}

static bool igniting_pread(ByteSource *source, uint64_t offset, void *buf,
                           size_t length, GError **errp)
{
    disk_fails = true;
    memset(buf, 0, length);
    return true;
}

/* The disk fails from when the user's file was read: no "not there". */
static void test_disk_fails(void)
{
    ByteSource igniting = { .size = 1000, .pread = igniting_pread };
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        add_source(&g, g_strdup("I386/atapi.sys"), &igniting);
        add_folder(&g, "I386", 5512);
        assert_plan_fails(&g, GUEST_ERROR_IO, "disk on fire");
    }
}

static void test_nothing(void)
{
    g_auto(Guest) g = { 0 };

    if (guest_open(&g)) {
        g.windows.machine = PE_MACHINE_AMD64;
        assert_plan_fails(&g, GUEST_ERROR_NOT_FOUND,
                          "\\WINDOWS\\ServicePackFiles\\amd64, "
                          "\\WINDOWS\\Driver Cache\\amd64, ");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drivers/user-folder", test_user_folder);
    g_test_add_func("/drivers/guest-only", test_guest_only);
    g_test_add_func("/drivers/passed-over", test_passed_over);
    g_test_add_func("/drivers/unfit", test_unfit);
    g_test_add_func("/drivers/compressed", test_compressed);
    g_test_add_func("/drivers/loose-files", test_loose_files);
    g_test_add_func("/drivers/user-cabinets", test_user_cabinets);
    g_test_add_func("/drivers/versions", test_versions);
    g_test_add_func("/drivers/no-version", test_no_version);
    g_test_add_func("/drivers/bad-cabinets", test_bad_cabinets);
    g_test_add_func("/drivers/cabinet-read-once", test_cabinet_read_once);
    g_test_add_func("/drivers/pattern", test_pattern);
    g_test_add_func("/drivers/pattern-without", test_pattern_without);
    g_test_add_func("/drivers/pattern-disk-fails", test_pattern_disk_fails);
    g_test_add_func("/drivers/two-profiles", test_two_profiles);
    g_test_add_func("/drivers/present", test_present);
    g_test_add_func("/drivers/all-present", test_all_present);
    g_test_add_func("/drivers/guest-directory", test_guest_directory);
    g_test_add_func("/drivers/user-file-fails", test_user_file_fails);
    g_test_add_func("/drivers/disk-fails", test_disk_fails);
    g_test_add_func("/drivers/nothing", test_nothing);
    return g_test_run();
}
