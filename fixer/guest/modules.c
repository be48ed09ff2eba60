/*
 * Modules: whether the boot loader can load a driver, with all it imports from
 *
 * driver-fit looks at one file that is to be put into the guest.  This looks
 * at what is there, as the loader does: a driver that imports from another
 * one is loaded together with that.  Kernel and HAL are loaded before all of
 * them, whatever their files are called (/KERNEL=, /HAL=), so that importing
 * from them never fails.  Which functions are imported is not looked at.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hal.h"
#include "modules.h"

/* A file that was looked at. */
typedef struct Module {
    /* In lower case. */
    char *key;
    /* Why it cannot be loaded, or NULL. */
    char *fault;
    /*
     * While it is among the pending ones: its place there, and the first place
     * of those that it imports from, directly or not.
     */
    bool pending;
    guint place, first;
} Module;

/* What every program imports from, directly or not, and no driver does. */
#define PROGRAMS_MODULE "ntdll.dll"
#define PROGRAM_SUFFIX ".exe"

struct Modules {
    Volume *volume;
    const Windows *windows;
    /* Module *, by their keys. */
    GHashTable *seen;
    /*
     * Module *, in the order in which they were come to: those of which it is
     * not known yet, for one that they import from is being looked at.
     */
    GPtrArray *pending;
    /* Name as it is imported: where it is, or NULL. */
    GHashTable *found;
};

static void module_free(void *opaque)
{
    Module *module = opaque;

    g_free(module->key);
    g_free(module->fault);
    g_free(module);
}

Modules *modules_new(Volume *volume, const Windows *windows)
{
    Modules *modules = g_new0(Modules, 1);

    modules->volume = volume;
    modules->windows = windows;
    modules->seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          module_free);
    modules->pending = g_ptr_array_new();
    modules->found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           g_free);
    return modules;
}

void modules_free(Modules *modules)
{
    if (modules) {
        g_ptr_array_unref(modules->pending);
        g_hash_table_unref(modules->seen);
        g_hash_table_unref(modules->found);
        g_free(modules);
    }
}

/*
 * Windows 7 and later: names that stand for a set of functions, and for no
 * file; apisetschema.dll says which module has them, and nothing is wrong if
 * none does.
 */
static bool is_api_set(const Modules *modules, const char *name)
{
    return pe_version_at_least(&modules->windows->version, 6, 1) &&
           (g_ascii_strncasecmp(name, "api-ms-", 7) == 0 ||
            g_ascii_strncasecmp(name, "ext-ms-", 7) == 0);
}

static bool is_loaded_before(const char *name)
{
    return g_ascii_strcasecmp(name, KERNEL_FILE) == 0 ||
           g_ascii_strcasecmp(name, HAL_FILE) == 0;
}

/* Where a module is that drivers import from; NULL if nowhere. */
static bool search_module(Modules *modules, const char *name, char **path,
                          GError **errp)
{
    static const char *const directories[] = {
        "system32\\drivers\\", "system32\\",
    };

    *path = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *below = g_strconcat(directories[i], name, NULL);
        g_autofree char *candidate = windows_path(&modules->windows->place,
                                                  below);
        bool exists;

        if (!volume_exists(modules->volume, candidate, &exists, errp)) {
            return false;
        }
        if (exists) {
            *path = g_steal_pointer(&candidate);
            return true;
        }
    }
    return true;
}

/* The same, looked up once: modules import from the same few. */
static bool find_module(Modules *modules, const char *name,
                        const char **path, GError **errp)
{
    g_autofree char *found = NULL;
    gpointer known;

    if (g_hash_table_lookup_extended(modules->found, name, NULL, &known)) {
        *path = known;
        return true;
    }
    if (!search_module(modules, name, &found, errp)) {
        return false;
    }
    *path = found;
    g_hash_table_insert(modules->found, g_strdup(name),
                        g_steal_pointer(&found));
    return true;
}

static Module *look_at(Modules *modules, const char *path, GError **errp);

/* Looks at @name, which @path, the file of @module, imports from. */
static bool check_import(Modules *modules, Module *module, const char *path,
                         const char *name, GError **errp)
{
    const char *found = NULL;
    const Module *other;

    if (is_loaded_before(name) || is_api_set(modules, name)) {
        return true;
    }
    if (g_ascii_strcasecmp(name, PROGRAMS_MODULE) == 0 &&
        !g_str_has_suffix(module->key, PROGRAM_SUFFIX)) {
        module->fault = g_strdup_printf("%s imports from %s"
                                        MODULES_IS_PROGRAM, path, name);
        return true;
    }
    /* No loader takes a path here, whatever hostile bytes say. */
    if (!strpbrk(name, "\\/") && !find_module(modules, name, &found, errp)) {
        return false;
    }
    if (!found) {
        module->fault = g_strdup_printf("%s imports from %s, which the guest "
                                        "does not have", path, name);
        return true;
    }
    other = look_at(modules, found, errp);
    if (!other) {
        return false;
    }
    module->fault = g_strdup(other->fault);
    if (other->pending) {
        module->first = MIN(module->first, other->first);
    }
    return true;
}

