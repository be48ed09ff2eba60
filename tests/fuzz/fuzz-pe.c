/*
 * Fuzz target: PE files and their version resources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"
#include "guest-limits.h"
#include "pe.h"

static void check_info(const PeInfo *info)
{
    g_autofree char *machine = pe_machine_string(info->machine);
    g_autofree char *version = pe_version_string(&info->file_version);

    g_assert_nonnull(machine);
    g_assert_nonnull(version);
    g_assert_cmpuint(g_strv_length(info->imports), <=, LIMIT_PE_IMPORTS);
    g_assert_cmpint(pe_version_compare(&info->file_version,
                                       &info->file_version), ==, 0);
    g_assert_true(info->has_version ||
                  (!info->original_filename && !info->internal_name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    GError *err = NULL;
    g_autoptr(PeInfo) info = pe_parse("fuzz.sys", bytes, &err);
    g_autoptr(PeInfo) code = NULL;

    if (info) {
        check_info(info);
    } else {
        fuzz_expect_error(g_steal_pointer(&err));
    }
    code = pe_parse_code("fuzz.sys", bytes, &err);
    if (code) {
        check_info(code);
    } else {
        /* What is good with its version is good without. */
        g_assert_null(info);
        fuzz_expect_error(err);
    }
    return 0;
}
