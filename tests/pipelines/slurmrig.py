"""
A Slurm cluster on one machine: munged, slurmctld, and a slurmd for each node

They are the distribution's; configuration, key, state and sockets are in a
folder of our own, ports are free ones of the loopback device.  Nothing of an
installed cluster is looked at.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import getpass
import os
import pathlib
import secrets
import socket
import subprocess
from typing import Any, Dict, List

import tap
from fleetrig import kill_all, until

NODES = ('node1', 'node2')
PROGRAMS = ('munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'sinfo',
            'scontrol')

# There are processors enough: memory bounds what runs on a node.
MEMORY_MIB = 1200

# The times make a dead node known within seconds; cred_expire is how long
# Slurm waits before it starts a task again.
CONFIG = '''
ClusterName=fleet
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdTimeout=6
BatchStartTimeout=5
KillWait=5
MailProg=/bin/true
SlurmdParameters=config_overrides
NodeName={nodes[0]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} \
CPUs=8 RealMemory={memory}
NodeName={nodes[1]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} \
CPUs=8 RealMemory={memory}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
'''


def free_ports(count: int) -> List[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Cluster:
    """All daemons; they end with us."""

    def __init__(self, folder: pathlib.Path, env: Dict[str, str]) -> None:
        for program in PROGRAMS:
            tap.tool(program)
        self.folder = folder
        self.env = env
        env['SLURM_CONF'] = str(folder / 'slurm.conf')
        self.daemons: Dict[str, subprocess.Popen] = {}

    def __enter__(self) -> 'Cluster':
        self.folder.mkdir()
        (self.folder / 'state').mkdir()
        for node in NODES:
            (self.folder / f'spool-{node}').mkdir()
        key = self.folder / 'munge.key'
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        (self.folder / 'slurm.conf').write_text(CONFIG.format(
            host=socket.gethostname().split('.')[0], user=getpass.getuser(),
            folder=self.folder, nodes=NODES, ports=free_ports(3),
            memory=MEMORY_MIB))
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        for node in NODES:
            self.kill_node(node)
        for process in self.daemons.values():
            process.terminate()
        for process in self.daemons.values():
            process.wait()

    def start(self) -> None:
        """Starts all, and waits until the nodes are there."""
        folder = self.folder
        self.daemon('munged', '--foreground', '--force',
                    f'--key-file={folder}/munge.key',
                    f'--socket={folder}/munge.socket',
                    f'--pid-file={folder}/munged.pid',
                    f'--log-file={folder}/munged.log',
                    f'--seed-file={folder}/munged.seed')
        until('munged listens', (folder / 'munge.socket').exists)
        self.daemon('slurmctld', '-D', '-c')
        for node in NODES:
            self.start_node(node)
        until('all nodes are idle', lambda: self.state_of('idle') ==
              sorted(NODES))

    def daemon(self, name: str, *arguments: str, called: str = '') -> None:
        """Starts a daemon that stays in the foreground."""
        with open(self.folder / f'{called or name}.out', 'ab') as output:
            self.daemons[called or name] = subprocess.Popen(
                [tap.tool(name), *arguments], env=self.env, stdout=output,
                stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True)

    def start_node(self, node: str) -> None:
        """Starts a node, or starts it again."""
        self.daemon('slurmd', '-D', '-N', node, called=node)

    def call(self, *command: str) -> str:
        """One of Slurm's commands; what it says."""
        _, output = tap.run(*command, env=self.env, text=True, check=False)
        return str(output)

    def state_of(self, state: str) -> List[str]:
        """The nodes that are in a state."""
        said = self.call('sinfo', '-h', '-N', '-o', '%N', '-t', state)
        return sorted(set(said.split()))

    def running(self, node: str) -> List[str]:
        """The numbers of the tasks of job arrays that a node is at."""
        return self.call('squeue', '-h', '-r', '-t', 'running', '-w', node,
                         '-o', '%K').split()

    def queue(self) -> List[str]:
        """All jobs that are not over."""
        return self.call('squeue', '-h', '-r', '-o', '%i %T').splitlines()

    # ------------------------------------------------------ death of a node

    def processes(self, node: str) -> List[int]:
        """A node's own processes: slurmd's children, and their jobs."""
        log = str(self.folder / f'slurmd-{node}.log')
        found = []
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                env = (process / 'environ').read_bytes().split(b'\0')
                opened = [os.readlink(file)
                          for file in (process / 'fd').iterdir()]
            except OSError:
                continue
            ours = f'SLURM_CONF={self.env["SLURM_CONF"]}'.encode() in env
            here = f'SLURMD_NODENAME={node}'.encode() in env
            if log in opened or (ours and here):
                found.append(int(process.name))
        return found

    def kill_node(self, node: str) -> None:
        """The node is dead, with all that ran on it."""
        process = self.daemons.pop(node, None)
        if process is None:
            return
        process.kill()
        process.wait()
        kill_all(lambda: self.processes(node))
