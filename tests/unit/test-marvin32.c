/*
 * Unit test of Marvin32
 *
 * The vectors are those that .NET and SymCrypt are tested with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "marvin32.h"

typedef struct Vector {
    uint64_t seed;
    uint8_t length;
    uint8_t data[8];
    uint64_t hash;
} Vector;

#define SEED_1 UINT64_C(0x004fb61a001bdbcc)
#define SEED_2 UINT64_C(0x804fb61a001bdbcc)

static const Vector vectors[] = {
    { SEED_1, 0, { 0 }, UINT64_C(0x30ed35c100cd3c7d) },
    { SEED_1, 1, { 0xaf }, UINT64_C(0x48e73fc77d75ddc1) },
    { SEED_1, 2, { 0xe7, 0x0f }, UINT64_C(0xb5f6e1fc485dbff8) },
    { SEED_1, 3, { 0x37, 0xf4, 0x95 }, UINT64_C(0xf0b07c789b8cf7e8) },
    { SEED_1, 4, { 0x86, 0x42, 0xdc, 0x59 }, UINT64_C(0x7008f2e87e9cf556) },
    { SEED_1, 5, { 0x15, 0x3f, 0xb7, 0x98, 0x26 },
      UINT64_C(0xe6c08c6da2afa997) },
    { SEED_1, 6, { 0x09, 0x32, 0xe6, 0x24, 0x6c, 0x47 },
      UINT64_C(0x6f04bf1a5ea24060) },
    { SEED_1, 7, { 0xab, 0x42, 0x7e, 0xa8, 0xd1, 0x0f, 0xc7 },
      UINT64_C(0xe11847e4f0678c41) },
    { SEED_2, 0, { 0 }, UINT64_C(0x10a9d5d3996fd65d) },
};

static void test_vectors(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(vectors); i++) {
        const Vector *v = &vectors[i];

        g_assert_cmphex(marvin32(v->seed, v->data, v->length), ==, v->hash);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/marvin32/vectors", test_vectors);
    return g_test_run();
}
