"""The program `tito`, which `python -m tito` runs as well."""

import signal

# Nothing is begun yet that would have to be cleaned up, so that Ctrl-C ends the program without a
# word while the rest is imported. `tito.ending` takes over from there.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from tito.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="tito")
