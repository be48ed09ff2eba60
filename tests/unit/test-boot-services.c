/*
 * Unit test of the drivers that the boot loader loads, and of their order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-services.h"
#include "guest-limits.h"
#include "hive-fixture.h"
#include "util.h"

#define SERVICE(name, start, more) \
    SET1 "Services\\" name "]\r\n\"Start\"=dword:" start "\r\n" more

#define GROUP(name) "\"Group\"=\"" name "\"\r\n"

#define TAG(number) "\"Tag\"=dword:" number "\r\n"

/* List is "First", "Second"; "First" orders its tags 7, 3. */
#define ORDER \
    SET1 "Control\\ServiceGroupOrder]\r\n" \
    "\"List\"=hex(7):46,00,69,00,72,00,73,00,74,00,00,00," \
    "53,00,65,00,63,00,6f,00,6e,00,64,00,00,00,00,00\r\n"

#define TAGS(count) \
    SET1 "Control\\GroupOrderList]\r\n" \
    "\"First\"=hex:" count ",07,00,00,00,03,00,00,00\r\n"

#define SERVICES \
    SERVICE("a", "0", "") \
    SERVICE("b", "0", GROUP("Second")) \
    SERVICE("c", "0", GROUP("first") TAG("3")) \
    SERVICE("d", "0", GROUP("First") TAG("7")) \
    SERVICE("e", "0", GROUP("First")) \
    SERVICE("f", "0", GROUP("Unlisted") TAG("7")) \
    SERVICE("g", "3", GROUP("First") TAG("7")) \
    SERVICE("h", "0", GROUP("First") TAG("9")) \
    SET1 "Services\\i]\r\n"

static Windows windows = { .place.system_root = (char *)"\\WINDOWS" };

/* The services' names, joined by blanks. */
static char *names(GPtrArray *services)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < services->len; i++) {
        const BootService *service = g_ptr_array_index(services, i);

        g_string_append_printf(text, "%s%s", i ? " " : "", service->name);
    }
    return g_string_free(text, FALSE);
}

static void assert_order(const char *body, const char *expected)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = fixture_hive(body);
    g_autoptr(GPtrArray) services = boot_services(hive, 1, &windows, &err);
    g_autofree char *order = NULL;

    g_assert_no_error(err);
    order = names(services);
    g_assert_cmpstr(order, ==, expected);
}

static void test_order(void)
{
    assert_order(ORDER TAGS("02,00,00,00") SERVICES, "d c e h b a f");
}

/* Without the lists they stand as in the hive. */
static void test_no_lists(void)
{
    assert_order(SERVICES, "a b c d e f h");
    assert_order(ORDER SERVICES, "c d e h b a f");
    assert_order(TAGS("02,00,00,00") SERVICES, "d c a b e f h");
}

/* A count that the list does not have, or one that is less. */
static void test_bad_counts(void)
{
    assert_order(ORDER TAGS("ff,ff,ff,ff") SERVICES, "d c e h b a f");
    assert_order(ORDER TAGS("01,00,00,00") SERVICES, "d c e h b a f");
    assert_order(ORDER TAGS("00,00,00,00") SERVICES, "c d e h b a f");
    assert_order(ORDER SET1 "Control\\GroupOrderList]\r\n"
                 "\"First\"=hex:01,00\r\n" SERVICES, "c d e h b a f");
}

static void test_find(void)
{
    g_autoptr(Hive) hive = fixture_hive(
        SERVICE("Foo", "3", GROUP("First")
                "\"Type\"=dword:2\r\n\"ErrorControl\"=dword:3\r\n"
                "\"ImagePath\"=\"\\\\SystemRoot\\\\System32\\\\x.sys\"\r\n")
        SET1 "Services\\bare]\r\n");
    g_autoptr(BootService) foo = boot_service_find(hive, 1, &windows, "fOO");
    g_autoptr(BootService) bare = boot_service_find(hive, 1, &windows,
                                                    "bare");

    g_assert_cmpstr(foo->name, ==, "Foo");
    g_assert_cmpuint(foo->start, ==, 3);
    g_assert_cmpuint(foo->type, ==, 2);
    g_assert_cmpuint(foo->error_control, ==, 3);
    g_assert_cmpstr(foo->image, ==, "\\WINDOWS\\System32\\x.sys");
    g_assert_cmpuint(bare->start, ==, SERVICE_DISABLED);
    g_assert_cmpuint(bare->error_control, ==, SERVICE_ERROR_NORMAL);
    g_assert_null(bare->group);
    g_assert_cmpstr(bare->image, ==,
                    "\\WINDOWS\\system32\\drivers\\bare.sys");
    g_assert_null(boot_service_find(hive, 1, &windows, "none"));
    g_assert_null(boot_service_find(hive, 2, &windows, "Foo"));
    g_assert_null(boot_service_find(hive, 1, &windows, ""));
    g_assert_null(boot_service_find(hive, 1, &windows, "..\\Services"));
}

