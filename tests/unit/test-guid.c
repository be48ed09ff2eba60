/*
 * Unit test of GUIDs: bytes to text and back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "guid.h"

/* The type of EFI system partitions, as sector 2 of a real disk has it. */
static const Guid esp = {
    { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
      0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b }
};

#define ESP "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

static void test_to_string(void)
{
    g_autofree char *text = guid_to_string(&esp);

    g_assert_cmpstr(text, ==, "{" ESP "}");
    g_assert_cmpuint(strlen(text) + 1, ==, GUID_STRING_SIZE);
}

static void test_parse(void)
{
    static const char *const texts[] = {
        ESP, "{" ESP "}", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
        "{c12A7328-f81f-11D2-bA4b-00a0c93eC93b}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        Guid guid;

        g_assert_true(guid_parse(texts[i], &guid));
        g_assert_true(guid_equal(&guid, &esp));
        g_assert_false(guid_is_zero(&guid));
    }
}

static void test_no_guid(void)
{
    static const char *const texts[] = {
        "", "{", "}", "{}", "{" ESP, ESP "}", "{{" ESP "}", ESP "0",
        "{" ESP "} ", " " ESP, "C12A7328F81F11D2BA4B00A0C93EC93B",
        "C12A732-8F81F-11D2-BA4B-00A0C93EC93B",
        "G12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        Guid guid;

        g_test_message("'%s'", texts[i]);
        g_assert_false(guid_parse(texts[i], &guid));
    }
}

/* Each byte has a place of its own. */
static void test_round_trip(void)
{
    for (unsigned i = 0; i < sizeof(esp.bytes); i++) {
        Guid guid = { { 0 } }, again;
        g_autofree char *text = NULL;

        g_assert_true(guid_is_zero(&guid));
        guid.bytes[i] = 0x1b;
        text = guid_to_string(&guid);
        g_assert_true(guid_parse(text, &again));
        g_assert_true(guid_equal(&guid, &again));
        g_assert_false(guid_is_zero(&again));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guid/to-string", test_to_string);
    g_test_add_func("/guid/parse", test_parse);
    g_test_add_func("/guid/no-guid", test_no_guid);
    g_test_add_func("/guid/round-trip", test_round_trip);
    return g_test_run();
}
