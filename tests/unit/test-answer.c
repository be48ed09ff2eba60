/*
 * Unit test of what the helper sends: patches, and what is discarded between
 * them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/discard.h"
#include "xenprep-answer.h"

#define SECTOR XENPREP_SECTOR_SIZE
#define SECTORS 200

/* What a sector of the disk becomes. */
enum { AS_IT_WAS = '.', PATCHED = 'p', ZERO = '0' };

/* The other end: a map of the disk, made of what is received. */
typedef struct Client {
    int fd;
    GThread *thread;
    char disk[SECTORS + 1];
    /* Where the last extent ended. */
    uint64_t end;
    uint64_t zeros;
} Client;

static void *receive(void *opaque)
{
    Client *client = opaque;
    XenprepWire wire = { client->fd, -1 };
    XenprepFrame frame;

    while (xenprep_wire_recv_frame(&wire, &frame) == 0) {
        g_autofree uint8_t *payload = g_malloc(frame.length);
        bool zero = frame.type == XENPREP_MSG_ZERO;
        uint64_t offset, length;

        g_assert_true(zero || frame.type == XENPREP_MSG_PATCH);
        g_assert_cmpint(xenprep_wire_recv_payload(&wire, payload,
                                                  frame.length), ==, 0);
        offset = xenprep_get64(payload);
        length = zero ? xenprep_get64(payload + 8) : frame.length - 8;
        g_assert_cmpuint(length, >, 0);
        g_assert_cmpuint(offset, >=, client->end);
        client->end = offset + length;
        g_assert_cmpuint(client->end, <=, SECTORS * SECTOR);
        client->zeros += zero ? length : 0;
        memset(client->disk + offset / SECTOR, zero ? ZERO : PATCHED,
               length / SECTOR);
    }
    return NULL;
}

static void add_extent(GArray *extents, unsigned first, unsigned n)
{
    DiscardExtent extent = {
        .offset = first * SECTOR,
        .length = n * SECTOR,
    };

    g_array_append_val(extents, extent);
}

/* Sends what @patches and @zeros mark, a letter for each sector. */
static void send_marked(Session *session, const char *patches,
                        const char *zeros)
{
    static const uint8_t data[SECTORS * SECTOR];
    g_autoptr(GArray) extents = g_array_new(FALSE, FALSE,
                                            sizeof(DiscardExtent));

    for (unsigned i = 0, n; i < strlen(zeros); i += n) {
        n = zeros[i] == '.' ? 1 : strspn(zeros + i, (char[]) { zeros[i], 0 });
        if (zeros[i] != '.') {
            add_extent(extents, i, n);
        }
    }
    session->discards = extents;
    for (unsigned i = 0, n; i < strlen(patches); i += n) {
        n = MAX(strspn(patches + i, "p"), 1);
        if (patches[i] == 'p') {
            g_assert_true(answer_patch(i * SECTOR, data, n * SECTOR, session,
                                       &(GError *){ NULL }));
        }
    }
    g_assert_true(answer_last_discards(session, &(GError *){ NULL }));
    session->discards = NULL;
}

/* Where there is a patch there is nothing else. */
static void check(const char *patches, const char *zeros)
{
    Client client = { 0 };
    Session session = { 0 };
    int fds[2];
    char expected[SECTORS + 1] = "";
    uint64_t n = 0;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    memset(client.disk, AS_IT_WAS, strlen(patches));
    for (unsigned i = 0; i < strlen(patches); i++) {
        expected[i] = patches[i] == 'p' ? PATCHED :
                      zeros[i] != '.' ? ZERO : AS_IT_WAS;
        n += expected[i] == ZERO;
    }
    client.fd = fds[1];
    client.thread = g_thread_new("client", receive, &client);
    session.wire = (XenprepWire) { fds[0], -1 };
    send_marked(&session, patches, zeros);
    close(fds[0]);
    g_thread_join(client.thread);
    close(fds[1]);
    g_assert_cmpstr(client.disk, ==, expected);
    g_assert_cmpuint(client.zeros, ==, n * SECTOR);
    g_assert_cmpuint(session.discarded_bytes, ==, client.zeros);
}

/* Letters tell extents that touch each other apart. */
static void test_cases(void)
{
    check("..........", "..aaaa....");
    check("pp........", "..aaaa....");
    check("..p.......", "..aaaa....");
    check("....p.....", "..aaaa....");
    check(".....p....", "..aaaa....");
    check(".pp.......", "..aaaa....");
    check(".....pp...", "..aaaa....");
    check("..pppp....", "..aaaa....");
    check(".pppppp...", "..aaaa....");
    check("......pp..", "..aaaa....");
    check("..p.p.....", "..aaaa....");
    check("..pppp....", "..........");
    check("....p.....", "..aabb....");
    check("...pp.....", "..aabb....");
    check(".pppppppp.", "..aabb.cc.");
    check("...p...p..", "aaaaaaaaaa");
    check("p........p", "aaaaaaaaaa");
}

static void test_random(void)
{
    for (int i = 0; i < 2000; i++) {
        char patches[SECTORS + 1] = "", zeros[SECTORS + 1] = "";
        int length = g_test_rand_int_range(1, SECTORS);

        for (int at = 0; at < length; at++) {
            bool go_on = at > 0 && g_test_rand_int_range(0, 4);

            patches[at] = go_on ? patches[at - 1] : ".p"[g_test_rand_bit()];
            zeros[at] = go_on ? zeros[at - 1]
                              : ".ab"[g_test_rand_int_range(0, 3)];
        }
        check(patches, zeros);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/answer/cases", test_cases);
    g_test_add_func("/answer/random", test_random);
    return g_test_run();
}
