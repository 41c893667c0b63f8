"""Which libraries Python code opens by name: every idiom, what only looks like one, and hostile sources."""

from __future__ import annotations

import textwrap
import warnings
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.inspection import CallSite, Inspection, LimitedName
from pyclosure.queries.base.verdicts import Finding
from pyclosure.queries.facts.calls.sites import MOST_SITES, call_sites, may_open_libraries
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rules import p15_dlopen
from tests.support.sentences import assert_plain
from tests.support.work import at_most

FILE = "lib/python3.11/site-packages/pkg/_lib.py"
CDLL, LOAD, FIND, FFI = "ctypes.CDLL", "ctypes.cdll.LoadLibrary", "ctypes.util.find_library", "ffi.dlopen"
NUMPY = "numpy.ctypeslib.load_library"
IMPORTS = "import ctypes, ctypes.util, os, sys, platform\n"
WINDOWS = ("win32",)


def site(line: int, function: str, *names: str, **more: Any) -> CallSite:
    return CallSite(file=FILE, line=line, function=function, names=names, **more)


def on(platform: str, *names: str) -> tuple[LimitedName, ...]:
    return tuple(LimitedName(name, platforms=(platform,)) for name in names)


def but(platform: str, *names: str) -> tuple[LimitedName, ...]:
    return tuple(LimitedName(name, excluded=(platform,)) for name in names)


def found_in(source: str) -> list[CallSite]:
    """Read a source that parses."""
    sites, problem = call_sites(textwrap.dedent(source).encode(), FILE)
    assert problem is None
    return list(sites)


def only(source: str) -> CallSite:
    """Read the only site of a source; ctypes, os, sys and platform are imported before it."""
    found = found_in(IMPORTS + textwrap.dedent(source))
    assert len(found) == 1, found
    return found[0]


# -- what counts as a call -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "function", "more"),
    [
        ("import ctypes\nctypes.CDLL('x')", CDLL, {}),
        ("import ctypes\nctypes.CDLL(name='x')", CDLL, {}),
        ("import ctypes\nctypes.CDLL('x', mode=ctypes.RTLD_GLOBAL)", CDLL, {}),
        ("import ctypes\nctypes.CDLL(b'x')", CDLL, {}),
        ("import ctypes as ct\nct.PyDLL('x')", "ctypes.PyDLL", {}),
        ("from ctypes import CDLL as X\nX('x')", CDLL, {}),
        ("from ctypes import *\nCDLL('x')", CDLL, {}),
        ("from ctypes import *\ncdll.LoadLibrary('x')", LOAD, {}),
        ("import ctypes\nctypes.WinDLL('x')", "ctypes.WinDLL", {"platforms": WINDOWS}),
        ("import ctypes\nctypes.OleDLL('x')", "ctypes.OleDLL", {"platforms": WINDOWS}),
        ("import ctypes\nctypes.cdll.LoadLibrary('x')", LOAD, {}),
        ("from ctypes import cdll\ncdll.LoadLibrary('x')", LOAD, {}),
        ("from ctypes import pydll\npydll.LoadLibrary('x')", "ctypes.pydll.LoadLibrary", {}),
        ("import ctypes\nctypes.windll.LoadLibrary('x')", "ctypes.windll.LoadLibrary", {"platforms": WINDOWS}),
        ("import ctypes\nctypes.oledll.LoadLibrary('x')", "ctypes.oledll.LoadLibrary", {"platforms": WINDOWS}),
        ("import ctypes\nctypes.cdll.x", "ctypes.cdll", {}),
        ("import ctypes\nctypes.cdll.x.printf(b'')", "ctypes.cdll", {}),
        ("import ctypes\nctypes.cdll['x']", "ctypes.cdll", {}),
        ("from ctypes import cdll\ngetattr(cdll, 'x')", "ctypes.cdll", {}),
        ("from ctypes import windll as w\nw.x.Beep", "ctypes.windll", {"platforms": WINDOWS}),
        ("import ctypes\nctypes.oledll['x']", "ctypes.oledll", {"platforms": WINDOWS}),
        ("import ctypes.util\nctypes.util.find_library('x')", FIND, {}),
        ("from ctypes.util import find_library\nfind_library('x')", FIND, {}),
        ("from ctypes.util import find_library as _find\n_find(name='x')", FIND, {}),
        ("from ctypes import util\nutil.find_library('x')", FIND, {}),
        ("import ctypes.util as cu\ncu.find_library('x')", FIND, {}),
        ("from ctypes.util import *\nfind_library('x')", FIND, {}),
        ("import ctypes\nctypes.LibraryLoader(ctypes.CDLL).LoadLibrary('x')", "ctypes.LibraryLoader.LoadLibrary", {}),
        ("from cffi import FFI\nffi = FFI(); ffi.dlopen('x')", FFI, {}),
        ("import cffi\nbuilder = cffi.FFI(); builder.dlopen('x')", FFI, {}),
        ("from _pkg_cffi import ffi\nffi.dlopen('x', 2)", FFI, {}),
        ("from _pkg import ffi as _maker\n_maker.dlopen('x')", FFI, {}),
        ("class A:\n def f(self): self._ffi.dlopen('x')", FFI, {}),
        ("import cffi\ncffi.FFI().dlopen('x')", FFI, {}),
        ("import importlib\nimportlib.import_module('ctypes').CDLL('x')", CDLL, {}),
        ("import ctypes\ngetattr(ctypes, 'CDLL')('x')", CDLL, {}),
        ("import ctypes\n_open = ctypes.CDLL\n_open('x')", CDLL, {}),
        ("import ctypes\ndef f(): return (lambda: ctypes.CDLL('x'))", CDLL, {}),
        ("import sys, ctypes\nload = ctypes.WinDLL if sys.argv else ctypes.CDLL\nload('x')", CDLL, {}),
        ("import ctypes\ndef f(make):\n return make('x')\nf(ctypes.CDLL)", CDLL, {}),
        ("import ctypes.util\nn = map(ctypes.util.find_library, ['x'])", FIND, {}),
    ],
)
def test_calls_are_found_however_they_are_imported(source: str, function: str, more: dict[str, Any]) -> None:
    line = source.count("\n", 0, source.rindex("'x'") if "'x'" in source else source.rindex(".x")) + 1

    assert found_in(source) == [site(line, function, "x", **more)]


def test_function_local_imports_count_there_alone() -> None:
    source = """\
        def f():
            from ctypes.util import find_library
            return find_library("a")

        def g(find_library):
            return find_library("b")
        """

    assert found_in(source) == [site(3, FIND, "a")]


def test_numpy_looks_beside_what_it_is_given() -> None:
    source = """\
        import os
        import numpy as np
        from numpy.ctypeslib import load_library
        lib = np.ctypeslib.load_library("libfoo", os.path.dirname(__file__))
        lib = load_library("libbar", __file__)
        lib = load_library(libname="libbaz", loader_path=".")
        lib = load_library("libqux", where)
        """

    assert found_in(source) == [
        site(4, NUMPY, "$PACKAGE/libfoo"),
        site(5, NUMPY, "$PACKAGE/libbar"),
        site(6, NUMPY, "./libbaz"),
        site(7, NUMPY, dynamic=True),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "class Finder:\n def find_library(self, name): return self.find_library('ctypes')",
        "import ctypes\nself.find_library('x')",
        "import ctypes\nloader.LoadLibrary('x.dll')",
        "def find_library(parser, name): pass\nlib = find_library(ctypes, 'x')",
        "from .compat import find_library, ctypes\nfind_library('x')",
        "from .ctypes import CDLL\nCDLL('x')",
        "import ctypes\ndef CDLL(name): pass\nCDLL('x')",
        "import ctypes\nctypes.util.dllist()",
        "import ctypes\nctypes.cdll.LoadLibrary",
        "import ctypes\nctypes.cdll._dlltype",
        "import ctypes\nctypes.c_int(1), 'CDLL'",
        "import gi, ctypes\ngi.require_version('Gtk', '3.0')  # CDLL",
        "# ctypes.CDLL('x')\n'''ctypes.CDLL('y')'''",
        "import ctypes\nctypes.pythonapi.Py_IncRef  # CDLL",
        "import dl, ctypes\ndl.dlopen('x')",
        "import ctypes\nclass A:\n from ctypes import CDLL\n def f(self): return CDLL('x')",
        "from numpy import ctypeslib\nctypeslib.ndpointer()  # load_library",
        "import ctypes\nif isinstance(x, ctypes.CDLL): pass",
    ],
)
def test_what_only_looks_like_a_call_is_none(source: str) -> None:
    assert may_open_libraries(source.encode()), "this tests the prefilter only"
    assert found_in(source) == []


def test_sites_come_in_the_order_of_their_lines() -> None:
    source = """\
        from ctypes import CDLL
        from ctypes.util import find_library
        def f(
            a=CDLL("default"),
        ):
            CDLL(find_library("m"))
        CDLL("z"); CDLL("a")
        """

    assert [(one.line, one.function, one.names) for one in found_in(source)] == [
        (4, CDLL, ("default",)),
        (6, CDLL, ()),
        (6, FIND, ("m",)),
        (7, CDLL, ("z",)),
        (7, CDLL, ("a",)),
    ]


