/*
 * For targets that need nothing before their first input
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}
