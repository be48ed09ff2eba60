#!/usr/bin/env python3
"""
Write files as strings of C: the style sheet and the script of a page

Usage: embed.py OUTPUT INPUT...

A file NAME.EXT becomes "const char name_ext[]".  It must be ASCII, and must
not end the element of HTML that it will stand in.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import pathlib
import re
import sys


def declaration(path: pathlib.Path) -> str:
    """The definition of one file's string."""
    text = path.read_text(encoding='ascii')
    if '</' in text or '<!--' in text or '\r' in text or '\0' in text:
        sys.exit(f'embed.py: {path}: this would end an element of HTML')
    name = re.sub(r'\W', '_', path.name)
    codes = [str(ord(char)) for char in text] + ['0']
    lines = [', '.join(codes[start:start + 16])
             for start in range(0, len(codes), 16)]
    return (f'extern const char {name}[];\n'
            f'const char {name}[] = {{\n    ' + ',\n    '.join(lines) +
            '\n};\n')


def main() -> None:
    """Write them all."""
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    names = ', '.join(path.name for path in inputs)
    output.write_text(f'/* Made by embed.py of {names}. */\n\n' +
                      '\n'.join(map(declaration, inputs)), encoding='ascii')


if __name__ == '__main__':
    main()
