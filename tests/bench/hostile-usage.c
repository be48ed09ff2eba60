/*
 * Runs a program, and notes how it ended and what it took
 *
 *     hostile-usage FILE PROGRAM [ARGUMENT...]
 *
 * Appends a line to FILE: how it ended as wait() has it, the most memory that
 * it had in KiB, milliseconds of processor time; then ends as it did.
 *
 * Started through a symbolic link, LINK, whose name is not that, it takes the
 * place of win-xenprep-helper: PROGRAM is LINK.real, FILE is LINK.usage, and
 * it is passed our arguments.
 *
 * Python cannot measure by itself: a process begins with the memory of the
 * one that it was made of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "hostile-usage"

static void append_line(const char *path, int status,
                        const struct rusage *usage)
{
    long ms = (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
              (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;
    char line[100];
    int length = snprintf(line, sizeof(line), "%d %ld %ld\n", status,
                          usage->ru_maxrss, ms);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, line, length) != length) {
        perror(path);
        exit(127);
    }
    close(fd);
}

/* Runs it; returns how it ended.  Whoever ends us ends it. */
static int run(const char *program, char **argv, const char *path)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(program, argv);
        perror(program);
        _exit(127);
    }
    /* Its socket is open as long as it lives, not as long as we do. */
    close(STDIN_FILENO);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        perror(NAME);
        exit(127);
    }
    append_line(path, status, &usage);
    return status;
}

static int end_as(int status)
{
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}

/*
 * As run(), by a process of which nobody gets to know how much memory its
 * child took: whoever waited for it would have that as his own.
 */
static int run_aside(const char *program, char **argv, const char *path)
{
    int ends[2];
    int status = 127 << 8;
    pid_t pid;

    signal(SIGCHLD, SIG_IGN);
    if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
        perror(NAME);
        exit(127);
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_DFL);
        status = run(program, argv, path);
        _exit(write(ends[1], &status, sizeof(status)) < 0);
    }
    close(ends[1]);
    close(STDIN_FILENO);
    if (read(ends[0], &status, sizeof(status)) < 0) {
        perror(NAME);
    }
    return status;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    char program[4096], path[4096];

    if (strcmp(slash ? slash + 1 : argv[0], NAME) != 0) {
        snprintf(program, sizeof(program), "%s.real", argv[0]);
        snprintf(path, sizeof(path), "%s.usage", argv[0]);
        return end_as(run_aside(program, argv, path));
    }
    if (argc < 3) {
        fprintf(stderr, "usage: " NAME " FILE PROGRAM [ARGUMENT...]\n");
        return 127;
    }
    return end_as(run(argv[2], argv + 2, argv[1]));
}
