"""Make the pictures of the README from the demo closure; the same code gives the same bytes.

python screenshots/regenerate.py            all of them
python screenshots/regenerate.py --png DIR  also as PNG (needs cairosvg), to look at
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from pyclosure.queries.nix.process import SystemRunner  # noqa: E402
from pyclosure.queries.sources.graphs import open_side  # noqa: E402
from pyclosure.queries.sources.opening import Opening  # noqa: E402
from pyclosure.queries.sources.resolve import Demo, SavedFile  # noqa: E402
from pyclosure.tui.app.application import ClosureApp  # noqa: E402


@dataclass(frozen=True)
class Picture:
    """One picture: how large, in which colours, after which keys."""

    name: str
    size: tuple[int, int]
    theme: str
    keys: tuple[str, ...] = ()
    changed: bool = False
    """Whether a recorded change is shown instead of the demo."""

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.name}-{self.theme}-{self.size[0]}x{self.size[1]}.svg"


DATA = HERE.parent / "tests" / "data"
NARROW, WIDE = (80, 24), (160, 40)
PICTURES = (
    Picture("overview", NARROW, "midnight"),
    Picture("overview", WIDE, "midnight"),
    Picture("overview", NARROW, "paper"),
    Picture("closure", NARROW, "midnight", ("2", "down", "space", "down", "space")),
    Picture("closure", WIDE, "snow", ("2", "down", "space", "down", "space")),
    Picture("closure", NARROW, "okabe", ("2", "down", "space", "down", "space")),
    Picture("filter", NARROW, "midnight", ("2", "slash", *"^(gcc|binutils)")),
    Picture("referrers", NARROW, "moss", ("2", "t", "slash", *"openblas", "enter", "r")),
    Picture("python", NARROW, "contrast", ("3",)),
    Picture("findings", NARROW, "midnight", ("4", *["down"] * 1)),
    Picture("findings", WIDE, "paper", ("4", *["down"] * 1)),
    Picture("tests", NARROW, "midnight", ("5", "down")),
    Picture("tests", WIDE, "paper", ("5", "down")),
    Picture("rebuild", NARROW, "midnight", ("6", "s", "s", "down")),
    Picture("rebuild", WIDE, "snow", ("6", "s", "s", "down")),
    Picture("diff", NARROW, "midnight", ("7",), changed=True),
    Picture("diff", WIDE, "paper", ("7",), changed=True),
    Picture("details", NARROW, "midnight", ("d",)),
    Picture("commands", NARROW, "midnight", ("o",)),
    Picture("why", NARROW, "midnight", ("2", "slash", *"gcc-14", "enter", "w", *["down"] * 6)),
    Picture("why", WIDE, "paper", ("2", "slash", *"gcc-14", "enter", "w", *["down"] * 6)),
    Picture(
        "what-if", NARROW, "midnight", ("2", "slash", *"gcc-wrapper", "enter", "w", *["down"] * 5, "x", "escape", "1")
    ),
    Picture("help", (80, 40), "midnight", ("question_mark",)),
)


def without_fonts(svg: str) -> str:
    """Drop the rules that load a font from the network; every viewer has a monospaced one."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")


def stable(svg: str, name: str) -> str:
    """Replace the random prefix of element names."""
    found = re.search(r"terminal-(\d+)-", svg)
    return svg.replace(f"terminal-{found[1]}-", f"{name}-") if found else svg


async def draw(picture: Picture) -> str:
    """Run the app on the demo closure, or on a recorded change, and return its picture."""
    if picture.changed:
        before = partial(open_side, SavedFile(str(DATA / "pr-base.snapshot")), SystemRunner())
        opening = Opening(SavedFile(str(DATA / "pr-head.snapshot")), SystemRunner()).start()
        app = ClosureApp(opening, theme=picture.theme, open_base=before, base="./before")
    else:
        app = ClosureApp(Opening(Demo(), SystemRunner()).start(), theme=picture.theme)
    async with app.run_test(size=picture.size, notifications=False) as pilot:
        session = app.session
        while session.overview is None or session.judgement is None or session.task_text or not session.quiet:
            await pilot.pause(0.02)
        while picture.changed and (session.review is None or session.review.findings is None):
            await pilot.pause(0.02)
        for key in picture.keys:
            await pilot.press(KEYS.get(key, key))
            await pilot.pause()
        await pilot.pause(0.1)
        return stable(without_fonts(app.export_screenshot(title="pyclosure demo")), picture.name)


KEYS = {
    "^": "circumflex_accent",
    "(": "left_parenthesis",
    ")": "right_parenthesis",
    "|": "vertical_line",
}


def main() -> int:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--png", metavar="DIR", type=Path)
    parser.add_argument("--only", metavar="TEXT", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home})
        os.environ.pop("NO_COLOR", None)
        for picture in PICTURES:
            if arguments.only not in picture.file:
                continue
            svg = asyncio.run(draw(picture))
            (HERE / picture.file).write_text(svg, "utf-8")
            print(picture.file)
            if arguments.png:
                import cairosvg

                arguments.png.mkdir(parents=True, exist_ok=True)
                target = arguments.png / picture.file.replace(".svg", ".png")
                cairosvg.svg2png(bytestring=svg.encode(), write_to=str(target), output_width=picture.size[0] * 10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
