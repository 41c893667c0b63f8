"""P22: native files for another machine."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import counted, some

_SHOWN = 20


def _check(context: Context) -> Iterator[Verdict]:
    usual = context.linking.usual
    count = 0
    for index in range(len(context.closure)):
        inspection = context.inspection(index)
        native = [one for one in inspection.native if one.role != "object" and one.machines] if inspection else []
        count += len(native)
        strange = [one for one in native if context.linking.is_foreign(one)]
        if strange and usual is not None:
            yield _finding(context, index, strange, usual)
    yield Judged(count, "native files")


def _system(form: str, machine: str) -> str:
    return f"{machine}-{'linux' if form == 'elf' else 'darwin'}"


def _finding(context: Context, index: int, strange: list[NativeFile], usual: tuple[str, str]) -> Finding:
    found = some(sorted({_system(one.form, machine) for one in strange for machine in one.machines}))
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="certain",
        tier="F",
        title=f"{context.label(index)} has {counted(len(strange), 'native file')} for {found}, not {_system(*usual)}",
        paths=(context.path(index),),
        subjects=(context.identity(index).pname,),
        evidence=tuple(
            Proof(context.path(index), one.file, f"{one.form} {one.role} for {', '.join(one.machines)}")
            for one in strange[:_SHOWN]
        ),
        remedy="delete what cannot run here in postInstall; or, cross-built, find what is of the build platform",
        cost=sum(one.size for one in strange),
        cost_meaning="files",
    )


RULE = Rule(
    id="P22",
    name="foreign-machine",
    title="native files for another processor or system",
    severity="warning",
    needs=("inspection",),
    what="A package holds programs or libraries for another CPU or operating system than the interpreter's.",
    why="They cannot run: dead weight, or the sign of a cross build that took a package of the build platform.",
    how=(
        "CPU and format of every ELF and Mach-O file against those of the interpreter (without one: of most "
        "files). Universal Mach-O files fit when one of their parts does; object files and static libraries do not"
        " count."
    ),
    fix="Delete them in `postInstall`, or correct the splicing of the cross build.",
    check=_check,
)
