/*
 * GUIDs: of partitions, disks, objects in the BCD
 *
 * GLib tells whether a text is one; its bytes it keeps for itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "guid.h"
#include "le.h"

/* Of the text without its braces. */
#define TEXT_SIZE 36

bool guid_equal(const Guid *a, const Guid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool guid_is_zero(const Guid *guid)
{
    static const Guid zero;

    return guid_equal(guid, &zero);
}

char *guid_to_string(const Guid *guid)
{
    const uint8_t *p = guid->bytes;

    return g_strdup_printf("{%08X-%04X-%04X-%02X%02X-"
                           "%02X%02X%02X%02X%02X%02X}", get_le32(p),
                           get_le16(p + 4), get_le16(p + 6), p[8], p[9],
                           p[10], p[11], p[12], p[13], p[14], p[15]);
}

/* The text without its braces, to be freed; NULL if it has but one. */
static char *strip_braces(const char *text)
{
    size_t length = strlen(text);

    if (text[0] != '{') {
        return g_strdup(text);
    }
    return length == TEXT_SIZE + 2 && text[length - 1] == '}'
           ? g_strndup(text + 1, TEXT_SIZE) : NULL;
}

bool guid_parse(const char *text, Guid *guid)
{
    /* Where in the text each byte's two digits are. */
    static const uint8_t digits[sizeof(guid->bytes)] = {
        6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34,
    };
    g_autofree char *plain = strip_braces(text);

    if (!plain || !g_uuid_string_is_valid(plain)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof(guid->bytes); i++) {
        const char *p = plain + digits[i];

        guid->bytes[i] = g_ascii_xdigit_value(p[0]) << 4 |
                         g_ascii_xdigit_value(p[1]);
    }
    return true;
}