# -- arguments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("ctypes.CDLL('a' if x else 'b')", "a b"),
        ("ctypes.CDLL(x and 'a')", "a"),
        ("a = 'a'\nctypes.CDLL(a)", "a"),
        ("def f():\n a = 'a'\n ctypes.CDLL(a)", "a"),
        ("if x:\n a = 'a'\nelse:\n a = 'b'\nctypes.CDLL(a)", "a b"),
        ("a = 'a'\nif x:\n a = 'b'\nctypes.CDLL(a)", "a b"),
        ("a = 'a'\nctypes.CDLL(a)\na = 'b'", "a"),
        ("a = 'a'\na = 'b'\nctypes.CDLL(a)", "b"),
        ("a = 'a'\ndef f():\n return ctypes.CDLL(a)\na = 'b'", "a b"),
        ("def f():\n global a\n a = 'b'\na = 'a'\ndef g():\n ctypes.CDLL(a)", "b a"),
        ("a, b = 'a', 'b'\nctypes.CDLL(b)", "b"),
        ("class A:\n n = 'a'\n lib = ctypes.CDLL(n)", "a"),
        ("class A:\n n = 'a'\n def f(self): return ctypes.CDLL(self.n)", "a"),
        ("class A:\n def __init__(self): self.n = 'a'\n def f(self): return ctypes.CDLL(self.n)", "a"),
        ("class A:\n n = 'a'\ndef f(): return ctypes.CDLL(A.n)", "a"),
        ("for n in ('a', 'b'):\n ctypes.CDLL(n)", "a b"),
        ("for n in ['a'] + ['b']:\n ctypes.CDLL(n)", "a b"),
        ("N = ['a', 'b']\ndef f():\n for n in N:\n  ctypes.CDLL(n)", "a b"),
        ("N = ['a']\nif x:\n N += ['b']\nN.append('c')\nN.extend(('d',))\nfor n in N:\n ctypes.CDLL(n)", "a b c d"),
        ("def f():\n N = []\n N.append('a')\n for n in N: ctypes.CDLL(n)", "a"),
        ("N = []\ndef f():\n N.insert(0, 'a')\n for n in N: ctypes.CDLL(n)", "a"),
        ("for n, v in [('a', 1), ('b', 2)]:\n ctypes.CDLL(n)", "a b"),
        ("for n in {'x': 'a', 'y': 'b'}.values():\n ctypes.CDLL(n)", "a b"),
        ("for p, n in {'x': 'a', 'y': 'b'}.items():\n ctypes.CDLL(n)", "a b"),
        ("for n in {'a': 1}:\n ctypes.CDLL(n)", "a"),
        ("for n in 'a b'.split():\n ctypes.CDLL(n)", "a b"),
        ("for n in 'a:b'.split(':'):\n ctypes.CDLL(n)", "a b"),
        ("class A:\n n = 'a'\n def f(self):\n  x.n = 'b'\n  ctypes.CDLL(self.n)", "a"),
        ("ctypes.CDLL([*('a', 'b'), 'c'][0])", "a b c"),
        ("N = {'x': 'a', y: 'b'}\nctypes.CDLL(N['x'])", "a"),
        ("for n in [*('a', 'b'), 'c']:\n ctypes.CDLL(n)", "a b c"),
        ("libs = [ctypes.CDLL(n) for n in ('a', 'b')]", "a b"),
        ("for n in [m for m in ('a', 'b') if m]:\n ctypes.CDLL(n)", "a b"),
        ("ctypes.CDLL({'linux': 'a', 'darwin': 'b'}['darwin'])", "b"),
        ("N = ('a', 'b')\nctypes.CDLL(N[0])", "a"),
        ("N = ('a', 'b')\nctypes.CDLL(N[-1])", "b"),
        ("N = ('a', 'b')\nfor n in N[1:]: ctypes.CDLL(n)", "a b"),
        ("ctypes.CDLL('lib' + 'a' + '.so')", "liba.so"),
        ("for n in ('a', 'b'):\n ctypes.CDLL('lib%s.so.%d' % (n, 1))", "liba.so.1 libb.so.1"),
        ("n = 'a'\nctypes.CDLL(f'lib{n}.so')", "liba.so"),
        ("ctypes.CDLL(os.path.join('/opt/lib', 'a'))", "/opt/lib/a"),
        ("from pathlib import Path\nctypes.CDLL(str(Path('/opt') / 'lib' / 'a'))", "/opt/lib/a"),
        ("ctypes.CDLL(os.path.abspath('a'))", "./a"),
        ("ctypes.CDLL('a'.encode())", "a"),
        ("def _load(n): return ctypes.CDLL(n)\n_load('a')\n_load(n='b')", "a b"),
        ("def _load(n='a'): return ctypes.CDLL(n)\n_load()", "a"),
        ("def _load(n='a'): return ctypes.CDLL(n)\n_load()\n_load('b')", "a b"),
        ("def _load(*ns):\n for n in ns: ctypes.CDLL(n)\n_load('a', 'b')", "a b"),
        ("def _load(x, *ns): return ctypes.CDLL(ns[0])\n_load(1, 'a', 'b')\n_load(2, 'c')", "a c"),
        ("def _load(x, ns):\n for n in ns: ctypes.CDLL(n)\n_load(1, ('a', 'b'))", "a b"),
        ("N = (1, 'a')\ndef _load(x, n): return ctypes.CDLL(n)\n_load(*N)", "a"),
        ("N = ('a', 'b')\ndef _load(x, n, m): return ctypes.CDLL(m)\n_load(1, *N)", "b"),
        ("class A:\n @cached\n def f(self, n): ctypes.CDLL(n)\n def g(self): self.f('a')\nos.f('b')", "a"),
        ("_load = lambda n: ctypes.CDLL(n)\n_load('a')", "a"),
        ("class A:\n def _load(self, n): return ctypes.CDLL(n)\n def f(self): self._load('a')", "a"),
        ("class A:\n @staticmethod\n def _load(n): return ctypes.CDLL(n)\nA._load('a')", "a"),
        ("class A:\n def __init__(self, n): ctypes.CDLL(n)\nA('a')", "a"),
        ("def _name():\n if x: return 'a'\n return 'b'\nctypes.CDLL(_name())", "a b"),
        ("def _names():\n yield 'a'\n yield from ('b', 'c')\nfor n in _names(): ctypes.CDLL(n)", "a b c"),
    ],
)  # fmt: skip
def test_all_texts_that_an_argument_can_be_are_told(source: str, names: str) -> None:
    found = only(source)

    assert found.names == tuple(names.split())
    assert (found.dynamic, found.own_process, found.variables, found.depends_on) == (False, False, (), None)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("ctypes.CDLL(x)", ""),
        ("ctypes.CDLL()", ""),
        ("ctypes.CDLL(*args)", ""),
        ("ctypes.CDLL(**args)", ""),
        ("ctypes.CDLL(x or 'a')", "a"),
        ("ctypes.CDLL('lib' + x)", ""),
        ("ctypes.CDLL('lib%s.so' % x)", ""),
        ("ctypes.CDLL('lib%5s.so' % 'a')", ""),
        ("ctypes.CDLL('lib{}.so'.format(x))", ""),
        ("ctypes.CDLL('lib{0.a}.so'.format(x))", ""),
        ("ctypes.CDLL('lib{'.format(x))", ""),
        ("ctypes.CDLL(f'lib{x}.so')", ""),
        ("ctypes.CDLL(f'lib{x!r}.so')", ""),
        ("ctypes.CDLL(os.path.join(x, 'liba.so'))", ""),
        ("ctypes.CDLL('%s/%s' % (os.environ['A_HOME'], 'liba.so'))", ""),
        ("ctypes.CDLL('liba.so'[3:])", ""),
        ("a = 'a'\nif x:\n a = x\nctypes.CDLL(a)", "a"),
        ("from .names import a\nctypes.CDLL(a)", ""),
        ("for n in names():\n ctypes.CDLL(n)", ""),
        ("def load(n): return ctypes.CDLL(n)", ""),
        ("def load(n='a'): return ctypes.CDLL(n)", "a"),
        ("def load(n): return ctypes.CDLL(n)\nload('a')\nload(x)", "a"),
        ("def load(n): return ctypes.CDLL(n)\nload('a')\nmap(load, x)", "a"),
        ("def load(n): return ctypes.CDLL(n)\nload(**x)", ""),
        ("def load(**n): return ctypes.CDLL(n['a'])\nload(a='a')", ""),
        ("import glob\nctypes.CDLL(glob.glob('/usr/lib/a*.so')[0])", ""),
        ("import _ext\nctypes.CDLL(_ext.__file__)", ""),
        ("import numpy\nctypes.CDLL(os.path.join(os.path.dirname(numpy.__file__), 'a.so'))", ""),
        ("ctypes.CDLL(os.path.dirname(__file__))", ""),
        ("ctypes.CDLL(os.path.dirname(__file__) + 'x.so')", ""),
        ("ctypes.CDLL(5)", ""),
        ("ctypes.CDLL(('a',)[1])", ""),
        ("a = 'a'\nif x:\n a = x\nctypes.CDLL('lib' + a)", "liba"),
        ("a = 'a'\nwith x as a:\n ctypes.CDLL(a)", ""),
        ("a, f = 'a', lambda: 'b'\nctypes.CDLL(f)", ""),
        ("class A:\n def n(self): return 'a'\n def f(self): ctypes.CDLL(self.n)", ""),
        ("ctypes.CDLL('{!r}'.format('a'))", ""),
        ("ctypes.CDLL('{:>5}'.format('a'))", ""),
        ("a = lambda: 'a'\nctypes.CDLL(a)", ""),
        ("b = [a for a in ('a', 'b')]\nctypes.CDLL(a)", ""),
        ("a = b\nb = a\nctypes.CDLL(a)", ""),
        ("def f(n): return f(n)\nctypes.CDLL(f('a'))", ""),
    ],
)
def test_what_the_code_does_not_tell_is_dynamic(source: str, names: str) -> None:
    found = only(source)

    assert (found.names, found.dynamic) == (tuple(names.split()), True)


