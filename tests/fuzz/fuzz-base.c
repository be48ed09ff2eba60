/*
 * The disk that fuzz targets damage: a small Windows on NTFS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz-base.h"

#define FILE_VARIABLE "XENPREP_FUZZ_BASE"

/* The most bytes of an edit. */
#define MAX_EDIT 16

/* Edits of one disk that count. */
#define MAX_EDITS 64

/* Bytes of the disk, in the order of their offsets. */
typedef struct Run {
    uint64_t offset;
    uint32_t length;
    const uint8_t *bytes;
} Run;

typedef struct BaseSource {
    ByteSource source;
    /* Run, in the order in which they were made. */
    GArray *edits;
} BaseSource;

static uint64_t disk_size;
/* Run, without bytes. */
static GArray *regions;
/* Run */
static GArray *runs;

static void load_regions(FuzzInput *input)
{
    uint32_t n = fuzz_take32(input);

    regions = g_array_new(false, false, sizeof(Run));
    for (uint32_t i = 0; i < n && input->left > 0; i++) {
        Run region = { 0 };

        region.offset = fuzz_take64(input);
        region.length = fuzz_take32(input);
        g_array_append_val(regions, region);
    }
}

static void load_runs(FuzzInput *input)
{
    runs = g_array_new(false, false, sizeof(Run));
    while (input->left > 0) {
        Run run = { 0 };

        run.offset = fuzz_take64(input);
        run.length = fuzz_take32(input);
        run.bytes = input->p;
        g_assert_cmpuint(run.length, <=, input->left);
        input->p += run.length;
        input->left -= run.length;
        g_array_append_val(runs, run);
    }
}

void fuzz_base_load(void)
{
    const char *path = g_getenv(FILE_VARIABLE);
    g_autoptr(GError) err = NULL;
    static char *text;
    gsize size;
    FuzzInput input;

    if (!path || !g_file_get_contents(path, &text, &size, &err)) {
        g_printerr("%s does not name the disk that make-seeds makes: %s\n",
                   FILE_VARIABLE, err ? err->message : "it is not set");
        exit(EXIT_FAILURE);
    }
    input = (FuzzInput) { (const uint8_t *)text, size };
    disk_size = fuzz_take64(&input);
    load_regions(&input);
    load_runs(&input);
    g_assert_cmpuint(regions->len, >, 0);
}

/* Of the range at @offset, what of it is in @run. */
static void copy_overlap(uint8_t *buf, uint64_t offset, size_t length,
                         const Run *run)
{
    uint64_t from = MAX(offset, run->offset);
    uint64_t to = MIN(offset + length, run->offset + run->length);

    if (from < to) {
        memcpy(buf + (from - offset), run->bytes + (from - run->offset),
               to - from);
    }
}

/* The first run that ends behind @offset. */
static guint find_run(uint64_t offset)
{
    guint low = 0, high = runs->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        const Run *run = &g_array_index(runs, Run, middle);

        if (run->offset + run->length <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool base_pread(ByteSource *source, uint64_t offset, void *buf,
                       size_t length, GError **errp)
{
    BaseSource *s = (BaseSource *)source;

    memset(buf, 0, length);
    for (guint i = find_run(offset); i < runs->len; i++) {
        const Run *run = &g_array_index(runs, Run, i);

        if (run->offset >= offset + length) {
            break;
        }
        copy_overlap(buf, offset, length, run);
    }
    for (guint i = 0; i < s->edits->len; i++) {
        copy_overlap(buf, offset, length, &g_array_index(s->edits, Run, i));
    }
    return true;
}

static void base_free(ByteSource *source)
{
    BaseSource *s = (BaseSource *)source;

    g_array_unref(s->edits);
    g_free(s);
}

ByteSource *fuzz_base_new(void)
{
    BaseSource *s = g_new0(BaseSource, 1);

    s->source.size = disk_size;
    s->source.pread = base_pread;
    s->source.free = base_free;
    s->edits = g_array_new(false, false, sizeof(Run));
    return &s->source;
}

void fuzz_base_edit(ByteSource *source, FuzzInput *input)
{
    BaseSource *s = (BaseSource *)source;
    uint32_t where = fuzz_take32(input);
    const Run *region = &g_array_index(regions, Run,
                                       (where & 0xff) % regions->len);
    uint32_t at = (where >> 8) % region->length;
    Run edit = { region->offset + at };

    edit.length = MIN(1 + fuzz_take8(input) % MAX_EDIT, region->length - at);
    edit.length = MIN(edit.length, input->left);
    edit.bytes = input->p;
    input->p += edit.length;
    input->left -= edit.length;
    if (s->edits->len < MAX_EDITS) {
        g_array_append_val(s->edits, edit);
    }
}
