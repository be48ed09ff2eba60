/*
 * Runs a program as a kernel would that lacks something
 *
 * Usage: jail-without CALL... -- PROGRAM [ARGUMENT...]
 *
 * The system calls named CALL fail with ENOSYS; "seccomp" stands for both
 * ways to set a filter.  What makes them fail is a filter itself, which a
 * process hands on to what it runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int take_away(scmp_filter_ctx filter, const char *call)
{
    int number = seccomp_syscall_resolve_name(call);
    int ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);

    if (ret == 0 && strcmp(call, "seccomp") == 0) {
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
                               SCMP_SYS(prctl), 1,
                               SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
    }
    return ret;
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int ret = filter ? 0 : -ENOMEM;
    int i;

    for (i = 1; ret == 0 && i < argc && strcmp(argv[i], "--") != 0; i++) {
        ret = take_away(filter, argv[i]);
    }
    if (ret == 0) {
        ret = seccomp_load(filter);
    }
    if (ret < 0 || i + 1 >= argc) {
        fprintf(stderr, "jail-without: %s\n",
                ret < 0 ? strerror(-ret) : "no program to run");
        return EXIT_FAILURE;
    }
    seccomp_release(filter);
    execv(argv[i + 1], argv + i + 1);
    perror(argv[i + 1]);
    return EXIT_FAILURE;
}
