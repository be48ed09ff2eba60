"""
A manual page's source, as docutils understands it

SPDX-License-Identifier: GPL-2.0-or-later
"""

import pathlib
from typing import Dict, Iterator, List, Set

from tap import Skip

try:
    import docutils.core
    from docutils import nodes
except ImportError:
    docutils = None                     # type: ignore[assignment]


def need_docutils() -> None:
    """A test without it is skipped."""
    if docutils is None:
        raise Skip('python3-docutils is not installed')


def read(path: pathlib.Path, level: int = 1):
    """Its tree; a warning is an error, what is from @level on is shown."""
    need_docutils()
    return docutils.core.publish_doctree(
        path.read_text(encoding='utf-8'), source_path=str(path),
        settings_overrides={'report_level': level, 'halt_level': 2})


def sections(tree) -> Dict[str, List]:
    """The sections of a tree by their titles, those within others, too."""
    found: Dict[str, List] = {}
    for part in tree.findall(nodes.section):
        found.setdefault(part.next_node(nodes.title).astext(),
                         []).append(part)
    return found


def section(tree, begin: str):
    """The one section whose title begins so."""
    found = [part for title, many in sections(tree).items() for part in many
             if title == begin or title.startswith(begin + ' ')]
    if len(found) != 1:
        raise AssertionError(f'{len(found)} sections begin with {begin!r}')
    return found[0]


def items(tree) -> Iterator:
    """The definitions of a tree, with what they define: literals."""
    for item in tree.findall(nodes.definition_list_item):
        term = item.next_node(nodes.term)
        yield ([literal.astext() for literal in term.findall(nodes.literal)],
               item.next_node(nodes.definition))


def defined(tree) -> Set[str]:
    """All literals that a tree defines."""
    return {name for names, _ in items(tree) for name in names}


def options(tree) -> Set[str]:
    """Those of them that are options of a command line."""
    return {name for name in defined(tree) if name.startswith('-')}


def literals(tree) -> Set[str]:
    """All that a tree has as literals."""
    return {literal.astext() for literal in tree.findall(nodes.literal)}


def words(tree) -> Set[str]:
    """The words of these literals."""
    return {word for literal in literals(tree) for word in literal.split()}
