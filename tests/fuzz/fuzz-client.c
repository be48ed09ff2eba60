/*
 * Fuzz target: the client's side of the protocol
 *
 * Compiled against QEMU's headers and linked with what its tools share; what
 * the client asks of the block layer and of processes is made up here.
 *
 * The input: a byte of flags, then all that the helper sends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "fuzz.h"
#include "fuzz-wire.h"
#include "xenprep-client.h"
#include "xenprep-process.h"
#include "xenprep-sources.h"
#include "xenprep-wire.h"

/* The flags: what is asked for, in two bits; and how the helper ends. */
enum { PLAN, APPLY, INSPECT, CHECK };
#define FAILS 4
#define WITHOUT_GUEST 8
/* The helper's HELLO is not in the input. */
#define GREETED 16

#define DISK_SIZE (64 * 1024 * 1024)

static FuzzInput from_helper;
static bool helper_fails;

/* ------------------------------------------------------------- sources */

XenprepSources *xenprep_sources_new(BdrvChild *disk, Error **errp)
{
    XenprepSources *sources = g_new0(XenprepSources, 1);
    XenprepSource source = { .name = g_strdup("disk"), .size = DISK_SIZE };

    sources->array = g_array_new(false, false, sizeof(XenprepSource));
    g_array_append_val(sources->array, source);
    return sources;
}

XenprepSources *xenprep_sources_new_backend(BlockBackend *disk, Error **errp)
{
    return xenprep_sources_new(NULL, errp);
}

void xenprep_sources_free(XenprepSources *sources)
{
    if (sources) {
        g_free(g_array_index(sources->array, XenprepSource, 0).name);
        g_array_unref(sources->array);
        g_free(sources);
    }
}

int xenprep_sources_read(XenprepSources *sources, uint32_t number,
                         uint64_t offset, uint32_t length, void *buf)
{
    /* The client has seen to it. */
    g_assert_cmpuint(number, ==, 0);
    g_assert_cmpuint(length, >, 0);
    g_assert_cmpuint(length, <=, XENPREP_MAX_READ);
    g_assert_cmpuint(offset, <=, DISK_SIZE - length);
    memset(buf, 0, length);
    return offset % 1024 == 512 ? -EIO : 0;
}

/* No file is named. */

bool xenprep_sources_add_profile(XenprepSources *sources, const char *path,
                                 Error **errp)
{
    g_assert_not_reached();
}

bool xenprep_sources_add_reg_file(XenprepSources *sources, const char *path,
                                  Error **errp)
{
    g_assert_not_reached();
}

bool xenprep_sources_add_drivers(XenprepSources *sources, const char *path,
                                 Error **errp)
{
    g_assert_not_reached();
}

/* ------------------------------------------------------------- process */

XenprepProcess *xenprep_process_start(OnOffAuto sandbox, Error **errp)
{
    XenprepProcess *process = g_new0(XenprepProcess, 1);

    process->path = g_strdup("helper");
    process->fd = FUZZ_WIRE_FD;
    return process;
}

char *xenprep_process_wait(XenprepProcess *process, int64_t patience_ms,
                           bool *success)
{
    *success = !helper_fails;
    return g_strdup("exited");
}

void xenprep_process_free(XenprepProcess *process)
{
    if (process) {
        g_free(process->path);
        g_free(process);
    }
}

/* ---------------------------------------------------------------- wire */

static size_t receive(uint8_t *buf, size_t length, void *opaque)
{
    size_t n = MIN(length, from_helper.left);

    memcpy(buf, from_helper.p, n);
    from_helper.p += n;
    from_helper.left -= n;
    return n;
}

static void sent(uint32_t type, const uint8_t *payload, size_t length,
                 void *opaque)
{
    g_assert_true(type == XENPREP_MSG_HELLO || type == XENPREP_MSG_REQUEST ||
                  type == XENPREP_MSG_READ_REPLY);
}

/* -------------------------------------------------------------- target */

/* What is believed lies within the disk, and changes nothing if only asked. */
static void check_result(const XenprepResult *result, uint8_t flags)
{
    uint64_t at = 0;

    while (at < DISK_SIZE) {
        XenprepSpan span = xenprep_overlay_span(result->overlay, at,
                                                DISK_SIZE - at);

        g_assert_cmpuint(span.length, >, 0);
        g_assert_true(span.kind == XENPREP_SPAN_BELOW ||
                      (flags % 4 == APPLY && at >= XENPREP_SECTOR_SIZE));
        at += span.length;
    }
    g_assert_cmpuint(at, ==, DISK_SIZE);
    g_assert_false(helper_fails);
}

static void run(const XenprepOptions *options, uint8_t flags)
{
    g_auto(XenprepResult) result = { 0 };
    Error *err = NULL;

    if (xenprep_client_run(NULL, options, &result, &err)) {
        g_assert_null(err);
        check_result(&result, flags);
    } else {
        const char *text = error_get_pretty(err);

        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_null(strpbrk(text, "\n\r\033"));
        error_free(err);
    }
}

static GByteArray *greeted(const uint8_t *data, size_t size)
{
    GByteArray *all = g_byte_array_new();
    uint8_t hello[XENPREP_HEADER_SIZE + XENPREP_MAGIC_SIZE + 4];

    xenprep_put32(hello, XENPREP_MSG_HELLO);
    xenprep_put32(hello + 4, XENPREP_MAGIC_SIZE + 4);
    memcpy(hello + XENPREP_HEADER_SIZE, XENPREP_MAGIC, XENPREP_MAGIC_SIZE);
    xenprep_put32(hello + XENPREP_HEADER_SIZE + XENPREP_MAGIC_SIZE,
                  XENPREP_PROTOCOL_VERSION);
    g_byte_array_append(all, hello, sizeof(hello));
    g_byte_array_append(all, data, size);
    return all;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const XenprepVerb verbs[] = {
        XENPREP_VERB_PREPARE, XENPREP_VERB_PREPARE, XENPREP_VERB_INSPECT,
        XENPREP_VERB_CHECK,
    };
    FuzzInput input = { data, size };
    uint8_t flags = fuzz_take8(&input);
    g_autoptr(GByteArray) all = flags & GREETED
                                ? greeted(input.p, input.left)
                                : NULL;
    XenprepOptions options = {
        .verb = verbs[flags % 4],
        .mode = flags % 4 == APPLY ? XENPREP_MODE_APPLY : XENPREP_MODE_PLAN,
        .profile = "ide",
        .machine = "xen-hvm",
        .require_guest = !(flags & WITHOUT_GUEST),
    };

    from_helper = all ? (FuzzInput) { all->data, all->len } : input;
    helper_fails = flags & FAILS;
    fuzz_wire_set(receive, sent, NULL);
    run(&options, flags);
    return 0;
}
