"""How a command ends that is told to, by Ctrl-C, by `kill` or by a terminal that closes."""

import signal

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
