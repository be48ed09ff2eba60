"""
What is to be done for a guest, by what earlier runs have done

SPDX-License-Identifier: GPL-2.0-or-later
"""

import contextlib
import os
import secrets
from typing import Dict, Optional

from .errors import (DONE, ERROR, NO, Failed, Left, Refused, Stopped,
                     printable, why)
from .guest import Run, exists
from .interrupt import handle, uninterrupted
from .manifest import Guest
from .output import Unwritable, say, tell
from .state import GOOD, Json, Record, Store, identity, load, save


def recover(guest: Guest, store: Store, record: Record) -> Json:
    """Clears up after a run that was ended by force; what is known then."""
    state = store.state(guest.name)
    left = record.read().get('part')
    if left:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(left)
        if was_cut_off(state, load(store.report(guest.name))):
            state = state['previous']
            store.forget(guest.name)
            if state:
                save(store.state_path(guest.name), state)
        record.clear()
    if state:
        store.publish(guest.name, state)
    return state


def was_cut_off(state: Json, report: Optional[Json]) -> bool:
    """Whether the state tells of a target that did not get its name."""
    if not state or report == state['report']:
        return False
    made = state['made']
    return (state['report']['outcome'] in GOOD and
            identity(made['path']) != made)


def decide(guest: Guest, state: Json, again: bool) -> Json:
    """The state whose target may be replaced; an empty one if there is none.

    Raises Left if there is nothing to do, or nothing that may be done.
    """
    if not state.get('made'):
        if os.path.lexists(guest.target):
            raise Failed(exists(guest.target))
        if (state and state['report']['outcome'] == 'refused' and
                not what_changed(guest, state) and not again):
            raise Left('refused before, and nothing has changed since: ' +
                       state['report']['error'], NO)
        return {}
    return decide_again(guest, state, again)


def decide_again(guest: Guest, state: Json, again: bool) -> Json:
    """The same, of a guest that a target was made of."""
    made = state['made']
    now = identity(guest.target)
    outcome = state['report']['outcome']
    changed = what_changed(guest, state)
    if outcome in GOOD and not changed and now:
        used = '' if now == made else '; its target was written to since'
        raise Left(f'{outcome} before{used}', DONE)
    if not again:
        reason = changed or ('the last try was ' + outcome
                             if outcome not in GOOD else 'its target is gone')
        raise Left(f'{reason}; --again converts it again', ERROR)
    if not os.path.lexists(guest.target):
        return {}
    if made['path'] != guest.target:
        raise Left(exists(guest.target), ERROR)
    if now != made:
        raise Left(f'{guest.target} was written to since it was made: is the '
                   'guest in use? Move it away to have it made again', ERROR)
    return state


def what_changed(guest: Guest, state: Json) -> str:
    """What is not as it was at an earlier run."""
    old: Dict[str, str] = state['request']
    for name, value in guest.request().items():
        if old.get(name) != value:
            return f'{name} has changed'
    for file in state['files']:
        if identity(file['path']) != file:
            return f'{file["path"]} has changed'
    return ''


def work(guest: Guest, store: Store, record: Record, again: bool) -> int:
    """Does what is to be done for a guest; the exit status."""
    state = recover(guest, store, record)
    run = Run(guest, store, record)
    part = f'{guest.target}.{secrets.token_hex(4)}.part'
    old: Json = {}
    try:
        old = decide(guest, state, again)
        run.make(part)
        run.finish(part, old)
    except Refused as error:
        run.give_up('refused', str(error), old)
        return told(guest, f'refused: {error}', NO)
    except (Failed, OSError) as error:
        run.give_up('failed', printable(why(error)), old)
        return told(guest, f'failed: {why(error)}', ERROR)
    finally:
        with uninterrupted():
            run.clean(part)
    return announce(guest, run.report['outcome'])


def announce(guest: Guest, outcome: str) -> int:
    """Says that all is done, which is so whether that can be said or not."""
    try:
        say(f'{guest.name}: {outcome}')
    except Unwritable as error:
        if not error.silent:
            told(guest, f'{outcome}; {error}', DONE)
    return DONE


def told(guest: Guest, message: str, status: int) -> int:
    """Says something of a guest."""
    tell(f'{guest.name}: {message}')
    return status


def run_guest(guest: Guest, store: Store, again: bool) -> int:
    """One guest; the exit status."""
    handle()
    try:
        store.create()
        with store.at_work(guest.name) as record:
            return work(guest, store, record, again)
    except Left as left:
        return told(guest, str(left), left.status)
    except OSError as error:
        return told(guest, f'its report cannot be written: {why(error)}',
                    ERROR)
    except Stopped as stopped:
        return told(guest, str(stopped), 128 + stopped.number)
