/*
 * The helper's jail
 *
 * Notes on the design
 *
 * The helper needs a socket and memory.  It gets no more:
 *
 * - no_new_privs: nothing that it could run would gain a right.
 * - Landlock: no file system access at all, since no rule is added.
 * - seccomp: an allow-list.  System calls that libraries try in good faith
 *   (opening a message catalogue) fail with EACCES; what remains would be an
 *   attack and ends the process.
 * - rlimits: memory, CPU time, file size, descriptors, processes.
 *
 * The network needs no rule of Landlock's: there is no socket() in the list.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/error.h"
#include "guest/guest-limits.h"
#include "xenprep-jail.h"

/* Since Linux 6.2 and 6.10; Debian 12's headers do not have them. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

#define CPU_SECONDS 120
/* The socket, and two of /dev/null. */
#define MAX_DESCRIPTORS 3

#ifdef __SANITIZE_ADDRESS__
/* The search for leaks at the end starts a thread that traces the others. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static bool fail(const char *what, int err, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "%s: %s", what,
                g_strerror(err));
    return false;
}

bool jail_close_descriptors(int keep_fd, GError **errp)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    g_assert(keep_fd == STDIN_FILENO);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0) {
        return fail("/dev/null", errno, errp);
    }
    if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0) {
        return fail("close_range", errno, errp);
    }
    return true;
}

/* Every right to files that this kernel's Landlock can take away. */
static uint64_t landlock_rights(int abi)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1;

    if (abi >= 2) {
        rights |= LANDLOCK_ACCESS_FS_REFER;
    }
    if (abi >= 3) {
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    }
    if (abi >= 5) {
        rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    }
    return rights;
}

/* Returns 0 or -errno. */
static int enter_landlock(void)
{
    struct landlock_ruleset_attr attr = { 0 };
    int abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                      LANDLOCK_CREATE_RULESET_VERSION);
    int fd, ret;

    if (abi < 0) {
        return -errno;
    }
    attr.handled_access_fs = landlock_rights(abi);
    fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (fd < 0) {
        return -errno;
    }
    ret = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
    close(fd);
    return ret;
}

/* Returns 0 or -errno. */
static int enter_rlimits(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
#ifndef __SANITIZE_ADDRESS__
        /*
         * The largest hive, as the volume holds it, as it is edited, as it
         * was before, and as it is written, with room to grow; and everything
         * else.
         */
        { RLIMIT_AS, 5ULL * LIMIT_HIVE_SIZE + 256ULL * MiB },
#endif
        { RLIMIT_CPU, CPU_SECONDS },
        { RLIMIT_FSIZE, 0 },
        { RLIMIT_NOFILE, MAX_DESCRIPTORS },
        { RLIMIT_NPROC, 0 },
        { RLIMIT_CORE, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct rlimit r = { limits[i].limit, limits[i].limit };

        if (setrlimit(limits[i].resource, &r) < 0) {
            return -errno;
        }
    }
    return 0;
}

static const int allowed[] = {
    /* the protocol */
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
    SCMP_SYS(sendto), SCMP_SYS(poll), SCMP_SYS(ppoll),
    /* what is open already: a message on standard error */
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(fstat),
    SCMP_SYS(lseek), SCMP_SYS(close),
    /* memory; mmap() and mprotect(): see below */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(futex), SCMP_SYS(getrandom),
    /* time */
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    /* after Ctrl-Z and fg, in the middle of another call */
    SCMP_SYS(restart_syscall),
    /* the end, abort() included; tgkill(): see below */
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(getpid),
    SCMP_SYS(gettid),
};

/* What a library may try, and take a no for. */
static const int refused[] = {
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(ioctl), SCMP_SYS(prlimit64),
    SCMP_SYS(sysinfo), SCMP_SYS(sched_getaffinity),
};

/* Rules that look at an argument. */
static int add_argument_rules(scmp_filter_ctx filter)
{
    /* No new code: PROT_EXEC must be clear. */
    struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    /* fstat() of the C library is fstatat(fd, "", AT_EMPTY_PATH). */
    struct scmp_arg_cmp of_fd = SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH);
    struct scmp_arg_cmp of_path = SCMP_A3(SCMP_CMP_NE, AT_EMPTY_PATH);
    /* abort() signals this process; no other may be signalled, */
    struct scmp_arg_cmp to_self = SCMP_A0(SCMP_CMP_EQ, getpid());
    /* and not by way of a descriptor's owner either. */
    struct scmp_arg_cmp duplicate = SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC);
    struct scmp_arg_cmp get_flags = SCMP_A1(SCMP_CMP_EQ, F_GETFD);
    struct scmp_arg_cmp set_flags = SCMP_A1(SCMP_CMP_EQ, F_SETFD);
    const struct {
        uint32_t action;
        int call;
        struct scmp_arg_cmp when;
    } rules[] = {
        { SCMP_ACT_ALLOW, SCMP_SYS(mmap), no_exec },
        { SCMP_ACT_ALLOW, SCMP_SYS(mprotect), no_exec },
        { SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), of_fd },
        { SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), of_path },
        { SCMP_ACT_ALLOW, SCMP_SYS(tgkill), to_self },
        { SCMP_ACT_ALLOW, SCMP_SYS(fcntl), duplicate },
        { SCMP_ACT_ALLOW, SCMP_SYS(fcntl), get_flags },
        { SCMP_ACT_ALLOW, SCMP_SYS(fcntl), set_flags },
    };
    int ret = 0;

    for (unsigned i = 0; ret == 0 && i < G_N_ELEMENTS(rules); i++) {
        ret = seccomp_rule_add(filter, rules[i].action, rules[i].call, 1,
                               rules[i].when);
    }
    return ret;
}

static int add_rules(scmp_filter_ctx filter)
{
    int ret = add_argument_rules(filter);

    for (unsigned i = 0; ret == 0 && i < G_N_ELEMENTS(allowed); i++) {
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    for (unsigned i = 0; ret == 0 && i < G_N_ELEMENTS(refused); i++) {
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    }
    return ret;
}

/* Returns 0 or -errno. */
static int enter_seccomp(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int ret = filter ? add_rules(filter) : -ENOMEM;

    if (ret == 0) {
        ret = seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
    return ret;
}

/*
 * GLib's words, the last ones too, would go to /dev/null, by way of the time
 * zone and of other files that are not there.
 */
static GLogWriterOutput say_nothing(GLogLevelFlags level,
                                    const GLogField *fields, gsize n,
                                    gpointer opaque)
{
    return G_LOG_WRITER_HANDLED;
}

bool jail_enter(JailMode mode, const char *measures[JAIL_MAX_MEASURES],
                GError **errp)
{
    /* In this order: the filter would deny the other two. */
    static const struct {
        const char *name;
        int (*enter)(void);
    } walls[] = {
        { "landlock", enter_landlock },
        { "rlimits", enter_rlimits },
        { "seccomp", enter_seccomp },
    };
    unsigned n = 0;

    measures[0] = NULL;
    if (mode == JAIL_OFF) {
        return true;
    }
    g_log_set_writer_func(say_nothing, NULL, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return fail("no_new_privs", errno, errp);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(walls); i++) {
        int ret = walls[i].enter();

        if (ret == 0) {
            measures[n++] = walls[i].name;
        } else if (mode == JAIL_ON) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                        "sandbox=on: the kernel refuses %s: %s; sandbox=auto "
                        "goes without it", walls[i].name, g_strerror(-ret));
            return false;
        }
    }
    measures[n] = NULL;
    return true;
}
