/*
 * Unit test of services that are disabled, and of the lists of filters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "filters.h"
#include "hive-compare.h"
#include "hive-fixture.h"
#include "hive-internal.h"
#include "hive-node.h"
#include "le.h"
#include "registry.h"
#include "services.h"

#define MOUSE "{4D36E96F-E325-11CE-BFC1-08002BE10318}"
#define WHERE "HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\"

/* Text in UTF-16LE; a .reg file may have a comma behind the last byte. */
#define NUL "00,00,"
#define VMMOUSE "76,00,6d,00,6d,00,6f,00,75,00,73,00,65,00,"
#define MOUCLASS "6d,00,6f,00,75,00,63,00,6c,00,61,00,73,00,73,00,"
/* LATIN SMALL LETTER E WITH ACUTE, a CJK character, half a surrogate pair */
#define ODD "e9,00,d6,75,00,d8,"

static const char *const names[] = { "vmmouse", "VMTools", "xenfilt", NULL };

typedef struct Case {
    const char *before;
    const char *after;
    const char *changes;
    const char *warnings;
} Case;

/* What changes nothing must not touch the hive. */
static void assert_untouched(Hive *hive)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = hive_save(hive, &err);

    g_assert_no_error(err);
    g_assert_true(bytes == hive->original);
}

static void disable(Hive *hive, unsigned sets, GPtrArray *changes,
                    GPtrArray *warnings)
{
    g_autoptr(GArray) numbers = fixture_sets(sets);
    g_autoptr(GError) err = NULL;

    services_disable(hive, names, "test.profile", "because", numbers, changes,
                     warnings, &err);
    g_assert_no_error(err);
}

static void check(const Case *c, unsigned sets)
{
    g_autoptr(Hive) hive = fixture_hive(c->before);
    g_autoptr(Hive) again = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) more = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    bool changed;

    disable(hive, sets, changes, warnings);
    registry_settle(hive, REGISTRY_SYSTEM, changes, &changed, &err);
    g_assert_no_error(err);
    fixture_assert_changes(changes, c->changes);
    fixture_assert_warnings(warnings, c->warnings ? c->warnings : "");
    g_assert_true(changed == (changes->len > 0));
    again = fixture_reopen(hive);
    fixture_assert(again, c->after ? c->after : c->before);
    /* A second time there is nothing left to do. */
    disable(again, sets, more, warnings);
    g_assert_cmpuint(more->len, ==, 0);
    assert_untouched(again);
}

static void check_all(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_test_message("case %zu", i);
        check(&cases[i], 1);
    }
}

