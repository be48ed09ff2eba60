"""What the iotests of lies share: how they are told, and what comes of it.

The lies are those of tests/fake/lies.py, told by tests/fake/xenprep-liar.c.
Several helpers lie at once, each through a link of its own.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import concurrent.futures
import importlib.machinery
import importlib.util
import json
import os
import queue
import re
import struct
import subprocess
import sys
import textwrap
import time

import iotests
from fakehelper import FAKE, environment
from iotests import log

sys.path.insert(0, os.path.dirname(FAKE))
# pylint: disable=wrong-import-position
import lies  # noqa: E402,F401

LIAR = os.environ['XENPREP_LIAR']
# More than there are processors: some only wait.
WORKERS = 4
TIMEOUT_SECONDS = 120
# A helper that lets the client wait is waited for so long.
PATIENCE_MS = 400
CHILD_SECONDS = 10

# status: of the exit; text: all output; left: a target was made, or changed
Outcome = collections.namedtuple('Outcome', 'status text left')


def load_fake():
    """The fake helper as a module, for its sound reports."""
    loader = importlib.machinery.SourceFileLoader('fake_helper', FAKE)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader('fake_helper', loader))
    loader.exec_module(module)
    return module


class Script(load_fake().Helper):
    """What the fake helper would do, as orders for xenprep-liar."""

    # It has no socket of its own.
    # pylint: disable=super-init-not-called
    def __init__(self, steps):
        self.orders = []
        self.sock = self
        self.patches = self.patched_bytes = self.discarded_bytes = 0
        for verb, *arguments in steps:
            getattr(self, 'do_' + verb)(*arguments)

    def add(self, verb, argument=0, data=b''):
        """One order."""
        self.orders.append(struct.pack('<III', ord(verb), argument,
                                       len(data)) + data)

    def sendall(self, data):
        """What would be sent."""
        self.add('s', 0, data)

    def receive(self, want):
        self.add('w', want)

    def do_trickle(self, data, milliseconds):
        self.add('t', milliseconds, bytes.fromhex(data))

    def do_close(self):
        self.add('c')

    def do_hang(self):
        self.add('h')

    def do_fork(self):
        self.add('f')

    def do_exit(self, status):
        self.add('e', status)

    def do_kill(self, number):
        self.add('k', number)

    def write(self, suffix, data):
        raise NotImplementedError('xenprep-liar keeps nothing')


class Liars:
    """Runs commands with helpers that lie."""

    program = LIAR

    def __init__(self, command):
        # Makes the words of a command; gets the name of a target.
        self.command = command
        self.links = queue.Queue()
        self.folder = iotests.test_dir
        self.made = []
        for number in range(WORKERS):
            link = os.path.join(self.folder, f'liar{number}')
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(self.program, link)
            self.made.append(link)
            self.links.put(link)

    def tell(self, steps, **variables):
        """One lie; how it ends."""
        link = self.links.get()
        target = link + '.out'
        try:
            with open(link + '.orders', 'wb') as file:
                file.write(self.orders(steps))
            self.make(target)
            res = subprocess.run(
                self.command(target), check=False, timeout=TIMEOUT_SECONDS,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, encoding='utf-8',
                errors='backslashreplace',
                env=environment(WIN_XENPREP_HELPER=link, **variables))
            return Outcome(res.returncode, res.stdout, self.is_left(target))
        finally:
            self.links.put(link)

    def orders(self, steps):
        """The steps in the words of the program."""
        return b''.join(Script(steps).orders)

    def make(self, target):
        """What has to be there."""

    def is_left(self, target):
        """Whether there is a target, which is removed."""
        left = os.path.exists(target)
        if left:
            os.unlink(target)
        return left

    def tell_all(self, many, **variables):
        """Lies by name; their outcomes in the same order."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            futures = [(name, pool.submit(self.tell, steps, **variables))
                       for name, steps in many]
            return [(name, future.result()) for name, future in futures]

    def running(self):
        """How many helpers still run."""
        return sum(is_of(pid, self.made)
                   for pid in filter(str.isdigit, os.listdir('/proc')))

    def close(self):
        """Tells whether a helper still runs, and removes all files."""
        # One lie leaves a child behind, which ends by itself.
        deadline = time.monotonic() + CHILD_SECONDS
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.1)
        log(f'helpers that still run: {self.running()}')
        for link in self.made:
            for path in link, link + '.orders', link + '.read':
                if os.path.lexists(path):
                    os.unlink(path)


