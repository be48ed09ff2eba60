/*
 * win-xenprep-helper: parses a guest's disk, in a jail
 *
 * Started by the client in QEMU's block layer, never by a person.  It opens
 * nothing: every byte comes over the socket that is its standard input, and
 * so does it answer (see xenprep-protocol.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "guest/error.h"
#include "guest/guest-limits.h"
#include "guest/prepare.h"
#include "guest/registry.h"
#include "guest/report.h"
#include "guest/vmdk.h"
#include "xenprep-jail.h"
#include "xenprep-request.h"

typedef struct Session {
    XenprepWire wire;
    const char *measures[JAIL_MAX_MEASURES];
    /* What was sent so far. */
    uint64_t patches;
    uint64_t patched_bytes;
} Session;

static bool send_failed(int ret, GError **errp)
{
    if (ret < 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                    "the client is gone: %s", g_strerror(-ret));
    }
    return ret < 0;
}

static bool send_patch(uint64_t offset, const void *data, size_t length,
                       void *opaque, GError **errp)
{
    Session *session = opaque;
    uint8_t fixed[8];

    if (session->patched_bytes + length > XENPREP_MAX_PATCH_BYTES) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "more than %d MiB of the disk would change",
                    XENPREP_MAX_PATCH_BYTES / MiB);
        return false;
    }
    session->patches++;
    session->patched_bytes += length;
    xenprep_put64(fixed, offset);
    return !send_failed(xenprep_wire_send(&session->wire, XENPREP_MSG_PATCH,
                                          fixed, sizeof(fixed), data,
                                          length), errp);
}

static bool send_report(Session *session, const Preparation *preparation,
                        const char *profile, const char *adapter_type,
                        GError **errp)
{
    ReportFacts facts = {
        .profile = profile,
        .adapter_type = adapter_type,
        .patches = session->patches,
        .patched_bytes = session->patched_bytes,
        .sandbox = session->measures,
    };
    g_autofree char *json = report_to_json(preparation, &facts);
    size_t length = strlen(json);

    if (length > XENPREP_MAX_REPORT) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "the report has %zu bytes, more than the limit of %d: too "
                    "many keys change, split the .reg file", length,
                    XENPREP_MAX_REPORT);
        return false;
    }
    return !send_failed(xenprep_wire_send(&session->wire, XENPREP_MSG_REPORT,
                                          NULL, 0, json, length), errp) &&
           !send_failed(xenprep_wire_send(&session->wire, XENPREP_MSG_END,
                                          NULL, 0, NULL, 0), errp);
}

/* One line, valid and not too long, whatever a library or the guest said. */
static void send_error(Session *session, const GError *err)
{
    g_autofree char *text = g_utf8_make_valid(err->message, -1);
    size_t length;

    for (char *p = text; *p; p++) {
        if (g_ascii_iscntrl(*p)) {
            *p = ' ';
        }
    }
    length = strlen(text);
    if (length > XENPREP_MAX_ERROR) {
        length = g_utf8_find_prev_char(text, text + XENPREP_MAX_ERROR) - text;
    }
    xenprep_wire_send(&session->wire, XENPREP_MSG_ERROR, NULL, 0, text,
                      length);
}

/* The text of one of the user's files. */
static GBytes *read_text(ByteSource *source, const char *name, GError **errp)
{
    g_autofree char *text = NULL;

    if (source->size > XENPREP_MAX_TEXT) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: its size is over the limit of %d MiB", name,
                    XENPREP_MAX_TEXT / MiB);
        return NULL;
    }
    text = g_malloc(source->size);
    if (!source_read(source, 0, text, source->size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&text), source->size);
}

static GBytes *lookup_beside(const char *name, void *opaque, GError **errp)
{
    ByteSource *source = request_find_source(opaque, name);

    if (!source) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: there is no such file beside the profile", name);
        return NULL;
    }
    return read_text(source, name, errp);
}

static Profile *load_profile(Request *request, GError **errp)
{
    RequestSource *source;
    g_autoptr(GBytes) text = NULL;

    if (request->profile) {
        return profile_embedded(request->profile, errp);
    }
    source = g_ptr_array_index(request->sources, request->profile_source);
    text = read_text(source->bytes, source->name, errp);
    return text ? profile_parse(source->name, text, lookup_beside, request,
                                errp)
                : NULL;
}

static bool load_reg_files(Request *request, GPtrArray *files, GError **errp)
{
    const RequestRange *range = &request->reg_sources;

    for (unsigned i = 0; i < range->count; i++) {
        RequestSource *source = g_ptr_array_index(request->sources,
                                                  range->first + i);
        g_autoptr(GBytes) text = read_text(source->bytes, source->name, errp);
        RegFile *file = text ? regfile_parse(source->name, text, errp) : NULL;

        if (!file) {
            return false;
        }
        g_ptr_array_add(files, file);
        if (!registry_check_file(file, errp)) {
            return false;
        }
    }
    return true;
}

