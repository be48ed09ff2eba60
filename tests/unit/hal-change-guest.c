/*
 * Plans and makes HAL changes of test guests, for test-hal-change.py
 *
 *     hal-change-guest IMAGE [--boot-ini FILE] REQUEST [-- REQUEST]...
 *
 * A request is --to OPTION [--replace] [--allow-family-change]
 * [--broken-after N] [NAME=PATH]..., these being the user's files; the disk
 * cannot be read any more after N times while it is planned.  Requests are met
 * one after another, each on what the one before left, in memory: IMAGE stays
 * as it is.  An entry with /HAL=, /KERNEL= and /PAE is started after each, as
 * the plan has it.  FILE takes the place of boot.ini.
 *
 * For each request there is one line of JSON: what was planned and, with its
 * SHA-256, what is there then under the names that matter.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hal-change.h"
#include "report-json.h"
#include "util.h"

/* A disk that can be read until it is broken. */
typedef struct BreakingDisk {
    ByteSource source;
    ByteSource *disk;
    /* How often it can be read; negative: for ever. */
    int left;
} BreakingDisk;

typedef struct Guest {
    BreakingDisk disk_source;
    Overlay *overlay;
    Disk *disk;
    Volume *volume;
    Windows *windows;
    BootIni *boot_ini;
    /* The entry that is started now. */
    BootEntry started;
} Guest;

/* UserFile, and what belongs to it. */
typedef struct Request {
    HalRequest hal;
    GPtrArray *files;
    int broken_after;
} Request;

static bool breaking_disk_pread(ByteSource *source, uint64_t offset, void *buf,
                                size_t length, GError **errp)
{
    BreakingDisk *s = (BreakingDisk *)source;

    if (s->left == 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "disk on fire");
        return false;
    }
    s->left -= s->left > 0;
    return source_read(s->disk, offset, buf, length, errp);
}

static void fail(GError *err)
{
    g_printerr("hal-change-guest: %s\n", err->message);
    exit(2);
}

static void open_volume(Guest *g, const Partition *partition,
                        VolumeAccess access)
{
    GError *err = NULL;

    g->volume = volume_open(g->overlay, partition, access, &err);
    if (!g->volume) {
        fail(err);
    }
}

static void open_guest(Guest *g, const char *path)
{
    g_autoptr(GPtrArray) others =
        g_ptr_array_new_with_free_func((GDestroyNotify)windows_place_free);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_auto(WindowsPlace) place = { 0 };
    GError *err = NULL;

    g->disk_source.disk = file_source_new(path);
    g->disk_source.source.size = g->disk_source.disk->size;
    g->disk_source.source.pread = breaking_disk_pread;
    g->disk_source.left = -1;
    g->overlay = overlay_new(&g->disk_source.source, LIMIT_OVERLAY_SIZE);
    g->disk = disk_read(g->overlay, &err);
    if (!g->disk || !windows_find(g->overlay, g->disk, NULL, &place, others,
                                  warnings, &err)) {
        fail(err);
    }
    open_volume(g, place.partition, VOLUME_READ_ONLY);
    g->windows = windows_identify(g->volume, &place, &err);
    if (!g->windows) {
        fail(err);
    }
}

/* The image's boot.ini, or another one. */
static void read_boot_ini(Guest *g, const char *path)
{
    GError *err = NULL;
    g_autoptr(GBytes) text =
        path ? read_file(path)
             : volume_read(g->volume, BOOT_INI_PATH, LIMIT_BOOT_INI_SIZE,
                           &err);
    const BootEntry *entry;

    if (!text) {
        fail(err);
    }
    g->boot_ini = boot_ini_parse(text);
    entry = boot_ini_started(g->boot_ini);
    g->started.path = g_strdup(entry->path);
    g->started.switches = g_strdupv(entry->switches);
}

/* As boot_ini_edit_add_hal() would have it. */
static void start_with(Guest *g, const HalNames *names)
{
    g_autoptr(GPtrArray) switches = g_ptr_array_new();
    char **old = g->started.switches;

    for (char **p = old; *p; p++) {
        if (g_ascii_strncasecmp(*p, "/HAL=", 5) != 0 &&
            g_ascii_strncasecmp(*p, "/KERNEL=", 8) != 0 &&
            (!names->pae || g_ascii_strcasecmp(*p, "/PAE") != 0)) {
            g_ptr_array_add(switches, g_strdup(*p));
        }
    }
    if (names->hal) {
        g_ptr_array_add(switches, g_strconcat("/HAL=", names->hal, NULL));
    }
    if (names->kernel) {
        g_ptr_array_add(switches, g_strconcat("/KERNEL=", names->kernel,
                                              NULL));
    }
    if (names->pae) {
        g_ptr_array_add(switches, g_strdup("/PAE"));
    }
    g_ptr_array_add(switches, NULL);
    g->started.switches = (char **)g_ptr_array_free(
        g_steal_pointer(&switches), FALSE);
    g_strfreev(old);
}

static void apply(Guest *g, const GPtrArray *edits)
{
    const Partition *partition = g->windows->place.partition;
    GError *err = NULL;

    volume_free(g->volume);
    open_volume(g, partition, VOLUME_READ_WRITE);
    for (guint i = 0; i < edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(edits, i);

        if (!(edit->create ? volume_create : volume_replace)(
                g->volume, edit->path, edit->bytes, &err)) {
            fail(err);
        }
    }
    if (!volume_close(g->volume, &err)) {
        fail(err);
    }
    open_volume(g, partition, VOLUME_READ_ONLY);
}

/* ---------------------------------------------------------------- output */

