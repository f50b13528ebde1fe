"""Serves methods of Python to a test in TypeScript: one JSON text per line, requests on stdin, answers on stdout.

    from peer import serve, settings

    options = settings()
    serve({'add': lambda a, b: a + b})

`serve` returns when the test closes stdin or has ended.
"""

import json
import os
import queue
import sys
import threading
import time
import traceback

SECONDS_TO_END = 5

# Libraries print, also from C: file descriptors 0 and 1 are ours alone, what others write to stdout goes to stderr.
_requests = os.fdopen(os.dup(0), 'rb')
_answers = os.fdopen(os.dup(1), 'wb')
_nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(_nothing, 0)
os.close(_nothing)
os.dup2(2, 1)


_settings = json.loads(_requests.readline() or b'{}')


def settings():
    """What the test gave to `start`."""
    return _settings


def serve(methods):
    """Answers calls one after the other. Parameters come by name; a result is what JSON can hold."""
    lines = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    _write({'ready': True})
    for line in iter(lines.get, None):
        request = json.loads(line)
        try:
            method = methods.get(request['method'])
            if method is None:
                raise LookupError(f"no method {request['method']!r}, there are: {', '.join(methods)}")
            _write({'id': request['id'], 'result': method(**request['params'])})
        except Exception as exception:
            _write({'id': request['id'], 'error': _describe(exception)})


def _read(lines):
    for line in _requests:
        lines.put(line)
    lines.put(None)
    # The test is gone. A call that hangs, or a driver that never lets go, is not to outlive it.
    time.sleep(SECONDS_TO_END)
    os._exit(1)


def _write(answer):
    # Escaped to ASCII, so that a lone surrogate passes. NaN and Infinity are no JSON: ValueError, before anything is written.
    text = json.dumps(answer, allow_nan=False)
    _answers.write(text.encode('ascii') + b'\n')
    _answers.flush()


def _describe(exception):
    lines = traceback.format_exception(type(exception), exception, exception.__traceback__)
    return {'type': type(exception).__name__, 'message': str(exception), 'traceback': ''.join(lines)}