@pytest.mark.parametrize(
    ("source", "own", "names"),
    [
        ("ctypes.CDLL(None)", True, ()),
        ("ctypes.PyDLL(name=None)", True, ()),
        ("n = None\nif x:\n n = 'a'\nctypes.CDLL(n)", True, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif n is None:\n raise OSError\nctypes.CDLL(n)", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif not n:\n n = 'b'\nctypes.CDLL(n)", False, ("a", "b")),
        ("n = None\nif x:\n n = 'a'\nif n:\n ctypes.CDLL(n)", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif n is not None and x:\n ctypes.CDLL(n)", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif n is None:\n pass\nelse:\n ctypes.CDLL(n)", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nlib = n and ctypes.CDLL(n)", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nassert n\nctypes.CDLL(n)", False, ("a",)),
        ("def f():\n n = None\n if x:\n  n = 'a'\n if n is None:\n  return\n ctypes.CDLL(n)", False, ("a",)),
        ("ctypes.CDLL(None or 'a')", False, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif n:\n def f(): ctypes.CDLL(n)", True, ("a",)),
        ("n = None\nif x:\n n = 'a'\nif n is None:\n m = 'b'\nctypes.CDLL(n)", True, ("a",)),
        ("n = None\nif x:\n n = 'a'\nctypes.CDLL(n)\nif n is None:\n raise OSError", True, ("a",)),
        ("for n in ('a', None):\n ctypes.CDLL(n)", True, ("a",)),
        ("ffi.dlopen(None)", True, ()),
    ],
)
def test_none_opens_the_program_itself(source: str, own: bool, names: tuple[str, ...]) -> None:
    found = only(source)

    assert (found.own_process, found.names, found.dynamic) == (own, names, False)


@pytest.mark.parametrize(
    ("source", "variables", "names", "dynamic"),
    [
        ("ctypes.CDLL(os.environ['X_LIB'])", ("X_LIB",), (), False),
        ("ctypes.CDLL(os.environ.get('X_LIB'))", ("X_LIB",), (), False),
        ("ctypes.CDLL(os.environ.get('X_LIB', 'a'))", ("X_LIB",), ("a",), False),
        ("ctypes.CDLL(os.getenv('X_LIB', None) or 'a')", ("X_LIB",), ("a",), False),
        ("from os import environ as e\nctypes.CDLL(e['X_LIB'])", ("X_LIB",), (), False),
        ("n = os.getenv('X_LIB')\nif not n:\n n = 'a'\nctypes.CDLL(n)", ("X_LIB",), ("a",), False),
        ("K = 'X_LIB'\nctypes.CDLL(os.environ[K])", ("X_LIB",), (), False),
        ("for n in (os.getenv('X_LIB'), os.getenv('Y_LIB')):\n ctypes.CDLL(n)", ("X_LIB", "Y_LIB"), (), False),
        ("ctypes.CDLL(os.environ[x])", (), (), True),
        ("ctypes.CDLL(os.path.join(os.environ['X_DIR'], 'a.so'))", ("X_DIR",), (), True),
    ],
)
def test_environment_variables_can_name_the_library(
    source: str, variables: tuple[str, ...], names: tuple[str, ...], dynamic: bool
) -> None:
    found = only(source)

    assert (found.variables, found.names, found.dynamic, found.own_process) == (variables, names, dynamic, False)


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("os.path.join(os.path.dirname(__file__), 'liba.so')", "liba.so"),
        ("os.path.join(os.path.dirname(os.path.abspath(__file__)), '.libs', 'liba.so')", ".libs/liba.so"),
        ("os.path.join(os.path.split(os.path.realpath(__file__))[0], 'liba.so')", "liba.so"),
        ("os.path.dirname(__file__) + '/liba.so'", "liba.so"),
        ("f'{os.path.dirname(__file__)}/liba.so'", "liba.so"),
        ("'%s/liba.so' % os.path.dirname(__file__)", "liba.so"),
        ("os.path.join(os.path.dirname(os.path.dirname(__file__)), 'liba.so')", "../liba.so"),
        ("os.path.join(os.path.dirname(__file__), '..', 'b', 'liba.so')", "../b/liba.so"),
        ("pathlib.Path(__file__).parent / 'liba.so'", "liba.so"),
        ("str(pathlib.Path(__file__).resolve().parent / 'lib' / 'liba.so')", "lib/liba.so"),
        ("pathlib.Path(__file__).parent.parent.joinpath('liba.so')", "../liba.so"),
        ("pathlib.Path(__file__).parents[1] / 'liba.so'", "../liba.so"),
        ("os.path.join(__path__[0], 'liba.so')", "liba.so"),
        ("__file__", "_lib.py"),
    ],
)
def test_a_library_beside_the_file_is_spelled_from_its_package(argument: str, name: str) -> None:
    found = only(f"import pathlib, importlib.resources, pkg_resources\nctypes.CDLL({argument})")

    assert (found.names, found.dynamic) == ((f"$PACKAGE/{name}",), False)


def test_a_library_of_another_package_is_not_known() -> None:
    assert only("import importlib.resources as r\nctypes.CDLL(r.files('other') / 'a.so')").dynamic


@pytest.mark.parametrize(
    "source",
    [
        "ctypes.CDLL(ctypes.util.find_library('a'))",
        "n = ctypes.util.find_library('a'); ctypes.CDLL(n)",
        "n = ctypes.util.find_library('a'); ctypes.CDLL(name=n)",
        "ffi.dlopen(ctypes.util.find_library('a'))",
        "n = ctypes.util.find_library('a'); ctypes.CDLL(os.path.realpath(n))",
        "f = lambda n: ctypes.CDLL(n); f(ctypes.util.find_library('a'))",
    ],
)
def test_what_find_library_gives_depends_on_its_line(source: str) -> None:
    opened, searched = sorted(found_in(IMPORTS + source), key=lambda one: one.function == FIND)

    assert (opened.line, opened.depends_on, opened.names, opened.dynamic, opened.own_process) == (
        2,
        2,
        (),
        False,
        False,
    )
    assert (searched.names, searched.depends_on) == (("a",), None)


def test_a_fallback_for_find_library_is_a_name() -> None:
    source = """\
        from ctypes import CDLL
        from ctypes.util import find_library
        path = find_library("a") or "liba.so.1"
        lib = CDLL(path)
        """

    assert found_in(source) == [site(3, FIND, "a", guarded=True), site(4, CDLL, "liba.so.1", depends_on=3)]


def test_a_part_of_what_find_library_gives_is_not_known() -> None:
    opened = found_in(IMPORTS + "ctypes.CDLL(os.path.dirname(ctypes.util.find_library('a')) + '/b.so')")[0]

    assert (opened.names, opened.dynamic, opened.depends_on) == ((), True, None)


# -- guards ----------------------------------------------------------------------------------------------


def handled(handler: str, call: str = "ctypes.CDLL('a')", before: str = "") -> CallSite:
    return only(f"{before}\ntry:\n    {call}\n{handler}")


@pytest.mark.parametrize(
    "handler",
    [
        "except OSError:\n pass",
        "except OSError as error:\n print(error)",
        "except (ImportError, OSError):\n pass",
        "except Exception:\n pass",
        "except BaseException:\n pass",
        "except IOError:\n pass",
        "except:\n pass",
        "except OSError:\n if x:\n  raise",
        "except ImportError:\n raise\nexcept OSError:\n pass",
        "except ERRORS:\n pass",
        "except OSError:\n pass\nelse:\n pass\nfinally:\n pass",
    ],
)
def test_a_handler_for_its_failure_guards_a_call(handler: str) -> None:
    assert handled(handler, before="ERRORS = (OSError, TypeError)").guarded


@pytest.mark.parametrize(
    "handler",
    [
        "except ImportError:\n pass",
        "except (AttributeError, RuntimeError):\n pass",
        "except OSError:\n raise",
        "except OSError:\n print('no')\n raise ImportError('no liba')",
        "except OSError as error:\n raise ImportError from error\nexcept ValueError:\n pass",
        "except OSError:\n sys.exit(1)",
        "except MyError:\n pass",
        "finally:\n pass",
    ],
)
def test_other_handlers_and_those_that_raise_guard_nothing(handler: str) -> None:
    assert not handled(handler).guarded