static void add_edits(JsonBuilder *json, const GPtrArray *edits)
{
    report_begin_array(json, "edits");
    for (guint i = 0; i < edits->len; i++) {
        const FileEdit *edit = g_ptr_array_index(edits, i);
        g_autofree char *sum =
            g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, edit->bytes);

        json_builder_begin_object(json);
        report_add_string(json, "path", edit->path);
        report_add_bool(json, "create", edit->create);
        report_add_string(json, "sha256", sum);
        report_add_optional(json, "source", edit->source);
        report_add_string(json, "reason", edit->reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void add_sources(JsonBuilder *json, const GPtrArray *sources)
{
    report_begin_array(json, "sources");
    for (guint i = 0; i < sources->len; i++) {
        const DriverSource *source = g_ptr_array_index(sources, i);

        json_builder_begin_object(json);
        report_add_string(json, "path", source->path);
        report_add_bool(json, "used", source->used);
        report_add_string(json, "reason", source->reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void add_warnings(JsonBuilder *json, const GPtrArray *warnings)
{
    report_begin_array(json, "warnings");
    for (guint i = 0; i < warnings->len; i++) {
        json_builder_add_string_value(json, g_ptr_array_index(warnings, i));
    }
    json_builder_end_array(json);
}

/* All HALs and kernels in system32, with their checksums. */
static void add_files(JsonBuilder *json, Guest *g)
{
    g_autofree char *folder = windows_path(&g->windows->place, "system32");
    g_auto(GStrv) names = volume_list(g->volume, folder, NULL);

    json_builder_set_member_name(json, "files");
    json_builder_begin_object(json);
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strconcat(folder, "\\", *name, NULL);
        g_autofree char *sum = NULL;
        g_autoptr(GBytes) bytes = NULL;

        if (!g_str_has_prefix(*name, "hal") &&
            !g_str_has_prefix(*name, "ntkr") &&
            !g_str_has_prefix(*name, "ntos")) {
            continue;
        }
        bytes = volume_read(g->volume, path, LIMIT_PE_SIZE, NULL);
        sum = bytes ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes)
                    : g_strdup("");
        report_add_string(json, *name, sum);
    }
    json_builder_end_object(json);
}

static void print(JsonBuilder *json)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, FALSE);

    g_print("%s\n", text);
}

/* -------------------------------------------------------------- requests */

static void make_request(Guest *g, const Request *request)
{
    g_autoptr(GPtrArray) edits = file_edit_list_new();
    g_autoptr(GPtrArray) sources =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_source_free);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(GError) err = NULL;
    g_auto(HalNames) names = { 0 };
    bool ok;

    g->disk_source.left = request->broken_after;
    ok = hal_change_plan(g->volume, g->windows, &g->started, &request->hal,
                         &names, edits, sources, warnings, &err);
    g->disk_source.left = -1;
    json_builder_begin_object(json);
    if (!ok) {
        report_add_string(json, "error", err->message);
    } else {
        report_add_optional(json, "hal", names.hal);
        report_add_optional(json, "kernel", names.kernel);
        report_add_bool(json, "pae", names.pae);
        add_edits(json, edits);
        if (!request->hal.replace) {
            start_with(g, &names);
        }
        apply(g, edits);
    }
    add_sources(json, sources);
    add_warnings(json, warnings);
    add_files(json, g);
    json_builder_end_object(json);
    print(json);
}

static void user_file_free(UserFile *file)
{
    source_free(file->bytes);
    g_free((char *)file->name);
    g_free(file);
}

static void add_user_file(Request *request, const char *argument)
{
    const char *equals = strchr(argument, '=');
    UserFile *file = g_new0(UserFile, 1);

    file->name = g_strndup(argument, equals - argument);
    file->bytes = file_source_new(equals + 1);
    g_ptr_array_add(request->files, file);
}

/* Reads one request; what follows it. */
static char **parse_request(Request *request, char **args)
{
    *request = (Request) { .broken_after = -1 };
    request->files = g_ptr_array_new_with_free_func((GDestroyNotify)
                                                    user_file_free);
    for (; *args && !g_str_equal(*args, "--"); args++) {
        if (g_str_equal(*args, "--to")) {
            request->hal.to = hal_find_option(*++args);
        } else if (g_str_equal(*args, "--replace")) {
            request->hal.replace = true;
        } else if (g_str_equal(*args, "--allow-family-change")) {
            request->hal.allow_family_change = true;
        } else if (g_str_equal(*args, "--broken-after")) {
            request->broken_after = atoi(*++args);
        } else {
            add_user_file(request, *args);
        }
    }
    request->hal.user_files = request->files;
    g_assert(request->hal.to);
    return *args ? args + 1 : args;
}

static void close_guest(Guest *g)
{
    volume_free(g->volume);
    windows_free(g->windows);
    boot_ini_free(g->boot_ini);
    g_free(g->started.path);
    g_strfreev(g->started.switches);
    disk_free(g->disk);
    overlay_free(g->overlay);
    source_free(g->disk_source.disk);
}

int main(int argc, char **argv)
{
    Guest g = { 0 };
    char **args = argv + 2;
    const char *boot_ini = NULL;

    if (argc < 4) {
        g_printerr("usage: hal-change-guest IMAGE [--boot-ini FILE] --to "
                   "OPTION ... [-- --to ...]\n");
        return 2;
    }
    if (g_str_equal(*args, "--boot-ini")) {
        boot_ini = args[1];
        args += 2;
    }
    open_guest(&g, argv[1]);
    read_boot_ini(&g, boot_ini);
    while (*args) {
        Request request;

        args = parse_request(&request, args);
        make_request(&g, &request);
        g_ptr_array_unref(request.files);
    }
    close_guest(&g);
    return 0;
}
