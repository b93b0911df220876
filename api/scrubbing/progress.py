"""How far `consult scrub` is: a bar on a terminal, nothing anywhere else."""

import shutil
import sys

_ERASE = "\r\x1b[K"  # ECMA-48 EL: to the end of the line


class Progress:
    """The last line of the terminal, on standard error."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._refused = total, 0, 0
        self._shown = sys.stderr.isatty()
        self._write(self._bar())

    def print(self, line: str, *, ok: bool) -> None:
        """Write a line of results above the bar, and count it."""
        self._write(_ERASE)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        self._done += 1
        self._refused += not ok
        self._write(self._bar())

    def close(self) -> None:
        self._write("\n")

    def _bar(self) -> str:
        told = f" {self._done} of {self._total} done, {self._refused} refused"
        width = max(0, shutil.get_terminal_size().columns - len(told) - 3)
        full = width * self._done // max(1, self._total)
        return f"[{'#' * full}{'-' * (width - full)}]{told}"

    def _write(self, text: str) -> None:
        if self._shown:
            sys.stderr.write(text)
            sys.stderr.flush()
