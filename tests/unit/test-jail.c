/*
 * Unit test of the jail, from inside
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/guest-limits.h"
#include "jail-attempt.h"
#include "xenprep-jail-calls.h"

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

static int map(size_t length, int protection, int flags)
{
    void *p = mmap(NULL, length, protection, flags | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

static int attempt_code(void)
{
    return map(4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
}

static int attempt_shared(void)
{
    return map(4096, PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* The program itself takes some of it. */
static int attempt_memory_left(void)
{
    return map(LIMIT_MEMORY - 128 * MiB, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_NORESERVE);
}

static int attempt_memory(void)
{
    return map(LIMIT_MEMORY, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_NORESERVE);
}

static int attempt_processor(void)
{
    for (volatile unsigned i = 0; ; i++) {
        /* on */
    }
    return 0;
}

#ifdef __x86_64__
/* The same kernel has other doors: for 32-bit programs, and for x32. */
static int attempt_32_bit(void)
{
    long ret;

    __asm__ volatile("int $0x80" : "=a" (ret) : "a" (20) : "memory");
    return ret < 0;
}

static int attempt_x32(void)
{
    return result_of(syscall(0x40000000 | SYS_getpid));
}
#endif

/* The last words of GLib, and the end, are no attack. */
static int attempt_too_much_memory(void)
{
    /* GTest has another one. */
    g_log_set_default_handler(g_log_default_handler, NULL);
    g_free(g_malloc(1ULL << 46));
    return 0;
}

static const struct {
    const char *path;
    JailAttempt *attempt;
    JailOutcome jailed;
} cases[] = {
    { "/jail/nothing", attempt_nothing, SUCCEEDED },
    { "/jail/signal-self", attempt_signal_self, SUCCEEDED },
    { "/jail/restart", attempt_restart, SUCCEEDED },
    { "/jail/open", attempt_open, REFUSED },
    { "/jail/create", attempt_create, REFUSED },
    { "/jail/stat", attempt_stat, REFUSED },
    { "/jail/memory-left", attempt_memory_left, SUCCEEDED },
    { "/jail/memory", attempt_memory, REFUSED },
    { "/jail/too-much-memory", attempt_too_much_memory, ABORTED },
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
    { "/jail/shared", attempt_shared, KILLED },
#ifdef __x86_64__
    { "/jail/32-bit", attempt_32_bit, KILLED },
    { "/jail/x32", attempt_x32, KILLED },
#endif
};

static void test_attempt(gconstpointer data)
{
    const unsigned *i = data;

#ifdef JAIL_SANITIZED
    if (g_str_has_suffix(cases[*i].path, "memory")) {
        g_test_skip("ASan takes more memory than the jail has, which is then "
                    "not limited, and has its own last words");
        return;
    }
#endif
    g_assert_cmpint(jail_attempt(NULL, cases[*i].attempt, JAIL_ON), ==,
                    cases[*i].jailed);
}

/* The attempts are real ones: without the jail they come through. */
static void test_attempts_are_real(void)
{
    static JailAttempt *const attempts[] = {
        attempt_open, attempt_stat, attempt_socket, attempt_exec,
        attempt_code, attempt_shared, attempt_fork, attempt_kill,
        attempt_thread_kill, attempt_memory,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(attempts); i++) {
        g_assert_cmpint(jail_attempt(NULL, attempts[i], JAIL_OFF), ==,
                        SUCCEEDED);
    }
}

/* The number of a call, and what all of its arguments are. */
static long call_number, call_argument;

static int attempt_call(void)
{
    long a = call_argument;

    return result_of(syscall(call_number, a, a, a, a, a, a));
}

/* Whether the list has a call, and looks at no argument of it. */
static bool is_listed(int number, bool *conditional)
{
    size_t n;
    const JailCall *calls = jail_calls(&n);
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        if (calls[i].number == number) {
            found = true;
            *conditional = calls[i].n_conditions > 0;
        }
    }
    return found;
}

/*
 * Since 6.14 Linux does not filter what it calls itself, from a page that it
 * has put into a program for a probe; from elsewhere the calls do nothing.
 */
static bool is_beyond_seccomp(int number)
{
#ifdef __x86_64__
    enum { URETPROBE = 335, UPROBE = 336 };

    return number == URETPROBE || number == UPROBE;
#else
    return false;
#endif
}

/*
 * Every other call there is ends the process: io_uring, openat2, open by
 * handle, ptrace, clone ... And so does one with an argument, here 7, that is
 * none of the jail's descriptors, a wish for code, or another process.
 */
static void test_every_other_call(void)
{
    unsigned killed = 0;

    for (int number = 0; number < 512; number++) {
        bool conditional = false;
        JailOutcome outcome;

        if (is_listed(number, &conditional) && !conditional) {
            continue;
        }
        call_number = number;
        call_argument = conditional ? 7 : 0;
        outcome = jail_attempt(NULL, attempt_call, JAIL_ON);
        if (outcome != KILLED && !is_beyond_seccomp(number)) {
            g_test_message("call %d did not end the process", number);
            g_test_fail();
        }
        killed += outcome == KILLED;
    }
    g_assert_cmpuint(killed, >, 480);
    g_test_message("seccomp ends %u calls", killed);
}

/* An administrator's limits may be lower than ours; then they hold. */
static void with_low_limits(void)
{
    static const struct rlimit seconds = { 1, 2 }, none = { 0, 0 };

    g_assert_cmpint(setrlimit(RLIMIT_CPU, &seconds), ==, 0);
    g_assert_cmpint(setrlimit(RLIMIT_CORE, &none), ==, 0);
}

static void test_processor_time(void)
{
    g_assert_cmpint(jail_attempt(with_low_limits, attempt_processor, JAIL_ON),
                    ==, TOO_LONG);
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
    g_test_add_func("/jail/every-other-call", test_every_other_call);
    g_test_add_func("/jail/processor-time", test_processor_time);
    g_test_add_func("/jail/descriptors", test_descriptors);
    return g_test_run();
}
