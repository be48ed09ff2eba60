/*
 * Unit test of block/xenprep-overlay.c, against a plain array of bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "xenprep-overlay.h"

static uint8_t *filled(size_t length, uint8_t byte)
{
    uint8_t *data = g_malloc(length);

    memset(data, byte, length);
    return data;
}

static void check_span(const XenprepOverlay *overlay, uint64_t offset,
                       uint64_t length, XenprepSpanKind kind,
                       uint64_t span_length)
{
    XenprepSpan span = xenprep_overlay_span(overlay, offset, length);

    g_assert_cmpint(span.kind, ==, kind);
    g_assert_cmpuint(span.length, ==, span_length);
    g_assert(!span.data == (kind != XENPREP_SPAN_DATA));
}

static void test_empty(void)
{
    g_autoptr(XenprepOverlay) overlay = xenprep_overlay_new();

    check_span(overlay, 0, 1, XENPREP_SPAN_BELOW, 1);
    check_span(overlay, 12345, UINT64_MAX - 12345, XENPREP_SPAN_BELOW,
               UINT64_MAX - 12345);
}

static void test_borders(void)
{
    g_autoptr(XenprepOverlay) overlay = xenprep_overlay_new();
    XenprepSpan span;

    /* data, zeros that touch it, a gap, data */
    g_assert(xenprep_overlay_append(overlay, 100, 50, filled(50, 1)));
    g_assert(xenprep_overlay_append(overlay, 150, 50, NULL));
    g_assert(xenprep_overlay_append(overlay, 300, 1, filled(1, 2)));

    check_span(overlay, 0, 1000, XENPREP_SPAN_BELOW, 100);
    check_span(overlay, 0, 100, XENPREP_SPAN_BELOW, 100);
    check_span(overlay, 99, 2, XENPREP_SPAN_BELOW, 1);
    check_span(overlay, 100, 1000, XENPREP_SPAN_DATA, 50);
    check_span(overlay, 149, 1, XENPREP_SPAN_DATA, 1);
    check_span(overlay, 149, 2, XENPREP_SPAN_DATA, 1);
    check_span(overlay, 150, 1000, XENPREP_SPAN_ZERO, 50);
    check_span(overlay, 160, 10, XENPREP_SPAN_ZERO, 10);
    check_span(overlay, 199, 1000, XENPREP_SPAN_ZERO, 1);
    check_span(overlay, 200, 1000, XENPREP_SPAN_BELOW, 100);
    check_span(overlay, 300, 1000, XENPREP_SPAN_DATA, 1);
    check_span(overlay, 301, 1000, XENPREP_SPAN_BELOW, 1000);

    span = xenprep_overlay_span(overlay, 300, 1);
    g_assert_cmpuint(span.data[0], ==, 2);
}

static void test_refused(void)
{
    g_autoptr(XenprepOverlay) overlay = xenprep_overlay_new();

    /* empty, and one that wraps around */
    g_assert(!xenprep_overlay_append(overlay, 0, 0, NULL));
    g_assert(!xenprep_overlay_append(overlay, 0, 0, filled(1, 1)));
    g_assert(!xenprep_overlay_append(overlay, 512, UINT64_MAX - 511, NULL));

    g_assert(xenprep_overlay_append(overlay, 1000, 100, NULL));
    /* before, overlapping from both sides, within, the same */
    g_assert(!xenprep_overlay_append(overlay, 0, 10, filled(10, 1)));
    g_assert(!xenprep_overlay_append(overlay, 950, 100, NULL));
    g_assert(!xenprep_overlay_append(overlay, 1050, 100, NULL));
    g_assert(!xenprep_overlay_append(overlay, 1010, 10, NULL));
    g_assert(!xenprep_overlay_append(overlay, 1000, 100, NULL));
    /* none of them has left a trace */
    check_span(overlay, 0, 5000, XENPREP_SPAN_BELOW, 1000);
    check_span(overlay, 1000, 5000, XENPREP_SPAN_ZERO, 100);
    check_span(overlay, 1100, 5000, XENPREP_SPAN_BELOW, 5000);

    /* up to the very end, behind which there is no room */
    g_assert(xenprep_overlay_append(overlay, 2000, UINT64_MAX - 2000, NULL));
    check_span(overlay, UINT64_MAX - 1, 1, XENPREP_SPAN_ZERO, 1);
    g_assert(!xenprep_overlay_append(overlay, UINT64_MAX, 1, NULL));
}

