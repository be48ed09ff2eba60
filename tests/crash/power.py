"""
What a file system may have of a run when the power fails

What is written is on the disk in part, in any order, until a file is flushed;
new, changed and lost names likewise, until the folder is.  A sector is written
whole or not at all; of the files that are ours alone, or all guest, it may be
torn.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os

SECTOR = 512


class Inode:
    """A file without a name: how it began, and what was written to it."""

    def __init__(self, content=None):
        self.content = content
        self.durable = []
        self.pending = []

    def sync(self):
        """All that was written is on the disk."""
        self.durable += self.pending
        self.pending = []

    def survive(self, rng, chance, torn):
        """Of the rest, some sectors are; each by itself."""
        for offset, data in self.pending:
            at = 0
            while at < len(data):
                end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
                if rng.random() < chance:
                    stop = end if rng.random() >= torn else \
                        rng.randrange(at, end)
                    self.durable.append((offset + at, data[at:stop]))
                at = end
        self.pending = []

    def write(self, path):
        """The file as the next start finds it."""
        if self.content:
            self.content.write(path)
        with open(path, 'r+b' if self.content else 'wb') as file:
            for offset, data in self.durable:
                file.seek(offset)
                file.write(data)


def _rename(names, operation):
    """One change of names, if it can be done."""
    kind, name = operation[:2]
    if kind == 'C':
        names[name] = operation[2]
    elif kind == 'U':
        names.pop(name, None)
    elif name in names:
        names[operation[2]] = names.pop(name)


class Host:
    """The folder, while operations of a trace happen."""

    def __init__(self, folder, start, careless=False):
        self.folder = folder
        # What is flushed does not become durable: a host that lies.
        self.careless = careless
        self.live = {os.path.join(folder, name): Inode(content)
                     for name, content in start.items()}
        self.durable = dict(self.live)
        self.pending = []

    def happen(self, operation):
        """One operation, done."""
        kind, path = operation[:2]
        if kind == 'W':
            self.live[path].pending.append(
                (int(operation[2]), bytes.fromhex(operation[3])))
        elif kind == 'S':
            if not self.careless:
                self._sync(path)
        else:
            if kind == 'C':
                operation = [kind, path, Inode()]
            assert kind in 'CRU', operation
            self.pending.append(operation)
            _rename(self.live, operation)

    def _sync(self, path):
        if path != self.folder:
            self.live[path].sync()
            return
        for operation in self.pending:
            _rename(self.durable, operation)
        self.pending = []

    def fail(self, rng, torn):
        """The power fails; the files are made as they are then."""
        chance = rng.choice((0, 0.1, 0.5, 0.9, 1))
        for operation in self.pending:
            if rng.random() < chance:
                _rename(self.durable, operation)
        for path, inode in self.durable.items():
            inode.survive(rng, rng.choice((0, 0.1, 0.5, 0.9, 1)), torn(path))
            inode.write(path)


def fail(folder, start, trace, cut, rng, fmt, careless=False):
    """
    Makes in the empty @folder what is left when the power fails after @cut
    operations of @trace, the last of which may be unfinished.
    """
    host = Host(folder, start, careless)
    for operation in trace[:cut]:
        host.happen(operation)
    if cut < len(trace) and trace[cut][0] != 'S':
        host.happen(trace[cut])
    # What the metadata of a format are worth if torn is not ours to say.
    host.fail(rng, lambda path: 0 if fmt != 'raw' and '.' not in
              os.path.basename(path) else 0.1)
