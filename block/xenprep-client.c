/*
 * The client: has a guest's disk prepared, or looked at, by the helper
 *
 * Notes on the design
 *
 * The helper parses hostile data, so that it may have been taken over by the
 * time that it answers.  Whatever it sends is checked here before it counts:
 * its reads lie within their source; of its result see xenprep-collect.c.
 * Memory, time, and the number of messages are limited.  What a helper that
 * was taken over can still do is to send a wrong patch, and none if it was
 * only to look; it cannot do more than that.
 *
 * All of it happens in the main loop, for a node while it is opened, and it
 * blocks: the size of the disk matters little, and an open that fails must
 * fail before a target exists.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qemu/units.h"
#include "xenprep-client.h"
#include "xenprep-process.h"
#include "xenprep-progress.h"
#include "xenprep-sources.h"
#include "xenprep-wire.h"

/*
 * How long we wait for the helper, in all; the time in which it waits for us
 * to read the disk is not in it.
 */
#define PATIENCE_MS (60 * 1000)

/* For tests only: a shorter time. */
#define PATIENCE_VARIABLE "WIN_XENPREP_TIMEOUT_MS"

/* How long a helper that has no more to say may take to end. */
#define END_MS 1000

/*
 * All READs of one helper, and their bytes.  A helper that reads forever
 * never lets us wait, so that patience does not end it.  A large cabinet is
 * a gigabyte, and its reader asks for some KiB at a time.
 */
#define MAX_READS (1024 * 1024)
#define MAX_READ_BYTES (16 * GiB)

/* Payloads, and what is fixed in front of a payload's bytes. */
#define READ_SIZE 16
#define READ_REPLY_FIXED 4
#define PATCH_FIXED 8
#define ZERO_SIZE 16

typedef struct Client {
    const XenprepOptions *options;
    XenprepProcess *process;
    XenprepSources *sources;
    XenprepWire wire;
    /* The patience that @wire began with. */
    int64_t patience_ms;

    /* READs and their bytes so far, and whether one has failed. */
    uint64_t reads;
    uint64_t read_bytes;
    bool read_failed;
    XenprepProgress *progress;
    /* Of XENPREP_MAX_READ bytes. */
    uint8_t *buffer;

    /* What the helper has sent so far. */
    XenprepCollection collection;
} Client;

/* The helper sent what no sound helper sends. */
static bool G_GNUC_PRINTF(3, 4)
broken(Client *c, Error **errp, const char *fmt, ...)
{
    g_autofree char *why = NULL;
    va_list ap;

    va_start(ap, fmt);
    why = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    error_setg(errp, "helper '%s' broke the protocol: %s; install it and this "
               "program from one build, or report this as a bug",
               c->process->path, why);
    return false;
}

/* Tells why the helper does not answer any more. */
static bool gone(Client *c, Error **errp)
{
    bool success;
    g_autofree char *how = xenprep_process_wait(c->process, END_MS, &success);

    error_setg(errp, "helper '%s' %s before it had answered; please "
               "report this as a bug", c->process->path,
               how ? how : "closed its connection");
    return false;
}

static bool silent(Client *c, Error **errp)
{
    error_setg(errp, "helper '%s' has hung: waited %" PRId64 ".%03" PRId64
               " s for it; please report this as a bug", c->process->path,
               c->patience_ms / 1000, c->patience_ms % 1000);
    return false;
}

/* Sets @errp for a result of xenprep_wire.h; true if that is no error. */
static bool wire_ok(Client *c, int ret, Error **errp)
{
    switch (ret) {
    case 0:
        return true;
    case -EPIPE:
        return gone(c, errp);
    case -ETIMEDOUT:
        return silent(c, errp);
    case -EPROTO:
        return broken(c, errp, "what it sent is no message");
    default:
        error_setg_errno(errp, -ret, "connection to helper '%s' failed",
                         c->process->path);
        return false;
    }
}

static bool receive(Client *c, void *buf, size_t length, Error **errp)
{
    return wire_ok(c, xenprep_wire_recv_payload(&c->wire, buf, length), errp);
}

static bool greet(Client *c, Error **errp)
{
    uint32_t version;
    int ret = xenprep_wire_send_hello(&c->wire);

    if (ret == 0) {
        ret = xenprep_wire_recv_hello(&c->wire, &version);
    }
    if (!wire_ok(c, ret, errp)) {
        return false;
    }
    if (version != XENPREP_PROTOCOL_VERSION) {
        error_setg(errp, "helper '%s' speaks version %u of the protocol, this "
                   "program speaks version %d: install both from one build",
                   c->process->path, version, XENPREP_PROTOCOL_VERSION);
        return false;
    }
    return true;
}

