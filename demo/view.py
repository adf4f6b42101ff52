"""View: what the demo shows. On a terminal one screen, painted in place; else plain lines.

The screen holds three columns of numbers, one per server, above the last lines of the transcript.
Owner: the demo's main thread, which adds to the transcript and sets the servers' numbers from the
sampler's thread. A thread of the view paints. End of life: close() gives the terminal back as it
was; it may be called at any time and again.
"""

import collections
import contextlib
import os
import shutil
import sys
import threading
import time

PAINT_SEC = 0.15
PLAIN_SEC = 1.0
TYPE_SEC = 0.012  # a key stroke
HISTORY = 18
LABEL = 15
COLUMN = 21

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
_BARS = "▁▂▃▄▅▆▇█"


def paint_text(text, *codes):
    """The text in a colour, where that is shown."""
    return f"\033[{';'.join(codes)}m{text}\033[0m" if COLOUR and codes else text


TTY = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
COLOUR = TTY and "NO_COLOR" not in os.environ
UNICODE = "utf" in (sys.stdout.encoding or "").lower()


class Server:
    """One column: who it is and its latest numbers, None where there are none yet."""

    def __init__(self, name):
        self.name = name
        self.file = self.position = None
        self.rows = {}
        self.rate = None
        self.rates = collections.deque(maxlen=HISTORY)
        self.behind = None  # (seconds, bytes or None, rows), of a replica whose threads run


class View:
    """tables are the names of the rows; servers the columns, of which the first is the source."""

    def __init__(self, title, tables, servers):
        self._title = title
        self._tables = tables
        self._servers = servers
        self._transcript = collections.deque(maxlen=200)
        self._phase = ""
        self._started = time.monotonic()
        self._lock = threading.RLock()  # of the terminal
        self._end = threading.Event()
        self._painter = threading.Thread(target=self._paint_on, name="painter", daemon=True)

    def open(self):
        if TTY:
            # Another screen without its cursor, so that the user's own comes back at the end.
            self._write("\033[?1049h\033[?25l\033[2J")
        self._painter.start()

    def close(self):
        if self._end.is_set():
            return
        self._end.set()
        if self._painter.ident:
            self._painter.join()
        if TTY:
            self._write("\033[?25h\033[?1049l")

    # --- the transcript ---

    def phase(self, text):
        """What goes on now."""
        self._phase = text
        self.say(paint_text(f"── {text}" if UNICODE else f"-- {text}", BOLD))

    def statement(self, prompt, text):
        """A statement, shown as it is typed. Further lines of it are indented."""
        first, *more = text.splitlines()
        lines = [f"{prompt}> {first}"] + [f"{' ' * len(prompt)}  {line}" for line in more]
        for line in lines:
            if not TTY:
                self.say(line)
                continue
            start = len(prompt) + 2
            with self._lock:
                self._transcript.append("")
            for at in range(start, len(line) + 1):
                self._transcript[-1] = paint_text(line[:start], CYAN) + line[start:at]
                if at % 3 == 0 or at == len(line):
                    self._paint()
                self._end.wait(TYPE_SEC)

    def result(self, text):
        """What a statement answered, in one or more lines."""
        for line in text.splitlines():
            self.say(paint_text(f"    {line}", DIM))

    def say(self, line):
        with self._lock:
            self._transcript.append(line)
            if not TTY:
                self._write(line + "\n")
        self._paint()

    # --- painting ---

    def _paint_on(self):
        while not self._end.wait(PAINT_SEC if TTY else PLAIN_SEC):
            if TTY:
                self._paint()
            else:
                self._plain()

    def _plain(self):
        parts = []
        for server in self._servers:
            if server.position is None:
                continue
            text = f"{server.name} {position(server)} {sum(server.rows.values())} rows"
            if server.rate is not None:
                text += f" {server.rate:.0f}/s"
            if server.behind:
                text += f" behind {server.behind[0]} s, {behind(server)[0]}"
            parts.append(text)
        if parts:
            elapsed = time.monotonic() - self._started
            with self._lock:
                self._write(f"[{elapsed:5.1f} s] {' | '.join(parts)}\n")

    def _paint(self):
        if not TTY or self._end.is_set():
            return
        with self._lock:
            columns, rows = shutil.get_terminal_size()
            lines = self._panel(columns)
            room = max(rows - len(lines), 1)
            lines += list(self._transcript)[-room:]
            text = "".join(
                f"\033[{n};1H{clip(line, columns)}\033[0m\033[K"
                for n, line in enumerate(lines[:rows], start=1)
            )
            self._write(text + "\033[J" if len(lines) < rows else text)

    def _panel(self, columns):
        rule = ("─" if UNICODE else "-") * columns
        elapsed = f"{time.monotonic() - self._started:.0f} s"
        gap = " " * max(columns - len(self._title) - len(elapsed) - 2, 1)
        lines = [
            paint_text(f" {self._title}", BOLD) + gap + paint_text(elapsed, DIM),
            paint_text(rule, DIM),
            self._line("", lambda s: (s.name, BOLD)),
            self._line("transactions/s", lambda s: (number(s.rate), CYAN)),
        ]
        if UNICODE:
            lines.append(self._line("", lambda s: (bars(s.rates), CYAN)))
        lines.append(self._line("binlog", lambda s: (position(s), "")))
        for table in self._tables:
            lines.append(self._line(table, lambda s: (number(s.rows.get(table)), "")))  # noqa: B023
        lines.append(self._line("seconds behind", seconds_behind))
        lines.append(self._line("behind by", behind))
        return [*lines, paint_text(rule, DIM)]

    def _line(self, label, cell):
        text = " " + paint_text(f"{label:{LABEL - 1}}", DIM)
        for server in self._servers:
            value, colour = cell(server)
            text += paint_text(f"{value:>{COLUMN}}"[-COLUMN:], *filter(None, [colour]))
        return text

    @staticmethod
    def _write(text):
        # A terminal that is gone must not keep the demo from cleaning up.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)
            sys.stdout.flush()


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def position(server):
    """A binlog position, its file by number alone."""
    if server.position is None:
        return "-"
    return f"{server.file.rpartition('.')[2]} {server.position:,}"


def seconds_behind(server):
    """Text and colour of a replica's lag, as the replica itself says."""
    if server.behind is None:
        return "-", DIM
    seconds = server.behind[0]
    return str(seconds), YELLOW if seconds else GREEN


def behind(server):
    """Text and colour of a replica's lag in bytes of binlog and in rows."""
    if server.behind is None:
        return "-", DIM
    _, lag, rows = server.behind
    if lag == 0:
        return "nothing", GREEN
    return ("" if lag is None else f"{size(lag)}, ") + f"{number(rows)} rows", GREEN


def size(n):
    return f"{n} B" if n < 1000 else f"{n / 1000:.0f} kB" if n < 1e6 else f"{n / 1e6:.1f} MB"


def bars(rates):
    """The last rates as a small graph, against their own greatest."""
    top = max(rates, default=0) or 1
    return "".join(_BARS[min(int(rate / top * 8), 7)] for rate in rates)


def clip(line, columns):
    """The line's first columns, colours not counted; all that the demo shows is narrow text."""
    shown, out, at = 0, [], 0
    while at < len(line):
        if line[at] == "\033":
            end = line.index("m", at) + 1
            out.append(line[at:end])
            at = end
            continue
        if shown == columns:
            break
        out.append(line[at])
        shown, at = shown + 1, at + 1
    return "".join(out)
