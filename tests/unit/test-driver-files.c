/*
 * Unit test of whether the files are there that services name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "driver-files.h"
#include "driver-guest.h"

/* The state of a file in the guest's system32\drivers. */
static DriverFileState state_of(Guest *g, const char *name)
{
    g_autoptr(DriverFiles) files = driver_files_new(g->volume, &g->windows,
                                                    g->edits);
    g_autofree char *path = g_strconcat(DRIVERS, name, NULL);
    g_autoptr(GError) err = NULL;
    DriverFileState state = DRIVER_FILE_FITS;

    g_assert_true(files->state(files, path, &state, &err));
    g_assert_no_error(err);
    return state;
}

static void assert_becomes(Guest *g, const char *name, GBytes *bytes,
                           DriverFileState state)
{
    put_into_guest(g, name, bytes);
    g_bytes_unref(bytes);
    g_assert_cmpint(state_of(g, name), ==, state);
}

static void test_states(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    g_assert_cmpint(state_of(&g, "new.sys"), ==, DRIVER_FILE_MISSING);
    assert_becomes(&g, "fit.sys",
                   driver(5512, PE_MACHINE_I386, "ntoskrnl.exe"),
                   DRIVER_FILE_FITS);
    assert_becomes(&g, "x64.sys",
                   driver(5512, PE_MACHINE_AMD64, "ntoskrnl.exe"),
                   DRIVER_FILE_UNFIT);
    assert_becomes(&g, "text.sys", g_bytes_new_static("text", 4),
                   DRIVER_FILE_UNFIT);
    assert_becomes(&g, "none.sys", g_bytes_new_static("", 0),
                   DRIVER_FILE_EMPTY);
}

/* A module that is imported from, and a name that stands for one. */
static void test_imports(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    assert_becomes(&g, "first.sys",
                   driver(5512, PE_MACHINE_I386, "second.sys"),
                   DRIVER_FILE_UNFIT);
    assert_becomes(&g, "set.sys",
                   driver(5512, PE_MACHINE_I386, "EXT-MS-WIN-X-L1-1-0.DLL"),
                   DRIVER_FILE_FITS);
    assert_becomes(&g, "second.sys",
                   driver(5512, PE_MACHINE_I386, "ntoskrnl.exe"),
                   DRIVER_FILE_FITS);
    g_assert_cmpint(state_of(&g, "first.sys"), ==, DRIVER_FILE_FITS);
}

/* What will be written is there, and can be imported from. */
static void test_edits(void)
{
    g_auto(Guest) g = { 0 };

    if (!guest_open(&g)) {
        return;
    }
    assert_becomes(&g, "first.sys", x86_driver(5512), DRIVER_FILE_UNFIT);
    g_assert_cmpint(state_of(&g, "atapi.sys"), ==, DRIVER_FILE_MISSING);
    plan_ok(&g);
    assert_edits(&g, 4, CABINET);
    g_assert_cmpint(state_of(&g, "ATAPI.SYS"), ==, DRIVER_FILE_FITS);
    g_assert_cmpint(state_of(&g, "first.sys"), ==, DRIVER_FILE_FITS);
}

static void test_disk_fails(void)
{
    g_auto(Guest) g = { 0 };
    g_autoptr(DriverFiles) files = NULL;
    g_autoptr(GError) err = NULL;
    DriverFileState state;

    if (guest_open(&g)) {
        files = driver_files_new(g.volume, &g.windows, g.edits);
        disk_fails = true;
        g_assert_false(files->state(files, CABINET, &state, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_IO);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/driver-files/states", test_states);
    g_test_add_func("/driver-files/imports", test_imports);
    g_test_add_func("/driver-files/edits", test_edits);
    g_test_add_func("/driver-files/disk-fails", test_disk_fails);
    return g_test_run();
}