/* UserFile *: the sources that drivers may be taken from. */
static GPtrArray *user_files(Request *request)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    const RequestRange *range = &request->driver_sources;

    for (unsigned i = 0; i < range->count; i++) {
        RequestSource *source = g_ptr_array_index(request->sources,
                                                  range->first + i);
        UserFile *file = g_new0(UserFile, 1);

        file->name = source->name;
        file->bytes = source->bytes;
        g_ptr_array_add(files, file);
    }
    return files;
}

/* What the disk's VMDK says of its adapter; false on failure. */
static bool read_adapter_type(Request *request, char **adapter_type,
                              GError **errp)
{
    GError *err = NULL;
    RequestSource *container;

    *adapter_type = NULL;
    if (!request->container_source) {
        return true;
    }
    container = g_ptr_array_index(request->sources,
                                  request->container_source);
    *adapter_type = vmdk_adapter_type(container->bytes, &err);
    if (err) {
        g_propagate_error(errp, err);
    }
    return !err;
}

static bool prepare(Session *session, Request *request, GError **errp)
{
    RequestSource *disk = g_ptr_array_index(request->sources, 0);
    g_autoptr(Profile) profile = load_profile(request, errp);
    g_autoptr(Overlay) overlay = overlay_new(disk->bytes, LIMIT_OVERLAY_SIZE);
    g_autoptr(Preparation) preparation = NULL;
    g_autoptr(GPtrArray) drivers = user_files(request);
    g_autoptr(GPtrArray) reg_files =
        g_ptr_array_new_with_free_func((GDestroyNotify)regfile_free);
    g_autofree char *adapter_type = NULL;
    bool apply = request->mode == XENPREP_MODE_APPLY;
    PrepareOptions options = {
        .profile = profile,
        .windows = request->windows,
        .user_files = drivers,
        .reg_files = reg_files,
        .dirty_hive = request->dirty_hive,
        .details = request->details,
        .require_guest = request->require_guest,
        .epoch = request->source_date_epoch,
    };

    if (!profile || !load_reg_files(request, reg_files, errp) ||
        !read_adapter_type(request, &adapter_type, errp)) {
        return false;
    }
    preparation = prepare_run(overlay, &options, apply, errp);
    if (!preparation) {
        return false;
    }
    if (apply && !overlay_foreach_patch(overlay, send_patch, session, errp)) {
        return false;
    }
    return send_report(session, preparation, profile->name, adapter_type,
                       errp);
}

/* HELLO from both sides, before anything else is believed. */
static bool greet(Session *session, GError **errp)
{
    uint32_t version;
    int ret = xenprep_wire_send_hello(&session->wire);

    if (ret == 0) {
        ret = xenprep_wire_recv_hello(&session->wire, &version);
    }
    if (send_failed(ret, errp)) {
        return false;
    }
    if (version != XENPREP_PROTOCOL_VERSION) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "the client speaks version %u of the protocol, this "
                    "win-xenprep-helper speaks version %d: install both "
                    "from one build", version, XENPREP_PROTOCOL_VERSION);
        return false;
    }
    return true;
}

static bool serve(Session *session, JailMode mode, GError **errp)
{
    g_autoptr(Request) request = NULL;

    if (!greet(session, errp) ||
        !jail_close_descriptors(XENPREP_HELPER_FD, errp) ||
        !jail_enter(mode, session->measures, errp)) {
        return false;
    }
    request = request_receive(&session->wire, errp);
    return request && prepare(session, request, errp);
}

static bool parse_mode(int argc, char **argv, JailMode *mode)
{
    static const struct {
        const char *text;
        JailMode mode;
    } modes[] = {
        { "--sandbox=auto", JAIL_AUTO },
        { "--sandbox=on", JAIL_ON },
        { "--sandbox=off", JAIL_OFF },
    };

    for (unsigned i = 0; argc == 2 && i < G_N_ELEMENTS(modes); i++) {
        if (g_str_equal(argv[1], modes[i].text)) {
            *mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    Session session = {
        .wire = { .fd = XENPREP_HELPER_FD, .patience_ms = -1 },
    };
    g_autoptr(GError) err = NULL;
    JailMode mode;

    if (!parse_mode(argc, argv, &mode)) {
        g_printerr("%s is started by QEMU's win-xenprep block driver; it is "
                   "of no use to people\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (!serve(&session, mode, &err)) {
        send_error(&session, err);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