@pytest.mark.parametrize(
    ("source", "guarded"),
    [
        ("try:\n pass\nexcept OSError:\n ctypes.CDLL('a')", False),
        ("try:\n pass\nexcept OSError:\n pass\nelse:\n ctypes.CDLL('a')", False),
        ("try:\n def f(): return ctypes.CDLL('a')\nexcept OSError:\n pass", False),
        ("try:\n class A:\n  lib = ctypes.CDLL('a')\nexcept OSError:\n pass", True),
        ("try:\n try:\n  ctypes.CDLL('a')\n except KeyError:\n  pass\nexcept OSError:\n pass", True),
        ("import contextlib\nwith contextlib.suppress(OSError):\n ctypes.CDLL('a')", True),
        ("from contextlib import suppress\nwith suppress((OSError, TypeError)):\n ctypes.CDLL('a')", True),
        ("from contextlib import suppress\nwith suppress(KeyError, OSError):\n ctypes.CDLL('a')", True),
        ("import contextlib\nwith contextlib.suppress(KeyError):\n ctypes.CDLL('a')", False),
        ("with open('b'):\n ctypes.CDLL('a')", False),
        ("def _f(): return ctypes.CDLL('a')\ntry:\n _f()\nexcept OSError:\n pass", True),
        ("def _f(): return ctypes.CDLL('a')\ntry:\n _f()\nexcept OSError:\n pass\n_f()", False),
        ("def _f(): return ctypes.CDLL('a')\ntry:\n _f()\nexcept OSError:\n pass\ng = _f", False),
        ("def f(): return ctypes.CDLL('a')\ntry:\n f()\nexcept OSError:\n pass", False),
        ("try:\n ctypes.windll.a\nexcept AttributeError:\n pass", True),
        ("try:\n ctypes.WinDLL('a')\nexcept (ImportError, AttributeError):\n pass", True),
    ],
)
def test_a_guard_covers_what_it_stands_around(source: str, guarded: bool) -> None:
    assert only(source).guarded is guarded


@pytest.mark.parametrize(
    "source",
    [
        "if ctypes.util.find_library('a'): pass",
        "if ctypes.util.find_library('a') is None: pass",
        "n = ctypes.util.find_library('a')\nif n: pass",
        "n = ctypes.util.find_library('a')\nif n is not None and x: pass",
        "n = ctypes.util.find_library('a') or 'b'",
        "n = x or ctypes.util.find_library('a') or 'b'",
        "n = x or ctypes.util.find_library('a')\nwhile n: pass",
        "n = next(filter(None, map(ctypes.util.find_library, ['a'])), 'b')",
        "if (n := ctypes.util.find_library('a')): pass",
        "(n := ctypes.util.find_library('a'))\nif n: pass",
        "n = ctypes.util.find_library('a')\nm = f(n) if n else None",
        "def f(): return ctypes.util.find_library('a')\nn = f()\nif n is None: pass",
        "def f():\n yield ctypes.util.find_library('a')\nfor n in f():\n if n: pass",
        "for n in [ctypes.util.find_library('a'), 'b']:\n if n: pass",
        "ns = []\nns.append(ctypes.util.find_library('a'))\nfor n in ns:\n if n: pass",
        "ns = [n for n in [ctypes.util.find_library('a')] if n]",
        "def f(n):\n if n: pass\nf(ctypes.util.find_library('a'))",
        "class A:\n n = ctypes.util.find_library('a')\n def f(self):\n  if self.n: pass",
        "try:\n ctypes.util.find_library('a')\nexcept OSError:\n pass",
        "try:\n ctypes.util.find_library('a')\nexcept ImportError:\n pass",
    ],
)
def test_find_library_is_guarded_where_its_result_is_tested(source: str) -> None:
    assert only(source) == site(
        next(number for number, line in enumerate((IMPORTS + source).splitlines(), 1) if "find_library" in line),
        FIND,
        "a",
        guarded=True,
    )


@pytest.mark.parametrize(
    "source",
    [
        "n = ctypes.util.find_library('a')",
        "n = ctypes.util.find_library('a')\nprint(n)",
        "n = x or ctypes.util.find_library('a')",
        "n = ctypes.util.find_library('a')\ndef f(n):\n if n: pass",
        "n = ctypes.util.find_library('a')\nif n.startswith('x'): pass",
        "def f(): return ctypes.util.find_library('a')\nf()",
        "try:\n ctypes.util.find_library('a')\nexcept OSError:\n raise",
    ],
)
def test_find_library_without_a_test_is_not_guarded(source: str) -> None:
    assert not only(source).guarded


FOUND = "n = ctypes.util.find_library('a')\n"
LOOP = "for m in x:\n n = ctypes.util.find_library('a')\n"


@pytest.mark.parametrize(
    ("source", "guarded"),
    [
        (FOUND + "if n is None:\n raise OSError", False),
        (FOUND + "if n is None:\n print('no a')\n raise x.ImproperlyConfigured('no a')", False),
        (FOUND + "if not n:\n sys.exit('no a')", False),
        (FOUND + "if n:\n pass\nelse:\n raise OSError", False),
        (FOUND + "if n is None or not os.path.exists(n):\n raise OSError", False),
        (FOUND + "if not (n and os.path.exists(n)):\n raise OSError", False),
        (FOUND + "if not bool(n):\n raise OSError", False),
        (FOUND + "if not n:\n if x:\n  raise OSError\n else:\n  raise ImportError", False),
        (FOUND + "there = n is not None\nif not there:\n raise OSError", False),
        (FOUND + "if n: print(n)\nif not n: raise OSError", False),
        (FOUND + "assert n is not None", False),
        ("def f():\n n = ctypes.util.find_library('a')\n if n:\n  return n\n raise OSError", False),
        (LOOP + " if n: break\nelse:\n raise OSError", False),
        (LOOP + " if n: break\nif not n: raise OSError", False),
        ("def f():\n for m in x:\n  n = ctypes.util.find_library('a')\n  if n: return n\n raise OSError", False),
        ("def f():\n n = ctypes.util.find_library('a')\n if n: return n\nn = f()\nif not n: raise OSError", False),
        ("if not (n := ctypes.util.find_library('a')):\n raise OSError", False),
        ("n = None\nif not n:\n n = ctypes.util.find_library('a')\n if not n: raise OSError", False),
        ("n = x or ctypes.util.find_library('a')\nif not n:\n raise OSError", False),
        ("class A:\n n = ctypes.util.find_library('a')\n def f(self):\n  if not self.n: raise OSError", False),
        ("n = next(filter(None, map(ctypes.util.find_library, ['a'])))\nif not n: raise OSError", False),
        ("def f():\n n = ctypes.util.find_library('a')\n if not n: raise OSError\ntry: f()\nexcept OSError: x", False),
        (FOUND + "if not n:\n if x:\n  raise OSError", True),
        (FOUND + "if not n:\n n = 'b'\nif not n:\n raise OSError", True),
        (FOUND + "if not n:\n print('no a')", True),
        (FOUND + "if n is None:\n pass", True),
        (FOUND + "if n is None:\n has = False", True),
        (FOUND + "if n:\n pass\nelif x:\n pass\nelse:\n raise OSError", True),
        (FOUND + "if not n and not x:\n raise OSError", True),
        (FOUND + "if not (n or x):\n raise OSError", True),
        (FOUND + "if n:\n raise OSError", True),
        (FOUND + "lib = n and f(n)", True),
        ("def f():\n n = ctypes.util.find_library('a')\n if not n:\n  return None\n raise OSError", True),
        ("def f():\n n = ctypes.util.find_library('a')\n if n: return n\n x()\n raise OSError", True),
        (LOOP + " if n is None: continue\nraise OSError", True),
        ("def _f():\n n = ctypes.util.find_library('a')\n if not n: raise OSError\ntry: _f()\nexcept OSError: x", True),
        (FOUND + "try:\n if not n: raise OSError\nexcept OSError:\n pass", True),
        (FOUND + "try:\n if not n: raise x.Missing()\nexcept x.Missing:\n pass", True),
        (FOUND + "try:\n if not n: raise OSError\nexcept OSError:\n raise ImportError", False),
        (FOUND + "try:\n if not n: raise OSError\nexcept KeyError:\n pass", False),
    ],
)
def test_a_test_that_raises_where_nothing_is_found_guards_nothing(source: str, guarded: bool) -> None:
    assert only(source).guarded is guarded


def test_none_from_find_library_fails_with_an_attribute() -> None:
    opened = found_in(IMPORTS + "try:\n ctypes.CDLL(ctypes.util.find_library('a')).f\nexcept AttributeError:\n pass")[0]

    assert opened.guarded


