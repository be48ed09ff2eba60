#!/usr/bin/env python3
#
# Print the distribution's own source archive, as apt sources
#
# Reads the machine's apt sources, one-line (.list) and deb822 (.sources), and
# prints deb822 stanzas of type deb-src for those entries that belong to the
# running distribution: its name stands in the URI, the suite is the running
# release or one of its updates, the component is main.  Everything else, all
# repositories of third parties among it, is left out, so that none of them
# can break the download or offer another QEMU.
#
# --suite names another release of the same distribution, to be found in the
# same archives; --type deb is for its binary packages.
#
# Usage: deb-src-list.py [--etc DIR] [--os-release FILE] [--suite SUITE]
#                        [--type deb|deb-src]
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Print the distribution's own source archive, as apt sources."""

import argparse
import pathlib
import re
import shlex
import sys
from typing import Dict, Iterator, List, NamedTuple

# Suites that follow a release instead of naming it; looked at only where no
# entry names the release itself.
ROLLING = ('stable', 'oldstable', 'testing', 'unstable', 'sid')

# Options of a source that say whom to trust and how to fetch; the others
# (architectures, languages, targets) have no meaning for deb-src.
KEPT = ('Signed-By', 'Trusted', 'Check-Valid-Until', 'Allow-Insecure')

ONE_LINE = re.compile(r'^(?:deb|deb-src)\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(.*)$')


class Source(NamedTuple):
    """One entry of the sources, whichever form it was written in."""
    uris: List[str]
    suites: List[str]
    components: List[str]
    options: Dict[str, str]


def read_one_line(text: str) -> Iterator[Source]:
    """Parse a .list file."""
    for line in text.splitlines():
        match = ONE_LINE.match(line.split('#')[0].strip())
        if not match:
            continue
        options = {}
        for option in shlex.split(match.group(1) or ''):
            name, _, value = option.partition('=')
            options[name.title()] = value.replace(',', ' ')
        suite, *components = match.group(3).split()
        yield Source([match.group(2)], [suite], components, options)


def read_stanza(lines: List[str]) -> Dict[str, str]:
    """Parse one deb822 stanza; continuation lines keep their newline."""
    fields: Dict[str, str] = {}
    name = ''
    for line in lines:
        if line[0] in ' \t':
            fields[name] = fields.get(name, '') + '\n' + line
        else:
            name, _, value = line.partition(':')
            name = name.strip().title()
            fields[name] = value.strip()
    return fields


def read_deb822(text: str) -> Iterator[Source]:
    """Parse a .sources file."""
    lines = [line.rstrip() for line in text.splitlines()
             if not line.startswith('#')]
    for stanza in re.split(r'\n{2,}', '\n'.join(lines).strip('\n')):
        if not stanza:
            continue
        fields = read_stanza(stanza.split('\n'))
        if fields.get('Enabled', 'yes').lower() in ('no', 'false', '0'):
            continue
        yield Source(fields.get('Uris', '').split(),
                     fields.get('Suites', '').split(),
                     fields.get('Components', '').split(), fields)


def read_all(etc: pathlib.Path) -> Iterator[Source]:
    """All entries that apt would read below /etc/apt."""
    parts = etc / 'sources.list.d'
    for path in [etc / 'sources.list', *sorted(parts.glob('*.list'))]:
        if path.is_file():
            yield from read_one_line(path.read_text(errors='replace'))
    for path in sorted(parts.glob('*.sources')):
        yield from read_deb822(path.read_text(errors='replace'))


def read_os_release(path: pathlib.Path) -> Dict[str, str]:
    """The variables of /etc/os-release."""
    words = shlex.split(path.read_text(), comments=True)
    return dict(word.partition('=')[::2] for word in words)


def own_sources(sources: List[Source], distribution: str,
                codename: str) -> Iterator[Source]:
    """The distribution's own entries, cut down to its release and main."""
    names = {codename, codename + '-updates', codename + '-security',
             codename + '/updates'}
    if not any(names & set(source.suites) for source in sources):
        names = {name + tail for name in ROLLING
                 for tail in ('', '-updates', '-security')}
    for source in sources:
        uris = [uri for uri in source.uris if distribution in uri]
        suites = [suite for suite in source.suites if suite in names]
        if uris and suites and 'main' in source.components:
            yield Source(uris, suites, ['main'], source.options)


def in_suite(source: Source, wanted: str) -> Source:
    """The same archive's entry for another release.

    What is updated all the time, or beside a release, has no updates of its
    own.
    """
    tails = ('', '-updates', '-security')
    if '-' in wanted or wanted in ROLLING[2:]:
        tails = ('',)
    suites = [wanted + tail for suite in source.suites for tail in tails
              if '-' + suite.partition('-')[2] == (tail or '-')
              and '/' not in suite]
    return source._replace(suites=suites)


def stanza(source: Source, kind: str) -> str:
    """Write an entry as deb822."""
    lines = [f'Types: {kind}',
             'URIs: ' + ' '.join(source.uris),
             'Suites: ' + ' '.join(source.suites),
             'Components: ' + ' '.join(source.components)]
    lines += [f'{name}: {source.options[name]}' for name in KEPT
              if name in source.options]
    return '\n'.join(lines) + '\n'


def main() -> int:
    """Print the stanzas; status 1 when there are none."""
    parser = argparse.ArgumentParser(
        description='Print the distribution\'s own source archive.')
    parser.add_argument('--etc', type=pathlib.Path, default='/etc/apt')
    parser.add_argument('--os-release', type=pathlib.Path,
                        default='/etc/os-release')
    parser.add_argument('--suite')
    parser.add_argument('--type', choices=('deb', 'deb-src'),
                        default='deb-src')
    args = parser.parse_args()

    release = read_os_release(args.os_release)
    codename = release.get('VERSION_CODENAME', '')
    found = list(own_sources(list(read_all(args.etc)),
                             release.get('ID', 'debian'), codename))
    if not found:
        print(f'deb-src-list.py: the apt sources name no main archive of '
              f'"{codename}"', file=sys.stderr)
        return 1
    if args.suite:
        found = [in_suite(source, args.suite) for source in found]
    stanzas = [stanza(source, args.type) for source in found if source.suites]
    print('\n'.join(dict.fromkeys(stanzas)), end='')
    return 0


if __name__ == '__main__':
    sys.exit(main())
