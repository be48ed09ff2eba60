/*
 * Hive: a registry hive, read and edited
 *
 * Key paths are relative to the hive's root: Select, ControlSet001\Services.
 * Names are UTF-8 and compared without regard to case.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_H
#define GUEST_HIVE_H

#include "regfile.h"

typedef struct Hive Hive;

/* A key within the hive; HIVE_NO_KEY is none. */
typedef size_t HiveKey;

#define HIVE_NO_KEY 0

/*
 * Opens the hive in @bytes; @where names it in messages.  A dirty hive, the
 * last changes of which are in its log, is refused.
 */
Hive *hive_open(GBytes *bytes, const char *where, GError **errp);

void hive_free(Hive *hive);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hive, hive_free)

/* When Windows last wrote it, by its base block: seconds since 1970, UTC. */
int64_t hive_last_written(const Hive *hive);

/*
 * The time that edited keys bear, seconds since 1970; without it they bear
 * that of the hive.
 */
void hive_set_time(Hive *hive, int64_t seconds);

/*
 * There is a log of this hive with the sequence number @sequence, in its base
 * block or in an entry: hive_save() goes above it, so that it can never be
 * taken for a log of the edited hive.
 */
void hive_note_log(Hive *hive, uint32_t sequence);

/* The key, or HIVE_NO_KEY. */
HiveKey hive_find_key(Hive *hive, const char *path);

/* The keys below @key: HiveKey; none if that is HIVE_NO_KEY. */
GArray *hive_subkeys(Hive *hive, HiveKey key);

/*
 * The key's own name, to be freed.  A NUL in it, or half a surrogate pair,
 * has become U+FFFD.
 */
char *hive_key_name(Hive *hive, HiveKey key);

/*
 * The names of the key's values, UTF-8, in the hive's order, NULL-terminated,
 * to be freed; none if @key is HIVE_NO_KEY.  A default value is "".
 */
char **hive_value_names(Hive *hive, HiveKey key);

/*
 * The value's data as it stands in the hive, and its type; NULL, without an
 * error, if there is no such value or it is damaged.  @name "" is the default
 * value.
 */
GBytes *hive_get_value(Hive *hive, HiveKey key, const char *name,
                       uint32_t *type);

/* A REG_DWORD value; false if it is absent or of another type. */
bool hive_get_dword(Hive *hive, const char *path, const char *name,
                    uint32_t *value);

/* The same of a key that was found already. */
bool hive_key_dword(Hive *hive, HiveKey key, const char *name,
                    uint32_t *value);

/* A REG_SZ or REG_EXPAND_SZ value as UTF-8, to be freed; NULL if absent. */
char *hive_get_string(Hive *hive, const char *path, const char *name);

/* The same of a key that was found already. */
char *hive_key_string(Hive *hive, HiveKey key, const char *name);

/* Finds the key, or creates it and whatever is missing above it. */
HiveKey hive_create_key(Hive *hive, const char *path, GError **errp);

/*
 * Sets and deletes @values (RegValue) of the key, all in one step; other
 * values stay as they are.
 */
bool hive_set_values(Hive *hive, HiveKey key, GPtrArray *values,
                     GError **errp);

/* Deletes the key and all below it. */
bool hive_delete_key(Hive *hive, HiveKey key, GError **errp);

/*
 * What Windows would mind in the hive as it was before the first edit, to be
 * freed; NULL if there was nothing, or no edit.
 */
char *hive_describe_damage(const Hive *hive);

/*
 * The hive with all changes, in order and clean; if there are none, what it
 * was opened from.
 */
GBytes *hive_save(Hive *hive, GError **errp);

#endif /* GUEST_HIVE_H */
