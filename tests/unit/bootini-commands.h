/*
 * Edits of boot.ini as words, for tests that have them in tables
 *
 *     default N          timeout SECONDS       add LINE       remove N
 *     switch N TEXT      rewrite-arc started   rewrite-arc all
 *     hal HAL KERNEL TITLE        "-" for no such switch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_BOOTINI_COMMANDS_H
#define TEST_BOOTINI_COMMANDS_H

#include "bootini-edit.h"

/* Does one of them; a command that does not exist fails the test. */
bool boot_command(BootIniEdit *edit, const char *command, const Disk *disk,
                  GPtrArray *warnings, GError **errp);

/* A disk of that signature with that many partitions; to be freed. */
Disk *boot_test_disk(uint32_t signature, unsigned n_partitions);

void boot_test_disk_free(Disk *disk);

/* Text as C has it in quotation marks, line ends and all; to be freed. */
char *boot_escape(const char *text, gsize length);

#endif /* TEST_BOOTINI_COMMANDS_H */