static const Case services[] = {
    { SET1 "Services\\VMTOOLS]\n\"Start\"=dword:2\n\"Type\"=dword:110\n",
      SET1 "Services\\VMTOOLS]\n\"Start\"=dword:4\n\"Type\"=dword:110\n",
      "ControlSet001\\Services\\VMTOOLS [Start] because\n" },
    /* Start=0 of a boot driver */
    { SET1 "Services\\xenfilt]\n\"Start\"=dword:0\n",
      SET1 "Services\\xenfilt]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\xenfilt [Start] because\n" },
    /* Disabled already; no service; parameters of none. */
    { SET1 "Services\\VMTools]\n\"Start\"=dword:4\n", NULL, "" },
    { SET1 "Services\\other]\n\"Start\"=dword:0\n", NULL, "" },
    { SET1 "Services\\VMTools\\Parameters]\n\"Start\"=dword:2\n", NULL, "" },
    { SET1 "Services\\VMTools]\n\"Type\"=dword:110\n", NULL, "" },
    /* Numbers that are none, even if a program might read them as 4. */
    { SET1 "Services\\VMTools]\n\"Start\"=hex:04,00,00,00\n",
      SET1 "Services\\VMTools]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\VMTools [Start] because\n" },
    { SET1 "Services\\VMTools]\n\"Start\"=\"4\"\n",
      SET1 "Services\\VMTools]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\VMTools [Start] because\n" },
    { SET1 "Services\\VMTools]\n\"Start\"=hex(4):04\n",
      SET1 "Services\\VMTools]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\VMTools [Start] because\n" },
    /* What Windows has noted would count more; 4 says the same. */
    { SET1 "Services\\xenfilt]\n\"Start\"=dword:0\n"
      SET1 "Services\\xenfilt\\StartOverride]\n\"0\"=dword:3\n",
      SET1 "Services\\xenfilt]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\xenfilt [Start] because\n"
      "delete ControlSet001\\Services\\xenfilt\\StartOverride [] because\n" },
    { SET1 "Services\\xenfilt]\n\"Start\"=dword:4\n"
      SET1 "Services\\xenfilt\\StartOverride]\n\"0\"=dword:4\n\"1\"=dword:0\n",
      SET1 "Services\\xenfilt]\n\"Start\"=dword:4\n",
      "delete ControlSet001\\Services\\xenfilt\\StartOverride [] because\n" },
    { SET1 "Services\\xenfilt]\n\"Start\"=dword:4\n"
      SET1 "Services\\xenfilt\\StartOverride]\n\"0\"=dword:4\n", NULL, "" },
    { SET1 "Services\\xenfilt\\StartOverride]\n\"0\"=dword:3\n", NULL, "" },
    /* Names are whole. */
    { SET1 "Services\\VMToolsX]\n\"Start\"=dword:2\n"
      SET1 "Services\\VMTool]\n\"Start\"=dword:2\n"
      SET1 "Services\\vmmouse.sys]\n\"Start\"=dword:2\n"
      SET1 "Services\\netkvm]\n\"Start\"=dword:3\n"
      SET1 "Services\\vmbus]\n\"Start\"=dword:0\n"
      SET1 "Services\\vmgid]\n\"Start\"=dword:3\n"
      SET1 "Services\\vmicheartbeat]\n\"Start\"=dword:3\n"
      SET1 "Services\\stornvme]\n\"Start\"=dword:0\n", NULL, "" },
};

static void test_services(void)
{
    check_all(services, G_N_ELEMENTS(services));
}

/* Whether the service is there does not matter, and neither does its Start. */
static const Case places[] = {
    { SET1 "Control\\Class\\" MOUSE "]\n\"Class\"=\"Mouse\"\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL MOUCLASS NUL NUL "\n",
      SET1 "Control\\Class\\" MOUSE "]\n\"Class\"=\"Mouse\"\n"
      "\"UpperFilters\"=hex(7):" MOUCLASS NUL NUL "\n",
      "ControlSet001\\Control\\Class\\" MOUSE " [UpperFilters] "
      "vmmouse taken off the filters: because\n" },
    { SET1 "Control\\Class\\" MOUSE "\\0001]\n"
      "\"LowerFilters\"=hex(7):" VMMOUSE NUL NUL "\n\"x\"=\"y\"\n",
      SET1 "Control\\Class\\" MOUSE "\\0001]\n\"x\"=\"y\"\n",
      "ControlSet001\\Control\\Class\\" MOUSE "\\0001 [LowerFilters] "
      "vmmouse taken off the filters: because\n" },
    { SET1 "Control\\CriticalDeviceDatabase\\*PNP0F03]\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n",
      SET1 "Control\\CriticalDeviceDatabase\\*PNP0F03]\n",
      "ControlSet001\\Control\\CriticalDeviceDatabase\\*PNP0F03 "
      "[UpperFilters] vmmouse taken off the filters: because\n" },
    { SET1 "Enum\\ACPI\\PNP0F13\\4&1&0]\n\"Service\"=\"i8042prt\"\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n"
      "\"LowerFilters\"=hex(7):" MOUCLASS NUL VMMOUSE NUL NUL "\n"
      SET1 "Services\\vmmouse]\n\"Start\"=dword:4\n",
      SET1 "Enum\\ACPI\\PNP0F13\\4&1&0]\n\"Service\"=\"i8042prt\"\n"
      "\"LowerFilters\"=hex(7):" MOUCLASS NUL NUL "\n"
      SET1 "Services\\vmmouse]\n\"Start\"=dword:4\n",
      "ControlSet001\\Enum\\ACPI\\PNP0F13\\4&1&0 [UpperFilters, "
      "LowerFilters] vmmouse taken off the filters: because\n" },
    /* A service's own key, and the keys around these, have no filters. */
    { SET1 "Services\\vmmouse]\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n"
      SET1 "Enum\\ACPI\\PNP0F13]\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n"
      SET1 "Enum\\ACPI\\PNP0F13\\4&1&0\\Device Parameters]\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n"
      SET1 "Control\\CriticalDeviceDatabase\\*PNP0F03\\x]\n"
      "\"UpperFilters\"=hex(7):" VMMOUSE NUL NUL "\n", NULL, "" },
};

