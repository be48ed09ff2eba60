/*
 * The helper's jail
 *
 * Notes on the design
 *
 * The helper needs a socket and memory.  It gets no more:
 *
 * - no capability, and no way to one (no_new_privs), whoever runs it.
 * - No core file: it would hold what the guest's disk holds.
 * - It dies with the thread that started it, even in the midst of work.
 * - Landlock: no file system access at all, since no rule is added; no TCP,
 *   no signal to others, no abstract socket, where the kernel has these.
 * - rlimits: memory, CPU time, file size, descriptors, processes.
 * - seccomp: an allow-list (see xenprep-jail-calls.c).  There is neither
 *   open() nor socket() in it.
 *
 * Every kernel that QEMU runs on has the first three.  Of the others a kernel
 * may have been built without one; then it depends on the mode whether that
 * matters.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/error.h"
#include "guest/guest-limits.h"
#include "xenprep-jail-calls.h"
#include "xenprep-jail.h"

/* Since Linux 6.2, 6.10, 6.7 and 6.12; Debian 12's headers have none. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* struct landlock_ruleset_attr of Linux 6.12; an older kernel wants zeros. */
typedef struct LandlockRights {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
} LandlockRights;

#ifdef JAIL_SANITIZED
/* The search for leaks at the end starts a thread that traces the others. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static bool fail(const char *what, int err, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "the helper is not jailed: the kernel refuses %s: %s; "
                "sandbox=off goes without a jail", what, g_strerror(err));
    return false;
}

bool jail_close_descriptors(int keep_fd, GError **errp)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    g_assert(keep_fd == STDIN_FILENO);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                    "the helper cannot open /dev/null, which it needs: %s",
                    g_strerror(errno));
        return false;
    }
    /* Unlike close_range(), it knows what to do on an older kernel. */
    closefrom(STDERR_FILENO + 1);
    return true;
}

/* Returns 0 or -errno. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, sets) < 0) {
        return -errno;
    }
    /* Who has none need not ask; the ambient set is a part of these. */
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        if (sets[i].permitted || sets[i].inheritable) {
            memset(sets, 0, sizeof(sets));
            return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
        }
    }
    return 0;
}

static bool drop_privileges(GError **errp)
{
    static const struct {
        const char *name;
        int option;
        unsigned long value;
    } settings[] = {
        { "no_new_privs", PR_SET_NO_NEW_PRIVS, 1 },
        /* A pipe in core_pattern takes no notice of RLIMIT_CORE. */
        { "not to be dumpable", PR_SET_DUMPABLE, 0 },
        { "a parent-death signal", PR_SET_PDEATHSIG, SIGKILL },
    };
    int ret;

    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (prctl(settings[i].option, settings[i].value, 0, 0, 0) < 0) {
            return fail(settings[i].name, errno, errp);
        }
    }
    ret = drop_capabilities();
    return ret == 0 || fail("to drop capabilities", -ret, errp);
}

/* Every right that this kernel's Landlock can take away. */
static LandlockRights landlock_rights(int abi)
{
    LandlockRights rights = { .fs = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1 };

    if (abi >= 2) {
        rights.fs |= LANDLOCK_ACCESS_FS_REFER;
    }
    if (abi >= 3) {
        rights.fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
    }
    if (abi >= 4) {
        rights.net = LANDLOCK_ACCESS_NET_BIND_TCP |
                     LANDLOCK_ACCESS_NET_CONNECT_TCP;
    }
    if (abi >= 5) {
        rights.fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    }
    if (abi >= 6) {
        rights.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET |
                        LANDLOCK_SCOPE_SIGNAL;
    }
    return rights;
}

/* Returns 0 or -errno. */
static int enter_landlock(void)
{
    int abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                      LANDLOCK_CREATE_RULESET_VERSION);
    LandlockRights rights;
    int fd, ret;

    if (abi < 0) {
        return -errno;
    }
    rights = landlock_rights(abi);
    fd = syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights), 0);
    if (fd < 0) {
        return -errno;
    }
    ret = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
    close(fd);
    return ret;
}

/* Only ever lowers it: to raise a limit takes a capability. */
static int lower_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;

    if (getrlimit(resource, &now) < 0) {
        return -errno;
    }
    now.rlim_max = MIN(now.rlim_max, hard);
    now.rlim_cur = MIN(now.rlim_cur, MIN(soft, now.rlim_max));
    return setrlimit(resource, &now) < 0 ? -errno : 0;
}

/* Returns 0 or -errno. */
static int enter_rlimits(void)
{
    static const struct {
        int resource;
        rlim_t soft;
        rlim_t hard;
    } limits[] = {
#ifndef JAIL_SANITIZED
        { RLIMIT_AS, LIMIT_MEMORY, LIMIT_MEMORY },
#endif
        /* The kernel tells by SIGXCPU which it was, but only if they differ. */
        { RLIMIT_CPU, LIMIT_CPU_SECONDS, LIMIT_CPU_SECONDS + 1 },
        { RLIMIT_FSIZE, 0, 0 },
        { RLIMIT_NOFILE, LIMIT_DESCRIPTORS, LIMIT_DESCRIPTORS },
        { RLIMIT_NPROC, 0, 0 },
        { RLIMIT_CORE, 0, 0 },
    };
    int ret = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        int err = lower_limit(limits[i].resource, limits[i].soft,
                              limits[i].hard);

        ret = ret ? ret : err;
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
        { "seccomp", jail_enter_seccomp },
    };
    unsigned n = 0;

    measures[0] = NULL;
    if (mode == JAIL_OFF) {
        return true;
    }
    g_log_set_writer_func(say_nothing, NULL, NULL);
    if (!drop_privileges(errp)) {
        return false;
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
