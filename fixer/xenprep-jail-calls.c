/*
 * The system calls of the helper's jail
 *
 * Notes on the design
 *
 * The list has what the engine needs, and what a program needs in order to
 * end so that its client can say how: by abort(), or for want of memory.  A
 * call that is not in it ends the process.  Arguments are looked at where one
 * can tell that no other value is ever sound: the socket is descriptor 0, and
 * what is written to the others are last words.
 *
 * tests/unit/test-jail-calls.py compares it with what is really called, so
 * that nothing stays in it that nobody needs any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xenprep-jail-calls.h"
#include "xenprep-protocol.h"

/* In place of a process ID that is not known before. */
#define THIS_PROCESS UINT64_MAX

#define WITH(argument, value) { argument, SCMP_CMP_EQ, value, 0 }
#define WITH_BITS(argument, mask, value) \
    { argument, SCMP_CMP_MASKED_EQ, mask, value }

#define AT_ABORT "abort(), which libraries call that find themselves wrong"
#define AT_ASSERTION "g_assert(), whose words go to /dev/null"

static const JailCall calls[] = {
    /* the protocol */
    { SCMP_SYS(recvfrom), 1, { WITH(0, XENPREP_HELPER_FD) } },
    { SCMP_SYS(sendmsg), 1, { WITH(0, XENPREP_HELPER_FD) } },
    { SCMP_SYS(poll), .when = "each run, but not on each architecture" },
    { SCMP_SYS(ppoll), .when = "poll() on architectures without that call" },
    { SCMP_SYS(restart_syscall), .when = "poll(), after Ctrl-Z and fg" },

    /* memory, but no new code, and nothing that others see */
    { SCMP_SYS(brk) },
    { SCMP_SYS(mmap), 2, {
          WITH_BITS(2, PROT_EXEC, 0),
          WITH_BITS(3, MAP_TYPE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS),
      } },
    { SCMP_SYS(munmap) },
    { SCMP_SYS(mremap), .when = "realloc() of what is large" },
    /* GLib's g_once_init_leave(); there is nobody to wait for. */
    { SCMP_SYS(futex), 1, { WITH(1, FUTEX_WAKE_PRIVATE) } },

    { SCMP_SYS(clock_gettime),
      .when = "the time, where the kernel cannot tell it without a call" },

    /* the end */
    { SCMP_SYS(exit_group) },
    { SCMP_SYS(write), 1, { WITH(0, STDOUT_FILENO) }, .when = AT_ASSERTION },
    { SCMP_SYS(write), 1, { WITH(0, STDERR_FILENO) }, .when = AT_ASSERTION },
    { SCMP_SYS(writev), 1, { WITH(0, STDERR_FILENO) },
      .when = "the C library, which finds its heap or stack damaged" },
    { SCMP_SYS(rt_sigprocmask), .when = AT_ABORT },
    { SCMP_SYS(getpid), .when = AT_ABORT },
    { SCMP_SYS(gettid), .when = AT_ABORT },
    { SCMP_SYS(tgkill), 1, { WITH(0, THIS_PROCESS) }, .when = AT_ABORT },

    /* what a library tries, and takes a no for */
    { SCMP_SYS(openat), .refused = true,
      .when = "iconv(), for files that it can do without" },
    { SCMP_SYS(newfstatat), .refused = true, .when = AT_ASSERTION },
    { SCMP_SYS(fstat), .refused = true,
      .when = "g_assert() with other versions of the C library" },
    { SCMP_SYS(sysinfo), .refused = true,
      .when = "qsort(), which libfwnt calls" },

#ifdef JAIL_SANITIZED
#define BY_SANITIZER .when = "a sanitizer"
    { SCMP_SYS(mprotect), BY_SANITIZER },
    { SCMP_SYS(madvise), BY_SANITIZER },
    { SCMP_SYS(futex), BY_SANITIZER },
    { SCMP_SYS(sched_getaffinity), .refused = true, BY_SANITIZER },
    { SCMP_SYS(close), BY_SANITIZER },
    { SCMP_SYS(sigaltstack), BY_SANITIZER },
    { SCMP_SYS(rt_sigreturn), BY_SANITIZER },
    { SCMP_SYS(readlink), .refused = true, BY_SANITIZER },
    { SCMP_SYS(ioctl), .refused = true, BY_SANITIZER },
    { SCMP_SYS(prlimit64), .refused = true, BY_SANITIZER },
#endif
};

const JailCall *jail_calls(size_t *n)
{
    *n = sizeof(calls) / sizeof(calls[0]);
    return calls;
}

static int add_call(scmp_filter_ctx filter, const JailCall *call)
{
    struct scmp_arg_cmp conditions[2];

    for (unsigned i = 0; i < call->n_conditions; i++) {
        conditions[i] = call->conditions[i];
        if (conditions[i].datum_a == THIS_PROCESS) {
            conditions[i].datum_a = getpid();
        }
    }
    return seccomp_rule_add_array(filter,
                                  call->refused ? SCMP_ACT_ERRNO(EACCES)
                                                : SCMP_ACT_ALLOW,
                                  call->number, call->n_conditions,
                                  conditions);
}

static int add_calls(scmp_filter_ctx filter)
{
    /* The kernel's own number, for the message. */
    int ret = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    size_t n;

    jail_calls(&n);
    for (size_t i = 0; ret == 0 && i < n; i++) {
        ret = add_call(filter, &calls[i]);
    }
    return ret;
}

int jail_enter_seccomp(void)
{
    const uint32_t kill = SECCOMP_RET_KILL_PROCESS;
    scmp_filter_ctx filter;
    int ret;

    /* libseccomp does not tell why it fails. */
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) < 0) {
        return -errno;
    }
    filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    ret = filter ? add_calls(filter) : -ENOMEM;
    if (ret == 0) {
        ret = seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
    return ret;
}
