/*
 * BCD: which Windows the boot manager of Vista and later starts, and how
 *
 * Entries inherit settings from others ({bootloadersettings}), but none of
 * those that say where Windows is.  So no such chain is followed here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bcd.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-strings.h"
#include "le.h"

/* {bootmgr} */
#define BOOT_MANAGER "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"

#define BOOT_MANAGER_DISPLAY_ORDER "24000001"   /* REG_MULTI_SZ, GUIDs */
#define BOOT_MANAGER_BOOT_SEQUENCE "24000002"   /* REG_MULTI_SZ, GUIDs */
#define BOOT_MANAGER_DEFAULT "23000003"         /* REG_SZ, a GUID */

#define DEVICE "11000001"                       /* REG_BINARY */
#define PATH "12000002"                         /* REG_SZ, as those below */
#define DESCRIPTION "12000004"
#define OS_DEVICE "21000001"                    /* REG_BINARY */
#define SYSTEM_ROOT "22000002"
#define KERNEL_PATH "22000011"
#define HAL_PATH "22000012"
#define WINPE "26000022"                        /* REG_BINARY, a byte */
#define SAFE_BOOT "25000080"                    /* REG_BINARY, an integer */

typedef struct Reader {
    Hive *hive;
    Bcd *bcd;
    /* The default, if there is one. */
    Guid wanted;
    bool has_wanted;
} Reader;

static void entry_free(void *opaque)
{
    BcdEntry *entry = opaque;

    g_free(entry->description);
    g_free(entry->path);
    g_free(entry->system_root);
    g_free(entry->kernel);
    g_free(entry->hal);
    g_free(entry);
}

void bcd_free(Bcd *bcd)
{
    if (bcd) {
        g_ptr_array_unref(bcd->entries);
        g_free(bcd);
    }
}

char *bcd_entry_name(const BcdEntry *entry)
{
    g_autofree char *id = guid_to_string(&entry->id);

    return entry->description
           ? g_strdup_printf("%s (%s)", id, entry->description)
           : g_steal_pointer(&id);
}

static HiveKey element(Reader *r, const char *id, const char *type)
{
    g_autofree char *path = g_strdup_printf("Objects\\%s\\Elements\\%s", id,
                                            type);

    return hive_find_key(r->hive, path);
}

static char *string_element(Reader *r, const char *id, const char *type)
{
    return hive_key_string(r->hive, element(r, id, type), "Element");
}

/* NULL if it is absent or of another type. */
static GBytes *binary_element(Reader *r, const char *id, const char *type)
{
    HiveKey key = element(r, id, type);
    g_autoptr(GBytes) data = NULL;
    uint32_t kind;

    if (key != HIVE_NO_KEY) {
        data = hive_get_value(r->hive, key, "Element", &kind);
    }
    return data && kind == REG_BINARY ? g_steal_pointer(&data) : NULL;
}

static BcdDevice device_element(Reader *r, const char *id, const char *type)
{
    g_autoptr(GBytes) data = binary_element(r, id, type);

    return data ? bcd_device_parse(data)
                : (BcdDevice) { .kind = BCD_DEVICE_NONE };
}

static bool boolean_element(Reader *r, const char *id, const char *type)
{
    g_autoptr(GBytes) data = binary_element(r, id, type);
    gsize size = 0;
    const uint8_t *p = data ? g_bytes_get_data(data, &size) : NULL;

    return size > 0 && p[0] != 0;
}

/* A path as a WindowsPlace has it: without a backslash at the end. */
static char *root_element(Reader *r, const char *id)
{
    char *path = string_element(r, id, SYSTEM_ROOT);

    while (path && g_str_has_suffix(path, "\\")) {
        path[strlen(path) - 1] = '\0';
    }
    return path;
}

static BcdEntry *read_entry(Reader *r, const Guid *guid, const char *id,
                            uint32_t type)
{
    BcdEntry *entry = g_new0(BcdEntry, 1);
    g_autoptr(GBytes) safe_boot = binary_element(r, id, SAFE_BOOT);

    entry->id = *guid;
    entry->type = type;
    entry->description = string_element(r, id, DESCRIPTION);
    entry->device = device_element(r, id, DEVICE);
    entry->path = string_element(r, id, PATH);
    entry->os_device = device_element(r, id, OS_DEVICE);
    entry->system_root = root_element(r, id);
    entry->kernel = string_element(r, id, KERNEL_PATH);
    entry->hal = string_element(r, id, HAL_PATH);
    entry->winpe = boolean_element(r, id, WINPE);
    /* Any value of it is one of its forms. */
    entry->safe_mode = safe_boot != NULL;
    return entry;
}