static void test_places(void)
{
    check_all(places, G_N_ELEMENTS(places));
}

#define CLASS_KEY SET1 "Control\\Class\\" MOUSE "]\n"
#define LIST(bytes) CLASS_KEY "\"UpperFilters\"=hex(7):" bytes "\n"
#define CHANGED(names) "ControlSet001\\Control\\Class\\" MOUSE \
                       " [UpperFilters] " names \
                       " taken off the filters: because\n"

static const Case texts[] = {
    /* First, last, in between, twice, in capitals; all of them. */
    { LIST(MOUCLASS NUL VMMOUSE NUL NUL), LIST(MOUCLASS NUL NUL),
      CHANGED("vmmouse") },
    { LIST(ODD NUL VMMOUSE NUL MOUCLASS NUL NUL),
      LIST(ODD NUL MOUCLASS NUL NUL), CHANGED("vmmouse") },
    { LIST(VMMOUSE NUL MOUCLASS NUL VMMOUSE NUL NUL),
      LIST(MOUCLASS NUL NUL), CHANGED("vmmouse") },
    { LIST("56,00,4d,00,4d,00,6f,00,55,00,53,00,45,00," NUL
           "58,00,45,00,4e,00,46,00,49,00,4c,00,54,00," NUL NUL),
      CLASS_KEY, CHANGED("vmmouse, xenfilt") },
    /* Nothing of ours; a list that was empty before; no bytes at all. */
    { LIST(MOUCLASS NUL ODD NUL NUL), NULL, "" },
    { LIST(NUL NUL), NULL, "" },
    { LIST(""), NULL, "" },
    /* Longer and shorter names are other names. */
    { LIST(VMMOUSE "58,00," NUL NUL), NULL, "" },
    { LIST("58,00," VMMOUSE NUL NUL), NULL, "" },
    { LIST("76,00,6d,00,6d,00,6f,00,75,00,73,00," NUL NUL), NULL, "" },
    /* No NUL behind the list, none behind a name, an odd byte at the end. */
    { LIST(MOUCLASS NUL VMMOUSE NUL), LIST(MOUCLASS NUL),
      CHANGED("vmmouse") },
    { LIST(VMMOUSE NUL MOUCLASS "73,00"), LIST(MOUCLASS "73,00"),
      CHANGED("vmmouse") },
    { LIST(MOUCLASS NUL VMMOUSE), LIST(MOUCLASS NUL), CHANGED("vmmouse") },
    { LIST(VMMOUSE NUL MOUCLASS NUL NUL "2a"),
      LIST(MOUCLASS NUL NUL "2a"), CHANGED("vmmouse") },
    { LIST(VMMOUSE NUL "2a"), CLASS_KEY, CHANGED("vmmouse") },
    { LIST(VMMOUSE "2a"), CLASS_KEY, CHANGED("vmmouse") },
    /* Names behind an empty one stay where Windows does not see them. */
    { LIST(VMMOUSE NUL NUL MOUCLASS NUL NUL),
      LIST(NUL MOUCLASS NUL NUL), CHANGED("vmmouse") },
    { LIST(NUL VMMOUSE NUL NUL), CLASS_KEY, CHANGED("vmmouse") },
};