# -- platforms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "true", "false"),
    [
        ("sys.platform == 'win32'", "+win32", "-win32"),
        ("'win32' == sys.platform", "+win32", "-win32"),
        ("sys.platform != 'win32'", "-win32", "+win32"),
        ("sys.platform.startswith('win')", "+win32", "-win32"),
        ("sys.platform.startswith('linux')", "+linux", "-linux"),
        ("sys.platform.startswith(('linux', 'freebsd'))", "+freebsd linux", "-freebsd linux"),
        ("sys.platform in ('linux', 'linux2')", "+linux", "-linux"),
        ("sys.platform in {'darwin', 'cygwin'}", "+cygwin darwin", "-cygwin darwin"),
        ("sys.platform not in ['darwin']", "-darwin", "+darwin"),
        ("'linux' in sys.platform", "+linux", "-linux"),
        ("'win' in sys.platform", "+cygwin darwin win32", "-cygwin darwin win32"),
        ("sys.platform[:3] == 'win'", "+win32", "-win32"),
        ("sys.platform.lower() == 'darwin'", "+darwin", "-darwin"),
        ("sys.platform == 'freebsd13'", "+freebsd", "-freebsd"),
        ("os.name == 'nt'", "+win32", "-win32"),
        ("os.name == 'posix'", "-win32", "+win32"),
        ("os.name in ('nt', 'java')", "+java win32", "-java win32"),
        ("platform.system() == 'Windows'", "+win32", "-win32"),
        ("platform.system() == 'Darwin'", "+darwin", "-darwin"),
        ("platform.system().lower() == 'linux'", "+linux", "-linux"),
        ("platform.system().upper().startswith('CYGWIN')", "+cygwin", "-cygwin"),
        ("platform.system().startswith('Win')", "+win32", "-win32"),
        ("platform.system().startswith('Lin')", "+linux", "-linux"),
        ("os.name.startswith('posix')", "-win32", "+win32"),
        ("here == 'linux'", "+linux", "-linux"),
        ("system == 'Darwin'", "+darwin", "-darwin"),
        ("IS_WINDOWS", "+win32", "-win32"),
        ("not IS_WINDOWS", "-win32", "+win32"),
        ("sys.platform == 'linux' and x", "+linux", ""),
        ("sys.platform == 'linux' or x", "", "-linux"),
        ("sys.platform == 'linux' or IS_WINDOWS", "+linux win32", "-linux win32"),
        ("not (sys.platform == 'linux' or IS_WINDOWS)", "-linux win32", "+linux win32"),
        ("os.name == 'posix' and sys.platform != 'darwin'", "-darwin win32", "+darwin win32"),
        ("x", "", ""),
        ("sys.platform == x", "", ""),
        ("sys.platform in ('linux', x)", "", ""),
        ("sys.version_info > (3,)", "", ""),
        ("CHANGED", "", ""),
    ],
)
def test_branches_limit_platforms(test: str, true: str, false: str) -> None:
    before = """\
        from sys import platform as here
        system = platform.system()
        IS_WINDOWS = os.name == "nt"
        UNIXES = frozenset(["linux", "darwin"])
        CHANGED = sys.platform == "linux"
        CHANGED = False
        """

    found = found_in(f"""{IMPORTS}{textwrap.dedent(before)}
if {test}:
    ctypes.CDLL("true")
else:
    ctypes.CDLL("false")
""")

    assert [limits(one) for one in found] == [true, false]


def limits(found: CallSite | LimitedName) -> str:
    """Spell the platforms of a site or name: ``+linux`` for that alone, ``-win32`` for all others."""
    assert not (found.platforms and found.excluded)
    return "+" + " ".join(found.platforms) if found.platforms else "-" * bool(found.excluded) + " ".join(found.excluded)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if sys.platform == 'win32':\n pass\nelif sys.platform == 'darwin':\n ctypes.CDLL('a')", "+darwin"),
        ("if IS_WIN:\n pass\nelif sys.platform == 'darwin':\n pass\nelse:\n ctypes.CDLL('a')", "-darwin"),
        ("if os.name == 'nt':\n x\nelif sys.platform == 'darwin':\n x\nelse:\n ctypes.CDLL('a')", "-darwin win32"),
        ("lib = ctypes.CDLL('a') if sys.platform == 'linux' else None", "+linux"),
        ("lib = None if sys.platform == 'linux' else ctypes.CDLL('a')", "-linux"),
        ("sys.platform == 'linux' and ctypes.CDLL('a')", "+linux"),
        ("sys.platform == 'linux' or ctypes.CDLL('a')", "-linux"),
        ("def f():\n if sys.platform != 'linux':\n  return\n ctypes.CDLL('a')", "+linux"),
        ("def f():\n if sys.platform == 'win32':\n  raise OSError\n x()\n ctypes.CDLL('a')", "-win32"),
        ("def f():\n if sys.platform == 'win32':\n  x()\n ctypes.CDLL('a')", ""),
        ("def f():\n if os.name == 'nt':\n  return 1\n elif x:\n  return 2\n ctypes.CDLL('a')", "-win32"),
        ("def f():\n if os.name == 'nt':\n  x()\n else:\n  return\n ctypes.CDLL('a')", "+win32"),
        ("if sys.platform != 'darwin':\n sys.exit()\ndef f():\n return ctypes.CDLL('a')", "+darwin"),
        ("def f():\n return ctypes.CDLL('a')\nif sys.platform != 'darwin':\n sys.exit()", ""),
        ("while sys.platform == 'win32':\n ctypes.CDLL('a')", "+win32"),
        ("if sys.platform == 'win32':\n def f():\n  return ctypes.CDLL('a')", "+win32"),
        ("match sys.platform:\n case 'win32' if x:\n  pass\n case _:\n  ctypes.CDLL('a')", ""),
        ("def _f(): return ctypes.CDLL('a')\nif sys.platform == 'win32':\n _f()", "+win32"),
        ("def _f(): return ctypes.CDLL('a')\nif sys.platform == 'win32':\n _f()\nelse:\n _f()", ""),
        ("def f(): return ctypes.CDLL('a')\nif sys.platform == 'win32':\n f()", ""),
        ("def _f(): return _f() or ctypes.CDLL('a')\n_f()", ""),
        ("def f():\n import winreg\n ctypes.CDLL('a')", "+win32"),
        ("import fcntl\nctypes.CDLL('a')", "-win32"),
        ("try:\n import winreg\nexcept ImportError:\n pass\nctypes.CDLL('a')", ""),
        ("def f():\n from ctypes import windll\n ctypes.CDLL('a')", "+win32"),
        ("w = ctypes.windll if x else None\nctypes.CDLL('a')", ""),
        ("if sys.platform == 'linux':\n if sys.platform == 'win32':\n  ctypes.CDLL('a')", "+win32"),
        ("a = b\nb = a\nif a == 'linux' and 'linux' in b and b:\n ctypes.CDLL('a')", ""),
        ("def f():\n try:\n  if os.name == 'nt': return\n finally:\n  x\n ctypes.CDLL('a')", ""),
        ("def f():\n if os.name == 'nt':\n  try:\n   return 1\n  except x:\n   raise\n ctypes.CDLL('a')", "-win32"),
        ("def f():\n if os.name == 'nt':\n  try:\n   return 1\n  except x:\n   x\n ctypes.CDLL('a')", ""),
        ("def f():\n if os.name == 'nt':\n  with x:\n   return\n ctypes.CDLL('a')", "-win32"),
        ("if sys.platform != 'linux':\n ctypes.windll.LoadLibrary('a')", "+win32"),
    ],
)  # fmt: skip
def test_platforms_of_a_call(source: str, expected: str) -> None:
    assert limits(only(source)) == expected


NAME = "\nctypes.CDLL(n)"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if os.name == 'nt':\n n = 'a'\nelif os.name == 'posix':\n n = 'b'" + NAME, "a+win32 b-win32"),
        ("if sys.platform == 'win32':\n n = 'a'\nelif x:\n n = 'b'" + NAME, "a+win32 b-win32"),
        ("n = 'b'\nif sys.platform == 'darwin':\n n = 'a'" + NAME, "b a+darwin"),
        ("n = 'a.dll' if sys.platform == 'win32' else 'a.so'" + NAME, "a.dll+win32 a.so-win32"),
        ("WIN = os.name == 'nt'\nctypes.CDLL('a.dll' if WIN else 'a.so')", "a.dll+win32 a.so-win32"),
        ("n = sys.platform == 'win32' and 'a' or 'b'" + NAME, "b a+win32"),
        ("ctypes.CDLL({'linux': 'a', 'darwin': 'b'}[sys.platform])", "a+linux b+darwin"),
        ("N = {'Linux': 'a', 'Windows': 'b'}\nn = N[platform.system()]" + NAME, "a+linux b+win32"),
        ("N = {'nt': 'a', 'posix': 'b', x: 'c'}\nctypes.CDLL(N[os.name])", "c a+win32 b-win32"),
        ("s = sys.platform\nctypes.CDLL({'linux': 'a', **x}.get(s))", "a+linux"),
        ("ctypes.CDLL({'darwin': 'b'}.get(sys.platform, 'a'))", "b+darwin a-darwin"),
        ("N = {'darwin': 'b'}\nctypes.CDLL(N.get(sys.platform, 'a'))", "b+darwin a-darwin"),
        ("ctypes.CDLL({x: 'b'}.get(sys.platform, 'a'))", "b a"),
        ("ctypes.CDLL({'linux': 'a', 'win32': 'a', 'darwin': 'b'}[sys.platform])", "a+linux win32 b+darwin"),
        ("if os.name == 'nt':\n N = ['a', 'b']\nelse:\n N = ['b']\nfor n in N: ctypes.CDLL(n)", "b a+win32"),
        ("N = ['a']\nif os.name == 'nt':\n N.append('b')\nfor n in N: ctypes.CDLL(n)", "a b+win32"),
        ("N = ['a']\nif os.name == 'nt':\n N += ['b']\nfor n in N: ctypes.CDLL(n)", "a b+win32"),
        ("def _n():\n if os.name == 'nt':\n  return 'a'\n return 'b'\nctypes.CDLL(_n())", "a+win32 b-win32"),
        ("def f(n): ctypes.CDLL(n)\nif os.name == 'nt':\n f('a')\nelse:\n f('b')\nf('c')", "c a+win32 b-win32"),
        ("e = 'dll' if os.name == 'nt' else 'so'\nctypes.CDLL(f'a.{e}')", "a.dll+win32 a.so-win32"),
        ("p, e = ('', '.dll') if os.name == 'nt' else ('lib', '.so')\nctypes.CDLL(p + e)", ".dll+win32 lib.so-win32"),
        ("if os.name == 'nt':\n n = 'a'\nelse:\n n = 'b'\nif os.name == 'nt':\n ctypes.CDLL(n)", "a"),
        ("n = 'a' if sys.platform == 'linux' else 'b'\nif os.name != 'nt':\n ctypes.CDLL(n)", "a+linux b-linux win32"),
        ("n = 'a' if x else 'b'" + NAME, "a b"),
    ],
)
def test_names_of_one_platform_are_told_as_such(source: str, expected: str) -> None:
    found = only(source)

    assert " ".join([*found.names, *(one.name + limits(one) for one in found.limited)]) == expected