/* Forms of ImagePath that the kernel knows, and NTLDR may not. */
static void test_odd_images(void)
{
    static const struct {
        const char *path;
        bool odd;
    } cases[] = {
        { "system32\\\\drivers\\\\x.sys", false },
        { "\\\\systemroot\\\\system32\\\\x.sys", false },
        { "%SystemRoot%\\\\system32\\\\x.sys", true },
        { "\\\\??\\\\C:\\\\WINDOWS\\\\x.sys", true },
        { "C:\\\\WINDOWS\\\\x.sys", true },
        { "\\\\WINDOWS\\\\x.sys", true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body =
            g_strdup_printf(SERVICE("x", "0", "\"ImagePath\"=\"%s\"\r\n"),
                            cases[i].path);
        g_autoptr(Hive) hive = fixture_hive(body);
        g_autoptr(BootService) x = boot_service_find(hive, 1, &windows, "x");

        g_assert_cmpint(x->odd_image, ==, cases[i].odd);
    }
}

#define OVERRIDE(name, values) \
    SET1 "Services\\" name "\\startoverride]\r\n" values

/* What StartOverride says counts from Windows 8 on, if it is not 0. */
static void test_override(void)
{
    static const Windows windows_7 = { .version = { { 6, 1 } } };
    static const Windows windows_8 = { .version = { { 6, 2 } } };
    g_autoptr(Hive) hive = fixture_hive(
        SERVICE("late", "0", "")
        OVERRIDE("late", "\"0\"=dword:0\r\n\"1\"=dword:3\r\n")
        SERVICE("now", "0", "")
        OVERRIDE("now", "\"0\"=dword:0\r\n\"1\"=\"3\"\r\n"));
    g_autoptr(BootService) late = boot_service_find(hive, 1, &windows_8,
                                                    "late");
    g_autoptr(BootService) old = boot_service_find(hive, 1, &windows_7,
                                                   "late");
    g_autoptr(BootService) now = boot_service_find(hive, 1, &windows_8,
                                                   "now");
    g_autoptr(GPtrArray) loaded = boot_services(hive, 1, &windows_8, NULL);
    g_autoptr(GPtrArray) loaded_by_7 = boot_services(hive, 1, &windows_7,
                                                     NULL);

    g_assert_cmpstr(late->override_name, ==, "1");
    g_assert_cmpuint(late->override, ==, 3);
    g_assert_false(boot_service_is_loaded(late));
    g_assert_null(old->override_name);
    g_assert_true(boot_service_is_loaded(old));
    g_assert_true(boot_service_is_loaded(now));
    g_assert_cmpuint(loaded->len, ==, 1);
    g_assert_cmpuint(loaded_by_7->len, ==, 2);
}

/* The names of a key's values come as they stand there. */
static void test_value_names(void)
{
    g_autoptr(Hive) hive = fixture_hive(
        SET1 "a]\r\n\"z\"=dword:1\r\n@=\"\"\r\n\"Y\"=dword:2\r\n");
    g_auto(GStrv) names = hive_value_names(
        hive, hive_find_key(hive, "ControlSet001\\a"));
    g_auto(GStrv) none = hive_value_names(hive, HIVE_NO_KEY);
    g_autofree char *joined = g_strjoinv("|", names);

    g_assert_cmpstr(joined, ==, "z||Y");
    g_assert_null(none[0]);
}

static void test_too_many(void)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) services = NULL;

    for (unsigned i = 0; i <= LIMIT_BOOT_SERVICES; i++) {
        g_string_append_printf(body, SERVICE("s%u", "0", ""), i);
    }
    hive = fixture_hive(body->str);
    services = boot_services(hive, 1, &windows, &err);
    g_assert_null(services);
    g_assert_nonnull(strstr(err->message, "Start=0"));
}

/* What Windows XP's own setup writes comes in the order of its groups. */
static void test_real(void)
{
    g_autofree char *path = shared_data("hives/xp-sp3-x86-virtualpc.SYSTEM");
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) services = NULL;
    g_autofree char *order = NULL;

    if (!path) {
        return;
    }
    hive = hive_open(bytes, path, &err);
    g_assert_no_error(err);
    services = boot_services(hive, 1, &windows, &err);
    g_assert_no_error(err);
    order = names(services);
    g_assert_cmpstr(order, ==,
                    "ACPI PCI isapnp IntelIde MountMgr Ftdisk dmload dmio "
                    "PartMgr VolSnap atapi Disk FltMgr KSecDD NDIS Mup");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot-services/order", test_order);
    g_test_add_func("/boot-services/no-lists", test_no_lists);
    g_test_add_func("/boot-services/bad-counts", test_bad_counts);
    g_test_add_func("/boot-services/find", test_find);
    g_test_add_func("/boot-services/odd-images", test_odd_images);
    g_test_add_func("/boot-services/override", test_override);
    g_test_add_func("/boot-services/value-names", test_value_names);
    g_test_add_func("/boot-services/too-many", test_too_many);
    g_test_add_func("/boot-services/real", test_real);
    return g_test_run();
}