static bool check_module(Modules *modules, Module *module, const char *path,
                         const PeInfo *pe, GError **errp)
{
    if (pe->machine != modules->windows->machine) {
        g_autofree char *is = pe_machine_string(pe->machine);
        g_autofree char *wanted =
            pe_machine_string(modules->windows->machine);

        module->fault = g_strdup_printf("%s is for %s, the guest is %s",
                                        path, is, wanted);
        return true;
    }
    for (char **name = pe->imports; *name && !module->fault; name++) {
        if (!check_import(modules, module, path, *name, errp)) {
            return false;
        }
    }
    return true;
}

/* Whether there is a directory in place of the file. */
static bool is_directory(const Modules *modules, const char *path)
{
    VolumeFileInfo info;

    return volume_stat(modules->volume, path, &info, NULL) && info.directory;
}

/*
 * The file; NULL with an error if it cannot be read at all, or with *@why if
 * it is what is wrong.
 */
static PeInfo *read_module(Modules *modules, const char *path, char **why,
                           GError **errp)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = volume_read(modules->volume, path,
                                          LIMIT_PE_SIZE, &err);
    PeInfo *pe = bytes ? pe_parse_code(path, bytes, &err) : NULL;

    if (pe) {
        return pe;
    }
    if (g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        *why = g_strconcat(path, MODULES_IS_MISSING, NULL);
    } else if (bytes) {
        *why = g_strdup_printf("%s (damaged)", err->message);
    } else if (is_directory(modules, path)) {
        *why = g_strconcat(path, MODULES_IS_DIRECTORY, NULL);
    } else {
        g_propagate_error(errp, g_steal_pointer(&err));
    }
    return NULL;
}

static Module *begin_module(Modules *modules, const char *key)
{
    Module *module = g_new0(Module, 1);

    module->key = g_strdup(key);
    module->pending = true;
    module->place = module->first = modules->pending->len;
    g_ptr_array_add(modules->pending, module);
    g_hash_table_insert(modules->seen, module->key, module);
    return module;
}

/*
 * Those that were come to from @module on, and are pending, all import from
 * it, directly or by way of one that does: what is known of it now is known of
 * all of them.
 */
static void settle(Modules *modules, const Module *module)
{
    for (guint i = module->place; i < modules->pending->len; i++) {
        Module *other = g_ptr_array_index(modules->pending, i);

        other->pending = false;
        if (other != module) {
            other->fault = g_strdup(module->fault);
        }
    }
    g_ptr_array_set_size(modules->pending, module->place);
}

/* Of these nothing can be told: they are as if nobody had looked. */
static void forget(Modules *modules, const Module *module)
{
    guint place = module->place;

    for (guint i = place; i < modules->pending->len; i++) {
        const Module *other = g_ptr_array_index(modules->pending, i);

        g_hash_table_remove(modules->seen, other->key);
    }
    g_ptr_array_set_size(modules->pending, place);
}

/*
 * The module at @path, or NULL with an error.  Those that import from one
 * another are loaded together: one that is come to again while it is looked
 * at is taken for good, and what relies on it stays pending until it is known
 * (the way is Tarjan's, of the strongly connected components of a graph).
 */
static Module *look_at(Modules *modules, const char *path, GError **errp)
{
    g_autofree char *key = g_ascii_strdown(path, -1);
    Module *module = g_hash_table_lookup(modules->seen, key);
    g_autoptr(PeInfo) pe = NULL;

    if (module) {
        return module;
    }
    if (g_hash_table_size(modules->seen) == LIMIT_LOADED_MODULES) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "more than %d modules would be loaded",
                    LIMIT_LOADED_MODULES);
        return NULL;
    }
    module = begin_module(modules, key);
    pe = read_module(modules, path, &module->fault, errp);
    if ((!pe && !module->fault) ||
        (pe && !check_module(modules, module, path, pe, errp))) {
        forget(modules, module);
        return NULL;
    }
    if (module->fault || module->first == module->place) {
        settle(modules, module);
    }
    return module;
}

bool modules_find_fault(Modules *modules, const char *path, const char **why,
                        GError **errp)
{
    const Module *module = look_at(modules, path, errp);

    *why = module ? module->fault : NULL;
    return module != NULL;
}