def scene_of(opened: CallSite, kernel: str) -> Context:
    """A closure of one path with one call, and no libraries."""
    inspection = Inspection(call_sites=(opened,))
    return cast(
        Context,
        SimpleNamespace(
            python_paths=(0,),
            inspection=lambda index: inspection,
            kernel=kernel,
            closure=SimpleNamespace(store_dir="/nix/store"),
            linking=SimpleNamespace(named=lambda name: (), whole=True),
            on_system=lambda name: False,
            label=lambda index: "pkg 1.0",
            path=lambda index: "/nix/store/x-pkg-1.0",
            name=lambda index: "pkg",
        ),
    )


@pytest.mark.parametrize(
    ("source", "linux", "darwin", "unknown"),
    [
        ("ctypes.CDLL('a' if sys.platform == 'linux' else 'b')", "'a': bare", "'b': bare", "'a', 'b': bare"),
        ("ctypes.CDLL('a' if os.name == 'nt' else 'b')", "'b': bare", "'b': bare", "'b': bare"),
        ("if os.name == 'nt': n = 'a'" + NAME, "'a': for other", "'a': for other", "'a': for other"),
        ("ctypes.CDLL({'darwin': 'a'}[sys.platform])", "'a': for other", "'a': bare", "'a': bare"),
        ("n = None\nif os.name == 'nt': n = 'a'" + NAME, "…: the running", "…: the running", "…: the running"),
        ("n = x\nif os.name == 'nt': n = 'a'" + NAME, "…: named only", "…: named only", "…: named only"),
        ("ctypes.CDLL('a.dylib' if x else 'a.so')", "'a.so': bare", "'a.dylib': bare", "'a.dylib', 'a.so': bare"),
    ],
)
def test_names_are_judged_for_the_platform_of_the_closure(source: str, linux: str, darwin: str, unknown: str) -> None:
    told = []
    for kernel in ("linux", "darwin", ""):
        *found, judged = p15_dlopen.RULE.check(scene_of(only(source), kernel))
        (proof,) = found[0].evidence if found and isinstance(found[0], Finding) else getattr(judged, "fine", ())
        told.append(proof.detail)

    for detail, expected in zip(told, (linux, darwin, unknown), strict=True):
        assert detail.partition("CDLL(")[2].replace(")", "").startswith(expected)


# -- idioms of real packages, written anew ---------------------------------------------------------------


def test_a_search_through_names_then_a_bundled_library() -> None:
    """As sounddevice does."""
    source = """\
        import os as _os
        import platform as _platform
        from ctypes.util import find_library as _find_library
        from _sound import ffi as _ffi

        try:
            for _name in ("portaudio", "bin\\\\libportaudio-2.dll"):
                _name = _find_library(_name)
                if _name is not None:
                    break
            else:
                raise OSError("no PortAudio")
            _lib = _ffi.dlopen(_name)
        except OSError:
            if _platform.system() == "Darwin":
                _name = "libportaudio.dylib"
            elif _platform.system() == "Windows":
                _name = "libportaudio.dll"
            else:
                raise
            import _sound_data
            _name = _os.path.join(next(iter(_sound_data.__path__)), "binaries", _name)
            _lib = _ffi.dlopen(_name)
        """

    assert found_in(source) == [
        site(8, FIND, "portaudio", "bin\\libportaudio-2.dll", guarded=True),
        site(13, FFI, guarded=True, depends_on=8),
        site(23, FFI, dynamic=True, platforms=("darwin", "win32")),
    ]


def test_a_generator_of_candidates() -> None:
    """As python-magic does."""
    source = """\
        import ctypes, glob, os, sys
        from ctypes.util import find_library

        def _candidates():
            yield find_library("magic")
            if sys.platform == "darwin":
                for folder in ["/opt/local/lib"] + glob.glob("/usr/local/Cellar/*/lib"):
                    yield os.path.join(folder, "libmagic.dylib")
            elif sys.platform in ("win32", "cygwin"):
                for prefix in ["magic1", "cygmagic-1"]:
                    yield "./%s.dll" % (prefix,)
                    yield find_library(prefix)
            elif sys.platform == "linux":
                yield "libmagic.so.1"

        def load():
            for lib in _candidates():
                if lib is None:
                    continue
                try:
                    return ctypes.CDLL(lib)
                except OSError:
                    pass
            raise ImportError("no libmagic")
        """

    windows = ("cygwin", "win32")
    names = (
        LimitedName("/opt/local/lib/libmagic.dylib", ("darwin",)),
        LimitedName("./magic1.dll", windows),
        LimitedName("./cygmagic-1.dll", windows),
        LimitedName("libmagic.so.1", ("linux",)),
    )
    assert found_in(source) == [
        site(5, FIND, "magic", guarded=True),
        site(12, FIND, "magic1", "cygmagic-1", guarded=True, platforms=windows),
        site(21, CDLL, limited=names, dynamic=True, guarded=True, depends_on=5),
    ]


def test_a_helper_with_any_number_of_names() -> None:
    """As weasyprint does."""
    source = """\
        import cffi
        from contextlib import suppress
        ffi = cffi.FFI()

        def _dlopen(ffi, *names, allow_fail=False):
            for name in names:
                with suppress(OSError):
                    return ffi.dlopen(name)
            if allow_fail:
                return
            return ffi.dlopen(names[0])

        gobject = _dlopen(ffi, "gobject-2.0-0", "gobject-2.0", "libgobject-2.0.so.0")
        pango = _dlopen(ffi, "pango-1.0-0", "libpango-1.0.so.0", allow_fail=True)
        """

    names = ("gobject-2.0-0", "gobject-2.0", "libgobject-2.0.so.0", "pango-1.0-0", "libpango-1.0.so.0")
    assert found_in(source) == [site(8, FFI, *names, guarded=True), site(11, FFI, "gobject-2.0-0", "pango-1.0-0")]


def test_names_of_which_the_found_ones_come_first() -> None:
    """As cairocffi does."""
    source = """\
        from ctypes.util import find_library
        from .ffi import ffi

        def dlopen(ffi, library_names, filenames):
            for library_name in library_names:
                found = find_library(library_name)
                if found:
                    filenames = (found, *filenames)
            for filename in filenames:
                try:
                    return ffi.dlopen(filename)
                except OSError:
                    pass
            raise OSError

        cairo = dlopen(ffi, ("cairo-2", "cairo"), ("libcairo.so.2", "libcairo.2.dylib"))
        """

    assert found_in(source) == [
        site(6, FIND, "cairo-2", "cairo", guarded=True),
        site(11, FFI, "libcairo.so.2", "libcairo.2.dylib", guarded=True, depends_on=6),
    ]


def test_a_bundled_library_on_one_platform_and_a_search_on_others() -> None:
    """As pyzbar does."""
    source = """\
        import platform
        from ctypes import cdll
        from ctypes.util import find_library
        from pathlib import Path

        def load():
            if "Windows" == platform.system():
                def load_objects(folder):
                    return cdll.LoadLibrary(str(folder.joinpath("libzbar-64.dll")))
                try:
                    return load_objects(Path(""))
                except OSError:
                    return load_objects(Path(__file__).parent)
            path = find_library("zbar")
            if not path:
                raise ImportError("no zbar")
            return cdll.LoadLibrary(path)
        """

    names = ("libzbar-64.dll", "$PACKAGE/libzbar-64.dll")
    assert found_in(source) == [
        site(9, LOAD, *names, platforms=WINDOWS),
        site(14, FIND, "zbar", excluded=WINDOWS),
        site(17, LOAD, excluded=WINDOWS, depends_on=14),
    ]


def test_a_loader_with_exchangeable_parts() -> None:
    """As pyusb does."""
    source = """\
        import ctypes.util
        from ctypes import CDLL

        def locate(candidates, find=ctypes.util.find_library):
            for candidate in candidates:
                found = find(candidate)
                if found:
                    return found
            return None

        def load(candidates, cls=None):
            library = locate(candidates)
            if library is None:
                raise LookupError
            try:
                return cls(library) if cls is not None else CDLL(library)
            except Exception:
                raise OSError("cannot load")

        load(("usb-1.0", "libusb-1.0"))
        """

    assert found_in(source) == [
        site(6, FIND, "usb-1.0", "libusb-1.0"),
        site(16, CDLL, depends_on=6),
    ]