static const BcdEntry *lookup(const Bcd *bcd, const Guid *id)
{
    for (guint i = 0; i < bcd->entries->len; i++) {
        const BcdEntry *entry = g_ptr_array_index(bcd->entries, i);

        if (guid_equal(&entry->id, id)) {
            return entry;
        }
    }
    return NULL;
}

/*
 * Adds the object if it is not known yet; with @windows only if it is a
 * Windows.  Nothing happens if there is no room, or no such object.
 */
static void add_object(Reader *r, const char *id, bool windows)
{
    g_autofree char *path = g_strdup_printf("Objects\\%s\\Description", id);
    Guid guid;
    uint32_t type;

    if (r->bcd->entries->len < LIMIT_BCD_ENTRIES && guid_parse(id, &guid) &&
        !lookup(r->bcd, &guid) &&
        hive_get_dword(r->hive, path, "Type", &type) &&
        (!windows || type == BCD_OBJECT_WINDOWS)) {
        g_ptr_array_add(r->bcd->entries, read_entry(r, &guid, id, type));
    }
}

static char **boot_manager_list(Reader *r, const char *type)
{
    return hive_key_strings(r->hive, element(r, BOOT_MANAGER, type),
                            "Element");
}

/* Leaves room for the default and for what starts next. */
static void add_menu(Reader *r)
{
    g_auto(GStrv) order = boot_manager_list(r, BOOT_MANAGER_DISPLAY_ORDER);

    for (guint i = 0; order && order[i] && i < LIMIT_BCD_ENTRIES - 2; i++) {
        add_object(r, order[i], false);
    }
    r->bcd->shown = r->bcd->entries->len;
}

static void add_default(Reader *r)
{
    g_autofree char *id = string_element(r, BOOT_MANAGER,
                                         BOOT_MANAGER_DEFAULT);

    if (id) {
        r->has_wanted = guid_parse(id, &r->wanted);
        add_object(r, id, false);
    }
}

static void add_next(Reader *r)
{
    g_auto(GStrv) sequence = boot_manager_list(r, BOOT_MANAGER_BOOT_SEQUENCE);
    Guid id;

    if (sequence && *sequence && guid_parse(*sequence, &id)) {
        add_object(r, *sequence, false);
        r->bcd->next = lookup(r->bcd, &id);
    }
}

/* What is in no list: an entry that was taken off the menu. */
static void add_others(Reader *r, const char *where, GPtrArray *warnings)
{
    g_autoptr(GArray) keys =
        hive_subkeys(r->hive, hive_find_key(r->hive, "Objects"));

    for (guint i = 0; i < MIN(keys->len, LIMIT_BCD_OBJECTS); i++) {
        g_autofree char *id =
            hive_key_name(r->hive, g_array_index(keys, HiveKey, i));

        add_object(r, id, true);
    }
    if (keys->len > LIMIT_BCD_OBJECTS ||
        r->bcd->entries->len >= LIMIT_BCD_ENTRIES) {
        g_ptr_array_add(warnings,
                        g_strdup_printf("%s: it has more than %d objects, or "
                                        "%d entries: they were not all looked "
                                        "at", where, LIMIT_BCD_OBJECTS,
                                        LIMIT_BCD_ENTRIES));
    }
}

static void find_started(Reader *r)
{
    Bcd *bcd = r->bcd;

    if (r->has_wanted) {
        bcd->started = lookup(bcd, &r->wanted);
        bcd->why_none = "its default entry does not exist";
    } else if (bcd->shown == 1) {
        bcd->started = g_ptr_array_index(bcd->entries, 0);
    } else {
        bcd->why_none = bcd->shown > 0
                        ? "none of the entries of its menu is the default"
                        : "it has neither a default entry nor a menu";
    }
    if (bcd->started) {
        bcd->why_none = NULL;
    }
}

Bcd *bcd_read(Hive *hive, const char *where, GPtrArray *warnings,
              GError **errp)
{
    g_autoptr(Bcd) bcd = g_new0(Bcd, 1);
    Reader r = { .hive = hive, .bcd = bcd };

    bcd->entries = g_ptr_array_new_with_free_func(entry_free);
    if (hive_find_key(hive, "Objects\\" BOOT_MANAGER "\\Elements") ==
        HIVE_NO_KEY) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: it says nothing of the boot manager: repair it in "
                    "the source VM (Windows' installation medium: bootrec "
                    "/rebuildbcd, or bcdboot)", where);
        return NULL;
    }
    add_menu(&r);
    add_default(&r);
    add_next(&r);
    add_others(&r, where, warnings);
    find_started(&r);
    return g_steal_pointer(&bcd);
}
