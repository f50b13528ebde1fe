"""Runs a command, and ends it when stdin closes: when the process that started this one is gone, however it ended."""

import os
import signal
import subprocess
import sys
import threading


def end_with_stdin():
    while os.read(0, 4096):
        pass
    child.kill()


# Ctrl-C reaches all of a terminal's processes. This one is still needed then, to end its child.
for name in ('SIGINT', 'SIGTERM', 'SIGHUP'):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=end_with_stdin, daemon=True).start()
code = child.wait()
sys.stdout.flush()
os._exit(code if 0 <= code < 256 else 1)
