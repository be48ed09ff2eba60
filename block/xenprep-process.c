/*
 * The helper's process: start, find out how it ended, stop
 *
 * posix_spawn() and not fork(): QEMU may be large and have threads.  What the
 * helper must not have of ours is taken from it here (environment, signal
 * mask, handlers, descriptors), what it must not have at all by its own jail.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include <spawn.h>

#include "qapi/error.h"
#include "qapi/qapi-types-common.h"
#include "qemu/config-file.h"
#include "qemu/cutils.h"
#include "qemu/option.h"
#include "qemu/sockets.h"
#include "xenprep-process.h"
#include "xenprep-protocol.h"

#define HELPER_PATH CONFIG_QEMU_HELPERDIR "/win-xenprep-helper"

/*
 * For tests only.  Not an option of the driver: whoever may add a block
 * device must not thereby be able to run a program of his choice.
 */
#define HELPER_VARIABLE "WIN_XENPREP_HELPER"

/* How often to look whether the helper has ended. */
#define WAIT_STEP_MS 1

static char *helper_path(void)
{
    const char *path = getenv(HELPER_VARIABLE);

    return path ? g_strdup(path) : get_relocated_path(HELPER_PATH);
}

/*
 * QEMU's own seccomp filter does not fail an attempt to start a process, it
 * kills QEMU.  So ask before trying.
 */
static bool spawn_is_denied(void)
{
    QemuOptsList *list = qemu_find_opts_err("sandbox", NULL);
    QemuOpts *opts = list ? qemu_opts_find(list, NULL) : NULL;

    return opts && qemu_opt_get_bool(opts, "enable", false) &&
           g_strcmp0(qemu_opt_get(opts, "spawn"), "deny") == 0;
}

static void set_start_error(Error **errp, const char *path, int err)
{
    if (err == ENOENT && access(path, F_OK) == 0) {
        error_setg(errp, "helper '%s' cannot run: its interpreter or loader "
                   "is missing; install it anew", path);
    } else if (err == ENOENT) {
        error_setg(errp, "helper '%s' is missing; install it ('make install' "
                   "of win-xenprep, or its package)", path);
    } else if (err == EACCES) {
        error_setg(errp, "helper '%s' is not executable by this user; install "
                   "it anew ('make install' of win-xenprep, or its package)",
                   path);
    } else if (err == EPERM) {
        error_setg(errp, "helper '%s' must not be started: this process may "
                   "not start others; prepare the disk with qemu-img first",
                   path);
    } else {
        error_setg(errp, "helper '%s' cannot be started: %s; if that does "
                   "not pass, install it anew", path, strerror(err));
    }
}

static void set_descriptors(posix_spawn_file_actions_t *actions, int fd)
{
    /* First, as @fd itself may be 1 or 2. */
    posix_spawn_file_actions_adddup2(actions, fd, XENPREP_HELPER_FD);
    posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null",
                                     O_WRONLY, 0);
#ifdef CONFIG_CLOSE_RANGE
    /*
     * Ours are close-on-exec; a library's, or our parent's, may not be.  This
     * function came to glibc in the same version as close_range().
     */
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
}

static void set_signals(posix_spawnattr_t *attr)
{
    sigset_t set;

    sigemptyset(&set);
    posix_spawnattr_setsigmask(attr, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(attr, &set);
    posix_spawnattr_setflags(attr,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Returns 0 or an errno value. */
static int spawn(const char *path, OnOffAuto sandbox, int fd, pid_t *pid)
{
    g_autofree char *option = g_strdup_printf("--sandbox=%s",
                                              OnOffAuto_str(sandbox));
    char *argv[] = { (char *)path, option, NULL };
    char *envp[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int err;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    set_descriptors(&actions, fd);
    set_signals(&attr);
    err = posix_spawn(pid, path, &actions, &attr, argv, envp);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return err;
}

XenprepProcess *xenprep_process_start(OnOffAuto sandbox, Error **errp)
{
    g_autofree char *path = helper_path();
    XenprepProcess *process;
    pid_t pid;
    int sv[2];
    int err;

    if (spawn_is_denied()) {
        set_start_error(errp, path, EPERM);
        return NULL;
    }
    if (qemu_socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0) {
        error_setg_errno(errp, errno, "no socket for helper '%s'", path);
        return NULL;
    }
    err = spawn(path, sandbox, sv[1], &pid);
    close(sv[1]);
    if (err) {
        close(sv[0]);
        set_start_error(errp, path, err);
        return NULL;
    }
    process = g_new0(XenprepProcess, 1);
    process->path = g_steal_pointer(&path);
    process->pid = pid;
    process->fd = sv[0];
    return process;
}

/* Signals that need more than a number. */
static const struct {
    int number;
    const char *text;
} signal_texts[] = {
    { SIGABRT, "SIGABRT" },
    { SIGBUS, "SIGBUS" },
    { SIGFPE, "SIGFPE" },
    { SIGILL, "SIGILL" },
    { SIGINT, "SIGINT" },
    { SIGKILL, "SIGKILL (is the host short of memory?)" },
    { SIGSEGV, "SIGSEGV" },
    { SIGSYS, "SIGSYS (it tried a forbidden system call)" },
    { SIGTERM, "SIGTERM" },
    /* So GLib ends a program that it finds no memory for. */
    { SIGTRAP, "SIGTRAP (it wanted more memory than it may have)" },
    { SIGXCPU, "SIGXCPU (it used up its processor time)" },
};

static char *describe_signal(int number)
{
    for (size_t i = 0; i < ARRAY_SIZE(signal_texts); i++) {
        if (signal_texts[i].number == number) {
            return g_strdup_printf("was stopped by %s", signal_texts[i].text);
        }
    }
    return g_strdup_printf("was stopped by signal %d", number);
}

char *xenprep_process_wait(XenprepProcess *process, int64_t patience_ms,
                           bool *success)
{
    int64_t deadline = g_get_monotonic_time() + patience_ms * 1000;
    int status;
    pid_t ret;

    while (true) {
        ret = waitpid(process->pid, &status, WNOHANG);
        if (ret != 0 && !(ret < 0 && errno == EINTR)) {
            break;
        }
        if (ret == 0 && g_get_monotonic_time() >= deadline) {
            return NULL;
        }
        g_usleep(WAIT_STEP_MS * 1000);
    }
    process->pid = 0;
    if (ret < 0) {
        /* SIGCHLD is ignored: the kernel has not kept the status for us. */
        *success = true;
        return g_strdup("ended");
    }
    *success = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return WIFSIGNALED(status)
           ? describe_signal(WTERMSIG(status))
           : g_strdup_printf("ended with exit status %d",
                             WEXITSTATUS(status));
}

void xenprep_process_free(XenprepProcess *process)
{
    if (process) {
        if (process->pid) {
            kill(process->pid, SIGKILL);
            while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
                /* again */
            }
        }
        close(process->fd);
        g_free(process->path);
        g_free(process);
    }
}