static bool check_read(Client *c, uint32_t number, uint32_t length,
                       uint64_t offset, Error **errp)
{
    const XenprepSource *source = xenprep_sources_get(c->sources, number);

    if (!source) {
        return broken(c, errp, "it reads source %u, which does not exist",
                      number);
    }
    if (length == 0 || length > XENPREP_MAX_READ) {
        return broken(c, errp, "it reads %u bytes at once, the limit is %d",
                      length, XENPREP_MAX_READ);
    }
    if (offset > source->size || length > source->size - offset) {
        return broken(c, errp, "it reads %u bytes at offset %" PRIu64 " of "
                      "%s, which has %" PRIu64, length, offset, source->name,
                      source->size);
    }
    c->reads++;
    c->read_bytes += length;
    if (c->reads > MAX_READS || c->read_bytes > MAX_READ_BYTES) {
        return broken(c, errp, "it does not stop reading");
    }
    return true;
}

static bool serve_read(Client *c, uint32_t payload, Error **errp)
{
    uint8_t fixed[READ_SIZE];
    uint8_t reply[READ_REPLY_FIXED];
    uint32_t number, length;
    uint64_t offset;
    int ret;

    if (payload != sizeof(fixed)) {
        return broken(c, errp, "a READ has %u bytes", payload);
    }
    if (!receive(c, fixed, sizeof(fixed), errp)) {
        return false;
    }
    number = xenprep_get32(fixed);
    length = xenprep_get32(fixed + 4);
    offset = xenprep_get64(fixed + 8);
    if (!check_read(c, number, length, offset, errp)) {
        return false;
    }
    ret = xenprep_sources_read(c->sources, number, offset, length, c->buffer);
    c->read_failed |= ret < 0;
    xenprep_progress_read(c->progress,
                          xenprep_sources_get(c->sources, number)->name,
                          length);
    xenprep_put32(reply, -ret);
    ret = xenprep_wire_send(&c->wire, XENPREP_MSG_READ_REPLY,
                            reply, sizeof(reply), c->buffer,
                            ret < 0 ? 0 : length);
    return wire_ok(c, ret, errp);
}

/* Says of what was collected why it was not: @why, which is freed. */
static bool refuse(Client *c, Error *why, Error **errp)
{
    broken(c, errp, "%s", error_get_pretty(why));
    error_free(why);
    return false;
}

static bool take_patch(Client *c, uint32_t payload, Error **errp)
{
    g_autofree uint8_t *data = NULL;
    uint8_t fixed[PATCH_FIXED];
    uint32_t length = payload - sizeof(fixed);
    Error *why = NULL;

    if (payload < sizeof(fixed)) {
        return broken(c, errp, "a PATCH has %u bytes", payload);
    }
    if (!receive(c, fixed, sizeof(fixed), errp)) {
        return false;
    }
    /* No more than a message may have. */
    data = g_malloc(length);
    return receive(c, data, length, errp) &&
           (xenprep_collect_patch(&c->collection, xenprep_get64(fixed),
                                  length, g_steal_pointer(&data), &why) ||
            refuse(c, why, errp));
}

static bool take_zero(Client *c, uint32_t payload, Error **errp)
{
    uint8_t fixed[ZERO_SIZE];
    Error *why = NULL;

    if (payload != sizeof(fixed)) {
        return broken(c, errp, "a ZERO has %u bytes", payload);
    }
    return receive(c, fixed, sizeof(fixed), errp) &&
           (xenprep_collect_zeros(&c->collection, xenprep_get64(fixed),
                                  xenprep_get64(fixed + 8), &why) ||
            refuse(c, why, errp));
}

static bool take_report(Client *c, uint32_t payload, Error **errp)
{
    g_autofree char *json = NULL;
    Error *why = NULL;

    if (payload > XENPREP_MAX_REPORT) {
        return broken(c, errp, "its report has %u bytes, the limit is %d",
                      payload, XENPREP_MAX_REPORT);
    }
    json = g_malloc0(payload + 1);
    return receive(c, json, payload, errp) &&
           (xenprep_collect_report(&c->collection, json, payload, &why) ||
            refuse(c, why, errp));
}

/*
 * The helper's own message: always an error.  It is about the guest if there
 * was something to be read, and that could be read.
 */
static bool take_error(Client *c, uint32_t payload, Error **errp)
{
    size_t length = MIN(payload, XENPREP_MAX_ERROR);
    g_autofree char *text = g_malloc0(length + 1);
    g_autofree char *clean = NULL;
    bool success;

    if (!receive(c, text, length, errp)) {
        return false;
    }
    clean = xenprep_text_clean(text, length);
    if (!*clean) {
        return broken(c, errp, "its error message is empty");
    }
    error_setg(errp, "%s%s", clean, length < payload ? "..." : "");
    c->collection.result.refused = c->reads > 0 && !c->read_failed;
    /* Only so that it need not be killed. */
    g_free(xenprep_process_wait(c->process, END_MS, &success));
    return false;
}

