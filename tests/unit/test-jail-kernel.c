/*
 * Unit test of the jail on kernels that lack something
 *
 * What is missing is denied by a filter that is there before the jail; each
 * other measure then has to stand alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail-attempt.h"

/* Versions of Landlock that brought a right. */
#define ABI_TCP 4
#define ABI_SCOPES 6

static void check_measures(void (*before)(void), JailMode mode,
                           const char *expected)
{
    g_autofree char *measures = jail_measures(before, mode);

    g_assert_cmpstr(measures, ==, expected);
}

static void check_refusal(void (*before)(void), const char *what)
{
    g_autofree char *message = jail_measures(before, JAIL_ON);

    g_test_message("%s", message);
    g_assert_true(g_str_has_prefix(message, "sandbox=on: "));
    g_assert_nonnull(strstr(message, what));
    g_assert_nonnull(strstr(message, "sandbox=auto"));
}

/* The version of this kernel's Landlock, or -1. */
static int landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0,
                   LANDLOCK_CREATE_RULESET_VERSION);
}

static bool lacks_landlock(int abi)
{
    if (landlock_abi() < abi) {
        g_test_skip("this kernel's Landlock is too old, or there is none");
        return true;
    }
    return false;
}

static void test_all(void)
{
    if (!lacks_landlock(1)) {
        check_measures(NULL, JAIL_ON, "landlock rlimits seccomp");
        check_measures(NULL, JAIL_AUTO, "landlock rlimits seccomp");
    }
    check_measures(NULL, JAIL_OFF, "");
}

static void test_missing(void)
{
    check_measures(without_landlock, JAIL_AUTO, "rlimits seccomp");
    check_measures(without_both, JAIL_AUTO, "rlimits");
    check_refusal(without_landlock, "landlock: Function not implemented");
    check_refusal(without_both, "landlock: Function not implemented");
    if (!lacks_landlock(1)) {
        check_measures(without_seccomp, JAIL_AUTO, "landlock rlimits");
        check_refusal(without_seccomp, "seccomp: Function not implemented");
    }
}

/* There is a descriptor free for what is opened next. */
static int attempt_open(void)
{
    close(STDERR_FILENO);
    return result_of(open("/etc/passwd", O_RDONLY));
}

static int attempt_list(void)
{
    close(STDERR_FILENO);
    return result_of(open("/", O_RDONLY | O_DIRECTORY));
}

static int attempt_create(void)
{
    close(STDERR_FILENO);
    return result_of(open("/tmp", O_TMPFILE | O_WRONLY, 0600));
}

static int attempt_kill(void)
{
    return result_of(kill(getppid(), 0));
}

/* Whether somebody listens there does not matter. */
static int attempt_tcp(void)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons(1),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd;

    close(STDERR_FILENO);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ||
           (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
            errno == EACCES) ? errno : 0;
}

/* What only Landlock denies, if there is no seccomp. */
static void check_landlock(JailAttempt *attempt)
{
    g_assert_cmpint(jail_attempt(without_both, attempt, JAIL_AUTO), ==,
                    SUCCEEDED);
    g_assert_cmpint(jail_attempt(without_seccomp, attempt, JAIL_AUTO), ==,
                    REFUSED);
}

static void test_landlock_files(void)
{
    if (!lacks_landlock(1)) {
        check_landlock(attempt_open);
        check_landlock(attempt_list);
        check_landlock(attempt_create);
    }
}

static void test_landlock_tcp(void)
{
    if (!lacks_landlock(ABI_TCP)) {
        check_landlock(attempt_tcp);
    }
}

static void test_landlock_signals(void)
{
    if (!lacks_landlock(ABI_SCOPES)) {
        check_landlock(attempt_kill);
    }
}

/* As a library does, which takes a no for an answer, but only from seccomp. */
static int attempt_library_open(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? EACCES : 0;
}

