"""What is going on, in words."""

from __future__ import annotations


def progress_text(progress: object) -> str:
    """Return progress in words: ``reading files 120/4,000 paths``."""
    from pyclosure.queries.base.activity import Progress

    assert isinstance(progress, Progress)
    if progress.total is not None:
        return f"{progress.stage} {progress.done:,}/{progress.total:,} {progress.unit}".rstrip()
    if progress.unit == "bytes" and progress.done:
        return f"{progress.stage} … {progress.done / 1024:,.0f} KiB"
    if progress.done:
        return f"{progress.stage} … {progress.done:,} {progress.unit}".rstrip()
    return f"{progress.stage} …"
