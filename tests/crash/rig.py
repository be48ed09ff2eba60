"""
What a test of crashes begins with, and what must hold after each of them

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import shutil
import subprocess

from disks import UNDO, Content, Images
from tap import equal
from xenfix import Xenfix

# What is done, to which state of the image.
SCENARIOS = {'drivers': 'drivers', 'rollback': 'rollback',
             'recovery': 'drivers'}


class Rig:
    """Images of one format; what each scenario begins with."""

    def __init__(self, tools, work, fmt):
        self.qemu_img = tools.qemu_img
        folder = os.path.realpath(os.path.join(work, fmt))
        os.makedirs(folder)
        self.images = Images(fmt, work, tools.qemu_img, tools.guest)
        self.xenfix = Xenfix(tools.xenfix, tools.shim, folder, fmt)
        # Scenario: the files' names and contents, the operations
        self.starts = {'drivers': {'disk': self.images.start}}
        self.traces = {}
        self._prepare()

    def _prepare(self):
        """Runs each scenario once, without a crash."""
        self.restore('drivers')
        self.old = self.content()
        self.traces['drivers'] = self.xenfix.trace('drivers')
        self.new = self.content()
        self.starts['rollback'] = self._save()
        self.traces['rollback'] = self.xenfix.trace('rollback')
        equal(self.content() == self.old, True, 'rolled back')
        self.restore('drivers')
        self.xenfix.killed('drivers', self._middle('drivers'), 'middle')
        self.starts['recovery'] = self._save()
        self.traces['recovery'] = self.xenfix.trace('drivers')
        equal(self.content() == self.new, True, 'recovered, and changed')

    def _middle(self, scenario):
        """The number of a write half-way."""
        writes = [number for number, operation
                  in enumerate(self.traces[scenario], 1)
                  if operation[:2] == ['W', self.xenfix.image]]
        return writes[len(writes) // 2]

    def _save(self):
        return {name: Content(os.path.join(self.xenfix.folder, name))
                for name in self.xenfix.files()}

    def restore(self, scenario):
        """The files as the scenario begins."""
        self.clear()
        for name, content in self.starts[scenario].items():
            content.write(os.path.join(self.xenfix.folder, name))

    def clear(self):
        """No file at all."""
        shutil.rmtree(self.xenfix.folder)
        os.mkdir(self.xenfix.folder)

    def content(self):
        """What a guest sees."""
        return self.images.content(self.xenfix.image)

    # --------------------------------------------------------- judgement

    def check_whole(self, what, wanted):
        """The disk is @wanted, the old or the new one."""
        content = self.content()
        if content != wanted:
            mixture = content not in (self.old, self.new)
            raise AssertionError('%s: the disk is %s' % (
                what, 'a mixture' if mixture else 'the other one'))

    def check_format(self):
        """The image has no errors; leaked clusters (3) are none."""
        if self.images.fmt != 'raw':
            result = subprocess.run(
                [self.qemu_img, 'check', '-f', self.images.fmt,
                 self.xenfix.image], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)
            # 63: the format has nothing that could be checked.
            equal(result.returncode in (0, 3, 63), True, result.stdout)

    def judge(self, recovery):
        """After a crash: what it says, and what the next run makes of it."""
        self.check_format()
        report = self.xenfix.state()
        equal('difference' in report, False, report)
        state = report['state']
        if state == 'none':
            self.check_whole('none', self.old)
            recovery = 'drivers'
        elif state == 'done':
            self.check_whole('done', self.new)
        else:
            equal(state, 'pending', 'state')
        self.xenfix.must(recovery, '-q')
        if recovery == 'drivers':
            self.check_whole('%s, then drivers' % state, self.new)
            equal(self.xenfix.state()['state'], 'done', 'state at last')
            equal(self.xenfix.files(), ['disk', 'disk' + UNDO], 'files')
        else:
            self.check_whole('%s, then rollback' % state, self.old)
            equal(self.xenfix.files(), ['disk'], 'files')
        return state