class PatientLiars(Liars):
    """Lies that read, or are too long to be written down."""

    program = FAKE

    def orders(self, steps):
        return json.dumps(steps).encode()


class LiarsInPlace(Liars):
    """The target is a copy of a disk; it is left if it is changed."""

    def __init__(self, command, template):
        super().__init__(command)
        with open(template, 'rb') as file:
            self.sound = file.read()

    def make(self, target):
        with open(target, 'wb') as file:
            file.write(self.sound)

    def is_left(self, target):
        with open(target, 'rb') as file:
            changed = file.read() != self.sound
        for suffix in '', '.xenfix-undo', '.xenfix-undo.new':
            if os.path.exists(target + suffix):
                changed = changed or bool(suffix)
                os.unlink(target + suffix)
        return changed


def is_of(pid, links):
    """Whether a process was started through one of the links."""
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            words = file.read().decode(errors='replace').split('\0')
    except OSError:
        return False
    return any(link in words for link in links)


def short(text):
    """A message without what is the same in all of them."""
    text = re.sub(r"^qemu-img: Could not open '.*?': ", '',
                  text.rstrip('\n'))
    text = re.sub("^win-xenfix: [^:]*: ", '', text)
    text = re.sub("helper '.*?' ", 'helper ', text)
    text = re.sub(r'speaks version \d+ of the protocol, this program speaks '
                  r'version \d+', 'speaks another version', text)
    text = re.sub(r'(aa+|xx+)', lambda found: '%s{%d}' % (
        found.group(1)[0], len(found.group(1))), text)
    return re.sub(
        '; (install it and this program from one build, or report this as a '
        'bug|install both from one build|please report this as a bug)$',
        '', text)


def well_refused(outcome, status=1):
    """One line that can be shown, and nothing else."""
    lines = outcome.text.split('\n')
    return outcome.status == status and len(lines) == 2 and \
        lines[0].isprintable() and bool(lines[0].strip()) and \
        not outcome.left


def well_accepted(outcome, statuses=(0,)):
    """Whatever is shown can be."""
    return outcome.status in statuses and all(
        line.isprintable() for line in outcome.text.split('\n'))


def log_refused(told, status=1):
    """Lies that are all found out; those of one message stand together."""
    by_message = collections.defaultdict(list)
    for name, outcome in told:
        if well_refused(outcome, status):
            message = re.sub(r'\b\d+(\.\d+)?\b', 'N', short(outcome.text))
            by_message[message].append(name)
        else:
            log_bad(name, outcome)
    for message, names in by_message.items():
        log(message)
        for line in textwrap.wrap('; '.join(names), 74):
            log('    ' + line)


def log_believed(liars, members, status=1, statuses=(0,)):
    """Lies about members of a report, of which some could be true."""
    members = list(members)
    told = liars.tell_all([(f'{name}, {lie}', steps)
                           for name, lie, steps in members])
    believed = collections.defaultdict(list)
    messages = collections.Counter()
    for (name, lie, _), (title, outcome) in zip(members, told):
        if well_refused(outcome, status):
            message = re.sub(r"'.*'|\d+", 'X', short(outcome.text))
            messages[message] += 1
        elif outcome.status in statuses and well_accepted(outcome, statuses):
            believed[lie].append(name)
        else:
            log_bad(title, outcome)
    log(f'{len(members)} lies; these could be true:')
    for lie, names in sorted(believed.items()):
        for line in textwrap.wrap(f'{lie}: {", ".join(names)}', 74,
                                  break_on_hyphens=False):
            log('    ' + line)
    log('and these not:')
    for message, count in sorted(messages.items()):
        log(f'    {count}: {message}')


def log_bad(name, outcome):
    """What a lie has brought about."""
    log(f'NOT WELL: {name}: status {outcome.status}'
        f'{", a target is left" if outcome.left else ""}: '
        f'{outcome.text[-500:]!r}')
