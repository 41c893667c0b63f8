"""Shell completion: words of the command line, taken from the parsers, so that they cannot go stale."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from pyclosure.tui.cli import commands
from pyclosure.tui.cli.parsing import DEFAULT, parser_for


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command."""

    flags: tuple[str, ...]
    help: str
    values: tuple[str, ...]
    """What may follow; empty for flags, and for values that are files or free text."""
    takes_value: bool


def options_of(name: str) -> list[Option]:
    """Return the options of a command."""
    parser = parser_for(name, commands.find(name))
    found = []
    for action in parser._actions:
        if not action.option_strings or action.help == argparse.SUPPRESS:
            continue
        values = tuple(str(choice) for choice in action.choices or ())
        takes = action.nargs != 0
        found.append(Option(tuple(action.option_strings), action.help or "", values, takes))
    return found


def positional_values(name: str) -> tuple[str, ...]:
    """Return the choices of a command's first argument; empty when it takes sources."""
    parser = parser_for(name, commands.find(name))
    for action in parser._actions:
        if not action.option_strings and action.choices:
            return tuple(str(choice) for choice in action.choices)
    return ()


def script(shell: str) -> str:
    """Return the completion script for ``bash``, ``zsh`` or ``fish``."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def _names() -> list[str]:
    return [name for name in commands.names() if name != DEFAULT]


_BASH = """\
# bash completion for pyclosure
_pyclosure_files() {
  # line by line: names may hold spaces
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$1")
}
_pyclosure() {
  COMPREPLY=()
  local file cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=@DEFAULT@ flags='' plain=''
  case " @NAMES@ " in
    *" ${COMP_WORDS[1]} "*) [ "$COMP_CWORD" -gt 1 ] && command=${COMP_WORDS[1]} ;;
  esac
  case "$command:$prev" in
@VALUES@
    *:-o|*:--output|*:-f|*:--file|*:--store) _pyclosure_files "$cur"; return ;;
  esac
  case "$command" in
@CASES@
  esac
  [ "$COMP_CWORD" -eq 1 ] && plain="@NAMES@ demo:"
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$plain" -- "$cur")); _pyclosure_files "$cur" ;;
  esac
}
complete -o filenames -F _pyclosure pyclosure
"""


def _bash() -> str:
    cases, values = [], []
    for name in (*_names(), DEFAULT):
        options = options_of(name)
        flags = " ".join(flag for option in options for flag in option.flags)
        cases.append(f"    {name}) flags='{flags}' plain='{' '.join(positional_values(name))}' ;;")
        for option in options:
            if option.values:
                pattern = "|".join(f"{name}:{flag}" for flag in option.flags)
                words = " ".join(option.values)
                values.append(f"    {pattern}) COMPREPLY=($(compgen -W '{words}' -- \"$cur\")); return ;;")
    return (
        _BASH.replace("@DEFAULT@", DEFAULT)
        .replace("@NAMES@", " ".join(_names()))
        .replace("@VALUES@", "\n".join(values))
        .replace("@CASES@", "\n".join(cases))
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _zsh() -> str:
    described = "\n".join(f"    {_quoted(f'{name}:{commands.find(name).summary}')}" for name in _names())
    cases = []
    for name in (*_names(), DEFAULT):
        specs = [_zsh_option(option) for option in options_of(name)]
        values = positional_values(name)
        specs.append(f"'1:{name}:({' '.join(values)})'" if values else "'*:source:_files'")
        cases.append(f"    {name}) _arguments -s {' '.join(specs)} ;;")
    return f"""#compdef pyclosure
_pyclosure() {{
  local -a commands=(
{described}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    _files
    return
  fi
  local command={DEFAULT}
  if (( ${{commands[(I)$words[2]:*]}} )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{chr(10).join(cases)}
  esac
}}
if [ "$funcstack[1]" = "_pyclosure" ]; then _pyclosure "$@"; else compdef _pyclosure pyclosure; fi
"""


def _zsh_option(option: Option) -> str:
    text = option.help.replace("[", "(").replace("]", ")").replace(":", " ").replace("%%", "%")
    value = ""
    if option.takes_value:
        value = f":value:({' '.join(option.values)})" if option.values else ":value:_files"
    return " ".join(_quoted(f"{flag}[{text}]{value}") for flag in option.flags)


def _fish() -> str:
    lines = ["# fish completion for pyclosure"]
    names = " ".join(_names())
    for name in _names():
        summary = commands.find(name).summary.replace("'", "\\'")
        lines.append(f"complete -c pyclosure -n '__fish_use_subcommand' -a {name} -d '{summary}'")
    for name in (*_names(), DEFAULT):
        seen = f"not __fish_seen_subcommand_from {names}" if name == DEFAULT else f"__fish_seen_subcommand_from {name}"
        for option in options_of(name):
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            more = f" -xa '{' '.join(option.values)}'" if option.values else " -r" if option.takes_value else ""
            text = option.help.replace("'", "\\'").replace("%%", "%")
            lines.append(f"complete -c pyclosure -n '{seen}' {flags}{more} -d '{text}'")
        values = positional_values(name)
        if values:
            lines.append(f"complete -c pyclosure -n '{seen}' -f -a '{' '.join(values)}'")
    return "\n".join(lines) + "\n"
