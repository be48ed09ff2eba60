"""
The commands that the documents have, as they stand there

A block of code is split into commands as bash would: lines go together until
bash finds nothing unfinished in them.  Prompts and comments go.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import pathlib
import re
import subprocess
from typing import Iterator, List, NamedTuple

import manpages
from tap import tool


class Block(NamedTuple):
    """A block of code: the document's path in the tree, its first line."""
    document: str
    line: int
    text: str
    # That by which a test finds it: ".. pipeline: LABEL" above it.
    label: str = ''

    @property
    def place(self) -> str:
        """For messages."""
        return f'{self.document}:{self.line}'


def _label(node) -> str:
    """What the comment in front of a block says."""
    before = node.previous_sibling()
    match = isinstance(before, manpages.nodes.comment) and \
        re.fullmatch(r'pipeline: (\S+)', before.astext())
    return match.group(1) if match else ''


def rst_blocks(path: pathlib.Path, name: str) -> Iterator[Block]:
    """Those of a document in reStructuredText."""
    tree = manpages.read(path, 2)
    for node in tree.findall(manpages.nodes.literal_block):
        yield Block(name, node.line or 0, node.astext(), _label(node))


def markdown_blocks(path: pathlib.Path, name: str) -> Iterator[Block]:
    """Those of a document in Markdown: fenced, or indented by four."""
    lines = path.read_text(encoding='utf-8').split('\n')
    number = 0
    while number < len(lines):
        first = number
        fence = re.match(r' {0,3}(```+)', lines[number])
        if fence:
            number += 1
            while not lines[number].startswith(fence.group(1)):
                number += 1
            yield Block(name, first + 2, '\n'.join(lines[first + 1:number]))
        elif lines[number].startswith('    ') and not lines[number - 1]:
            while lines[number].startswith('    ') or not lines[number]:
                number += 1
            text = '\n'.join(line[4:] for line in lines[first:number])
            yield Block(name, first + 1, text.rstrip())
        number += 1


def documents(source: pathlib.Path) -> List[str]:
    """The paths of all documents in the tree."""
    return [str(path.relative_to(source)) for path in
            [source / 'README.md', source / 'SECURITY.md',
             *sorted(source.glob('docs/*.rst')),
             *sorted(source.glob('docs/man/*.rst'))]]


def blocks(source: pathlib.Path, name: str) -> List[Block]:
    """All blocks of a document."""
    read = markdown_blocks if name.endswith('.md') else rst_blocks
    return list(read(source / name, name))


def _is_whole(text: str) -> bool:
    """Whether bash would begin with it, instead of waiting for more."""
    if text.endswith('\\'):
        return False
    result = subprocess.run([tool('bash'), '-n'], input=text + '\n',
                            check=False, text=True,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
    return result.returncode == 0 and not result.stderr


def commands(block: Block) -> List[str]:
    """The commands of a block, if it has some."""
    found: List[str] = []
    begun = ''
    for line in block.text.split('\n'):
        line = re.sub(r'^\$ ', '', line) if not begun else line
        if not begun and (not line.strip() or line.startswith('#')):
            continue
        begun += line
        if _is_whole(begun):
            found.append(re.sub(r'\s+# .*$', '', begun))
            begun = ''
        else:
            begun += '\n'
    if begun:
        found.append(begun.rstrip())
    return found


def as_one_line(command: str) -> str:
    """A command without its line ends, for tables and comparisons."""
    return ' '.join(re.sub(r'\\\n', ' ', command).split())
