"""What the rules do, as text and as the page in docs/rules.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pyclosure.queries.findings import all_rules
from pyclosure.queries.findings.rule import Need, Rule

_NEEDS: dict[Need, str] = {
    "references": "references and names",
    "files": "files",
    "inspection": "files",
    "build": "the build graph",
    "derivations": "derivations",
    "lock": "a lock file (--lock)",
}
_INTRODUCTION = """\
# Rules

What `pyclosure check`, the screen *Findings* and `--format sarif` can find. This page is written from the rules
themselves; `pyclosure check --list-rules` is its short form, `pyclosure check --explain P18` one entry of it.

Every finding says how sure it is and by what evidence. Where the evidence is missing (no files, no derivations), a
rule says *unknown*, and a check that should count it does not pass: it ends with status 2.

## Decisions of your own

They are read from the nearest `pyclosure.toml`, or from `[tool.pyclosure]` of a `pyproject.toml`, in the working
directory or above it.

```toml
fail-on = "warning"                 # error, warning, info or never: what ends in status 1
wanted = ["pytest", "gcc-wrapper"]  # in the closure on purpose

[rules]
P17 = "off"                         # error, warning, info or off
test-tool-at-runtime = "error"      # by name, too

[[accept]]
rule = "P18"
subject = "numpy"                   # a name in the finding; * matches any characters
reason = "f2py compiles at run time"
```

In a `pyproject.toml` the tables are `[tool.pyclosure]`, `[tool.pyclosure.rules]` and `[[tool.pyclosure.accept]]`.
A finding that is accepted but is there no more is named, so that the list does not rot.
"""


def rules_text() -> str:
    """Return all rules, a line each."""
    lines = [f"{rule.id}  {rule.severity:<8} {rule.name:<26} {rule.title}" for rule in all_rules()]
    return "\n".join(lines) + "\n"


def rule_text(rule: Rule, width: int = 88) -> str:
    """Return what one rule does, for a terminal."""
    lines = [f"{rule.id} {rule.name}: {rule.title}", f"{rule.severity}; needs {needs_words(rule)}"]
    for title, text in _parts(rule):
        body = textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
        lines += ["", title, body]
    return "\n".join(lines) + "\n"


def needs_words(rule: Rule) -> str:
    """Return the evidence that a rule needs."""
    return ", ".join(dict.fromkeys(_NEEDS[need] for need in rule.needs))


def _parts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "What", rule.what
    yield "Why", rule.why
    yield "How it is found", rule.how
    yield "What to do", rule.fix


def rules_page() -> str:
    """Return the page that documents all rules, as markdown."""
    parts = [_INTRODUCTION, "## All rules\n", "| rule | name | severity | finds |", "|---|---|---|---|"]
    parts += [
        f"| [{rule.id}](#{rule.id.lower()}) | `{rule.name}` | {rule.severity} | {rule.title} |" for rule in all_rules()
    ]
    for rule in all_rules():
        parts.append(
            f"\n### {rule.id}\n\n**{rule.title}** · `{rule.name}` · {rule.severity} · needs {needs_words(rule)}\n"
        )
        parts += [
            f"{textwrap.fill(f'*{title}.* {text}', 118, break_long_words=False)}\n" for title, text in _parts(rule)
        ]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    print(rules_page(), end="")
