"""A look into the file that holds a reference: what it is, what to do about it, and the lines."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from pyclosure.queries.base.records import Evidence
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.facts.preview import Preview, preview


def evidence_preview(path: str, evidence: Evidence, root: str | None, dark: bool) -> RenderableType:
    """Return what one file with a reference looks like.

    Args:
        path: store path of the referrer, which the file lies in.
        evidence: the file, and where in it.
        root: folder below which store paths lie on this machine; None where they are not here.
        dark: whether the theme is a dark one.
    """
    about = carrier(evidence.carrier)
    head = Text(f"{about.words}: {about.meaning}\n", overflow="fold")
    if evidence.twin:
        head.append(f"its Python file holds it too: {printable(evidence.twin, 400)}\n")
    head.append(f"remedy: {about.remedy}\n", "dim")
    if root is None:
        head.append(evidence.excerpt)
        return head
    return _drawn(head, preview(path, evidence, root), dark)


def _drawn(head: Text, shown: Preview, dark: bool) -> RenderableType:
    if shown.language:
        code = "\n".join(shown.lines)
        marked = {shown.first_line + shown.marked} if shown.marked is not None else set()
        syntax = Syntax(
            code,
            shown.language,
            theme="ansi_dark" if dark else "ansi_light",
            line_numbers=True,
            start_line=shown.first_line,
            highlight_lines=marked,
            word_wrap=True,
            background_color="default",
        )
        return Group(head, syntax)
    text = Text(overflow="fold")
    for index, line in enumerate(shown.lines):
        text.append(("▌" if index == shown.marked and len(shown.lines) > 1 else " ") + line + "\n")
    return Group(head, text)
