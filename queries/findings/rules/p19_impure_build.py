"""P19: builds that are not declared to their end, or not pure."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import STORE_PATH, name_of
from pyclosure.queries.base.records import Derivation, Tier
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Severity, Unknown, Verdict
from pyclosure.queries.data import load
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.policy.conventions import is_for_fetchers

_FLAGS = {
    "__noChroot": "built outside the sandbox",
    "__impure": "an impure derivation: its output may differ each time",
}


def _check(context: Context) -> Iterator[Verdict]:
    done: set[str] = set()
    for index in range(len(context.closure)):
        derivation = context.derivation(index)
        if derivation is not None and derivation.path not in done:
            done.add(derivation.path)
            yield from _impure(context, index, derivation)
            yield from _vendored(context, index, derivation)
        inspection = context.inspection(index)
        if inspection is not None and inspection.outside:
            proofs = tuple(Proof(context.path(index), one.file, one.target, one.line) for one in inspection.outside)
            yield _finding(context, index, "leads to a place outside the store", "warning", proofs, "F", _EDITABLE)
    yield from _unknowns(context)
    yield Judged(len(done), "derivations")


def _unknowns(context: Context) -> Iterator[Unknown]:
    """Yield what one kind of evidence lacks; it says nothing against the other."""
    without_files = tuple(context.path(index) for index in context.python_paths if context.inspection(index) is None)
    unbuilt = tuple(context.path(index) for index in context.python_paths if context.derivation(index) is None)
    if without_files:
        yield Unknown(RULE.id, "whether they lead outside the store: files not read", "their files", without_files)
    if unbuilt:
        tells = "evaluate the expression, or copy the closure with its derivations (nix copy --derivation)"
        yield Unknown(RULE.id, "how they were built: derivations not here", tells, unbuilt)


_EDITABLE = "build it as a normal package: an editable install works on the machine of its author alone"
_SANDBOX = "declare what the build fetches as fixed-output derivations, and let it run in the sandbox"


def _impure(context: Context, index: int, derivation: Derivation) -> Iterator[Finding]:
    found = [(key, words) for key, words in _FLAGS.items() if derivation.attribute(key) not in ("", "0")]
    if found:
        proofs = tuple(Proof(derivation.path, "", f"{key} = {derivation.attribute(key)}") for key, _ in found)
        yield _finding(context, index, f"is {found[0][1]}", "warning", proofs, "D", _SANDBOX)
    variables = sorted({one for one in derivation.attribute("impureEnvVars").split() if not is_for_fetchers(one)})
    if variables:
        proof = Proof(derivation.path, "", f"impureEnvVars = {' '.join(variables)}")
        words = f"depends on {some(variables, 4)} of whoever builds it"
        yield _finding(context, index, words, "warning", (proof,), "D", "fetch without credentials, or pin a mirror")
    hooks = [word for word in derivation.attribute("nativeBuildInputs").split() if "venv-shell-hook" in name_of(word)]
    if hooks:
        proof = Proof(derivation.path, "", f"nativeBuildInputs names {hooks[0]}")
        yield _finding(context, index, "installs packages with pip in a shell hook", "warning", (proof,), "D", _SANDBOX)
    if derivation.attribute("EDITABLE_ROOT"):
        proof = Proof(derivation.path, "", f"EDITABLE_ROOT = {derivation.attribute('EDITABLE_ROOT')}")
        yield _finding(context, index, "is installed in place (editable)", "warning", (proof,), "D", _EDITABLE)


def _vendored(context: Context, index: int, derivation: Derivation) -> Iterator[Finding]:
    managers = load("conventions")["derivation"]["vendored"]
    proofs: dict[str, list[Proof]] = {}
    for key, manager in managers["attributes"].items():
        value = derivation.attribute(key)
        if STORE_PATH.match(value):
            proofs.setdefault(manager, []).append(Proof(derivation.path, "", f"{key} = {value}"))
    known = {proof.detail.rpartition(" ")[2] for found in proofs.values() for proof in found}
    for drv in derivation.input_derivations:
        name = name_of(drv).removesuffix(".drv")
        manager = next((words for ending, words in managers["endings"].items() if name.endswith(ending)), None)
        if manager is not None and not any(name_of(path).startswith(name) for path in known if STORE_PATH.match(path)):
            proofs.setdefault(manager, []).append(Proof(derivation.path, "", f"input {drv}"))
    for manager, found in proofs.items():
        words = f"is built with {manager} pinned as one blob"
        remedy = "nothing, if its hash is reviewed at updates; list it as content that no lock of this closure names"
        yield _finding(context, index, words, "info", tuple(found), "D", remedy)


def _finding(
    context: Context, index: int, words: str, severity: Severity, proofs: tuple[Proof, ...], tier: Tier, remedy: str
) -> Finding:
    return Finding(
        rule=RULE.id,
        severity=severity,
        certainty="certain",
        tier=tier,
        title=f"{context.label(index)} {words}",
        paths=(context.path(index),),
        subjects=(context.name(index),),
        evidence=proofs,
        remedy=remedy,
    )


RULE = Rule(
    id="P19",
    name="impure-or-undeclared-build",
    title="a build that is impure, or whose content only one hash stands for",
    severity="warning",
    needs=("references",),
    what=(
        "A path was built outside the sandbox or with the builder's own variables, leads to files outside the "
        "store, or is built with crates, npm packages and the like that are pinned together as one blob."
    ),
    why="The same expression may give another result, or content of which no lock and no advisory list knows.",
    how=(
        "Attributes of the derivations that are here: `__noChroot`, `__impure`, `impureEnvVars` beyond proxies, "
        "venvShellHook, EDITABLE_ROOT; `cargoDeps`, `npmDeps`, `yarnOfflineCache`, `pnpmDeps`, `goModules` and "
        "inputs named like them, which are only mentioned. In files: .pth lines and direct_url.json that lead "
        "outside the store. Import from derivation leaves no trace in what was built."
    ),
    fix="Fixed-output derivations for what is fetched (`fetchCargoVendor`, `fetchNpmDeps`), no editable installs.",
    check=_check,
)
