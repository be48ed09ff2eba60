"""
The one table of what the documents' commands are to the test "documented"

A command that is not here is run, and has to end with 0.  EXPECT is for those
that are run and are otherwise; NOT_RUN for those that are not, each with its
reason and with what is looked at instead; NO_SHELL for blocks of something
else.  Patterns are matched with all of a command, made one line; documents
with fnmatch.  What no document has any more is an error.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from typing import NamedTuple, Sequence


class Expect(NamedTuple):
    """A command that is run."""
    document: str
    pattern: str
    status: int = 0
    # What its output has.
    says: str = ''
    # Files that are as they were at the begin.
    fresh: Sequence[str] = ()
    # A server: it runs until the next block, once this socket is there.
    serves: str = ''
    # What is added so that it does what it does in the sandbox.
    added: str = ''
    # A server that no other command of its block talks to is asked by this.
    asked: str = ''


class NotRun(NamedTuple):
    """A command that is not run."""
    document: str
    pattern: str
    reason: str
    # "make": make -n takes it; "options COMMAND": --help of that has its
    # options, if it is there; "file FILE": that test sees to it
    instead: str = ''


class NoShell(NamedTuple):
    """A block that has no commands, by how it begins."""
    document: str
    begins: str
    # The block is this file of the sandbox; one of YAML has to be YAML.
    file: str = ''


EXPECT = (
    # The guests that the documents name do not boot as they are.
    Expect('*', r'win-xenfix check (-f \w+ )?win2003\.(img|vmdk)', 1,
           'remedy: ', fresh=['win2003.img']),
    Expect('*', r'win-xenfix check IMAGE', 1, 'remedy: '),
    Expect('*', r'win-xenfix check --image-opts driver=win-xenprep.*', 0,
           'boots on xen-hvm: yes'),
    Expect('*', r'win-xenfix check --machine=.*', 0, 'yes, as far as'),
    Expect('*', r'win-xenfix check -f qcow2 .*', 0, 'yes, as far as'),
    Expect('*', r'qemu-img info -f vpc .*', 0, 'virtual size'),
    Expect('*', r'win-xenfix info .*', 0, 'Windows Server 2003'),
    Expect('*', r'win-xenfix config [^>]* --xl( [^>]*)?', 0, 'type = "hvm"'),
    # Each command begins with an image that nobody has changed.
    Expect('*', r'win-xenfix (drivers|hal) .*', 0,
           'partition 1', fresh=['IMAGE', 'win2003.img']),
    Expect('*', r'win-xenfix boot-ini IMAGE', 0, 'entry 1', fresh=['IMAGE']),
    Expect('README.md', r'win-xenfix rollback IMAGE', 3,
           'there is nothing to roll back'),
    Expect('*', r'win-xenfix rollback -f raw win2003.img'),
    Expect('*', r'win-xenfix status IMAGE', 0, 'none'),
    Expect('README.md', r'win-xenprep-fleet check .*', 0, '1'),
    Expect('README.md', r'win-xenprep-fleet table .*', 0, 'web01'),
    Expect('*', r'win-xenfix report reports', 0, 'web01'),
    Expect('*', r'win-xenfix report reports --html fleet.html', 0,
           ' prepared'),
    Expect('*', r'qemu-img info -f vmdk --image-opts .*', 0,
           'atapi.sys'),
    Expect('*', r'qemu-nbd -r --image-opts .*', serves='served.sock',
           added='-k "$PWD/served.sock"',
           asked="nbdinfo --size 'nbd+unix:///?socket=served.sock'"),
    Expect('docs/other-tools.rst', r'qemu-storage-daemon .*win-xenprep.*',
           serves='run/win2003.sock'),
    Expect('docs/other-tools.rst', r'qemu-storage-daemon .*qcow2.*',
           serves='run/win2003.sock',
           asked="nbdinfo --size 'nbd+unix:///disk?socket=run/win2003.sock'"),
    Expect('docs/test-guests.rst', r'tests/guests/make-guest --list', 0,
           'xp-sp3'),
    Expect('docs/test-guests.rst', r'tests/guests/make-guest .* DIR'),
)

TAKES_LONG = 'it takes long'
ON_THE_SYSTEM = 'it changes the system'
PLACEHOLDER = 'it has a placeholder: whose work it is knows what to put there'

NOT_RUN = (
    NotRun('*', r'make (demo|check|bench)( .*)?', TAKES_LONG, 'make'),
    NotRun('*', r'make check-[\w-]+( .*)?', TAKES_LONG, 'make'),
    NotRun('*', r'make install( .*)?', ON_THE_SYSTEM, 'make'),
    NotRun('docs/packages.rst',
           r'\./configure .* && make && sudo make install',
           ON_THE_SYSTEM + '; build/install does the same elsewhere', 'make'),
    NotRun('docs/packages.rst', r'sudo make uninstall', ON_THE_SYSTEM, 'make'),
    NotRun('*', r'make deb( && sudo apt install .*)?',
           ON_THE_SYSTEM + '; pipelines/deb does it in a chroot',
           'file tests/pipelines/deb.sh'),
    NotRun('docs/packages.rst', r'sudo apt install .*', ON_THE_SYSTEM,
           'file tests/pipelines/deb.sh'),
    NotRun('*', r'xl create .*', 'it takes a Xen host',
           'file tests/qemu-iotests/win-xenfix-config-guests'),
    NotRun('docs/other-tools.rst', r'qemu-system-x86_64 .* -blockdev .*',
           'it takes an emulator with the driver',
           'file tests/qemu-iotests/win-xenprep-system'),
    NotRun('docs/other-tools.rst', r'qemu-system-x86_64 .* -hda .*',
           'the machine would run on',
           'file tests/qemu-iotests/win-xenprep-system-nbd'),
    NotRun('docs/recipes.rst', r'(\w+=\$\()?xe .*', 'it takes an XCP-ng host'),
    NotRun('docs/recipes.rst', r'qm .*', 'it takes a Proxmox host'),
    NotRun('docs/recipes.rst', r'(virtctl|kubectl) .*', 'it takes a cluster'),
    NotRun('docs/recipes.rst', r'podman .*', 'it takes a registry'),
    NotRun('docs/recipes.rst', r'openstack image create .*',
           'it takes a cloud', 'options openstack image create'),
    NotRun('docs/recipes.rst', r'openstack server create .*',
           'it takes a cloud', 'options openstack server create'),
    NotRun('docs/fuzzing.rst', r'env XENPREP_FUZZ_BASE=.*', PLACEHOLDER),
    NotRun('docs/performance.rst', r'tests/bench/compare-peers', TAKES_LONG,
           'file tests/bench/compare-peers'),
    NotRun('docs/performance.rst', r'valgrind .*', PLACEHOLDER),
    NotRun('docs/performance.rst', r'WIN_XENPREP_TIMEOUT_MS=.*', PLACEHOLDER),
    NotRun('docs/sanitizers.rst', r'build/sanitize-qemu-7.2/.*', PLACEHOLDER),
    NotRun('docs/test-guests.rst', r'XENPREP_QEMU=.* tests/matrix/run-matrix '
           '.*', TAKES_LONG, 'file tests/matrix/run-matrix'),
    NotRun('docs/test-guests.rst', r'tests/ntfs3/run-ntfs3 .*', TAKES_LONG,
           'file tests/ntfs3/run-ntfs3'),
)

NO_SHELL = (
    NoShell('docs/fleet.rst', 'source'),
    NoShell('README.md', 'qemu-img, qemu-nbd, qemu-storage-daemon   '),
    NoShell('docs/other-tools.rst', '{ "execute": "blockdev-add"'),
    NoShell('docs/performance.rst', 'AMD EPYC'),
    NoShell('docs/performance.rst', 'budget '),
    NoShell('docs/recipes.rst', 'apiVersion: cdi.', 'win10-dv.yaml'),
    NoShell('docs/recipes.rst', 'apiVersion: kubevirt.', 'win10-vm.yaml'),
    NoShell('docs/test-guests.rst', '_refuse('),
    NoShell('docs/test-guests.rst', '_broken('),
    NoShell('docs/man/win-xenprep-profile.5.rst', '[profile]', 'foo.profile'),
    NoShell('docs/man/win-xenprep-profile.5.rst', 'Windows Registry Editor',
            'foo.reg'),
)
