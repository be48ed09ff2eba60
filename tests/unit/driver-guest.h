/*
 * A guest whose drivers are planned, and the files of a user
 *
 * The guest is a Windows XP SP3 whose drivers are in driver.cab alone, all of
 * the kernel's version.  What differs between the tests are the files that the
 * user brings along, and what the kernel is said to be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_DRIVER_GUEST_H
#define TEST_DRIVER_GUEST_H

#include <string.h>

#include "cabinet-image.h"
#include "drivers.h"
#include "error.h"
#include "guest-limits.h"
#include "pe-image.h"
#include "util.h"

#define CABINET "\\WINDOWS\\Driver Cache\\i386\\driver.cab"
#define DRIVERS "\\WINDOWS\\system32\\drivers\\"

static const char *const names[] = {
    "atapi.sys", "intelide.sys", "pciide.sys", "pciidex.sys",
};

/* A version resource without a version, for driver(). */
#define NO_VERSION -1

static bool disk_fails;

typedef struct FailingDisk {
    ByteSource source;
    ByteSource *disk;
} FailingDisk;

static bool failing_disk_pread(ByteSource *source, uint64_t offset, void *buf,
                               size_t length, GError **errp)
{
    FailingDisk *s = (FailingDisk *)source;

    if (disk_fails) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "disk on fire");
        return false;
    }
    return source_read(s->disk, offset, buf, length, errp);
}

typedef struct Guest {
    FailingDisk source;
    Overlay *overlay;
    Disk *disk;
    Volume *volume;
    Windows windows;
    Profile *profile;
    /* UserFile, and what belongs to it. */
    GPtrArray *files;
    GPtrArray *names;
    GPtrArray *bytes;
    /* What drivers_plan() makes. */
    GPtrArray *edits;
    GPtrArray *sources;
    GPtrArray *warnings;
    GError *err;
} Guest;

static void guest_clear(Guest *g)
{
    g_clear_pointer(&g->volume, volume_free);
    g_clear_pointer(&g->disk, disk_free);
    g_clear_pointer(&g->overlay, overlay_free);
    g_clear_pointer(&g->source.disk, source_free);
    g_clear_pointer(&g->profile, profile_free);
    g_clear_pointer(&g->files, g_ptr_array_unref);
    g_clear_pointer(&g->names, g_ptr_array_unref);
    g_clear_pointer(&g->bytes, g_ptr_array_unref);
    g_clear_pointer(&g->edits, g_ptr_array_unref);
    g_clear_pointer(&g->sources, g_ptr_array_unref);
    g_clear_pointer(&g->warnings, g_ptr_array_unref);
    g_clear_error(&g->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static void open_volume(Guest *g, VolumeAccess access)
{
    g_autoptr(GError) err = NULL;

    g->volume = volume_open(g->overlay, g->windows.place.partition, access,
                            &err);
    g_assert_no_error(err);
}

/* Opens the guest; false if it cannot be had here. */
static bool guest_open(Guest *g)
{
    g_autoptr(GError) err = NULL;

    disk_fails = false;
    g->source.disk = guest_source("xp-sp3-built");
    if (!g->source.disk) {
        return false;
    }
    g->source.source.size = g->source.disk->size;
    g->source.source.pread = failing_disk_pread;
    g->overlay = overlay_new(&g->source.source, LIMIT_OVERLAY_SIZE);
    g->disk = disk_read(g->overlay, &err);
    g_assert_no_error(err);
    g->windows = (Windows) {
        .place = { disk_partition(g->disk, 1), (char *)"\\WINDOWS" },
        .version = { { 5, 1, 2600, 5512 } },
        .machine = PE_MACHINE_I386,
    };
    g->profile = profile_embedded("ide-2000", &err);
    g_assert_no_error(err);
    g->files = g_ptr_array_new_with_free_func(g_free);
    g->names = g_ptr_array_new_with_free_func(g_free);
    g->bytes = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
    g->edits = g_ptr_array_new_with_free_func((GDestroyNotify)
                                              file_edit_free);
    g->sources = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                driver_source_free);
    g->warnings = g_ptr_array_new_with_free_func(g_free);
    open_volume(g, VOLUME_READ_ONLY);
    return true;
}

/* Puts the file into the guest's system32\drivers. */
static void put_into_guest(Guest *g, const char *name, GBytes *bytes)
{
    g_autofree char *path = g_strconcat(DRIVERS, name, NULL);
    g_autoptr(GError) err = NULL;

    volume_free(g->volume);
    open_volume(g, VOLUME_READ_WRITE);
    volume_create(g->volume, path, bytes, &err);
    g_assert_no_error(err);
    volume_close(g->volume, &err);
    g_assert_no_error(err);
    open_volume(g, VOLUME_READ_ONLY);
}

static void add_source(Guest *g, char *name, ByteSource *source)
{
    UserFile *file = g_new0(UserFile, 1);

    file->name = name;
    file->bytes = source;
    g_ptr_array_add(g->files, file);
    g_ptr_array_add(g->names, name);
    g_ptr_array_add(g->bytes, source);
}

/* Takes over @bytes. */
static void add_file(Guest *g, char *name, GBytes *bytes)
{
    add_source(g, name, source_new_bytes(bytes));
    g_bytes_unref(bytes);
}

/* A driver of version 5.1.2600.@build. */
static GBytes *driver(int build, uint16_t machine, const char *import)
{
    Spec spec = {
        .machine = machine,
        .pe32_plus = machine == PE_MACHINE_AMD64,
        .imports = { "ntoskrnl.exe", import },
        .version = build != NO_VERSION,
    };
    guint8 *image = build_image(&spec);

    for (gsize at = VERSION; at + 16 < IMAGE_SIZE; at += 4) {
        if (memcmp(image + at, "\xbd\x04\xef\xfe", 4) == 0) {
            put32(image + at + 0x0c, (guint32)2600 << 16 | build);
        }
    }
    return g_bytes_new_take(image, IMAGE_SIZE);
}

static GBytes *x86_driver(int build)
{
    return driver(build, PE_MACHINE_I386, "PCIIDEX.SYS");
}

/* All four, plain, in a folder of the user's. */
static G_GNUC_UNUSED void add_folder(Guest *g, const char *folder,
                                     int build)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        add_file(g, g_strdup_printf("%s/%s", folder, names[i]),
                 x86_driver(build));
    }
}

