/*
 * What the files of the profile module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PROFILE_INTERNAL_H
#define GUEST_PROFILE_INTERNAL_H

#include "profile.h"

/* What the names of sections begin with that there may be several of. */
#define PROFILE_INSTANCE "instance "
#define PROFILE_BOOT_SERVICE "boot-service "
#define PROFILE_CLASS_FILTERS "class-filters "
#define PROFILE_CRITICAL_DEVICE "critical-device "
#define PROFILE_NUMBER "number "
#define PROFILE_KNOWN_DEVICE "known-device "

typedef struct ProfileParser {
    GKeyFile *keys;
    /* For messages. */
    const char *name;
    GBytes *text;
    ProfileLookup *lookup;
    void *opaque;
    unsigned depth;
} ProfileParser;

/* An empty profile that was read from @file. */
Profile *profile_new(const char *file);

/* The fix of that name; 0: there is none. */
ProfileFix profile_fix_find(const char *name);

/* The text of one of this program's own files, by its name. */
GBytes *profile_embedded_text(const char *file, GError **errp);

/* The same, as a ProfileLookup. */
GBytes *profile_lookup_embedded(const char *name, void *opaque,
                                GError **errp);

/* profile_parse() of a profile that is included @depth levels deep. */
Profile *profile_parse_text(const char *name, GBytes *text,
                            ProfileLookup *lookup, void *opaque,
                            unsigned depth, GError **errp);

/* "FILE:LINE", or "FILE" if @line is 0; to be freed. */
char *profile_place(const char *name, unsigned line);

/*
 * The message "FILE:LINE: [GROUP] KEY: WHY"; @key may be NULL.  Returns false.
 */
bool G_GNUC_PRINTF(5, 6)
profile_invalid(const ProfileParser *parser, const char *group,
                const char *key, GError **errp, const char *format, ...);

/* Refuses sections and keys that no profile has. */
bool profile_check_known(ProfileParser *parser, GError **errp);

/* The value of a key that must be there: not empty, to be freed. */
bool profile_get_string(ProfileParser *parser, const char *group,
                        const char *key, char **value, GError **errp);
bool profile_get_list(ProfileParser *parser, const char *group,
                      const char *key, char ***value, GError **errp);

/*
 * A number below 2^32, decimal; "0x" stands before a hexadecimal one.  The
 * second is for a list of them: uint32_t.
 */
bool profile_get_number(ProfileParser *parser, const char *group,
                        const char *key, uint32_t *value, GError **errp);
bool profile_get_numbers(ProfileParser *parser, const char *group,
                         const char *key, GArray **values, GError **errp);

/* Refuses @names of which one cannot be a service's. */
bool profile_check_services(ProfileParser *parser, const char *group,
                            const char *key, char **names, GError **errp);

/* Refuses a @device that is not ENUMERATOR\DEVICE, as below the key Enum. */
bool profile_check_device(ProfileParser *parser, const char *group,
                          const char *key, const char *device, GError **errp);

/* Refuses a GUID that is not written as the registry has them. */
bool profile_check_guid(ProfileParser *parser, const char *group,
                        const char *key, const char *text, GError **errp);

/*
 * profile-parse-boot.c: the sections about what starts Windows Vista and
 * later.
 */
bool profile_parse_boot(ProfileParser *parser, Profile *profile,
                        GError **errp);

/* MAJOR.MINOR of [guest]. */
bool profile_get_version(ProfileParser *parser, const char *key,
                         PeVersion *version, GError **errp);

/*
 * The line, from 1, in which @key of @group stands; without it that of the
 * group itself; 0: there is neither.
 */
unsigned profile_find_line(GBytes *text, const char *group, const char *key);

/* The first line whose group, or key of a group, was there before; or 0. */
unsigned profile_find_repeated(GBytes *text);

/* The first line that is no group, key or comment; 0: each is. */
unsigned profile_find_nonsense(GBytes *text);

#endif /* GUEST_PROFILE_INTERNAL_H */
