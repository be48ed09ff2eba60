/*
 * Limits of the protocol that the helper keeps to by itself: at each of them,
 * and one beyond
 *
 * docs/limits.rst says which limits are tested elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/error.h"
#include "xenprep-verbs.h"

/* What the client receives, message by message. */
typedef struct Client {
    int fd;
    GThread *thread;
    /* Of the last message but END. */
    XenprepFrame last;
    char *payload;
} Client;

static void *receive(void *opaque)
{
    Client *client = opaque;
    XenprepWire wire = { client->fd, -1 };
    XenprepFrame frame;

    while (xenprep_wire_recv_frame(&wire, &frame) == 0) {
        g_autofree char *payload = g_malloc0(frame.length + 1);

        g_assert_cmpint(xenprep_wire_recv_payload(&wire, payload,
                                                  frame.length), ==, 0);
        if (frame.type != XENPREP_MSG_END) {
            client->last = frame;
            g_free(client->payload);
            client->payload = g_steal_pointer(&payload);
        }
    }
    return NULL;
}

static Session connect_client(Client *client)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    *client = (Client) { .fd = fds[1] };
    client->thread = g_thread_new("client", receive, client);
    return (Session) { .wire = { fds[0], -1 } };
}

/* Waits for all that was sent. */
static void disconnect(Session *session, Client *client)
{
    close(session->wire.fd);
    g_thread_join(client->thread);
    close(client->fd);
}

static void assert_message(GError *err, int code, const char *text)
{
    g_assert_error(err, GUEST_ERROR, code);
    g_assert_cmpstr(err->message, ==, text);
}

static void test_patch_bytes(void)
{
    static const uint8_t sector[XENPREP_SECTOR_SIZE];
    g_autoptr(GError) err = NULL;
    Client client;
    Session session = connect_client(&client);

    session.patched_bytes = XENPREP_MAX_PATCH_BYTES - sizeof(sector);
    answer_patch(512, sector, sizeof(sector), &session, &err);
    g_assert_no_error(err);
    g_assert_false(answer_patch(1024, sector, sizeof(sector), &session,
                                &err));
    assert_message(err, GUEST_ERROR_NO_SPACE,
                   "more than 64 MiB of the disk would change");
    disconnect(&session, &client);
    g_assert_cmpuint(client.last.type, ==, XENPREP_MSG_PATCH);
    g_free(client.payload);
}

static void test_report(void)
{
    g_autofree char *json = g_strnfill(XENPREP_MAX_REPORT + 1, ' ');
    g_autoptr(GError) err = NULL;
    Client client;
    Session session = connect_client(&client);

    g_assert_false(answer_report(&session, json, "mend it", &err));
    assert_message(err, GUEST_ERROR_NO_SPACE, "the report has 1048577 bytes, "
                   "more than the limit of 1048576: mend it");
    g_clear_error(&err);
    json[XENPREP_MAX_REPORT] = '\0';
    answer_report(&session, json, "", &err);
    g_assert_no_error(err);
    disconnect(&session, &client);
    g_assert_cmpuint(client.last.type, ==, XENPREP_MSG_REPORT);
    g_assert_cmpuint(client.last.length, ==, XENPREP_MAX_REPORT);
    g_free(client.payload);
}

/* What is sent for an error with that text, to be freed. */
static char *error_sent(const char *text)
{
    g_autoptr(GError) err = g_error_new_literal(GUEST_ERROR,
                                                GUEST_ERROR_INVALID, text);
    Client client;
    Session session = connect_client(&client);

    answer_error(&session, err);
    disconnect(&session, &client);
    g_assert_cmpuint(client.last.type, ==, XENPREP_MSG_ERROR);
    g_assert_cmpuint(client.last.length, <=, XENPREP_MAX_ERROR);
    g_assert_true(g_utf8_validate(client.payload, client.last.length, NULL));
    return client.payload;
}

static void test_error(void)
{
    g_autofree char *most = g_strnfill(XENPREP_MAX_ERROR, 'x');
    g_autofree char *more = g_strdup_printf("%s\xc3\xbc", most + 1);
    g_autofree char *most_sent = error_sent(most);
    g_autofree char *more_sent = error_sent(more);

    g_assert_cmpstr(most_sent, ==, most);
    /* No half a letter. */
    g_assert_cmpuint(strlen(more_sent), ==, XENPREP_MAX_ERROR - 1);
    g_assert_true(g_str_has_prefix(more, more_sent));
}

static bool read_zeros(ByteSource *source, uint64_t offset, void *buf,
                       size_t length, GError **errp)
{
    memset(buf, 0, length);
    return true;
}

/* What becomes of a request with a profile of that size. */
static GError *run_with_profile(uint64_t size)
{
    ByteSource disk = { .size = 1 << 20, .pread = read_zeros };
    ByteSource text = { .size = size, .pread = read_zeros };
    RequestSource sources[] = {
        { (char *)"disk", &disk }, { (char *)"my.profile", &text },
    };
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    Request request = {
        .verb = XENPREP_VERB_PREPARE,
        .sources = list,
        .profile_source = 1,
        .source_date_epoch = -1,
    };
    Session session = { .wire = { -1, -1 } };
    GError *err = NULL;

    g_ptr_array_add(list, &sources[0]);
    g_ptr_array_add(list, &sources[1]);
    g_assert_false(verb_run(&session, &request, &err));
    g_test_message("%s", err->message);
    return err;
}

static void test_text(void)
{
    g_autoptr(GError) most = run_with_profile(XENPREP_MAX_TEXT);
    g_autoptr(GError) more = run_with_profile(XENPREP_MAX_TEXT + 1);

    g_assert_null(strstr(most->message, "limit"));
    assert_message(more, GUEST_ERROR_INVALID,
                   "my.profile: its size is over the limit of 16 MiB");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits-answer/patch-bytes", test_patch_bytes);
    g_test_add_func("/limits-answer/report", test_report);
    g_test_add_func("/limits-answer/error", test_error);
    g_test_add_func("/limits-answer/text", test_text);
    return g_test_run();
}