/* Whether the helper, which has ended, has sent more than it should. */
static bool goes_on(Client *c)
{
    char byte;

    return recv(c->wire.fd, &byte, 1, MSG_DONTWAIT) > 0;
}

static bool take_end(Client *c, uint32_t payload, Error **errp)
{
    g_autofree char *how = NULL;
    bool success;

    if (payload != 0) {
        return broken(c, errp, "an END has %u bytes", payload);
    }
    if (!c->collection.has_report) {
        return broken(c, errp, "it ends without a report");
    }
    how = xenprep_process_wait(c->process, c->wire.patience_ms, &success);
    if (!how) {
        return silent(c, errp);
    }
    if (!success) {
        error_setg(errp, "helper '%s' %s after its report, which is therefore "
                   "not believed; please report this as a bug",
                   c->process->path, how);
        return false;
    }
    return !goes_on(c) || broken(c, errp, "it goes on after its END");
}

/* Deals with one message; true if there is more to come. */
static bool dispatch(Client *c, const XenprepFrame *frame, Error **errp)
{
    if (c->collection.has_report && frame->type != XENPREP_MSG_ERROR) {
        return broken(c, errp, "message %u after its report", frame->type);
    }
    switch (frame->type) {
    case XENPREP_MSG_READ:
        return serve_read(c, frame->length, errp);
    case XENPREP_MSG_PATCH:
        return take_patch(c, frame->length, errp);
    case XENPREP_MSG_ZERO:
        return take_zero(c, frame->length, errp);
    case XENPREP_MSG_REPORT:
        return take_report(c, frame->length, errp);
    case XENPREP_MSG_ERROR:
        return take_error(c, frame->length, errp);
    default:
        return broken(c, errp, "unknown message %u", frame->type);
    }
}

/* Answers the helper until END. */
static bool attend(Client *c, Error **errp)
{
    XenprepFrame frame;

    while (true) {
        int ret = xenprep_wire_recv_frame(&c->wire, &frame);

        if (!wire_ok(c, ret, errp)) {
            return false;
        }
        if (frame.type == XENPREP_MSG_END) {
            return take_end(c, frame.length, errp);
        }
        if (!dispatch(c, &frame, errp)) {
            return false;
        }
    }
}

static bool converse(Client *c, const GByteArray *request, Error **errp)
{
    int ret;

    c->process = xenprep_process_start(c->options->sandbox, errp);
    if (!c->process) {
        return false;
    }
    c->wire.fd = c->process->fd;
    if (!greet(c, errp)) {
        return false;
    }
    ret = xenprep_wire_send(&c->wire, XENPREP_MSG_REQUEST,
                            request->data, request->len, NULL, 0);
    /* A helper that is gone may have left a message that tells why. */
    return (ret == -EPIPE || wire_ok(c, ret, errp)) && attend(c, errp);
}

static void client_clear(Client *c)
{
    xenprep_progress_end(c->progress);
    xenprep_process_free(c->process);
    xenprep_sources_free(c->sources);
    g_free(c->buffer);
    xenprep_result_clear(&c->collection.result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Client, client_clear)

/* Takes @sources, which are NULL if there is an error already. */
static bool run(XenprepSources *sources, const XenprepOptions *options,
                XenprepResult *result, Error **errp)
{
    g_auto(Client) c = {
        .options = options,
        .sources = sources,
        .patience_ms = PATIENCE_MS,
    };
    g_autoptr(GByteArray) request = NULL;

    if (!sources ||
        !xenprep_number_from_env(PATIENCE_VARIABLE, &c.patience_ms, errp)) {
        return false;
    }
    c.patience_ms = MIN(c.patience_ms, PATIENCE_MS);
    c.wire.patience_ms = c.patience_ms;
    request = xenprep_options_to_request(options, c.sources, errp);
    if (!request) {
        return false;
    }
    c.buffer = g_malloc(XENPREP_MAX_READ);
    c.collection.options = options;
    c.collection.disk_size = xenprep_sources_get(sources, 0)->size;
    c.collection.result.overlay = xenprep_overlay_new();
    c.progress = xenprep_progress_start(options->verb);
    if (!converse(&c, request, errp)) {
        result->refused = c.collection.result.refused;
        return false;
    }
    *result = c.collection.result;
    c.collection.result = (XenprepResult) { 0 };
    return true;
}

bool xenprep_client_run(BdrvChild *disk, const XenprepOptions *options,
                        XenprepResult *result, Error **errp)
{
    return run(xenprep_sources_new(disk, errp), options, result, errp);
}

bool xenprep_client_run_backend(BlockBackend *disk,
                                const XenprepOptions *options,
                                XenprepResult *result, Error **errp)
{
    return run(xenprep_sources_new_backend(disk, errp), options, result,
               errp);
}