def test_a_bundled_library_then_a_search_then_a_name() -> None:
    """As soundfile does."""
    source = """\
        import os as _os, sys as _sys
        from ctypes.util import find_library as _find_library
        from _soundfile import ffi as _ffi

        try:
            if _sys.platform == "darwin":
                _bundled = "libsndfile.dylib"
            elif _sys.platform == "linux":
                _bundled = "libsndfile.so"
            else:
                raise OSError("nothing bundled")
            _here = _os.path.dirname(_os.path.abspath(__file__))
            _snd = _ffi.dlopen(_os.path.join(_here, "_soundfile_data", _bundled))
        except OSError:
            try:
                _name = _find_library("sndfile")
                if _name is None:
                    raise OSError("not found")
                _snd = _ffi.dlopen(_name)
            except OSError:
                _snd = _ffi.dlopen("libsndfile.so" if _sys.platform == "linux" else "libsndfile.dylib")
        """

    assert found_in(source) == [
        site(
            13,
            FFI,
            limited=(
                *on("darwin", "$PACKAGE/_soundfile_data/libsndfile.dylib"),
                *on("linux", "$PACKAGE/_soundfile_data/libsndfile.so"),
            ),
            guarded=True,
            platforms=("darwin", "linux"),
        ),
        site(16, FIND, "sndfile", guarded=True),
        site(19, FFI, guarded=True, depends_on=16),
        site(21, FFI, limited=(*on("linux", "libsndfile.so"), *but("linux", "libsndfile.dylib"))),
    ]


def test_folders_beside_the_file_are_tried_in_turn() -> None:
    """As rtree and shapely do."""
    source = """\
        import ctypes, os, sys
        from pathlib import Path

        _here = Path(__file__).parent
        _folders = [_here / "lib", _here]
        if "RTREE_LIB" in os.environ:
            _folders.insert(0, Path(os.environ["RTREE_LIB"]))

        def load():
            if os.name == "nt":
                name = "rtree.dll"
            else:
                name = "librtree.so"
            for folder in _folders:
                try:
                    return ctypes.cdll.LoadLibrary(str(folder / name))
                except OSError:
                    continue
            raise OSError

        def load_dll(libname, fallbacks=None):
            from ctypes.util import find_library
            lib = find_library(libname)
            for one in ([lib] if lib is not None else []) + (fallbacks or []):
                try:
                    return ctypes.CDLL(one)
                except OSError:
                    pass
            raise OSError

        if sys.platform.startswith("linux"):
            geos = load_dll("geos_c", fallbacks=["libgeos_c.so.1", "libgeos_c.so"])
        """

    beside = tuple(
        one
        for folder in ("$PACKAGE/lib", "$PACKAGE")
        for one in (*on("win32", f"{folder}/rtree.dll"), *but("win32", f"{folder}/librtree.so"))
    )
    assert found_in(source) == [
        site(16, LOAD, limited=beside, dynamic=True, guarded=True, variables=("RTREE_LIB",)),
        site(23, FIND, limited=on("linux", "geos_c"), guarded=True),
        site(26, CDLL, limited=on("linux", "libgeos_c.so.1", "libgeos_c.so"), guarded=True, depends_on=23),
    ]


def test_platforms_of_a_module_with_branches_for_each() -> None:
    """As psutil does, and clipboards."""
    source = """\
        import ctypes, os, sys
        WINDOWS = os.name == "nt"
        MACOS = sys.platform.startswith("darwin")
        LINUX = sys.platform.startswith("linux")

        if LINUX:
            libc = ctypes.CDLL("libc.so.6", use_errno=True)
        elif WINDOWS:
            kernel32 = ctypes.windll.kernel32
        elif MACOS:
            libc = ctypes.CDLL("/usr/lib/libSystem.dylib")
        else:
            libc = ctypes.CDLL(None)

        def init_clipboard():
            windll = ctypes.windll
            msvcrt = ctypes.CDLL("msvcrt")
            return windll.user32
        """

    assert found_in(source) == [
        site(7, CDLL, "libc.so.6", platforms=("linux",)),
        site(9, "ctypes.windll", "kernel32", platforms=WINDOWS),
        site(11, CDLL, "/usr/lib/libSystem.dylib", platforms=("darwin",)),
        site(13, CDLL, own_process=True, excluded=("darwin", "linux", "win32")),
        site(17, CDLL, "msvcrt"),
        site(18, "ctypes.windll", "user32", platforms=WINDOWS),
    ]


def test_a_name_from_settings_or_a_search() -> None:
    """As django does."""
    source = """\
        import os
        from ctypes import CDLL
        from ctypes.util import find_library
        try:
            from django.conf import settings
            path = settings.GEOS_LIBRARY_PATH
        except AttributeError:
            path = None
        if path:
            names = None
        elif os.name == "nt":
            names = ["geos_c", "libgeos_c-1"]
        elif os.name == "posix":
            names = ["geos_c", "GEOS"]
        else:
            raise ImportError
        if names:
            for name in names:
                path = find_library(name)
                if path is not None:
                    break
        if path is None:
            raise ImportError
        geos = CDLL(path)
        """

    assert found_in(source) == [
        site(19, FIND, "geos_c", limited=(*on("win32", "libgeos_c-1"), *but("win32", "GEOS"))),
        site(24, CDLL, dynamic=True, depends_on=19),
    ]


# -- sources that do not parse ---------------------------------------------------------------------------


def test_python_2_is_searched_line_by_line() -> None:
    source = b"""\
import ctypes
print 'loading'
lib = ctypes.CDLL('liba.so.1')
lib = ctypes.cdll.LoadLibrary(u"libb.so", 2)
path = ctypes.util.find_library( 'c' )
dll = windll.kernel32.GetLastError
own = CDLL(None)
lib = _ffi.dlopen("libd.so"); old = ctypes.WinDLL('e')
arr = numpy.ctypeslib.load_library('f', '.')
# ctypes.CDLL('comment')
lib = ctypes.CDLL(name)
lib = ctypes.CDLL('g' + suffix)
lib = self.find_library('h')
def find_library(self, name): pass
"""

    sites, problem = call_sites(source, FILE)

    assert sites == (
        site(3, CDLL, "liba.so.1"),
        site(4, LOAD, "libb.so"),
        site(5, FIND, "c"),
        site(6, "ctypes.windll", "kernel32", platforms=WINDOWS),
        site(7, CDLL, own_process=True),
        site(8, FFI, "libd.so"),
        site(8, "ctypes.WinDLL", "e", platforms=WINDOWS),
        site(9, NUMPY, "f"),
    )
    assert problem is not None and problem.startswith("does not parse as Python (")
    assert "in line 2" in problem and problem.endswith("; searched line by line")


@pytest.mark.parametrize(
    "source",
    [
        b"import ctypes\nctypes.CDLL('a')\n(",
        b"import ctypes\nctypes.CDLL('a')\n\0",
        b"# coding: no-such-coding\nimport ctypes\nctypes.CDLL('a')",
        b"# coding: rot13\nimport ctypes\nctypes.CDLL('a')",
        b"import ctypes\nctypes.CDLL('a')\nx = '\xff'",
        b"\xff\xfeimport ctypes\nctypes.CDLL('a')",
        b"import ctypes\nctypes.CDLL('a')\nx = " + b"(" * 5000 + b")" * 5000,
        b"import ctypes\nctypes.CDLL('a')\nx = " + b"-" * 50_000 + b"1",
        b"import ctypes\nctypes.CDLL('a')\nx" + b".y" * 50_000,
        b"import ctypes\nctypes.CDLL('a')\nx = " + b"1 if a else " * 10_000 + b"2",
        b"import ctypes\nctypes.CDLL('a')\nx = " + b"1+" * 50_000 + b"2",
        b"import ctypes\nctypes.CDLL('a')\nx = [" + b"a," * 700_000 + b"]",
    ],
)  # fmt: skip
def test_what_does_not_parse_is_searched(source: bytes) -> None:
    with at_most(2_000):
        sites, problem = call_sites(source, FILE)

    assert [one.names for one in sites] == [("a",)]
    assert problem is not None and problem.endswith("; searched line by line")
    assert_plain(problem)
    assert len(problem) <= 301


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"# coding: latin-1\nimport ctypes\nctypes.CDLL('\xe9')", "é"),
        (b"\xef\xbb\xbfimport ctypes\r\nctypes.CDLL('a')\r\n", "a"),
        (b"import ctypes\nctypes.CDLL('\\x1b[31m\\u202e\\ud800')", "\ufffd[31m\ufffd\ufffd"),
        (b"import ctypes\nctypes.CDLL('" + b"x" * 1000 + b"')", "x" * 300 + "…"),
        (b"import ctypes\nctypes.CDLL(b'\\xff\\x00')", "\ufffd\ufffd"),
        ("import ctypes\nprint 1\nctypes.CDLL('\u202e\x9b')".encode(), "\ufffd\ufffd"),
    ],
)
def test_texts_are_safe_to_show(source: bytes, name: str) -> None:
    sites, _ = call_sites(source, "\x1b[31m.py")

    assert [one.names for one in sites] == [(name,)]
    assert_harmless(sites)


def assert_harmless(sites: tuple[CallSite, ...]) -> None:
    for one in sites:
        limited = [text for name in one.limited for text in (name.name, *name.platforms, *name.excluded)]
        for text in (one.file, one.function, *one.names, *limited, *one.platforms, *one.excluded, *one.variables):
            assert_plain(text)
            text.encode()


def test_parsing_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sites, problem = call_sites(b"import ctypes\nctypes.CDLL('\\d'), 1 is 1", FILE)

    assert [one.names for one in sites] == [("\\d",)]
    assert problem is None


# -- bounds ----------------------------------------------------------------------------------------------


