/*
 * What differs between the versions of QEMU that win-xenprep is built in
 *
 * The sources are written as for the newest; what an older version lacks is
 * supplied here.  Goes after qemu/osdep.h and before any other header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef WIN_XENPREP_COMPAT_H
#define WIN_XENPREP_COMPAT_H

#define XENPREP_QEMU_AT_LEAST(major, minor) \
    (QEMU_VERSION_MAJOR > (major) || \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

#include "block/block_int.h"
#include "block/block-io.h"

/* 10.0 moved the headers of QObject and those of the backends. */
#if XENPREP_QEMU_AT_LEAST(10, 0)
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"
#include "system/block-backend.h"
#else
#include "qapi/qmp/qdict.h"
#include "qapi/qmp/qjson.h"
#include "qapi/qmp/qlist.h"
#include "qapi/qmp/qstring.h"
#include "sysemu/block-backend.h"
#endif

/* 8.0 brought the lock of the block graph. */
#if !XENPREP_QEMU_AT_LEAST(8, 0)
#define GRAPH_RDLOCK
#define GRAPH_RDLOCK_GUARD_MAINLOOP()
#define bdrv_graph_rdlock_main_loop()
#define bdrv_graph_rdunlock_main_loop()
#endif

/* 10.1 made .bdrv_close run without that lock. */
#ifndef GRAPH_UNLOCKED
#define GRAPH_UNLOCKED
#endif

/*
 * What .bdrv_co_block_status is asked for.  The mapping, which older versions
 * always give, has to be asked for in newer ones.
 */
#if XENPREP_QEMU_AT_LEAST(10, 1)
typedef unsigned int XenprepStatusMode;
#define XENPREP_STATUS_MAPPING BDRV_WANT_OFFSET_VALID
#else
typedef bool XenprepStatusMode;
#define XENPREP_STATUS_MAPPING false
#endif

/*
 * bdrv_getlength() counts in sectors, and knows what a file had when it was
 * opened; the exact length, as it is now, is the protocol driver's.  8.0 made
 * both functions of their own in coroutines, so that from the main loop the
 * driver has to be asked in one.
 */
#if XENPREP_QEMU_AT_LEAST(8, 0)
#include "block/block-gen.h"

static inline int64_t coroutine_fn GRAPH_RDLOCK
xenprep_co_exact_length(BlockDriverState *file)
{
    return file->drv && file->drv->bdrv_co_getlength
           ? file->drv->bdrv_co_getlength(file) : bdrv_co_getlength(file);
}

typedef struct XenprepExactLength {
    BdrvPollCo poll_state;
    BlockDriverState *file;
    int64_t length;
} XenprepExactLength;

static inline void coroutine_fn xenprep_exact_length_entry(void *opaque)
{
    XenprepExactLength *s = opaque;

    bdrv_graph_co_rdlock();
    s->length = s->file->drv->bdrv_co_getlength(s->file);
    bdrv_graph_co_rdunlock();
    s->poll_state.in_progress = false;
    aio_wait_kick();
}

static inline int64_t GRAPH_RDLOCK
xenprep_exact_length(BlockDriverState *file)
{
    XenprepExactLength s = {
        .poll_state.ctx = qemu_get_current_aio_context(),
        .poll_state.in_progress = true,
        .file = file,
    };

    if (!file->drv || !file->drv->bdrv_co_getlength) {
        return bdrv_getlength(file);
    }
    s.poll_state.co = qemu_coroutine_create(xenprep_exact_length_entry, &s);
    bdrv_poll_co(&s.poll_state);
    return s.length;
}
#else
#define xenprep_co_exact_length xenprep_exact_length

static inline int64_t GRAPH_RDLOCK
xenprep_exact_length(BlockDriverState *file)
{
    return file->drv && file->drv->bdrv_getlength
           ? file->drv->bdrv_getlength(file) : bdrv_getlength(file);
}
#endif

/* 8.0 took the flags away that told whether a pointer of a report is there. */
#if XENPREP_QEMU_AT_LEAST(8, 0)
#define XENPREP_SET_HAS(object, member)
#else
#define XENPREP_SET_HAS(object, member) \
    ((object)->has_##member = (object)->member != NULL)
#endif

/* 8.0 gave the extents of a VMDK a type of their own. */
#if XENPREP_QEMU_AT_LEAST(8, 0)
typedef VmdkExtentInfoList XenprepExtentList;
#else
typedef ImageInfoList XenprepExtentList;
#endif

/* 8.2 brought the flag for compressed clusters. */
#ifndef BDRV_BLOCK_COMPRESSED
#define BDRV_BLOCK_COMPRESSED 0
#endif

#endif /* WIN_XENPREP_COMPAT_H */
