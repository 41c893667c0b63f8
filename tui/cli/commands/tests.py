"""Which tests ran, and what were they given?"""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, load
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from pyclosure.queries.base.source_needs import Source
    from pyclosure.queries.testing.survey import PackageTests, Survey
    from pyclosure.tui.words.tests import Shown

SORTS = ("concern", "name", "missing", "saved")
_ABOUT_TESTS = ("P10", "P11", "P12", "P13", "P14")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument("--package", metavar="NAME", help="all that is known of the tests of one package")
    parser.add_argument(
        "--sort", choices=SORTS, default="concern", help="what comes first (default concern: what matters most)"
    )
    parser.add_argument(
        "--filter", metavar="WORDS", default="", help="print packages that mention all of the words: real, vacuous …"
    )
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="DIST=PATH",
        help="read what a package declares in this source, sdist or METADATA; may be repeated",
    )
    group = parser.add_argument_group("exact check inputs")
    group.add_argument(
        "--from", dest="expression", metavar="FILE|FLAKE", help="evaluate this expression (default: SOURCE's own)"
    )
    group.add_argument("--attr", metavar="ATTR", help="attribute of it with the packages, such as python3Packages")
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.findings import find_rule
    from pyclosure.queries.findings.context import Context
    from pyclosure.queries.findings.judge import judge
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.queries.testing.evaluated import expressions_of, learn_evaluation
    from pyclosure.tui.output.answers.tests import package_answer, tests_answer
    from pyclosure.tui.output.tests import write_package, write_tests
    from pyclosure.tui.session.policy_file import read_policy
    from pyclosure.tui.words.tests import Shown

    if arguments.package == "":
        raise BadInput("--package names nothing", hint="name a distribution, or a store path")
    named = _named_sources(arguments.source)
    where = expressions_of(arguments.expression, arguments.attr, arguments.sources, arguments.file, arguments.impure)
    policy = Policy() if arguments.no_config else read_policy(arguments.config)
    knowledge = load(arguments, streams.err, tests=True)
    knowledge.named_sources.update(named)
    narrator = Narrator(streams.err)
    try:
        notes = learn_evaluation(knowledge, where, narrator) if where else []
        context = Context(knowledge, EvidenceStore(knowledge), policy, activity=narrator)
        rules = [rule for name in _ABOUT_TESTS if (rule := find_rule(name)) is not None]
        findings = judge(context, rules).findings
        survey = context.tests
    finally:
        narrator.finish()
    _refuse_unknown(survey, list(named))
    shown = Shown(knowledge, survey, arguments.filter, arguments.sort, findings, tuple(notes), _command(arguments))
    if arguments.package:
        one = _package(survey, arguments.package)
        if arguments.format in FOR_ALL:
            write_answer(package_answer(one, shown), arguments.format, streams.out)
        else:
            write_package(one, shown, arguments.format, streams.out)
        return 0
    if arguments.format in FOR_ALL:
        write_answer(tests_answer(shown), arguments.format, streams.out)
    else:
        write_tests(shown, arguments.format, streams.out)
    _warn(shown, streams)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return what asks the same again."""
    words = ["pyclosure", "tests", *(["-f", arguments.file] if arguments.file else []), *arguments.sources]
    for option, value in (
        ("--store", arguments.store),
        ("--from", arguments.expression),
        ("--attr", arguments.attr),
        ("--filter", arguments.filter),
        ("--package", arguments.package),
    ):
        words += [option, value] if value else []
    for source in arguments.source:
        words += ["--source", source]
    flags = {"--derivation": arguments.derivation, "--impure": arguments.impure, "--no-files": arguments.no_files}
    words += [flag for flag, on in {**flags, "--no-derivations": arguments.no_derivations}.items() if on]
    return shlex.join(words)


def _warn(shown: Shown, streams: Streams) -> None:
    """Say on stderr when there was nothing to judge by."""
    from pyclosure.tui.words.tests import bring_words

    survey = shown.survey
    if survey.packages and all(one.ran == "unknown" for one in survey.packages):
        streams.out.flush()
        reason = shown.knowledge.derivations_state.reason or survey.packages[0].run.reason
        streams.err.write(f"pyclosure: what ran is not known: {reason}\n")
        streams.err.write(f"  {bring_words(shown.knowledge)}\n")


def _named_sources(words: list[str]) -> dict[str, tuple[str, Source]]:
    """Return PEP 503 name → where its source is, and what it declares."""
    from packaging.utils import canonicalize_name

    from pyclosure.queries.base.errors import BadInput

    found: dict[str, tuple[str, Source]] = {}
    for word in words:
        name, sign, path = word.partition("=")
        if not sign or not name or not path:
            raise BadInput(f"--source {word} names no package and source", hint="write it as --source DIST=PATH")
        key = str(canonicalize_name(name))
        if key in found:
            raise BadInput(f"--source names {key} twice", hint="one source tells; leave the other out")
        found[key] = path, _source(key, path)
    return found


def _source(name: str, path: str) -> Source:
    from packaging.utils import canonicalize_name

    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.facts.sources.tree import read_source

    source = read_source(path)
    if source is None and os.path.lexists(path):
        what = "a link" if os.path.islink(path) else "no folder, archive, wheel or METADATA"
        raise BadInput(f"{path} is {what}", hint="name a folder, an sdist, a wheel or METADATA")
    if source is None:
        raise BadInput(f"there is nothing at {path}", hint="name a folder, an sdist, a wheel or METADATA")
    if source.name is None and not source.declarations:
        why = f": {source.problems[0]}" if source.problems else ""
        raise BadInput(
            f"{path} holds no Python project{why}", hint="name the folder with its pyproject.toml, or an sdist"
        )
    if source.name is not None and str(canonicalize_name(source.name)) != name:
        raise BadInput(f"{path} is the source of {source.name}, not of {name}", hint="name the package that it is of")
    return source


def _refuse_unknown(survey: Survey, names: list[str]) -> None:
    from pyclosure.queries.base.errors import BadInput

    known = {one.name for one in survey.packages}
    for name in names:
        if name not in known:
            raise BadInput(f"--source: no package of the closure is called {name}", hint=_near(name, known))


def _package(survey: Survey, word: str) -> PackageTests:
    from packaging.utils import canonicalize_name

    from pyclosure.queries.base.errors import BadInput

    found = [one for one in survey.packages if word in (one.path, one.label) or one.name == canonicalize_name(word)]
    if not found:
        hint = _near(str(canonicalize_name(word)), {one.name for one in survey.packages})
        raise BadInput(f"no Python package of the closure is called {word}", hint=hint)
    if len(found) > 1:
        paths = ", ".join(one.path for one in found)
        raise BadInput(f"{word} is the name of {len(found)} packages: {paths}", hint="name the store path")
    return found[0]


def _near(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1, 0.6)
    return f"did you mean {close[0]}?" if close else "see them all: pyclosure tests SOURCE"


COMMAND = Command(
    summary="which tests ran, which are missing what, and what tests cost",
    description=(
        "For every Python package: what it declares that its tests need, what its build gave them, and whether\n"
        "they ran. Check inputs are told from derivations, which is probable at best; from the expression\n"
        "(--from, or a SOURCE that is evaluated) they are exact. Then test tools where no test needs them,\n"
        "circles that tests close, and what tests cost in rebuilds."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure tests ./result", "all packages, what matters first"),
        ("pyclosure tests ./result --package pillow", "one of them, with the evidence"),
        ("pyclosure tests -f default.nix env", "with check inputs by evaluation"),
        ("pyclosure tests ./result --from nixpkgs --attr python3Packages", "the same for what was built before"),
        ("pyclosure tests ./result --source attrs=./attrs-26.1.0.tar.gz", "dependency groups, tox and nox, too"),
        ("pyclosure tests --derivation ./result", "and all that the build needed"),
    ),
)
