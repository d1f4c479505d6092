"""
Commands that are hard to end.

Each says C{ready} when it is what it is.  Each of their processes ends by
itself within a minute, and if it is stopped, C{tests.guardian} kills it; and
none ever has more than a few hundred.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

from jobworker.jobs import Command

#: Whether this is the process that runs the tests, not one that it started.
OUTERMOST: Final = "JOBWORKER_TESTS" not in os.environ

#: What all processes of creatures have among their arguments.
TOKEN: Final = (
    f"creature-of-{os.environ.setdefault('JOBWORKER_TESTS', str(os.getpid()))}-"
)

_PRELUDE: Final = """
import ctypes, os, signal, time
END = time.monotonic() + 50
def rest(code=0):
    time.sleep(max(0, END - time.monotonic()))
    os._exit(code)
def ready():
    os.write(1, b"ready\\n")
def child():
    return os.fork() == 0
def orphan():
    if not child():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    return True
def waitUntilTold():
    told = {signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, told)
    ready()
    signal.sigtimedwait(told, 50)
def dropOutput():
    null = os.open("/dev/null", os.O_RDWR)
    for each in range(3):
        os.dup2(null, each)
def endFirstThread():
    import threading
    def goOn():
        while b") Z " not in open(f"/proc/{os.getpid()}/stat", "rb").read():
            time.sleep(0.001)
        ready()
        rest()
    threading.Thread(target=goOn).start()
    exit = 60 if os.uname().machine == "x86_64" else 93
    ctypes.CDLL(None).syscall(exit, 0)
"""

_SCRIPTS: Final = {
    "one": """
ready()
rest()
""",
    "leaves the session": """
if child():
    os.setsid()
    ready()
rest()
""",
    "forks twice": """
if orphan():
    ready()
rest()
""",
    "ignores all signals": """
for number in range(1, 65):
    if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
        signal.signal(number, signal.SIG_IGN)
ready()
rest()
""",
    "is stopped": """
pid = os.fork()
if not pid:
    os.setsid()
    os.kill(os.getpid(), signal.SIGSTOP)
    rest()
os.waitpid(pid, os.WUNTRACED)
ready()
time.sleep(50)
os.kill(pid, signal.SIGKILL)
""",
    "ends its first thread": """
endFirstThread()
""",
    "leaves an orphan without its first thread": """
if orphan():
    endFirstThread()
rest()
""",
    "leaves a child behind": """
if child():
    rest()
ready()
os._exit(3)
""",
    "leaves an orphan that holds the pipe": """
if orphan():
    ready()
    rest()
os._exit(3)
""",
    "changes its environment": """
if orphan():
    ready()
    dropOutput()
    os.execve("/bin/sleep", [TOKEN, "50"], {"JOBWORKER_JOB_ID": "another"})
rest()
""",
    "holds the output alone": """
if orphan():
    ready()
    os.execve("/bin/sleep", [TOKEN, "50"], {"JOBWORKER_JOB_ID": "another"})
rest()
""",
    "hides when told": """
if orphan():
    waitUntilTold()
    dropOutput()
    os.execve("/bin/sleep", [TOKEN, "50"], {"JOBWORKER_JOB_ID": "another"})
rest()
""",
    "executes when told": """
if orphan():
    waitUntilTold()
    dropOutput()
    # It takes the longer, the more there are.
    os.execv("/bin/sleep", [TOKEN, "50", *["0"] * 60_000])
rest()
""",
    "hides below": """
if child():
    os.setsid()
    ready()
    dropOutput()
    os.execve("/bin/sleep", [TOKEN, "50"], {"JOBWORKER_JOB_ID": "another"})
rest()
""",
    "changes its own environment": """
ready()
os.execve("/bin/sleep", [TOKEN, "50"], {})
""",
    "makes zombies": """
for _ in range(50):
    if child():
        os._exit(0)
    if orphan():
        os._exit(0)
ready()
rest()
""",
    "adopts its orphans": """
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
if orphan():
    ready()
rest()
""",
    "is many": """
for _ in range(500):
    if child():
        rest()
ready()
rest()
""",
    "is many everywhere": """
for _ in range(150):
    if orphan():
        rest()
ready()
rest()
""",
    "moves on and on": """
for each in range(10):
    if child():
        for step in range(500):
            if time.monotonic() > END:
                break
            if each % 2:
                os.setsid()
            if os.fork():
                os._exit(0)
        rest()
ready()
rest()
""",
    "multiplies": """
def grow(depth):
    for _ in range(3):
        if child():
            os.setsid()
            if depth == 3:
                ready()
            if depth:
                grow(depth - 1)
            rest()
grow(4)
rest()
""",
}

#: What there is, by what it does.
CREATURES: Final[Mapping[str, Command]] = {
    name: Command(
        sys.executable, ("-S", "-E", "-c", f"TOKEN = {TOKEN!r}{_PRELUDE}{script}")
    )
    for name, script in _SCRIPTS.items()
}