/* The random test: what a disk of @below looks like through the overlay. */
#define MODEL_SIZE 4096

typedef struct Model {
    XenprepOverlay *overlay;
    uint8_t below[MODEL_SIZE];
    uint8_t bytes[MODEL_SIZE];
    XenprepSpanKind kinds[MODEL_SIZE];
} Model;

static void model_append(Model *model, size_t offset, size_t length)
{
    uint8_t *data = g_test_rand_bit() ? g_malloc(length) : NULL;

    for (size_t i = 0; i < length; i++) {
        uint8_t byte = data ? g_test_rand_int() : 0;

        if (data) {
            data[i] = byte;
        }
        model->bytes[offset + i] = byte;
        model->kinds[offset + i] = data ? XENPREP_SPAN_DATA
                                        : XENPREP_SPAN_ZERO;
    }
    g_assert(xenprep_overlay_append(model->overlay, offset, length, data));
}

/* Extents of random length, one in four touching the one before. */
static void model_fill(Model *model)
{
    size_t offset = g_test_rand_int_range(0, 100);

    while (true) {
        size_t length = g_test_rand_int_range(1, 60);

        if (offset + length > MODEL_SIZE) {
            break;
        }
        model_append(model, offset, length);
        offset += length;
        if (g_test_rand_int_range(0, 4) > 0) {
            offset += g_test_rand_int_range(1, 60);
        }
    }
}

/* Reads a range as the block driver does, and compares each byte. */
static void model_read(Model *model, size_t offset, size_t length)
{
    while (length > 0) {
        XenprepSpan span = xenprep_overlay_span(model->overlay, offset,
                                                length);

        g_assert_cmpuint(span.length, >=, 1);
        g_assert_cmpuint(span.length, <=, length);
        for (size_t i = 0; i < span.length; i++) {
            uint8_t byte = span.kind == XENPREP_SPAN_DATA ? span.data[i]
                         : span.kind == XENPREP_SPAN_ZERO ? 0
                         : model->below[offset + i];

            g_assert_cmpint(model->kinds[offset + i], ==, span.kind);
            g_assert_cmpuint(model->bytes[offset + i], ==, byte);
        }
        offset += span.length;
        length -= span.length;
    }
}

/* Whether the spans are as long as they may be: a walk meets each border. */
static void model_check_borders(Model *model)
{
    size_t offset = 0;

    while (offset < MODEL_SIZE) {
        XenprepSpan span = xenprep_overlay_span(model->overlay, offset,
                                                MODEL_SIZE - offset);

        offset += span.length;
        if (offset < MODEL_SIZE && span.kind == XENPREP_SPAN_BELOW) {
            g_assert_cmpint(model->kinds[offset], !=, XENPREP_SPAN_BELOW);
        }
    }
    g_assert_cmpuint(offset, ==, MODEL_SIZE);
}

static void model_init(Model *model)
{
    model->overlay = xenprep_overlay_new();
    for (size_t i = 0; i < MODEL_SIZE; i++) {
        model->below[i] = g_test_rand_int();
        model->bytes[i] = model->below[i];
        model->kinds[i] = XENPREP_SPAN_BELOW;
    }
}

static void test_random(void)
{
    for (unsigned round = 0; round < 200; round++) {
        g_autofree Model *model = g_new0(Model, 1);

        model_init(model);
        model_fill(model);
        model_read(model, 0, MODEL_SIZE);
        model_check_borders(model);
        for (unsigned i = 0; i < 200; i++) {
            size_t offset = g_test_rand_int_range(0, MODEL_SIZE);

            model_read(model, offset,
                       g_test_rand_int_range(0, MODEL_SIZE - offset) + 1);
        }
        xenprep_overlay_free(model->overlay);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/extents/empty", test_empty);
    g_test_add_func("/extents/borders", test_borders);
    g_test_add_func("/extents/refused", test_refused);
    g_test_add_func("/extents/random", test_random);
    return g_test_run();
}
