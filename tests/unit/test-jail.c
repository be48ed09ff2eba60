/*
 * Unit test of the jail, from inside
 *
 * Each attempt runs in a process of its own, jailed as the helper is.  It
 * ends well, with a number that says how the attempt failed, or is killed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/guest-limits.h"
#include "xenprep-jail.h"

/* An attempt returns 0 if it came through, else an errno value. */
typedef int Attempt(void);

/* What became of an attempt. */
typedef enum Outcome {
    SUCCEEDED,
    REFUSED,
    KILLED,
    ABORTED,
} Outcome;

static int result_of(int ret)
{
    return ret < 0 ? errno : 0;
}

static int attempt_nothing(void)
{
    return 0;
}

static int attempt_open(void)
{
    return result_of(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int attempt_create(void)
{
    return result_of(syscall(SYS_openat, AT_FDCWD, "/tmp/xenprep-escape",
                             O_CREAT | O_WRONLY, 0600));
}

static int attempt_stat(void)
{
    struct stat st;

    return result_of(stat("/etc/passwd", &st));
}

static int attempt_unlink(void)
{
    return result_of(unlink("/tmp/xenprep-no-such-file"));
}

static int attempt_socket(void)
{
    return result_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int attempt_connect(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    return result_of(connect(STDIN_FILENO, (struct sockaddr *)&addr,
                             sizeof(addr)));
}

static int attempt_fork(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return result_of(pid);
}

static int attempt_exec(void)
{
    return result_of(execl("/bin/true", "true", NULL));
}

static int attempt_ptrace(void)
{
    return result_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int attempt_kill(void)
{
    return result_of(kill(getppid(), 0));
}

static int attempt_thread_kill(void)
{
    return result_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

/* A signal by way of a descriptor whose owner is another process. */
static int attempt_own(void)
{
    return result_of(fcntl(STDIN_FILENO, F_SETOWN, getppid()));
}

/* abort() is how a library ends that finds itself wrong. */
static int attempt_signal_self(void)
{
    return result_of(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

/* What a call that was stopped and continued goes on with. */
static int attempt_restart(void)
{
    return syscall(SYS_restart_syscall) < 0 && errno == EINTR ? 0 : errno;
}

static int attempt_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

static int attempt_memory(void)
{
    void *p = mmap(NULL, 8ULL * LIMIT_HIVE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

/* The last words of GLib, and the end, are no attack. */
static int attempt_too_much_memory(void)
{
    /* GTest has another one. */
    g_log_set_default_handler(g_log_default_handler, NULL);
    g_free(g_malloc(1ULL << 46));
    return 0;
}

static int attempt_memory_file(void)
{
    return result_of(memfd_create("test", 0));
}

/* Before an _exit(), ASan makes a system call that the jail has no use for. */
#define EXITS_IN_JAIL __attribute__((no_sanitize_address))

EXITS_IN_JAIL
static Outcome run(Attempt *attempt, JailMode mode)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        const char *measures[JAIL_MAX_MEASURES];

        if (!jail_enter(mode, measures, NULL)) {
            _exit(255);
        }
        _exit(attempt());
    }
    g_assert_cmpint(pid, >, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        return KILLED;
    }
    if (WIFSIGNALED(status)) {
        /* What GLib's abort is depends on how it was built. */
        g_assert_true(WTERMSIG(status) == SIGABRT ||
                      WTERMSIG(status) == SIGTRAP);
        return ABORTED;
    }
    g_assert_cmpint(WEXITSTATUS(status), !=, 255);
    return WEXITSTATUS(status) == 0 ? SUCCEEDED : REFUSED;
}

static const struct {
    const char *path;
    Attempt *attempt;
    Outcome jailed;
} cases[] = {
    { "/jail/nothing", attempt_nothing, SUCCEEDED },
    { "/jail/signal-self", attempt_signal_self, SUCCEEDED },
    { "/jail/restart", attempt_restart, SUCCEEDED },
    { "/jail/open", attempt_open, REFUSED },
    { "/jail/create", attempt_create, REFUSED },
    { "/jail/stat", attempt_stat, REFUSED },
    { "/jail/memory", attempt_memory, REFUSED },
    { "/jail/too-much-memory", attempt_too_much_memory, ABORTED },
    { "/jail/memory-file", attempt_memory_file, KILLED },
    { "/jail/unlink", attempt_unlink, KILLED },
    { "/jail/socket", attempt_socket, KILLED },
    { "/jail/connect", attempt_connect, KILLED },
    { "/jail/fork", attempt_fork, KILLED },
    { "/jail/exec", attempt_exec, KILLED },
    { "/jail/ptrace", attempt_ptrace, KILLED },
    { "/jail/kill", attempt_kill, KILLED },
    { "/jail/thread-kill", attempt_thread_kill, KILLED },
    { "/jail/own", attempt_own, KILLED },
    { "/jail/code", attempt_code, KILLED },
};

static void test_attempt(gconstpointer data)
{
    const unsigned *i = data;

#ifdef __SANITIZE_ADDRESS__
    if (cases[*i].attempt == attempt_memory ||
        cases[*i].attempt == attempt_too_much_memory) {
        g_test_skip("ASan takes more memory than the jail has, which is then "
                    "not limited, and has its own last words");
        return;
    }
#endif
    g_assert_cmpint(run(cases[*i].attempt, JAIL_AUTO), ==, cases[*i].jailed);
}

/* The attempts are real ones: without the jail they come through. */
static void test_attempts_are_real(void)
{
    g_assert_cmpint(run(attempt_open, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_stat, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_socket, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_exec, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_code, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_fork, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_kill, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_thread_kill, JAIL_OFF), ==, SUCCEEDED);
    g_assert_cmpint(run(attempt_memory, JAIL_OFF), ==, SUCCEEDED);
}

/* The jail says what is in force. */
EXITS_IN_JAIL
static void test_measures(void)
{
    int fds[2];
    char names[64] = "";
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    if (pid == 0) {
        const char *measures[JAIL_MAX_MEASURES];
        bool ok = jail_enter(JAIL_AUTO, measures, NULL);

        for (unsigned i = 0; ok && measures[i]; i++) {
            ok = write(fds[1], measures[i], strlen(measures[i])) > 0 &&
                 write(fds[1], " ", 1) == 1;
        }
        _exit(!ok);
    }
    close(fds[1]);
    for (size_t done = 0; done < sizeof(names) - 1; ) {
        ssize_t n = read(fds[0], names + done, sizeof(names) - 1 - done);

        if (n <= 0) {
            break;
        }
        done += n;
    }
    close(fds[0]);
    waitpid(pid, NULL, 0);
    g_test_message("in force: %s", names);
    g_assert_nonnull(strstr(names, "seccomp"));
    g_assert_nonnull(strstr(names, "rlimits"));
}

/* All descriptors but the socket are gone; 1 and 2 lead nowhere. */
static void test_descriptors(void)
{
    pid_t pid;
    int status;
    int extra = open("/dev/zero", O_RDONLY);

    g_assert_cmpint(extra, >, STDERR_FILENO);
    pid = fork();
    if (pid == 0) {
        struct stat out, null;

        if (!jail_close_descriptors(STDIN_FILENO, NULL)) {
            _exit(1);
        }
        if (fcntl(extra, F_GETFD) >= 0 || errno != EBADF) {
            _exit(2);
        }
        if (fstat(STDOUT_FILENO, &out) < 0 || stat("/dev/null", &null) < 0 ||
            out.st_rdev != null.st_rdev) {
            _exit(3);
        }
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    close(extra);
}

int main(int argc, char **argv)
{
    static unsigned numbers[G_N_ELEMENTS(cases)];

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        numbers[i] = i;
        g_test_add_data_func(cases[i].path, &numbers[i], test_attempt);
    }
    g_test_add_func("/jail/attempts-are-real", test_attempts_are_real);
    g_test_add_func("/jail/measures", test_measures);
    g_test_add_func("/jail/descriptors", test_descriptors);
    return g_test_run();
}