def test_a_file_has_at_most_a_thousand_sites() -> None:
    source = b"import ctypes\n" + b"ctypes.CDLL('a')\n" * (MOST_SITES + 1)

    sites, problem = call_sites(source, FILE)

    assert len(sites) == MOST_SITES
    assert problem == "more than 1000 places open libraries; the rest was not looked at"
    assert call_sites(source[:-17], FILE)[1] is None
    sites, problem = call_sites(source + b"(", FILE)
    assert len(sites) == MOST_SITES and problem is not None


def test_a_site_has_at_most_fifty_names_and_says_that_there_are_more() -> None:
    found = only(f"for n in {[f'lib{number}.so' for number in range(51)]}:\n ctypes.CDLL(n)")

    assert len(found.names) == 50
    assert found.dynamic
    assert not only(f"for n in {[f'lib{number}.so' for number in range(50)]}:\n ctypes.CDLL(n)").dynamic


HEAD = b"import ctypes, sys\nfrom ctypes import CDLL\nfrom ctypes.util import find_library\n"


@pytest.mark.parametrize(
    "source",
    [
        b"a = b\nb = a\nCDLL(a)",
        b"def f(n): return CDLL(f(n))\nf(f(f('x')))",
        b"def f(*n): return f(*n, *n)\nCDLL(f('x')[0])",
        b"a = [a[0] for a in a]\nCDLL(a[0][0])",
        b"a = a.a = a[a] = a(a)\nCDLL(a)",
        b"a = ctypes\nb = a\na = b\na.CDLL('x')",
        b"".join(b"a%d = a%d or a%d\n" % (n + 1, n, n) for n in range(1000)) + b"CDLL(a1000)",
        b"a0 = 'abcd'\n" + b"".join(b"a%d = a%d + a%d\n" % (n + 1, n, n) for n in range(50)) + b"CDLL(a50)",
        b"CDLL(" + b"'x' if a else " * 300 + b"'y')",
        b"CDLL(" * 90 + b"'x'" + b")" * 90,
        b"a = []\n" + b"a.append('x')\n" * 3000 + b"for n in a:\n CDLL(n)\n" * 500,
        b"a = 'x'\n" * 20_000 + b"def f():\n" + b" CDLL(a)\n" * 1000,
        b"def f(n): CDLL(n)\n" + b"f('x')\n" * 20_000,
        b"if sys.platform == 'a':\n pass\n" + b"elif sys.platform == 'b':\n CDLL('x')\n" * 300,
        b"".join(b"def _f%d(n): return _f%d(n)\n" % (n, n + 1) for n in range(500)) + b"def _f500(n): CDLL(n)\n_f0(1)",
        b"".join(b"a%d = find_library('x')\na = a%d\n" % (n, n) for n in range(500)) + b"b = a\n" * 2000,
        b"lambda: " * 300 + b"CDLL('x')",
        b"with x as a:\n" + b" CDLL(a)\n" * 900 + b" a = 'x'\n" * 50,
        b"while a:\n" + b" a = a + 'x'\n" * 50 + b" CDLL(a)\n" * 900,
        b"CDLL('x' " + b"'y' " * 50_000 + b")",
        b"CDLL(f'" + b"{a}" * 20_000 + b"')",
        b"CDLL('%s' * 999 % (" + b"'a'," * 5000 + b"))",
        b"CDLL('" + b"%s" * 5000 + b"' % (" + b"'a'," * 5000 + b"))",
        b"a = ['x', 'y']\nfor b in a:\n for c in a:\n  for d in a:\n   CDLL(" + b"b + c + d +" * 100 + b"b)",
    ],
)  # fmt: skip
def test_hostile_sources_end_soon(source: bytes) -> None:
    with at_most(25_000_000):
        sites, _ = call_sites(HEAD + source, FILE)

    assert sites
    assert all(len(one.names) <= 50 for one in sites)
    assert_harmless(sites)


PIECES = [
    *("import ctypes", "from ctypes import *", "from ctypes.util import find_library as f", "global a", "return a"),
    *("a = b", "b = a", "a += 'x'", "a = f('m')", "a, *b = b, a", "a.b = a", "a = ['x', b]", "a.append(b)", "del a"),
    *("CDLL(a)", "ctypes.CDLL(name=a[0])", "cdll.a", "ctypes.cdll[b]", "a.ffi.dlopen(*b)", "f(a or None)", "a(b)"),
    *("for a in b:", "for a, b in a.items():", "while a:", "if sys.platform == 'linux':", "elif a is None:", "else:"),
    *("try:", "except OSError:", "except:", "raise", "with a as b:", "def a(b, *c, d='x'):", "class a(b):", "yield a"),
    *("a = lambda b: CDLL(b % a)", "CDLL([a for b in c for a in b][0])", "CDLL(f'{a}{b}')", "break", "pass"),
    *("return 'y' if sys.platform == 'win32' else b", "CDLL({'linux': a, 'darwin': 'b'}.get(sys.platform, b))"),
    *("match a:", "case 'x' | b:", "case _:", "import os, sys", "CDLL(os.environ.get(a, b))", "CDLL({a: b}[a])"),
    *("CDLL(os.path.join(os.path.dirname(__file__), a))", "nonlocal a", "CDLL((a := b))", "CDLL('%s' % a)", "async"),
]


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(PIECES)), max_size=25))
def test_no_source_raises(lines: list[tuple[int, str]]) -> None:
    source = "".join(f"{' ' * depth}{piece}\n" for depth, piece in lines)

    sites, problem = call_sites(b"import ctypes # CDLL\n" + source.encode(), FILE)

    assert_harmless(sites)
    assert problem is None or "does not parse" in problem


@st.composite
def nested_blocks(draw: st.DrawFn) -> str:
    """Sources that mostly parse: pieces below block openers, with their indentation."""
    lines, depth = [], 0
    for piece in draw(st.lists(st.sampled_from(PIECES), max_size=30)):
        opens = piece.endswith(":")
        if piece.startswith(("elif", "else", "except", "case")):
            continue
        if piece == "try:":
            lines += [f"{' ' * depth}try:", f"{' ' * depth} CDLL(a)", f"{' ' * depth}except OSError:"]
            depth += 1
            lines.append(" " * depth + "pass")
        elif piece == "match a:":
            lines += [f"{' ' * depth}match a:", f"{' ' * depth} case 'x' | 'y':", f"{' ' * depth}  CDLL(a)"]
        else:
            lines.append(" " * depth + piece)
            depth += opens
            if opens:
                lines.append(" " * depth + "pass")
        if draw(st.booleans()):
            depth = max(0, depth - 1)
    return "\n".join(lines)


@settings(max_examples=400)
@given(nested_blocks())
def test_no_tree_raises(source: str) -> None:
    sites, problem = call_sites(b"import ctypes # CDLL\n" + source.encode(), FILE)

    assert_harmless(sites)
    # a tree that cannot be walked would be named with its exception
    assert problem is None or " in line " in problem


WHOLE = """\
import ctypes, os, sys
from ctypes.util import find_library
names = ["liba.so.1", f"lib{sys.platform}.so"]
names += [os.path.join(os.path.dirname(__file__), "libb.so")]
def _load(name, *others, mode=0):
    for one in (name, *others):
        try:
            return ctypes.CDLL(one, mode=mode)
        except (OSError, TypeError) as error:
            print("%s: %r" % (one, error))
    raise ImportError("{} is missing".format(name))
if sys.platform == "win32" or os.name == "nt":
    lib = ctypes.windll.kernel32
elif (path := find_library("a") or os.environ.get("A_LIB")) is not None:
    lib = _load(path, *names)
else:
    lib = [_load(one) for one in names if one][0]
"""
SPLINTERS = [
    "",
    "(",
    ")",
    ":",
    "\n",
    " ",
    "\0",
    "'",
    '"',
    "*",
    "=",
    "lambda: ",
    " if a else ",
    "#",
    ",",
    "\\",
    "{",
    "names",
]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.sampled_from(SPLINTERS)), max_size=4))
def test_no_mutated_source_raises(changes: list[tuple[int, int, str]]) -> None:
    source = WHOLE
    for place, length, splinter in changes:
        source = source[:place] + splinter + source[place + length :]

    sites, problem = call_sites(source.encode(), FILE)

    assert_harmless(sites)
    assert problem is None or problem.endswith("; searched line by line")
    assert changes or [one.line for one in sites] == [8, 13, 14]


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    sites, problem = call_sites(b"import ctypes\nctypes.CDLL('a')\n" + data, FILE)

    assert_harmless(sites)
    assert problem is None or problem.endswith("; searched line by line")
    if problem is None:
        assert sites[0] == site(2, CDLL, "a")


@pytest.mark.parametrize(
    ("source", "may"),
    [
        (b"import ctypes\nctypes.CDLL('x')", True),
        (b"from ctypes.util import find_library", True),
        (b"from ctypes import cdll", True),
        (b"import numpy.ctypeslib as c; c.load_library", True),
        (b"ffi.dlopen('x')", True),
        (b"import ctypes\nctypes.c_int", False),
        (b"from django.template import find_library", False),
        (b"import cffi", False),
        (b"", False),
    ],
)
def test_most_files_need_not_be_parsed(source: bytes, may: bool) -> None:
    assert may_open_libraries(source) is may


def test_what_opens_no_library_is_not_parsed() -> None:
    assert call_sites(b"import ctypes\nthis is no Python", FILE) == ((), None)