static void test_texts(void)
{
    check_all(texts, G_N_ELEMENTS(texts));
}

static const Case types[] = {
    /* A string is a list of one; what follows its end does not count. */
    { CLASS_KEY "\"UpperFilters\"=\"VMMouse\"\n", CLASS_KEY,
      CHANGED("vmmouse") },
    { CLASS_KEY "\"UpperFilters\"=hex(2):" VMMOUSE NUL MOUCLASS NUL "\n",
      CLASS_KEY, CHANGED("vmmouse") },
    { CLASS_KEY "\"UpperFilters\"=hex(1):" MOUCLASS NUL VMMOUSE NUL "\n",
      NULL, "" },
    /* The service stays as it is, too, or the mouse might stop. */
    { CLASS_KEY "\"UpperFilters\"=hex:" VMMOUSE NUL NUL "\n"
      SET1 "Services\\vmmouse]\n\"Start\"=dword:3\n"
      SET1 "Services\\VMTools]\n\"Start\"=dword:2\n",
      CLASS_KEY "\"UpperFilters\"=hex:" VMMOUSE NUL NUL "\n"
      SET1 "Services\\vmmouse]\n\"Start\"=dword:3\n"
      SET1 "Services\\VMTools]\n\"Start\"=dword:4\n",
      "ControlSet001\\Services\\VMTools [Start] because\n",
      WHERE "Control\\Class\\" MOUSE ": vmmouse cannot be taken off the "
      "filters (the list is of an unknown type), and is therefore not "
      "disabled\n" },
};

static void test_types(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(Hive) hive = fixture_hive(types[i].before);
        g_autoptr(GPtrArray) changes = change_list_new();
        g_autoptr(GPtrArray) warnings =
            g_ptr_array_new_with_free_func(g_free);

        disable(hive, 1, changes, warnings);
        fixture_assert(hive, types[i].after ? types[i].after
                                            : types[i].before);
        fixture_assert_changes(changes, types[i].changes);
        fixture_assert_warnings(warnings, types[i].warnings
                                          ? types[i].warnings : "");
    }
}

/* Sets that are not asked for stay as they are. */
static void test_sets(void)
{
    static const Case both = {
        SET1 "Services\\vmmouse]\n\"Start\"=dword:3\n"
        SET2 "Services\\vmmouse]\n\"Start\"=dword:3\n"
        SET2 "Enum\\A\\B\\C]\n\"UpperFilters\"=hex(7):" VMMOUSE NUL
        NUL "\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet003\\Services\\vmmouse]\n"
        "\"Start\"=dword:3\n",
        SET1 "Services\\vmmouse]\n\"Start\"=dword:4\n"
        SET2 "Services\\vmmouse]\n\"Start\"=dword:4\n"
        SET2 "Enum\\A\\B\\C]\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet003\\Services\\vmmouse]\n"
        "\"Start\"=dword:3\n",
        "ControlSet001\\Services\\vmmouse [Start] because\n"
        "ControlSet002\\Enum\\A\\B\\C [UpperFilters] vmmouse taken off the "
        "filters: because\n"
        "ControlSet002\\Services\\vmmouse [Start] because\n",
    };

    check(&both, 2);
}

