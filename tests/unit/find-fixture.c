/*
 * Disks of find-disk.py, and the Windows that is found on them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "find-fixture.h"
#include "guest-limits.h"
#include "util.h"

void found_clear(Found *found)
{
    windows_place_clear(&found->place);
    g_clear_pointer(&found->others, g_ptr_array_unref);
    g_clear_pointer(&found->warnings, g_ptr_array_unref);
    g_clear_pointer(&found->disk, disk_free);
    g_clear_pointer(&found->overlay, overlay_free);
    g_clear_error(&found->err);
}

ByteSource *find_make_disk(const char *dynamic,
                           const char *const wishes[FIND_MAX_WISHES])
{
    g_autoptr(GError) err = NULL;
    g_autofree char *path = NULL;
    ByteSource *source;
    int fd = g_file_open_tmp("test-find-XXXXXX", &path, NULL);
    int status;
    const char *argv[5 + FIND_MAX_WISHES + 1] = {
        XENPREP_SOURCE "/tests/unit/find-disk.py",
    };
    unsigned n = 1;

    close(fd);
    if (dynamic) {
        argv[n++] = "--dynamic";
        argv[n++] = dynamic;
    }
    argv[n++] = path;
    for (unsigned i = 0; i < FIND_MAX_WISHES && wishes[i]; i++) {
        argv[n++] = wishes[i];
    }
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                 NULL, NULL, &status, &err);
    g_assert_no_error(err);
    source = file_source_new(path);
    g_unlink(path);
    if (!g_spawn_check_wait_status(status, &err)) {
        g_assert_cmpint(err->code, ==, 77);
        g_test_skip("the disk cannot be built: mkntfs or guest-populate is "
                    "missing");
        source_free(source);
        return NULL;
    }
    return source;
}

void found_write(Found *found, const Partition *partition, const char *path,
                 GBytes *bytes)
{
    g_autoptr(GError) err = NULL;
    Volume *volume = volume_open(found->overlay, partition,
                                 VOLUME_READ_WRITE, &err);

    g_assert_no_error(err);
    volume_replace(volume, path, bytes, &err);
    g_assert_no_error(err);
    g_assert_true(volume_close(volume, NULL));
}

bool found_open(Found *found, ByteSource *source, const char *boot_ini)
{
    g_autoptr(GError) err = NULL;

    if (!source) {
        return false;
    }
    found->overlay = overlay_new(source, 4 * MiB);
    found->disk = disk_read(found->overlay, &err);
    g_assert_no_error(err);
    found->others = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                   windows_place_free);
    found->warnings = g_ptr_array_new_with_free_func(g_free);
    if (boot_ini) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(boot_ini,
                                                     strlen(boot_ini));

        found_write(found, disk_active(found->disk), BOOT_INI_PATH, bytes);
    }
    return true;
}

static void append_place(GString *text, const WindowsPlace *place)
{
    g_string_append_printf(text, "%s%u:%s", text->len > 0 ? " " : "",
                           place->partition->number, place->system_root);
}

char *found_find(Found *found, const char *wanted)
{
    GString *text = g_string_new(NULL);

    if (windows_find(found->overlay, found->disk, wanted, &found->place,
                     found->others, found->warnings, &found->err)) {
        g_assert_no_error(found->err);
        append_place(text, &found->place);
    } else {
        g_assert_nonnull(found->err);
        g_assert_null(found->place.system_root);
        g_assert_cmpuint(found->others->len, ==, 0);
        g_test_message("%s", found->err->message);
        g_assert_null(strchr(found->err->message, '\n'));
    }
    for (guint i = 0; i < found->others->len; i++) {
        append_place(text, g_ptr_array_index(found->others, i));
    }
    for (guint i = 0; i < found->warnings->len; i++) {
        g_test_message("warning: %s",
                       (char *)g_ptr_array_index(found->warnings, i));
    }
    return g_string_free(text, FALSE);
}
