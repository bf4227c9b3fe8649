"""What ``manage.py run`` shows: every line behind the name of the process it comes from."""

import os
import sys
import threading
from typing import IO, TextIO


class Console:
    """Thread-safe; coloured on a terminal unless NO_COLOR is set. Keeps working when nobody reads any more."""

    def __init__(self, output: TextIO | None = None, *, width: int = 8) -> None:
        self._width = width
        self._output = output or sys.stdout
        self._lock = threading.Lock()
        self._coloured = self._output.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str, *, colour: str = "") -> None:
        label = f"{name:<{self._width}} |"
        if colour and self._coloured:
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self.plain(f"{label} {text}")

    def plain(self, text: str) -> None:
        with self._lock:
            try:
                self._output.write(text + "\n")
                self._output.flush()
            except OSError:
                # The reader went away (`make run | head`): stopping cleanly matters more than telling about it.
                self._output = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process

    def follow(self, name: str, stream: IO[bytes], *, colour: str = "") -> threading.Thread:
        """Copy the stream line by line until it ends, in a thread of its own."""

        def copy() -> None:
            with stream:
                for raw in stream:
                    self.line(name, raw.decode(errors="replace").rstrip("\r\n"), colour=colour)

        thread = threading.Thread(target=copy, name=f"lines of {name}", daemon=True)
        thread.start()
        return thread
