/*
 * A helper that says what it is told to, for the tests of lies
 *
 * Started by win-xenprep's client in the place of the real one, through a
 * symbolic link, LINK.  Its orders are in LINK.orders; liar.py makes them of
 * the steps that xenprep-fake-helper knows.  That one could tell the same lies,
 * but not two thousand of them in a minute: Python takes longer to start than
 * the client takes for all of its work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <endian.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* In the file, little-endian; @length bytes follow. */
typedef struct Order {
    uint32_t verb;
    uint32_t argument;
    uint32_t length;
} Order;

/* The client's end of our socket is gone; Python would exit so, too. */
#define STATUS_GONE 1
/* Whoever gave the orders has made a mistake. */
#define STATUS_WRONG 99

#define CHILD_SECONDS 2

/* Exits if there are fewer bytes. */
static void receive(uint8_t *buf, size_t length)
{
    if (length && recv(STDIN_FILENO, buf, length, MSG_WAITALL) != length) {
        exit(STATUS_GONE);
    }
}

static void send_bytes(const uint8_t *data, size_t length)
{
    while (length) {
        ssize_t ret = send(STDIN_FILENO, data, length, MSG_NOSIGNAL);

        if (ret < 0) {
            exit(STATUS_GONE);
        }
        data += ret;
        length -= ret;
    }
}

/* Receives one message, which has to be of that kind. */
static void wait_for(uint32_t kind)
{
    uint32_t head[2];
    uint8_t *payload;
    size_t length;

    receive((uint8_t *)head, sizeof(head));
    length = le32toh(head[1]);
    payload = malloc(length + 1);
    if (!payload || le32toh(head[0]) != kind) {
        exit(STATUS_WRONG);
    }
    receive(payload, length);
    free(payload);
}

static void trickle(const uint8_t *data, size_t length, uint32_t ms)
{
    for (size_t i = 0; i < length; i++) {
        usleep(ms * 1000);
        send_bytes(data + i, 1);
    }
}

/* A child keeps the socket. */
static void leave_child(void)
{
    if (fork() == 0) {
        sleep(CHILD_SECONDS);
        _exit(0);
    }
}

static void obey(const Order *order, const uint8_t *data)
{
    switch (order->verb) {
    case 's':
        send_bytes(data, order->length);
        break;
    case 'w':
        wait_for(order->argument);
        break;
    case 't':
        trickle(data, order->length, order->argument);
        break;
    case 'c':
        close(STDIN_FILENO);
        break;
    case 'h':
        sleep(3600);
        break;
    case 'f':
        leave_child();
        break;
    case 'e':
        _exit(order->argument);
    case 'k':
        kill(getpid(), order->argument);
        break;
    default:
        exit(STATUS_WRONG);
    }
}

static FILE *open_orders(const char *link)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s.orders", link);
    file = fopen(path, "rb");
    if (!file) {
        exit(STATUS_WRONG);
    }
    return file;
}

int main(int argc, char **argv)
{
    FILE *file = open_orders(argv[0]);
    Order order;

    while (fread(&order, sizeof(order), 1, file) == 1) {
        uint8_t *data;

        order.verb = le32toh(order.verb);
        order.argument = le32toh(order.argument);
        order.length = le32toh(order.length);
        data = malloc(order.length + 1);
        if (!data || fread(data, 1, order.length, file) != order.length) {
            return STATUS_WRONG;
        }
        obey(&order, data);
        free(data);
    }
    return 0;
}
