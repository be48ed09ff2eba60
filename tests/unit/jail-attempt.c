/*
 * Attempts to do something in the jail
 *
 * Each runs in a process of its own.  It ends well, with a number that says
 * how the attempt failed, or is killed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <glib.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail-attempt.h"

/* Exit status of a process that could not be jailed. */
#define NOT_JAILED 255

/* Before an _exit(), ASan makes a system call that the jail has no use for. */
#define EXITS_IN_JAIL __attribute__((no_sanitize_address))

int result_of(long ret)
{
    return ret < 0 ? errno : 0;
}

static void take_away(bool landlock, bool seccomp)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    uint32_t missing = SCMP_ACT_ERRNO(ENOSYS);

    g_assert_nonnull(filter);
    if (landlock) {
        g_assert_cmpint(seccomp_rule_add(
            filter, missing, SCMP_SYS(landlock_create_ruleset), 0), ==, 0);
    }
    if (seccomp) {
        g_assert_cmpint(seccomp_rule_add(filter, missing, SCMP_SYS(seccomp),
                                         0), ==, 0);
        g_assert_cmpint(seccomp_rule_add(
            filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
            SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)), ==, 0);
    }
    g_assert_cmpint(seccomp_load(filter), ==, 0);
    seccomp_release(filter);
}

void without_landlock(void)
{
    take_away(true, false);
}

void without_seccomp(void)
{
    take_away(false, true);
}

void without_both(void)
{
    take_away(true, true);
}

/* What the helper is when it is jailed. */
static void become_helper(void (*before)(void), int socket_fd)
{
    g_assert_cmpint(dup2(socket_fd, STDIN_FILENO), ==, STDIN_FILENO);
    if (before) {
        before();
    }
}

EXITS_IN_JAIL
JailOutcome jail_attempt(void (*before)(void), JailAttempt *attempt,
                         JailMode mode)
{
    int status, sv[2];
    pid_t pid;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), ==, 0);
    pid = fork();
    if (pid == 0) {
        const char *measures[JAIL_MAX_MEASURES];

        become_helper(before, sv[1]);
        if (!jail_enter(mode, measures, NULL)) {
            _exit(NOT_JAILED);
        }
        _exit(attempt());
    }
    g_assert_cmpint(pid, >, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    close(sv[0]);
    close(sv[1]);
    if (WIFEXITED(status)) {
        g_assert_cmpint(WEXITSTATUS(status), !=, NOT_JAILED);
        return WEXITSTATUS(status) == 0 ? SUCCEEDED : REFUSED;
    }
    switch (WTERMSIG(status)) {
    case SIGSYS:
        return KILLED;
    case SIGXCPU:
        return TOO_LONG;
    case SIGABRT:
    case SIGTRAP:
        /* What GLib's abort is depends on how it was built. */
        return ABORTED;
    default:
        return CRASHED;
    }
}

/* All that comes out of a pipe. */
static char *drain(int fd)
{
    GString *text = g_string_new(NULL);
    char buf[256];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        g_string_append_len(text, buf, n);
    }
    close(fd);
    return g_string_free(text, FALSE);
}

EXITS_IN_JAIL
char *jail_measures(void (*before)(void), JailMode mode)
{
    int fds[2];
    char *text;
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    if (pid == 0) {
        const char *measures[JAIL_MAX_MEASURES];
        g_autoptr(GError) err = NULL;
        const char *said;

        /* The jail knows of no other descriptor that can be written to. */
        g_assert_cmpint(dup2(fds[1], STDERR_FILENO), ==, STDERR_FILENO);
        if (before) {
            before();
        }
        said = jail_enter(mode, measures, &err)
               ? g_strjoinv(" ", (char **)measures) : err->message;
        _exit(write(STDERR_FILENO, said, strlen(said)) < 0);
    }
    close(fds[1]);
    text = drain(fds[0]);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    return text;
}
