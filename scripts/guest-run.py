#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs one emulator and tells a verdict from a hang from a death. Called by boot.sh.

guest-run.py NAME LOGDIR FILEDIR LIMIT BOOTLIMIT -- COMMAND...

In COMMAND, {console} and {chan} stand for file descriptors that the guest's console and its result
channel are written to, {none} for one to read from that never yields. The guest script's lines go to
standard output and LOGDIR/NAME.log, the console to LOGDIR/NAME.console. Exit: the guest script's
status, 124 hung, 125 died, 126 hung before the guest script began.
"""

import base64
import os
import selectors
import signal
import subprocess
import sys
import time

HUNG, DIED, NOT_BEGUN = 124, 125, 126
MARK = b"\x01"


class Guest:
    """What has come over the channel so far."""

    def __init__(self, log, files):
        self.log, self.files = log, files
        self.begun = self.again = self.status = self.archive = self.taint = None
        self.rest = b""

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.line(line.rstrip(b"\r"))

    def line(self, line):
        if line.startswith(MARK):
            self.mark(*line[1:].decode().split())
        elif self.archive is not None:
            self.archive.append(line)
        elif self.begun and line:
            self.log.write(line + b"\n")
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.flush()

    def mark(self, word, value=""):
        if word == "START":
            self.again = self.begun
            self.begun = True
        elif word == "TAINT":
            self.taint = value
        elif word == "FILE":
            self.archive = []
        elif word == "END":
            self.unpack(base64.b64decode(b"".join(self.archive)))
            self.archive = None
        elif word == "VERDICT":
            self.status = int(value)

    def unpack(self, data):
        os.makedirs(self.files, exist_ok=True)
        subprocess.run(["tar", "-C", self.files, "--no-same-owner", "-xzf", "-"], input=data, check=True)


def last_line(path):
    with open(path, "rb") as f:
        lines = [x.strip() for x in f.read().decode(errors="replace").splitlines() if x.strip()]
    # After a panic the cause says more than the last line.
    for line in lines:
        if "Kernel panic" in line:
            return line
    return lines[-1] if lines else "(the console is empty)"


def say(text):
    print(f"[guest] {text}", file=sys.stderr, flush=True)


def main():
    name, logdir, files, limit, boot_limit = sys.argv[1:6]
    command, limit, boot_limit = sys.argv[7:], int(limit), int(boot_limit)
    console_path = f"{logdir}/{name}.console"
    console_r, console_w = os.pipe()
    chan_r, chan_w = os.pipe()
    none_r, none_w = os.pipe()
    fds = {"{console}": console_w, "{chan}": chan_w, "{none}": none_r}
    for key, fd in fds.items():
        command = [word.replace(key, str(fd)) for word in command]

    start = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console_w, stderr=console_w,
                             pass_fds=fds.values(), start_new_session=True)
    for fd in fds.values():
        os.close(fd)

    def stop(*_):
        os.killpg(child.pid, signal.SIGKILL)
        sys.exit(130)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

    sel = selectors.DefaultSelector()
    sel.register(console_r, selectors.EVENT_READ)
    sel.register(chan_r, selectors.EVENT_READ)
    hung = None
    with open(console_path, "wb", 0) as console, open(f"{logdir}/{name}.log", "wb", 0) as log:
        guest = Guest(log, files)
        verdict_at = None
        while sel.get_map():
            for key, _ in sel.select(0.5):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    sel.unregister(key.fd)
                elif key.fd == chan_r:
                    guest.feed(data)
                else:
                    console.write(data)
            spent = time.monotonic() - start
            if guest.status is not None:
                verdict_at = verdict_at or spent
                if spent > verdict_at + 15:
                    break
            elif guest.again:
                break  # It restarted by itself, as User-Mode Linux does.
            elif spent > (limit if guest.begun else boot_limit):
                hung = int(spent)
                break
            if child.poll() is not None and spent > limit + 15:
                break
    try:
        # It may close its ends a moment before it is gone.
        by_itself = child.wait(0 if sel.get_map() else 1)
    except subprocess.TimeoutExpired:
        by_itself = None
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    spent = time.monotonic() - start
    with open(f"{logdir}/{name}.taint", "w", encoding="ascii") as f:
        f.write(f"{guest.taint or ''}\n")

    if guest.status is not None:
        say(f"{name}: exit {guest.status} after {spent:.1f} s, taint {guest.taint}")
        return guest.status
    verdict = f"guest hung after {hung} s" if hung else f"guest died: {last_line(console_path)}"
    if by_itself is not None and by_itself < 0:
        verdict += f" (the emulator was killed by signal {-by_itself})"
    if hung and not guest.begun:
        verdict += " before its script began"
    with open(f"{logdir}/{name}.log", "a", encoding="utf-8") as log:
        log.write(verdict + "\n")
    say(f"{name}: {verdict}; console in {console_path}")
    if hung:
        return HUNG if guest.begun else NOT_BEGUN
    return DIED


sys.exit(main())