/* A change that a .reg file has made before, and that comes to nothing. */
static void test_settle(void)
{
    g_autoptr(Hive) hive =
        fixture_hive(SET1 "Services\\vmmouse]\n\"Start\"=dword:4\n");
    g_autoptr(GBytes) three = g_bytes_new_static("\3\0\0\0", 4);
    RegValue start = { .name = (char *)"Start", .type = 4, .data = three };
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    bool changed;

    g_ptr_array_add(values, &start);
    hive_set_values(hive, hive_find_key(hive, "ControlSet001\\Services\\"
                                        "vmmouse"), values, &err);
    g_assert_no_error(err);
    disable(hive, 1, changes, warnings);
    g_assert_cmpuint(changes->len, ==, 1);
    registry_settle(hive, REGISTRY_SYSTEM, changes, &changed, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(changes->len, ==, 0);
    g_assert_false(changed);
}

/* The fixture's hive with a key whose name no path can have. */
static Hive *with_nul_in_name(const char *body, const char *path)
{
    g_autoptr(Hive) hive = fixture_hive(body);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) err = NULL;
    uint32_t cell = hive_cell_of(hive_find_key(hive, path));
    uint8_t *node = hive_node(hive->image, cell);
    Hive *damaged;

    node[NK_NAME] = 0;
    bytes = g_bytes_new(hive->image->file->data, hive->image->file->len);
    damaged = hive_open(bytes, "damaged", &err);
    g_assert_no_error(err);
    return damaged;
}

static void test_damaged_name(void)
{
    g_autoptr(Hive) hive = with_nul_in_name(
        SET1 "Enum\\A\\B\\Xyz]\n\"UpperFilters\"=hex(7):" VMMOUSE NUL
        NUL "\n"
        SET1 "Services\\vmmouse]\n\"Start\"=dword:3\n",
        "ControlSet001\\Enum\\A\\B\\Xyz");
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    disable(hive, 1, changes, warnings);
    fixture_assert_changes(changes, "");
    fixture_assert_warnings(warnings, WHERE "Enum\\A\\B\\\xef\xbf\xbdyz: "
                            "vmmouse cannot be taken off the filters (the "
                            "key's name is damaged), and is therefore not "
                            "disabled\n");
    assert_untouched(hive);
}

/*
 * Lists of subkeys that lead to one another: each of 300 keys of the two
 * outer levels has the same 300 below it, which would be 27 million.
 */
static void test_many_times_over(void)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sets = fixture_sets(1);
    g_autoptr(GError) err = NULL;
    g_autoptr(GArray) keys = NULL;
    uint32_t list, count;

    for (unsigned i = 0; i < 300; i++) {
        g_string_append_printf(body, SET1 "Enum\\%03u]\n", i);
    }
    hive = fixture_hive(body->str);
    keys = hive_subkeys(hive, hive_find_key(hive, "ControlSet001\\Enum"));
    list = hive_cell_of(hive_find_key(hive, "ControlSet001\\Enum"));
    count = get_le32(hive_node(hive->image, list) + NK_SUBKEYS);
    list = get_le32(hive_node(hive->image, list) + NK_SUBKEY_LIST);
    for (guint i = 0; i < keys->len; i++) {
        uint32_t cell = hive_cell_of(g_array_index(keys, HiveKey, i));

        put_le32(hive_node(hive->image, cell) + NK_SUBKEYS, count);
        put_le32(hive_node(hive->image, cell) + NK_SUBKEY_LIST, list);
    }
    g_assert_false(services_disable(hive, names, "test.profile", "because",
                                    sets, changes, warnings, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_test_message("%s", err->message);
    g_assert_true(g_str_has_prefix(err->message, WHERE "Enum\\"));
    g_assert_true(g_str_has_suffix(err->message, ": the registry hive is "
                                   "damaged: keys are in it many times over; "
                                   "restore it in the source VM"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/services/start", test_services);
    g_test_add_func("/services/filters/places", test_places);
    g_test_add_func("/services/filters/texts", test_texts);
    g_test_add_func("/services/filters/types", test_types);
    g_test_add_func("/services/control-sets", test_sets);
    g_test_add_func("/services/settle", test_settle);
    g_test_add_func("/services/damaged-name", test_damaged_name);
    g_test_add_func("/services/many-times-over", test_many_times_over);
    return g_test_run();
}
