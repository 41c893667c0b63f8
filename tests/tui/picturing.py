"""Pictures of the screen, compared as text: SVG without what differs from machine to machine."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path

from textual.pilot import Pilot

FOLDER = Path(__file__).parent / "snapshots"
FAILED = Path(__file__).parent.parent.parent / ".tests-failed"

_FONT_FACE = re.compile(r"\s*@font-face\s*\{[^}]*\}")
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_IDS = re.compile(r"terminal-\d+")
_TEXT = re.compile(r'<text class="[^"]*-r\d+" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)"[^>]*>(?P<text>[^<]*)</text>')


def normalised(svg: str) -> str:
    """Return an SVG without web fonts, comments, and the ids that are made from its content."""
    return _IDS.sub("terminal", _COMMENT.sub("", _FONT_FACE.sub("", svg)))


def text_of(svg: str) -> list[str]:
    """Return the words of a picture, line by line, for reading a difference."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for match in _TEXT.finditer(svg):
        rows.setdefault(float(match["y"]), []).append((float(match["x"]), html.unescape(match["text"])))
    return ["".join(text for _, text in sorted(rows[y])).replace("\xa0", " ").rstrip() for y in sorted(rows)]


@dataclass(frozen=True)
class Pictures:
    """Compares, or takes anew with ``pytest tests/tui --update-snapshots``."""

    update: bool
    folder: Path = FOLDER
    failed: Path = FAILED

    def compare(self, pilot: Pilot[int], name: str) -> None:
        """Compare the screen with the picture of this name; theme and size are part of the file's name."""
        app = pilot.app
        width, height = app.size
        self.compare_svg(app.export_screenshot(simplify=True), f"{name}-{app.theme}-{width}x{height}.svg")

    def compare_svg(self, svg: str, file_name: str) -> None:
        shown = normalised(svg)
        taken = self.folder / file_name
        if self.update:
            self.folder.mkdir(exist_ok=True)
            taken.write_text(shown, "utf-8")
            return
        known = taken.read_text("utf-8") if taken.exists() else ""
        if shown == known:
            return
        self.failed.mkdir(exist_ok=True)
        (self.failed / file_name).write_text(shown, "utf-8")
        what = "looks different now" if known else "has no picture yet"
        difference = "\n".join(
            islice(unified_diff(text_of(known), text_of(shown), "taken", "now", lineterm="", n=1), 40)
        )
        raise AssertionError(
            f"{file_name} {what}; the new picture is {self.failed / file_name}\n"
            f"{difference or 'only colours differ'}\n"
            "when it is right: pytest tests/tui --update-snapshots"
        )
