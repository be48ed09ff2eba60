/*
 * What a person at a terminal sees while a slow disk is being prepared
 *
 * The progress of "qemu-img convert -p" begins when its source is open, which
 * is after the guest was prepared.  A disk behind a slow line takes a while,
 * and silence would look like a hang.
 *
 * It is a thread, for the main loop may stand still in one read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qemu/cutils.h"
#include "qemu/thread.h"
#include "xenprep-progress.h"
#include "xenprep-report.h"

/* Most disks are prepared in less. */
#define FIRST_MS 2000
#define NEXT_MS 1000

/* Columns of the line, so that it fits any terminal. */
#define LINE_COLUMNS 78
/* And of the source's name, in characters. */
#define NAME_CHARACTERS 24

struct XenprepProgress {
    const char *doing;
    int64_t start_us;
    QemuThread thread;
    QemuSemaphore end;

    /* Protects what follows. */
    QemuMutex lock;
    const char *source;
    uint64_t bytes;
};

/* The source's name as far as there is room; to be freed. */
static char *short_name(const char *name)
{
    g_autofree char *clean = xenprep_text_clean(name, strlen(name));

    return g_utf8_strlen(clean, -1) <= NAME_CHARACTERS
           ? g_steal_pointer(&clean)
           : g_utf8_substring(clean, 0, NAME_CHARACTERS);
}

static void show(XenprepProgress *p)
{
    int64_t us = g_get_monotonic_time() - p->start_us;
    g_autofree char *line = NULL;
    g_autofree char *name = NULL;
    g_autofree char *size = NULL;

    qemu_mutex_lock(&p->lock);
    name = short_name(p->source);
    size = size_to_str(p->bytes);
    line = g_strdup_printf("win-xenprep: %s, %" PRId64 " s: %s read, now "
                           "from %s", p->doing, us / G_USEC_PER_SEC, size,
                           name);
    qemu_mutex_unlock(&p->lock);
    /* Padded, for the line before may have been longer. */
    fprintf(stderr, "\r%-*s", LINE_COLUMNS, line);
}

static void *progress_thread(void *opaque)
{
    XenprepProgress *p = opaque;
    bool shown = false;

    while (qemu_sem_timedwait(&p->end, shown ? NEXT_MS : FIRST_MS) != 0) {
        show(p);
        shown = true;
    }
    if (shown) {
        fprintf(stderr, "\r%*s\r", LINE_COLUMNS, "");
    }
    return NULL;
}

XenprepProgress *xenprep_progress_start(XenprepVerb verb)
{
    static const char *const doing[] = {
        [XENPREP_VERB_PREPARE] = "preparing the guest",
        [XENPREP_VERB_INSPECT] = "looking at the guest",
        [XENPREP_VERB_CHECK] = "checking the guest",
    };
    XenprepProgress *p;

    if (!isatty(STDERR_FILENO)) {
        return NULL;
    }
    p = g_new0(XenprepProgress, 1);
    p->doing = doing[verb];
    p->start_us = g_get_monotonic_time();
    p->source = "disk";
    qemu_mutex_init(&p->lock);
    qemu_sem_init(&p->end, 0);
    qemu_thread_create(&p->thread, "xenprep", progress_thread, p,
                       QEMU_THREAD_JOINABLE);
    return p;
}

void xenprep_progress_read(XenprepProgress *p, const char *source,
                           uint64_t bytes)
{
    if (p) {
        qemu_mutex_lock(&p->lock);
        p->source = source;
        p->bytes += bytes;
        qemu_mutex_unlock(&p->lock);
    }
}

void xenprep_progress_end(XenprepProgress *p)
{
    if (p) {
        qemu_sem_post(&p->end);
        qemu_thread_join(&p->thread);
        qemu_sem_destroy(&p->end);
        qemu_mutex_destroy(&p->lock);
        g_free(p);
    }
}
