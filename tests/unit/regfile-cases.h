/*
 * Texts of .reg files, with what they mean or why they are refused
 *
 * What is taken was imported into Wine's regedit 8.0 too, with the same
 * result, but where a comment says otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define H5 "Windows Registry Editor Version 5.00\n\n"
#define H4 "REGEDIT4\n\n"
#define ROOT "HKEY_LOCAL_MACHINE"
#define K "[" ROOT "\\K]\n"

typedef struct Case {
    const char *name;
    const char *text;
    /* What comes out; NULL if the file is refused. */
    const char *dump;
    /* The message, without the file's name. */
    const char *error;
} Case;

static const Case cases[] = {
    /* keys */
    { "empty", H5, "", NULL },
    { "header-only", "REGEDIT4", "", NULL },
    { "header-blanks", " \tREGEDIT4  \n\n" K,
      /* Wine takes nothing from a file with blanks behind its header */
      "[HKEY_LOCAL_MACHINE\\K]\n", NULL },
    { "key", H5 "  [HKEY_LOCAL_MACHINE\\A b\\C]  ;x\n",
      "[HKEY_LOCAL_MACHINE\\A b\\C]\n", NULL },
    { "key-no-final-newline", H5 "[HKEY_LOCAL_MACHINE\\A]",
      "[HKEY_LOCAL_MACHINE\\A]\n", NULL },
    { "key-short-root", H5 "[hklm\\A]\n[HKCU\\A]\n[HKU\\A]\n[HKCR\\A]\n",
      /* only reg.exe documents these; Wine's regedit does not take them */
      "[HKEY_LOCAL_MACHINE\\A]\n[HKEY_CURRENT_USER\\A]\n"
      "[HKEY_USERS\\A]\n[HKEY_CLASSES_ROOT\\A]\n", NULL },
    { "key-root-case", H5 "[Hkey_Local_Machine\\a]\n",
      "[HKEY_LOCAL_MACHINE\\a]\n", NULL },
    { "key-backslashes", H5 "[HKEY_LOCAL_MACHINE\\\\A\\\\\\B\\\\]\n",
      "[HKEY_LOCAL_MACHINE\\A\\B]\n", NULL },
    { "key-odd-names", H5 "[HKEY_LOCAL_MACHINE\\a]b\\\"c\\d;e\\f/g \\*]\n",
      "[HKEY_LOCAL_MACHINE\\a]b\\\"c\\d;e\\f/g \\*]\n", NULL },
    { "key-delete", H5 "[-HKEY_LOCAL_MACHINE\\A]\n",
      "[-HKEY_LOCAL_MACHINE\\A]\n", NULL },
    { "key-not-continued", H5 "[HKEY_LOCAL_MACHINE\\A\\\nB]\n", NULL,
      ":3:1: no ] in this line" },
    { "key-blank-before", H5 "[ HKEY_LOCAL_MACHINE\\A]\n", NULL,
      ":3:2: unknown root key, expected HKEY_LOCAL_MACHINE or the like" },
    { "key-delete-blank", H5 "[- HKEY_LOCAL_MACHINE\\A]\n", NULL,
      ":3:3: unknown root key, expected HKEY_LOCAL_MACHINE or the like" },
    { "key-unknown-root", H5 "[HKEY_LOCAL_MACHINES\\A]\n", NULL,
      ":3:2: unknown root key, expected HKEY_LOCAL_MACHINE or the like" },
    { "key-empty", H5 "[]\n", NULL,
      ":3:2: unknown root key, expected HKEY_LOCAL_MACHINE or the like" },
    { "key-delete-empty", H5 "[-]\n", NULL,
      ":3:3: unknown root key, expected HKEY_LOCAL_MACHINE or the like" },
    { "key-delete-root", H5 "[-HKEY_LOCAL_MACHINE\\]\n", NULL,
      ":3:3: a root key cannot be deleted" },
    { "key-tail", H5 K "[HKEY_LOCAL_MACHINE\\A]b\n", NULL,
      ":4:23: nothing but a comment, which begins with ;, may follow here" },
    { "key-comment-bracket", H5 "[HKEY_LOCAL_MACHINE\\A] ;b]\n", NULL,
      ":3:26: a ] in a comment after a key would become part of its name" },

    /* strings */
    { "string", H5 K "\"a\"=\"b\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=1:62000000\n", NULL },
    { "string-empty", H5 K "\"a\"=\"\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=1:0000\n", NULL },
    { "string-escapes", H5 K "\"a\\\\b\\\"\"=\"\\\\0\\\"\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\na\\b\"=1:5c00300022000000\n", NULL },
    { "string-comment", H5 K "\"a\"=\"b;c\" ;\"d\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=1:62003b0063000000\n", NULL },
    { "string-blanks", H5 K " \t\"a\" \t=\t \"b\" \t\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=1:62000000\n", NULL },
    { "default", H5 K "@=\"b\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\n=1:62000000\n", NULL },
    { "default-blanks", H5 K "@ = \"b\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\n=1:62000000\n", NULL },
    { "default-empty-name", H5 K "\"\"=\"b\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\n=1:62000000\n", NULL },
    { "value-delete", H5 K "\"a\"=-\n@= \t- ;x\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=-\n=-\n", NULL },
    { "value-delete-tail", H5 K "\"a\"=-\"b\"\n", NULL,
      ":4:6: nothing but a comment, which begins with ;, may follow here" },
    { "string-unicode", H5 K "\"\xc3\xa9\"=\"\xf0\x9d\x84\x9e\"\n",
      "[HKEY_LOCAL_MACHINE\\K]\n\xc3\xa9=1:34d81edd0000\n", NULL },
    { "string-unknown-escape", H5 K "\"a\"=\"C:\\Windows\"\n", NULL,
      ":4:8: a backslash in a string is written \\\\, a quote \\\"" },
    { "string-newline-escape", H5 K "\"a\"=\"b\\n\"\n", NULL,
      ":4:7: a backslash in a string is written \\\\, a quote \\\"" },
    { "string-unclosed", H5 K "\"a\"=\"b\n\"c\"=\"d\"\n", NULL,
      ":4:5: no closing quote in this line; text of several lines needs "
      "hex(1):" },
    { "string-quote-inside", H5 K "\"a\"=\"b\"c\"\n", NULL,
      ":4:8: nothing but a comment, which begins with ;, may follow here" },
    { "name-unclosed", H5 K "\"a=b\n", NULL,
      ":4:1: no closing quote in this line; text of several lines needs "
      "hex(1):" },
    { "name-no-equals", H5 K "\"a\" b\n", NULL,
      ":4:5: expected = after the value's name" },
    { "name-unquoted", H5 K "a=\"b\"\n", NULL,
      ":4:1: expected [key], \"name\"=, @= or a comment, which begins with ;"
    },
    { "data-none", H5 K "\"a\"=\n", NULL,
      ":4:5: expected \"text\", dword:, hex:, hex(n): or -, in lower case" },
    { "data-unquoted", H5 K "\"a\"=b\n", NULL,
      ":4:5: expected \"text\", dword:, hex:, hex(n): or -, in lower case" },
    { "data-capitals", H5 K "\"a\"=DWORD:1\n", NULL,
      ":4:5: expected \"text\", dword:, hex:, hex(n): or -, in lower case" },
    { "value-first", H5 "\"a\"=\"b\"\n", NULL,
      ":3:1: a value before any key" },
    { "value-in-deleted", H5 "[-HKEY_LOCAL_MACHINE\\A]\n\"a\"=\"b\"\n", NULL,
      ":4:1: a value in a key that line 3 deletes" },

    /* dword */
    { "dword", H5 K "\"a\"=dword:1\n\"b\"=dword: 89aBcDeF ;c\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=4:01000000\nb=4:efcdab89\n", NULL },
    { "dword-empty", H5 K "\"a\"=dword:\n", NULL,
      ":4:11: dword: needs 1 to 8 hexadecimal digits" },
    { "dword-long", H5 K "\"a\"=dword:000000001\n", NULL,
      ":4:11: dword: needs 1 to 8 hexadecimal digits" },
    { "dword-0x", H5 K "\"a\"=dword:0x1\n", NULL,
      ":4:12: nothing but a comment, which begins with ;, may follow here" },

    /* hex */
    { "hex", H5 K "\"a\"=hex:1,fF,  03 ;c\n\"b\"=hex:\n\"c\"=hex:00,\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=3:01ff03\nb=3:\nc=3:00\n", NULL },
    { "hex-types", H5 K "\"a\"=hex(0):01\n\"b\"=hex(b):01,02\n"
      "\"c\"=hex(ffffffff):01\n\"d\"=hex(00000004):01\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=0:01\nb=b:0102\nc=ffffffff:01\nd=4:01\n",
      NULL },
    { "hex-continued", H5 K "\"a\"=hex:01,\\\n  02,\\ \t ;x\n;y\n\n \t\n"
      "  03,  \\\n04\n\"b\"=hex:\\\n  05\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=3:01020304\nb=3:05\n", NULL },
    { "hex-strings", H5 K "\"a\"=hex(2):41,00,00,00\n\"b\"=hex(2):41,00\n"
      "\"c\"=hex(7):41,00,00,00,00,00\n\"d\"=hex(1):00,41\n\"e\"=hex(2):\n",
      "[HKEY_LOCAL_MACHINE\\K]\na=2:41000000\nb=2:41000000\n"
      "c=7:410000000000\nd=1:00410000\ne=2:\n", NULL },
    { "hex-string-odd", H5 K "\"a\"=hex(2):41,00,42\n",
      /* Wine loses the last byte */
      "[HKEY_LOCAL_MACHINE\\K]\na=2:410042\n", NULL },
    { "hex-three-digits", H5 K "\"a\"=hex:100\n", NULL,
      ":4:9: expected a byte of 1 or 2 hexadecimal digits" },
    { "hex-two-commas", H5 K "\"a\"=hex:10,,11\n", NULL,
      ":4:12: expected a byte of 1 or 2 hexadecimal digits" },
    { "hex-blank-before-comma", H5 K "\"a\"=hex:10 ,11\n", NULL,
      ":4:12: nothing but a comment, which begins with ;, may follow here" },
    { "hex-no-comma", H5 K "\"a\"=hex:10\\\n  11\n", NULL,
      ":4:11: a comma must stand before the backslash that continues the "
      "line" },
    { "hex-not-continued", H5 K "\"a\"=hex:10,\n  11\n", NULL,
      ":5:3: expected [key], \"name\"=, @= or a comment, which begins with ;"
    },
    { "hex-backslash-twice", H5 K "\"a\"=hex:10,\\\n  \\\n 11\n", NULL,
      ":5:3: expected a byte of 1 or 2 hexadecimal digits" },
    { "hex-backslash-inside", H5 K "\"a\"=hex:10,\\11\n", NULL,
      ":4:13: nothing but a comment, which begins with ;, may follow here" },
    { "hex-continued-by-value", H5 K "\"a\"=hex:10,\\\n\"b\"=\"c\"\n", NULL,
      ":5:1: expected a byte of 1 or 2 hexadecimal digits" },
    { "hex-continued-at-end", H5 K "\"a\"=hex:10,\\\n", NULL,
      ":4:12: the line goes on, but the file ends" },
    { "hex-type-0x", H5 K "\"a\"=hex(0x2):10\n", NULL,
      ":4:9: expected a type of 1 to 8 hexadecimal digits, as in hex(2):" },
    { "hex-type-long", H5 K "\"a\"=hex(100000000):10\n", NULL,
      ":4:9: expected a type of 1 to 8 hexadecimal digits, as in hex(2):" },
    { "hex-type-open", H5 K "\"a\"=hex(2:10\n", NULL,
      ":4:9: expected a type of 1 to 8 hexadecimal digits, as in hex(2):" },

    /* lines */
    { "comment", H5 ";x\n  ;y\n" K ";z\n", "[HKEY_LOCAL_MACHINE\\K]\n",
      NULL },
    { "comment-hash", H5 K "#x\n", NULL,
      ":4:1: a comment begins with ;, not with #" },
    { "header-missing", "[HKEY_LOCAL_MACHINE\\K]\n", NULL,
      ":1:1: not a .reg file: the first line must be \"Windows Registry "
      "Editor Version 5.00\" or \"REGEDIT4\"" },
    { "header-second-line", "\nREGEDIT4\n", NULL,
      ":1:1: not a .reg file: the first line must be \"Windows Registry "
      "Editor Version 5.00\" or \"REGEDIT4\"" },
    { "header-case", "regedit4\n", NULL,
      ":1:1: not a .reg file: the first line must be \"Windows Registry "
      "Editor Version 5.00\" or \"REGEDIT4\"" },
    { "header-tail", "REGEDIT4 x\n", NULL,
      ":1:10: nothing may follow the header in its line" },
    { "column-in-characters", H5 K "\"\xc3\xa9\xe2\x82\xac\" b\n", NULL,
      ":4:6: expected = after the value's name" },
};
