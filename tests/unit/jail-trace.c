/*
 * Which system calls a program makes once it is in its jail
 *
 * Usage: jail-trace FILE PROGRAM [ARGUMENT...]
 *        jail-trace --list
 *
 * Runs PROGRAM, and writes each call that it makes after it has set a seccomp
 * filter into FILE, one name and number of calls a line.  It ends as PROGRAM
 * does.  With --list it prints what the jail lets pass: "allowed" or
 * "refused", the name, and when the call is made if not in each run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xenprep-jail-calls.h"

#define CALLS_MAX 1024

typedef struct Trace {
    pid_t pid;
    /* The call that has begun sets a filter; one is set. */
    bool entering;
    bool jailed;
    unsigned counts[CALLS_MAX];
} Trace;

static char *call_name(int number)
{
    return seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
}

static int list(void)
{
    size_t n;
    const JailCall *calls = jail_calls(&n);

#ifdef JAIL_SANITIZED
    puts("sanitized");
    return EXIT_SUCCESS;
#endif
    for (size_t i = 0; i < n; i++) {
        char *name = call_name(calls[i].number);

        printf("%s %s %s\n", calls[i].refused ? "refused" : "allowed", name,
               calls[i].when ? calls[i].when : "");
        free(name);
    }
    return EXIT_SUCCESS;
}

static bool sets_filter(const struct __ptrace_syscall_info *info)
{
    return (info->entry.nr == SYS_seccomp &&
            info->entry.args[0] == SECCOMP_SET_MODE_FILTER) ||
           (info->entry.nr == SYS_prctl &&
            info->entry.args[0] == PR_SET_SECCOMP);
}

/* The program is about to make a call, or has made one. */
static void note_call(Trace *trace)
{
    struct __ptrace_syscall_info info = { 0 };

    if (ptrace(PTRACE_GET_SYSCALL_INFO, trace->pid, sizeof(info), &info) < 0) {
        return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        g_assert_cmpuint(info.entry.nr, <, CALLS_MAX);
        trace->entering = sets_filter(&info);
        trace->counts[info.entry.nr] += trace->jailed;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        trace->jailed |= trace->entering && !info.exit.is_error;
        trace->entering = false;
    }
}

/* Follows the program to its end, and returns how it ended. */
static int follow(Trace *trace)
{
    int status, signal_number = 0;

    while (true) {
        if (ptrace(PTRACE_SYSCALL, trace->pid, NULL, signal_number) < 0 ||
            waitpid(trace->pid, &status, 0) < 0) {
            perror("jail-trace");
            return 0xff00;
        }
        if (!WIFSTOPPED(status)) {
            return status;
        }
        signal_number = WSTOPSIG(status);
        if (signal_number == (SIGTRAP | 0x80)) {
            note_call(trace);
            signal_number = 0;
        }
    }
}

static void write_trace(const Trace *trace, FILE *file)
{
    for (int i = 0; i < CALLS_MAX; i++) {
        if (trace->counts[i]) {
            char *name = call_name(i);

            fprintf(file, "%s %u\n", name ? name : "unknown",
                    trace->counts[i]);
            free(name);
        }
    }
}

/* Starts the program, and stops it before its first call. */
static pid_t start(char **argv)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 ||
        ptrace(PTRACE_SETOPTIONS, pid, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
               PTRACE_O_EXITKILL) < 0) {
        perror("jail-trace");
        exit(EXIT_FAILURE);
    }
    return pid;
}

int main(int argc, char **argv)
{
    Trace trace = { 0 };
    FILE *file;
    int status;

    if (argc == 2 && g_str_equal(argv[1], "--list")) {
        return list();
    }
    file = argc < 3 ? NULL : fopen(argv[1], "w");
    if (!file) {
        fprintf(stderr, "usage: jail-trace FILE PROGRAM [ARGUMENT...]\n");
        return EXIT_FAILURE;
    }
    trace.pid = start(argv + 2);
    status = follow(&trace);
    write_trace(&trace, file);
    fclose(file);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                               : WEXITSTATUS(status);
}