/* All four in a cabinet, in the opposite order. */
static G_GNUC_UNUSED GBytes *driver_cabinet(int build)
{
    CabinetMember members[G_N_ELEMENTS(names)];
    GBytes *cabinet;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        members[i].name = names[G_N_ELEMENTS(names) - 1 - i];
        members[i].bytes = x86_driver(build);
    }
    cabinet = cabinet_image(members, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_bytes_unref(members[i].bytes);
    }
    return cabinet;
}

static bool plan(Guest *g)
{
    bool ok = drivers_plan(g->volume, &g->windows, g->profile, g->files,
                           g->edits, g->sources, g->warnings, &g->err);

    g_assert_true(ok == !g->err);
    for (guint i = 0; i < g->sources->len; i++) {
        const DriverSource *source = g_ptr_array_index(g->sources, i);

        g_test_message("%s: %s", source->path, source->reason);
    }
    for (guint i = 0; i < g->warnings->len; i++) {
        g_test_message("warning: %s",
                       (char *)g_ptr_array_index(g->warnings, i));
    }
    return ok;
}

static void plan_ok(Guest *g)
{
    plan(g);
    g_assert_no_error(g->err);
}

static G_GNUC_UNUSED void assert_plan_fails(Guest *g, int code,
                                            const char *part)
{
    g_assert_false(plan(g));
    g_assert_error(g->err, GUEST_ERROR, code);
    g_test_message("%s", g->err->message);
    g_assert_nonnull(strstr(g->err->message, part));
}

/* Whether @path is in the report, and what of it. */
static G_GNUC_UNUSED void assert_source(Guest *g, const char *path,
                                        bool used, const char *reason)
{
    const DriverSource *found = NULL;

    for (guint i = 0; i < g->sources->len; i++) {
        const DriverSource *source = g_ptr_array_index(g->sources, i);

        if (strcmp(source->path, path) == 0) {
            found = source;
        }
    }
    g_assert_nonnull(found);
    g_assert_true(found->used == used);
    g_assert_cmpstr(found->reason, ==, reason);
}

#define NEWEST "newest version that is not above the kernel's 5.1.2600.5512"

/* The number of files to write, all from there. */
static void assert_edits(Guest *g, guint count, const char *source)
{
    g_assert_cmpuint(g->edits->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const FileEdit *edit = g_ptr_array_index(g->edits, i);

        g_assert_nonnull(edit->bytes);
        g_assert_true(g_str_has_prefix(edit->source, source));
    }
}

static G_GNUC_UNUSED void assert_warnings(Guest *g, guint count,
                                          const char *first)
{
    g_assert_cmpuint(g->warnings->len, ==, count);
    if (count > 0) {
        g_assert_cmpstr(g_ptr_array_index(g->warnings, 0), ==, first);
    }
}

#endif /* TEST_DRIVER_GUEST_H */
