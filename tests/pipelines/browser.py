"""
A headless Chromium that a test drives

It is spoken to over two pipes, in the protocol of its developer tools
(--remote-debugging-pipe): JSON texts, each with a NUL behind it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import atexit
import base64
import contextlib
import functools
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any, Dict, Iterator, List

from tap import Skip

# Longer than it takes on a slow machine; whoever waits that long has failed.
TIMEOUT_SECONDS = 120

# What is said of these, the browser says in the console, too.
DOMAINS = ('Page', 'Runtime', 'Log', 'Audits', 'Accessibility', 'DOM')

KEYS = {'Tab': 9, 'Enter': 13, ' ': 32, 'ArrowDown': 40}


def chromium() -> str:
    """The path of the browser, or a skipped test."""
    for name in ('chromium', 'chromium-browser', 'google-chrome'):
        path = shutil.which(name)
        if path:
            return path
    raise Skip('chromium is not installed')


class Browser:
    """A browser with a profile of its own; the first request starts it."""

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()
        self.profile = self.stack.enter_context(tempfile.TemporaryDirectory(
            prefix='browser-', ignore_cleanup_errors=True))
        self.buffer = b''
        self.number = 0
        # All that it reported by itself.
        self.events: List[Dict[str, Any]] = []
        request_read, self.requests = os.pipe()
        self.answers, answer_write = os.pipe()
        self.process = self.start(request_read, answer_write)
        os.close(request_read)
        os.close(answer_write)

    def start(self, requests: int, answers: int) -> subprocess.Popen:
        """Start the program, which wants the pipes as 3 and 4."""
        command = [chromium(), '--headless=new', '--no-sandbox',
                   '--disable-gpu', '--disable-dev-shm-usage',
                   '--no-first-run', '--hide-scrollbars',
                   '--remote-debugging-pipe',
                   f'--user-data-dir={self.profile}', 'about:blank']
        return subprocess.Popen(
            ['sh', '-c', f'exec "$@" 3<&{requests} 4>&{answers}', 'sh',
             *command], pass_fds=(requests, answers), cwd=self.profile,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def receive(self) -> Dict[str, Any]:
        """The next message."""
        while b'\0' not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [],
                                        TIMEOUT_SECONDS)
            piece = os.read(self.answers, 1 << 20) if ready else b''
            if not piece:
                raise AssertionError('the browser does not answer')
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b'\0')
        return json.loads(text)

    def call(self, method: str, session: str = '',
             **params: Any) -> Dict[str, Any]:
        """Have it do something; what it answers."""
        self.number += 1
        request: Dict[str, Any] = {'id': self.number, 'method': method,
                                   'params': params}
        if session:
            request['sessionId'] = session
        os.write(self.requests, json.dumps(request).encode() + b'\0')
        while True:
            message = self.receive()
            if message.get('id') == self.number:
                if 'error' in message:
                    raise AssertionError(f'{method}: {message["error"]}')
                return message['result']
            self.events.append(message)

    def close(self) -> None:
        """End it; it ends all that it has started."""
        with contextlib.suppress(AssertionError, OSError):
            self.call('Browser.close')
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.requests)
        os.close(self.answers)
        self.stack.close()


@functools.lru_cache(None)
def _browser() -> Browser:
    """The one that all tests of a program share."""
    browser = Browser()
    atexit.register(browser.close)
    return browser


class Tab:
    """One page of the browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        context = browser.call('Target.createBrowserContext')
        self.context = context['browserContextId']
        self.target = browser.call(
            'Target.createTarget', url='about:blank',
            browserContextId=self.context)['targetId']
        self.session = browser.call('Target.attachToTarget', flatten=True,
                                    targetId=self.target)['sessionId']
        for domain in DOMAINS:
            self.call(domain + '.enable')

    def call(self, method: str, **params: Any) -> Dict[str, Any]:
        """Have the page do something; what it answers."""
        return self.browser.call(method, self.session, **params)

    def close(self) -> None:
        """Nothing is left of it."""
        self.browser.call('Target.closeTarget', targetId=self.target)
        self.browser.call('Target.disposeBrowserContext',
                          browserContextId=self.context)
        self.browser.events.clear()

    def go(self, url: str) -> None:
        """Load a page, until all of it is there."""
        self.call('Page.navigate', url=url)
        wanted = [url, 'complete']
        while self.run('[location.href, document.readyState]') != wanted:
            time.sleep(0.02)

    def open(self, path: pathlib.Path, fragment: str = '') -> None:
        """Load a file anew, also if it is there already."""
        self.go('about:blank')
        self.browser.events.clear()
        self.go(path.as_uri() + fragment)

    def resize(self, width: int, height: int = 1000) -> None:
        """Make it so many pixels large."""
        self.call('Emulation.setDeviceMetricsOverride', width=width,
                  height=height, deviceScaleFactor=1, mobile=False)

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript, or of its promise."""
        result = self.call('Runtime.evaluate', expression=script,
                           returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise AssertionError(f'{script}: {result["exceptionDetails"]}')
        return result['result'].get('value')

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key, as a person would."""
        params: Dict[str, Any] = {
            'key': key, 'windowsVirtualKeyCode': KEYS.get(key, ord(key[0])),
            'modifiers': 8 if shift else 0}
        text = {'Enter': '\r'}.get(key, key if len(key) == 1 else '')
        if text:
            params['text'] = text
        self.call('Input.dispatchKeyEvent', type='keyDown', **params)
        self.call('Input.dispatchKeyEvent', type='keyUp', **params)

    def complaints(self) -> List[Any]:
        """All that the browser did not like about the page."""
        return [event for event in self.browser.events
                if event.get('sessionId') == self.session and
                event.get('method') in
                ('Log.entryAdded', 'Runtime.exceptionThrown',
                 'Runtime.consoleAPICalled', 'Audits.issueAdded',
                 'Page.javascriptDialogOpening')]

    def picture(self, path: pathlib.Path) -> None:
        """What is to be seen."""
        data = self.call('Page.captureScreenshot', format='png')['data']
        path.write_bytes(base64.b64decode(data))

    def paper(self, path: pathlib.Path) -> None:
        """What is printed, as PDF."""
        data = self.call('Page.printToPDF', preferCSSPageSize=True)['data']
        path.write_bytes(base64.b64decode(data))


@contextlib.contextmanager
def tab(width: int = 1280, height: int = 1000, *, dark: bool = False,
        scripts: bool = True) -> Iterator[Tab]:
    """A page of that size, which shares nothing with others."""
    page = Tab(_browser())
    try:
        page.resize(width, height)
        page.call('Emulation.setFocusEmulationEnabled', enabled=True)
        page.call('Emulation.setEmulatedMedia', features=[{
            'name': 'prefers-color-scheme',
            'value': 'dark' if dark else 'light'}])
        page.call('Emulation.setScriptExecutionDisabled', value=not scripts)
        yield page
    finally:
        page.close()
