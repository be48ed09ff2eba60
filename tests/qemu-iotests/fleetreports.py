"""Reports of the guests of a fleet, as whoever prepares it writes them.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import html.parser

WINDOWS = {
    'name': 'Windows XP', 'product-name': 'Microsoft Windows XP',
    'version': '5.1.2600.5512', 'service-pack': 3, 'product-type': 'WinNT',
    'machine': 'x86', 'partition': 1, 'system-root': '\\WINDOWS',
    'control-sets': [1, 2],
    'controllers': [{'bus': 'SCSI', 'device': 'PCI\\VEN_1000&DEV_0030',
                     'service': 'symmpi'}],
    'conclusion': 'it would stop with 0x7B on IDE'}

CHANGES = [
    {'object': 'file', 'action': 'create', 'partition': 1,
     'path': '\\WINDOWS\\system32\\drivers\\intelide.sys',
     'source': 'driver.cab', 'reason': 'driver of the controller'},
    {'object': 'registry-key', 'action': 'modify', 'partition': 1,
     'path': 'HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\atapi',
     'values': ['Start', 'Type'], 'source': 'mergeide.reg',
     'reason': 'starts with the boot loader'},
    {'object': 'registry-key', 'action': 'delete', 'partition': 1,
     'path': 'HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\atapi',
     'source': 'mergeide.reg', 'reason': 'starts with the boot loader'},
    {'object': 'boot-sector', 'action': 'modify', 'partition': 1,
     'path': '\\$Boot', 'reason': 'the BIOS counts otherwise'}]

PREPARED = {
    'profile': 'ide', 'windows': WINDOWS,
    'other-windows': [{'partition': 2, 'system-root': '\\WINNT'}],
    'driver-sources': [{'path': '\\WINDOWS\\Driver Cache', 'used': True,
                        'version': '5.1', 'reason': 'the newest'}],
    'partitions': [], 'changes': CHANGES, 'warnings': ['mind the clock'],
    'discards': [{'partition': 1, 'bytes': 4096},
                 {'partition': 1, 'path': '\\pagefile.sys', 'bytes': 512}],
    'patches': 7, 'patched-bytes': 3584, 'discarded-bytes': 4608,
    'sandbox': ['seccomp']}

BROKEN = {
    'name': 'controller', 'state': 'broken', 'object': 'PCI\\VEN_8086',
    'text': 'no driver would be loaded', 'remedy': 'win-xenfix drivers IMAGE',
    'stop-code': '0x0000007B INACCESSIBLE_BOOT_DEVICE'}


def link(name, state='ok', text='it is there'):
    """A link of the boot path."""
    return {'name': name, 'state': state, 'text': text}


def check(boots, *links, warnings=()):
    """What win-xenfix check says."""
    return {'machine': 'xen-hvm', 'boots': boots, 'links': list(links),
            'warnings': list(warnings), 'sandbox': []}


NO = check('no', link('ntldr'), BROKEN, link('disk', 'skipped', 'behind it'),
           link('uefi', 'skipped', 'this is no UEFI'))
YES = check('yes', link('ntldr'), link('controller'), link('disk'),
            link('uefi', 'skipped', 'this is no UEFI'),
            warnings=['mind the clock', 'it is old'])
UNKNOWN = check('unknown', link('ntldr'),
                link('file-system', 'unknown', 'it is encrypted'))


def prepared(**members):
    """A guest that was prepared; None takes a member away."""
    report = {'guest': 'web01', 'source': '/vms/web01.vmdk',
              'target': '/out/web01.img', 'options': 'profile=ide',
              'machine': 'xen-hvm', 'outcome': 'prepared',
              'started': '2026-11-30T01:02:03Z', 'seconds': 12.34,
              'report': PREPARED, 'before': NO, 'after': YES,
              'domain': {'format': 'xl',
                         'text': '# for xl\nname = "web01"\n  indented\n'}}
    report.update(members)
    return {name: value for name, value in report.items()
            if value is not None}


def refused(**members):
    """A guest that was refused."""
    return prepared(**{
        'guest': 'db01', 'source': '/vms/db01.vmdk', 'outcome': 'refused',
        'error': 'partition 1: it is hibernated: shut it down', 'after': None,
        'target': None, 'report': None, 'domain': None, 'windows': WINDOWS,
        **members})


# No element, no attribute, no control character may come of any of these.
HOSTILE = ('<script>hit(1)</script>', '"><img src=x onerror=hit(2)>',
           "' onmouseover='hit(3)", '</pre><svg onload=hit(4)>',
           '</title></style><script>hit(5)</script>', '&lt;b&gt;',
           'javascript:hit(6)', '\u202etxt.exe\u202c \u2066x\u2069',
           '\u001b[2J\u009b2J\u0007 \u2028 \ue000', '--></script><!--', '%s%n')


def hostile(value, texts=HOSTILE):
    """The same with all strings exchanged that may be anything."""
    fixed = {'outcome', 'state', 'boots', 'object', 'action', 'format'}
    number = [0]

    def one(value, key=None):
        if isinstance(value, dict):
            return {name: one(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [one(item, key) for item in value]
        if isinstance(value, str) and (key not in fixed or '\\' in value):
            number[0] += 1
            return f'{number[0]}{texts[number[0] % len(texts)]}'
        return value
    return one(value)


class Page(html.parser.HTMLParser):
    """What a page has: elements, attributes, texts."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.attributes = []
        self.text = {}
        self.raw = ''
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        self.raw = tag

    def handle_endtag(self, tag):
        self.raw = ''

    def handle_data(self, data):
        where = self.raw if self.raw in ('script', 'style') else 'text'
        self.text[where] = self.text.get(where, '') + data
