/*
 * Fuzz target: boot.ini, edited
 *
 * The input: how many edits there are (8 bits), of each its kind, a number
 * and the length of a text (8 bits each) and the text; the rest is boot.ini.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bootini-edit.h"
#include "fuzz.h"

#define MAX_EDITS 4

enum {
    EDIT_DEFAULT, EDIT_TIMEOUT, EDIT_ADD, EDIT_REMOVE, EDIT_SWITCH,
    EDIT_ARC, EDIT_HAL, EDIT_KINDS,
};

typedef struct Operation {
    unsigned kind;
    unsigned number;
    char *text;
} Operation;

static void operation_free(void *opaque)
{
    Operation *operation = opaque;

    g_free(operation->text);
    g_free(operation);
}

static const Partition partitions[] = {
    { 1, PARTITION_TYPE_IFS, true, 63 * 512, 512 * 1024 },
    { 2, PARTITION_TYPE_IFS, false, 1024 * 1024, 512 * 1024 },
};

static Operation *take_operation(FuzzInput *input)
{
    Operation *operation = g_new0(Operation, 1);
    g_autoptr(GBytes) text = NULL;

    operation->kind = fuzz_take8(input) % EDIT_KINDS;
    operation->number = fuzz_take8(input);
    text = fuzz_take_bytes(input, fuzz_take8(input));
    operation->text = g_string_free(
        g_string_new_len(g_bytes_get_data(text, NULL),
                         g_bytes_get_size(text)), false);
    return operation;
}

static GPtrArray *take_operations(FuzzInput *input)
{
    GPtrArray *operations = g_ptr_array_new_with_free_func(operation_free);

    for (unsigned n = fuzz_take8(input) % (MAX_EDITS + 1); n > 0; n--) {
        g_ptr_array_add(operations, take_operation(input));
    }
    return operations;
}

/* To be called twice, as an edit that is made twice is made once. */
static bool make(BootIniEdit *edit, const Operation *operation,
                 const Disk *disk, GError **errp)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    unsigned number = operation->number;

    switch (operation->kind) {
    case EDIT_DEFAULT:
        return boot_ini_edit_default(edit, number, errp);
    case EDIT_TIMEOUT:
        return boot_ini_edit_timeout(edit, (int)number * 5 - 1, errp);
    case EDIT_ADD:
        return boot_ini_edit_add(edit, operation->text, disk, errp);
    case EDIT_REMOVE:
        return boot_ini_edit_remove(edit, number, errp);
    case EDIT_SWITCH:
        return boot_ini_edit_switch(edit, number, operation->text, errp);
    case EDIT_ARC:
        return boot_ini_edit_rewrite_arc(edit, disk, number & 1, warnings,
                                         errp);
    default:
        return boot_ini_edit_add_hal(edit, "halacpi.dll", number & 1 ?
                                     "ntkrnlmp.exe" : NULL, "HAL", errp);
    }
}

/* Edits that say how something is to be, not what is to be done. */
static bool is_idempotent(const Operation *operation)
{
    return operation->kind == EDIT_TIMEOUT || operation->kind == EDIT_ADD ||
           operation->kind == EDIT_ARC || operation->kind == EDIT_HAL;
}

/* What an edit leaves is a boot.ini like any other. */
static void check_text(BootIniEdit *edit)
{
    g_autoptr(GBytes) text = boot_ini_edit_text(edit);
    g_autoptr(BootIni) parsed = boot_ini_parse(text);
    const BootIni *mine = boot_ini_edit_parsed(edit);

    g_assert_cmpuint(parsed->entries->len, ==, mine->entries->len);
    g_assert_cmpstr(parsed->default_path, ==, mine->default_path);
    g_assert_cmpuint(parsed->entries->len, >, 0);
}

static void try(BootIniEdit *edit, const Operation *operation,
                const Disk *disk)
{
    g_autoptr(GBytes) before = boot_ini_edit_text(edit);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(GBytes) again = NULL;
    GError *err = NULL;

    if (!make(edit, operation, disk, &err)) {
        fuzz_expect_error(err);
        after = boot_ini_edit_text(edit);
        g_assert_true(g_bytes_equal(before, after));
        return;
    }
    check_text(edit);
    after = boot_ini_edit_text(edit);
    if (is_idempotent(operation)) {
        g_assert_true(make(edit, operation, disk, NULL));
        again = boot_ini_edit_text(edit);
        g_assert_true(g_bytes_equal(after, again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    g_autoptr(GPtrArray) operations = take_operations(&input);
    g_autoptr(GBytes) text = fuzz_take_rest(&input);
    g_autoptr(BootIniEdit) edit = NULL;
    g_autoptr(Disk) disk = disk_new();
    GError *err = NULL;

    disk->signature = 0x2bd2c32a;
    g_array_append_vals(disk->partitions, partitions,
                        G_N_ELEMENTS(partitions));
    edit = boot_ini_edit_new(text, &err);
    if (!edit) {
        fuzz_expect_error(err);
        return 0;
    }
    for (guint i = 0; i < operations->len; i++) {
        try(edit, g_ptr_array_index(operations, i), disk);
    }
    return 0;
}
