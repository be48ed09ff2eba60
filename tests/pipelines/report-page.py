#!/usr/bin/env python3
"""
Test of the page that "win-xenfix report --html" writes, by a browser

Usage: report-page.py

The reports are those that the real tools make of test guests, and some that
an attacker might have written.  What the file is like before a browser has it
is tested by iotests/win-xenfix-report.

With XENPREP_PICTURES=DIR in the environment pictures of the page are left
there, to be looked at.  With XENPREP_NODE_MODULES=DIR two programs of npm's
judge it as well: axe-core and html-validate.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional

# Tests find each other's modules after this.
import source                                   # pylint: disable=unused-import

from browser import Tab, tab
from fleetreports import HOSTILE, NO, UNKNOWN, hostile, prepared, refused
from guestdisk import guest
from tap import Skip, equal, main, run, tool

SCRATCH = tempfile.TemporaryDirectory(prefix='report-page-')
PICTURES = os.environ.get('XENPREP_PICTURES')
NODE_MODULES = os.environ.get('XENPREP_NODE_MODULES')

# Guests of several kinds, and whether they can be prepared.
KINDS = {'w2k-sp4': True, 'xp-sp3-built': True, 'win10-bios': True,
         'ws2022': True, 'win10-bios-foreign-filter': True,
         'win10-hibernated': False, 'win10-bitlocker': False}

# Whether text stands out, by the formula of WCAG 2: what does not.
CONTRAST = '''
(() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (color) => {
        const [r, g, b] = color.slice(0, 3).map((c) => c / 255).map(
            (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = parse(getComputedStyle(element).backgroundColor);
            if (color.length < 4 || color[3] > 0) {
                return color;
            }
        }
        return [255, 255, 255];
    };
    const faint = new Set();
    let count = 0;
    const walker = document.createTreeWalker(document.body,
                                             NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest('script') ||
            !element.checkVisibility()) {
            continue;
        }
        const both = [light(parse(getComputedStyle(element).color)),
                      light(behind(element))].sort((a, b) => b - a);
        count += 1;
        if ((both[0] + 0.05) / (both[1] + 0.05) < 4.5) {
            faint.add(element.outerHTML.slice(0, 100));
        }
    }
    return [count, [...faint]];
})()
'''


# --------------------------------------------------------------- the reports

def output(*command: str) -> str:
    """What a tool prints, whatever its status is."""
    return subprocess.run([tool(command[0]), *command[1:]], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def real_report(kind: str) -> Dict[str, Any]:
    """The report of a guest, made by the real tools."""
    disk = guest(kind)
    raw = f'driver=raw,file.driver=file,file.filename={disk}'
    node = f'driver=win-xenprep,file.driver=raw,file.file.filename={disk}'
    uefi = '"uefi"' in disk.with_name(disk.name + '.json').read_text()
    machine = 'xen-hvm-uefi' if uefi else 'xen-hvm'
    check = ['win-xenfix', 'check', '--output=json', '--machine=' + machine,
             '--image-opts']
    report = {'guest': kind, 'source': str(disk), 'machine': machine,
              'started': '2026-11-30T01:02:03Z', 'seconds': 1.5,
              'before': json.loads(output(*check, raw))}
    info = subprocess.run([tool('qemu-img'), 'info', '--output=json',
                           '--image-opts', node], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if info.returncode:
        found = json.loads(output('win-xenfix', 'info', '--output=json',
                                  '--image-opts', raw))
        return {**report, 'outcome': 'refused',
                **({'windows': found['windows']} if 'windows' in found
                   else {}),
                'error': info.stderr.strip().partition("': ")[2]}
    data = json.loads(info.stdout)['format-specific']['data']
    text = output('win-xenfix', 'config', '--xl', '--disk=/out/disk.img',
                  '--disk-format=raw', '--name=' + kind, '--image-opts', node)
    return {**report, 'target': f'/out/{kind}.img', 'report': data,
            'outcome': 'prepared' if data['patches'] else 'unchanged',
            'after': json.loads(output(*check, node)),
            'domain': {'format': 'xl', 'text': text}}


@functools.lru_cache(None)
def real_reports() -> List[Dict[str, Any]]:
    """Those of all kinds."""
    return [real_report(kind) for kind in KINDS]


def make_page(name: str, reports: List[Dict[str, Any]],
              files: Optional[Dict[str, bytes]] = None,
              status: int = 1) -> pathlib.Path:
    """The page of some reports, and of files that are none."""
    folder = pathlib.Path(SCRATCH.name) / name
    path = folder.with_suffix('.html')
    folder.mkdir(exist_ok=True)
    for number, report in enumerate(reports):
        stem = report['guest'] if report['guest'].isalnum() else str(number)
        (folder / f'{stem}.json').write_text(json.dumps(report))
    for file, data in (files or {}).items():
        (folder / file).write_bytes(data)
    result, _ = run('win-xenfix', 'report', str(folder), '--html', str(path),
                    check=False)
    equal(result, status, 'status')
    return path


@functools.lru_cache(None)
def real_page() -> pathlib.Path:
    """The page of the real reports."""
    return make_page('real', real_reports())


@functools.lru_cache(None)
def small_page() -> pathlib.Path:
    """A page of all outcomes; its guests are web1 to web12, and others."""
    reports = [prepared(guest=f'web{i}') for i in range(1, 13)]
    reports += [refused(), refused(guest='db02', outcome='failed'),
                prepared(guest='doubt', after=UNKNOWN),
                prepared(guest='lost', after=NO),
                prepared(guest='same', outcome='unchanged')]
    return make_page('small', reports, {'bad.json': b'['})


@functools.lru_cache(None)
def hostile_page() -> pathlib.Path:
    """A page whose every string is an attempt at something."""
    reports = []
    for start in range(len(HOSTILE)):
        texts = HOSTILE[start:] + HOSTILE[:start]
        reports += hostile([prepared(), refused(), prepared(after=NO)], texts)
    return make_page('hostile', reports, {'<svg onload=hit(9)>.json': b'{'})


# ------------------------------------------------------------------ the text

def visible_text(page: Tab) -> str:
    """What a reader sees."""
    return page.run('document.body.innerText')


def rows(page: Tab) -> List[str]:
    """The names of the guests in the table, those that are shown."""
    return page.run('''[...document.querySelectorAll("#table tbody tr")]
        .filter((row) => row.checkVisibility())
        .map((row) => row.cells[0].textContent)''')


def test_real() -> None:
    """Reports of real tools: all that they say is on the page."""
    outcomes = [report['outcome'] in ('prepared', 'unchanged')
                for report in real_reports()]
    equal(outcomes, list(KINDS.values()), 'outcomes')
    with tab(scripts=False) as page:
        page.open(real_page())
        text = page.run('document.body.textContent')
        settings = page.run('[...document.querySelectorAll("pre")]'
                            '.map((pre) => pre.textContent)')
    for report in real_reports():
        data = report.get('report', {'changes': [], 'warnings': []})
        wanted = [report['guest'], report['source'], report.get('error', ''),
                  *data['warnings']]
        windows = data.get('windows', report.get('windows'))
        wanted += [windows[name] for name in ('name', 'version') if windows]
        for change in data['changes']:
            wanted += [change['path'], change['reason'],
                       *change.get('values', [])]
        wanted += [link['text'] for check in ('before', 'after')
                   for link in report.get(check, {}).get('links', [])
                   if link['state'] in ('broken', 'unknown')]
        for words in wanted:
            assert words in text, (report['guest'], words)
        if 'domain' in report:
            assert report['domain']['text'] in settings, report['guest']


def test_outcomes() -> None:
    """The counts, and what is to be done."""
    with tab() as page:
        page.open(small_page())
        equal(page.run('document.title'),
              '18 Windows guests, 4 to be looked after', 'title')
        text = visible_text(page)
        todo = page.run('''[...document.querySelectorAll(
            "section[aria-labelledby=open] a")].map((a) => a.textContent)''')
    assert ('18 guests: 14 prepared, 1 unchanged, 1 refused, 1 failed, '
            '1 unreadable; 1 of those that are ready would not boot') in text
    equal(todo, ['bad', 'db01', 'db02', 'lost'], 'to be done')


def test_parser() -> None:
    """html5lib, which is strict, has nothing to say."""
    try:
        import html5lib                 # type: ignore[import]
    except ImportError:
        raise Skip('python3-html5lib is not installed') from None
    parser = html5lib.HTMLParser(strict=True)
    for path in (real_page(), small_page(), hostile_page()):
        parser.parse(path.read_bytes())
    try:
        parser.parse(b'<!DOCTYPE html><p></b>')
    except html5lib.html5parser.ParseError:
        return
    raise AssertionError('html5lib takes anything')


def test_validator() -> None:
    """html-validate, with its recommended rules."""
    if not NODE_MODULES:
        raise Skip('XENPREP_NODE_MODULES does not name npm\'s modules')
    validate = pathlib.Path(NODE_MODULES) / '.bin' / 'html-validate'
    for path in (real_page(), small_page(), hostile_page()):
        run(validate, '--preset', 'recommended', path)


# -------------------------------------------------------------- its security

def test_policy() -> None:
    """The page obeys its own policy, and nothing else gets past that."""
    with tab() as page:
        for path in (real_page(), small_page()):
            page.open(path)
            page.run('document.getElementById("open-all").click()')
            equal(page.complaints(), [], 'complaints')
        page.run('''
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend",
                "<p style='color: red' id='red'>"
                + "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>");
            ''')
        equal(page.run('[window.ran, getComputedStyle(red).color]'),
              [None, page.run('getComputedStyle(document.body).color')],
              'what is not the page\'s own')
        assert page.complaints(), 'nobody minds'


def test_hostile() -> None:
    """Nothing that a report says is run."""
    listen = 'window.hits = []; window.hit = (n) => window.hits.push(n);'
    with tab() as page:
        page.call('Page.addScriptToEvaluateOnNewDocument', source=listen)
        page.open(hostile_page())
        page.run('document.getElementById("open-all").click()')
        page.run('''document.querySelectorAll("*").forEach((element) =>
                 element.dispatchEvent(new MouseEvent("mouseover")))''')
        equal(page.run('window.hits'), [], 'hits')
        equal(page.complaints(), [], 'complaints')
        assert '<script>hit(1)</script>' in visible_text(page)
        equal(page.run('document.scripts.length'), 1, 'scripts')
        # The same text where it is no text.
        bare = pathlib.Path(SCRATCH.name) / 'bare.html'
        bare.write_text('<!DOCTYPE html>' + ''.join(HOSTILE))
        page.open(bare)
        assert page.run('window.hits'), 'a hit would not be seen'


# ------------------------------------------------------------------- its use

def test_sort() -> None:
    """Each head sorts, up and down, and says so."""
    with tab() as page:
        page.open(small_page())
        head = '[...document.querySelectorAll("#table thead th")]'
        equal(page.run(head + '.map((th) => th.getAttribute("aria-sort"))'),
              [None] * 6, 'before')
        equal(page.run(head + '.map((th) => th.firstChild.localName)'),
              ['button'] * 6, 'heads')
        page.run(head + '[0].firstChild.click()')
        names = rows(page)
        assert names.index('web9') < names.index('web10'), names
        page.run(head + '[0].firstChild.click()')
        equal(rows(page), names[::-1], 'downwards')
        page.run(head + '[2].firstChild.click()')
        equal(page.run(head + '.map((th) => th.getAttribute("aria-sort"))'),
              [None, None, 'ascending', None, None, None], 'by outcome')
        equal(rows(page)[0], 'db02', 'failed')
        equal(rows(page)[-1], 'bad', 'unreadable')


def filtered(page: Tab, name: str, value: str) -> int:
    """Set a filter, and wait for what the status says: how many are left."""
    return page.run(f'''new Promise((resolve) => {{
        const input = document.getElementById("{name}");
        const done = () => resolve(parseInt(status.textContent));
        const status = document.getElementById("shown");
        new MutationObserver(done).observe(status, {{childList: true}});
        input.value = {json.dumps(value)};
        input.dispatchEvent(new Event("input", {{bubbles: true}}));
    }})''')


def test_filter() -> None:
    """By text of the row or of the details, outcome, Windows; all at once."""
    with tab() as page:
        page.open(small_page())
        equal(page.run('shown.textContent'), '18 of 18 guests are shown', '')
        equal(filtered(page, 'outcome', 'refused'), 1, 'refused')
        equal(rows(page), ['db01'], 'refused')
        equal(page.run('[...document.querySelectorAll("details.guest")]'
                       '.filter((details) => !details.hidden).length'), 1,
              'details')
        equal(filtered(page, 'outcome', ''), 18, 'all')
        equal(filtered(page, 'windows', 'Windows XP'), 17, 'Windows XP')
        equal(filtered(page, 'text', 'WEB1'), 4, 'WEB1')
        equal(filtered(page, 'text', 'web1 INTELIDE.sys'), 4, 'two words')
        equal(filtered(page, 'text', 'no such words'), 0, 'none')
        page.run('document.getElementById("all").click()')
        equal(len(rows(page)), 18, 'all again')
        page.open(real_page())
        equal(filtered(page, 'windows', 'Windows 2000'), 1, 'Windows 2000')
        equal(rows(page), ['w2k-sp4 (0.json)'], 'Windows 2000')


def focused(page: Tab) -> str:
    """What the keyboard is at: its name for a reader."""
    return page.run('''(() => {
        const at = document.activeElement;
        return at.labels && at.labels.length ? at.labels[0].textContent
            : at.textContent.trim().split("\\n")[0];
    })()''')


def test_keyboard() -> None:
    """All of it can be done without a mouse, and the focus is seen."""
    with tab() as page:
        page.open(small_page())
        seen: List[str] = []
        while not seen or seen[-1] != 'db02' or len(seen) < 16:
            page.press('Tab')
            seen.append(focused(page))
            outline = page.run('getComputedStyle(document.activeElement)'
                               '.outlineStyle')
            equal(outline, 'solid', seen[-1])
            assert len(seen) < 30, seen
        equal(seen, ['bad', 'db01', 'db02', 'lost',
                     'Text, also of the details',
                     'Outcome', 'Windows', 'Show all guests',
                     'Open all details', 'Close all details', 'Guest',
                     'Windows', 'Outcome', 'Before', 'After', 'Notes', 'bad',
                     'db01', 'db02'], 'the way of Tab')
        page.press('Enter')
        equal(page.run('new Promise((resolve) => setTimeout(() => resolve('
                       '[location.hash, document.activeElement.parentElement.'
                       'open]), 100))'), ['#guest-3', True], 'the details')
        equal(focused(page), 'db02 failed', 'focus')
        page.press('Enter')
        equal(page.run('document.activeElement.parentElement.open'), False,
              'closed')


def test_link() -> None:
    """A link to a guest opens it, though a filter hides it."""
    with tab() as page:
        page.open(small_page(), '#guest-5')
        equal(page.run('document.querySelector("#guest-5").open'), True, '')
        equal(page.run('document.querySelectorAll("details[open]").length'),
              1, 'open')
        equal(filtered(page, 'text', 'db02'), 1, 'filter')
        page.run('document.querySelector("section a").click()')
        page.run('new Promise((resolve) => setTimeout(resolve, 100))')
        equal(page.run('document.querySelector("#guest-1").checkVisibility()'),
              True, 'shown')


def test_no_script() -> None:
    """Without a script all is there, and nothing that would need one."""
    with tab(scripts=False) as page:
        page.open(small_page())
        tree = page.call('Accessibility.getFullAXTree')['nodes']
        roles = [node['role']['value'] for node in tree if not node['ignored']]
        names = {node['name']['value'] for node in tree if 'name' in node}
        for role in ('button', 'searchbox', 'combobox', 'search'):
            assert role not in roles, role
        assert roles.count('row') > 100, roles.count('row')
        assert 'modified registry key, partition 1' in names
        equal(page.complaints(), [], 'complaints')


def test_width() -> None:
    """Nothing is cut off, or has to be scrolled to, on any screen."""
    with tab() as page:
        for path in (real_page(), hostile_page()):
            page.open(path)
            page.run('document.getElementById("open-all").click()')
            for width in (320, 400, 800, 1280, 2000):
                page.resize(width)
                equal(page.run('document.documentElement.scrollWidth'), width,
                      path.name)


# ------------------------------------------------------- readers of all kinds

def test_tree() -> None:
    """What a screen reader has to go by."""
    with tab() as page:
        page.open(small_page())
        tree = [node for node in
                page.call('Accessibility.getFullAXTree')['nodes']
                if not node['ignored']]
        equal(page.run('document.documentElement.lang'), 'en', 'language')
        levels = page.run('[...document.querySelectorAll("h1, h2, h3, h4")]'
                          '.map((head) => Number(head.localName[1]))')
    names: Dict[str, List[str]] = {}
    for node in tree:
        names.setdefault(node['role']['value'], []).append(
            node.get('name', {}).get('value', ''))
    for role in ('banner', 'main', 'contentinfo', 'search', 'table', 'status'):
        assert role in names, role
    assert names['table'][0].startswith('All guests: what became'), names
    equal(names['region'], ['To be done', 'Guests', 'Details of each guest'],
          'regions')
    equal(names['columnheader'][:6], ['Guest', 'Windows', 'Outcome', 'Before',
                                      'After', 'Notes'], 'heads')
    equal(len(names['rowheader']), 18, 'row heads')
    equal(names['searchbox'], ['Text, also of the details'], 'search box')
    equal(names['combobox'], ['Outcome', 'Windows'], 'choices')
    assert all(names['button'] + names['link']), 'one has no name'
    equal(levels[0], 1, 'heading')
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels


def test_contrast() -> None:
    """4.5 to 1 at least, in the light, in the dark, and on paper."""
    for dark in (False, True):
        with tab(dark=dark) as page:
            page.open(small_page())
            page.run('document.getElementById("open-all").click()')
            count, faint = page.run(CONTRAST)
            assert count > 1000, count
            equal(faint, [], 'dark' if dark else 'light')
            back = page.run('getComputedStyle(document.body).backgroundColor')
            equal(back == 'rgb(255, 255, 255)', not dark, back)
            page.call('Emulation.setEmulatedMedia', media='print')
            equal(page.run(CONTRAST)[1], [], 'paper')
            equal(page.run('getComputedStyle(document.body).backgroundColor'),
                  'rgb(255, 255, 255)', 'paper')


def test_axe() -> None:
    """axe-core finds no fault."""
    if not NODE_MODULES:
        raise Skip('XENPREP_NODE_MODULES does not name npm\'s modules')
    axe = (pathlib.Path(NODE_MODULES) / 'axe-core' / 'axe.min.js').read_text()
    for width, dark in ((1280, False), (1280, True), (400, False)):
        with tab(width, dark=dark) as page:
            for path in (small_page(), real_page()):
                page.open(path)
                page.run('document.getElementById("open-all").click()')
                page.run(axe)
                found = page.run(
                    'axe.run().then((found) => found.violations.map('
                    '(fault) => [fault.id, fault.nodes[0].html]))')
                equal(found, [], f'{path.name}, {width}, {dark}')


def printed(page: Tab, name: str) -> str:
    """The text that is on paper."""
    path = pathlib.Path(SCRATCH.name) / (name + '.pdf')
    page.paper(path)
    return run('pdftotext', '-layout', path, '-', encoding='utf-8')[1]


def test_paper() -> None:
    """All that is shown is printed, with the details, and no controls."""
    tool('pdftotext')
    with tab() as page:
        page.open(small_page())
        assert 'modified registry key' not in visible_text(page)
        text = printed(page, 'all')
        equal(text.count('modified registry key, partition 1'), 15, 'details')
        for word in ('Open all details', 'Text, also', 'Copy these',
                     'To the table of guests'):
            assert word not in text, word
        assert text.count('indented') == 15, 'settings'
        equal(page.run('document.querySelectorAll("details[open]").length'),
              0, 'open after that')
        filtered(page, 'text', 'web1')
        text = printed(page, 'some')
        assert '4 of 18 guests are shown' in text
        equal(text.count('modified registry key, partition 1'), 4, 'filtered')
        page.run('document.getElementById("all").click()')
        page.resize(400)
        text = printed(page, 'narrow')
        heads = [line for line in text.splitlines()
                 if line.split() == ['Guest', 'Windows', 'Outcome', 'Before',
                                     'After', 'Notes']]
        assert heads, 'on paper it is a table, whatever the screen is'
    with tab(scripts=False) as page:
        page.open(small_page())
        equal(printed(page, 'plain').count('modified registry key, partition'),
              15, 'without a script')


def test_paper_heads() -> None:
    """The head of a long table is on each of its pages."""
    tool('pdftotext')
    path = make_page('long', [prepared(guest=f'web{i}') for i in range(150)],
                     status=0)
    with tab() as page:
        page.open(path)
        text = printed(page, 'long')
    before = text[:text.index('Details of each guest')]
    sheets = before.count('\f') + 1
    assert sheets > 2, sheets
    equal(sum(line.split()[:3] == ['Guest', 'Windows', 'Outcome']
              for line in before.splitlines()), sheets, 'heads')


def test_many() -> None:
    """1,000 guests: it is slower, and does the same."""
    reports = [dict(report, guest=f'{report["guest"]} {i}')
               for i in range(143) for report in real_reports()]
    start = time.monotonic()
    path = make_page('many', reports)
    times = {'made': time.monotonic() - start}
    with tab() as page:
        start = time.monotonic()
        page.open(path)
        times['opened'] = time.monotonic() - start
        equal(len(rows(page)), 1001, 'rows')
        equal(page.complaints(), [], 'complaints')
        start = time.monotonic()
        page.run('document.querySelectorAll("th button")[2].click()')
        equal(len(rows(page)), 1001, 'sorted')
        times['sorted'] = time.monotonic() - start
        start = time.monotonic()
        equal(filtered(page, 'text', 'win10-hibernated 544.json'), 1, 'one')
        times['filtered'] = time.monotonic() - start
        equal(filtered(page, 'outcome', 'refused'), 1, 'it is refused')
        equal(filtered(page, 'text', ''), 286, 'refused')
    said = ', '.join(f'{what} in {seconds:.2f} s'
                     for what, seconds in times.items())
    print(f'# {path.stat().st_size / 1e6:.1f} MB: {said}')


def test_pictures() -> None:
    """The page as it looks, for people."""
    if not PICTURES:
        raise Skip('XENPREP_PICTURES names no place for them')
    folder = pathlib.Path(PICTURES)
    folder.mkdir(exist_ok=True)
    for name, width, dark in (('light', 1280, False), ('dark', 1280, True),
                              ('narrow', 400, False)):
        with tab(width, 1600, dark=dark) as page:
            for path in (real_page(), small_page(), hostile_page()):
                page.open(path, '#guest-2')
                page.picture(folder / f'{name}-{path.stem}-details.png')
                page.run('scrollTo(0, 0)')
                page.picture(folder / f'{name}-{path.stem}.png')
            page.paper(folder / f'{name}.pdf')
    run('pdftoppm', '-r', '70', '-png', '-l', '6', folder / 'light.pdf',
        folder / 'paper')


TESTS = [
    ('what real tools report is on the page', test_real),
    ('outcomes are counted, and what is to be done', test_outcomes),
    ('html5lib parses it strictly', test_parser),
    ('html-validate finds no fault', test_validator),
    ('it obeys its policy, which lets nothing else pass', test_policy),
    ('what an attacker writes is text', test_hostile),
    ('heads sort', test_sort),
    ('filters choose', test_filter),
    ('the keyboard does it all', test_keyboard),
    ('links open details', test_link),
    ('without a script all is there', test_no_script),
    ('it fits screens of all widths', test_width),
    ('a screen reader finds its way', test_tree),
    ('text stands out', test_contrast),
    ('axe-core finds no fault', test_axe),
    ('all that is shown is printed', test_paper),
    ('heads of tables are on each sheet', test_paper_heads),
    ('1,000 guests', test_many),
    ('pictures for people', test_pictures),
]

if __name__ == '__main__':
    sys.exit(main(TESTS))