/* What only seccomp denies, if there is no Landlock. */
static void test_seccomp_alone(void)
{
    g_assert_cmpint(jail_attempt(without_landlock, attempt_library_open,
                                 JAIL_AUTO), ==, REFUSED);
    g_assert_cmpint(jail_attempt(without_landlock, attempt_tcp, JAIL_AUTO),
                    ==, KILLED);
    g_assert_cmpint(jail_attempt(without_landlock, attempt_kill, JAIL_AUTO),
                    ==, KILLED);
}

/* As the helper has it; what is on descriptor 2 may be written to. */
static void with_file_without_both(void)
{
    int fd;

    g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    g_assert_true(jail_close_descriptors(STDIN_FILENO, NULL));
    fd = open("/tmp", O_TMPFILE | O_WRONLY, 0600);
    g_assert_cmpint(dup2(fd, STDERR_FILENO), ==, STDERR_FILENO);
    close(fd);
    without_both();
}

static int attempt_write(void)
{
    return result_of(write(STDERR_FILENO, "x", 1));
}

static int attempt_fourth_descriptor(void)
{
    return result_of(dup(STDIN_FILENO));
}

static int attempt_third_descriptor(void)
{
    close(STDERR_FILENO);
    return result_of(dup(STDIN_FILENO));
}

static int attempt_fork(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return result_of(pid);
}

static void test_rlimits_alone(void)
{
    static const struct {
        JailAttempt *attempt;
        JailOutcome outcome;
    } cases[] = {
        { attempt_write, REFUSED },
        { attempt_fourth_descriptor, REFUSED },
        { attempt_third_descriptor, SUCCEEDED },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpint(jail_attempt(with_file_without_both, cases[i].attempt,
                                     JAIL_OFF), ==, SUCCEEDED);
        g_assert_cmpint(jail_attempt(with_file_without_both, cases[i].attempt,
                                     JAIL_AUTO), ==, cases[i].outcome);
    }
    /* The kernel does not count the superuser's processes. */
    if (getuid() != 0) {
        g_assert_cmpint(jail_attempt(without_both, attempt_fork, JAIL_AUTO),
                        ==, REFUSED);
    }
}

static int attempt_dump(void)
{
    return prctl(PR_GET_DUMPABLE) == 1 ? 0 : EPERM;
}

static int attempt_outlive(void)
{
    int number = 0;

    return prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGKILL
           ? EPERM : 0;
}

static int attempt_gain_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0;
}

/* Whether there is a capability left. */
static int attempt_capability(void)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

    return syscall(SYS_capget, &header, sets) == 0 &&
           memcmp(sets, none, sizeof(sets)) == 0 ? EPERM : 0;
}

/* All kernels have these. */
static void test_privileges(void)
{
    static JailAttempt *const attempts[] = {
        attempt_dump, attempt_outlive, attempt_gain_privileges,
        attempt_capability,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(attempts); i++) {
        g_assert_cmpint(jail_attempt(without_both, attempts[i], JAIL_AUTO),
                        ==, REFUSED);
    }
    g_assert_cmpint(jail_attempt(NULL, attempt_dump, JAIL_OFF), ==,
                    SUCCEEDED);
    g_assert_cmpint(jail_attempt(NULL, attempt_outlive, JAIL_OFF), ==,
                    SUCCEEDED);
    if (geteuid() == 0) {
        g_assert_cmpint(jail_attempt(NULL, attempt_capability, JAIL_OFF), ==,
                        SUCCEEDED);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jail-kernel/all", test_all);
    g_test_add_func("/jail-kernel/missing", test_missing);
    g_test_add_func("/jail-kernel/landlock/files", test_landlock_files);
    g_test_add_func("/jail-kernel/landlock/tcp", test_landlock_tcp);
    g_test_add_func("/jail-kernel/landlock/signals", test_landlock_signals);
    g_test_add_func("/jail-kernel/seccomp", test_seccomp_alone);
    g_test_add_func("/jail-kernel/rlimits", test_rlimits_alone);
    g_test_add_func("/jail-kernel/privileges", test_privileges);
    return g_test_run();
}
