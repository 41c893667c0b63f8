# Closures for the rules about metadata, package sets and test tools: one attribute of `roots` a closure, all of them
# behind one farm of links (`all`), so that one call of nix-build makes them.
{ system ? builtins.currentSystem }:
let
  base = import ./building.nix { inherit system; };
  inherit (base) mk minor python pythonWith wrapPython pytestCheckHook library libraryWith hook;
  words = list: builtins.concatStringsSep " " (map (one: "${one}") list);
  out = builtins.placeholder "out";

  py = python "3.11.9";
  py312 = python "3.12.4";
  py313 = python "3.13.1";
  # the same version, configured otherwise
  py' = pythonWith "3.11.9" { "lib/python3.11/debug.py" = "# only here\n"; } { configureFlags = "--with-pydebug"; };
  interpreter = pname: version: abi: mk "${pname}-${version}" { out = {
    "bin/${abi}" = { elf = { kind = "program"; interp = "${base.libc}/lib/ld-linux-x86-64.so.2"; needed = [ "libc.so.6" ]; runpath = "${base.libc}/lib"; }; executable = true; };
    "lib/${abi}/os.py" = "# the standard library\n";
  }; } { inherit pname version; };
  pypy = interpreter "pypy3.10" "7.3.17" "pypy3.10";
  free = interpreter "python3" "3.13.1" "python3.13t";

  # A distribution of any layout. abi names its site-packages and, unless bare, its prefix. With dev the list of
  # propagated inputs lies in a dev output, as multiple-outputs.sh puts it; uv makes it as pyproject.nix would.
  dist = pname: { version ? "1.0", on ? py, abi ? "python${minor on.version}", deps ? [ ], requires ? [ ], extras ? [ ], wants ? null, dev ? false, uv ? false,
                  bare ? uv, name ? pname, code ? "", modules ? { "${builtins.replaceStrings [ "-" "." ] [ "_" "_" ] pname}/__init__.py" = code; }, files ? { }, attrs ? { } }:
    let
      site = "lib/${abi}/site-packages";
      info = "${site}/${builtins.replaceStrings [ "-" ] [ "_" ] name}-${version}.dist-info";
      fields = [ "Metadata-Version: 2.1" "Name: ${name}" "Version: ${version}" ] ++ (if wants == null then [ ] else [ "Requires-Python: ${wants}" ]) ++ map (one: "Provides-Extra: ${one}") extras ++ map (one: "Requires-Dist: ${one}") requires;
      list = first: { "nix-support/propagated-build-inputs" = words (first ++ deps ++ [ on ]) + "\n"; };
      inSite = builtins.listToAttrs (map (one: { name = "${site}/${one}"; value = modules.${one}; }) (builtins.attrNames modules));
    in mk (if bare then "${pname}-${version}" else "${abi}-${pname}-${version}") ({
      out = { "${info}/METADATA" = builtins.concatStringsSep "\n" fields + "\n\nText\n"; } // inSite
        // (if uv then { "${info}/INSTALLER" = "uv\n"; } else if dev then { } else list [ ]) // files;
    } // (if dev then { dev = list [ out ]; } else { })) ({
      inherit pname version;
      outputs = if dev then [ "out" "dev" ] else [ "out" ];
      nativeBuildInputs = if uv then [ pyprojectHook ] else [ on wrapPython ];
      doCheck = ""; doInstallCheck = "";
    } // (if uv then { } else { propagatedBuildInputs = words (deps ++ [ on ]); }) // attrs) // { inherit site; };
  pyprojectHook = hook "pyproject-hook";

  # links under names of their own: copies of one name and version meet in one environment
  links = members: builtins.listToAttrs (map (one: {
    name = "${builtins.dirOf one.site}/site-packages/${builtins.unsafeDiscardStringContext (builtins.baseNameOf "${one}")}.dist-info";
    value = { link = "${one}/${one.site}"; };
  }) members);
  envOn = on: members: mk "${on.pname}-${on.version}-env" { out = { "bin/python3" = { link = "${on}/bin/python3"; }; } // links members; } {
    ignoreCollisions = ""; pkgs = builtins.toJSON members; postBuild = "NIX_PYTHONPREFIX";
  };
  env = envOn py;
  venv = members: mk "project-env" { out = {
    "pyvenv.cfg" = "home = ${py}/bin\n";
    "bin/python3" = { text = "#!${py}/bin/python3\n"; executable = true; };
  } // links members; } { NIX_PYPROJECT_DEPS = builtins.concatStringsSep ":" (map (one: "${one}") members); mkVirtualenvFlags = ""; };
  # buildPythonApplication: no prefix, and a script that adds the site-packages of all that it was wrapped with
  app = pname: { on ? py, deps ? [ ], wrapped ? deps, files ? { }, ... }@rest: dist pname (builtins.removeAttrs rest [ "wrapped" ] // {
    bare = true;
    files = {
      "bin/${pname}" = { text = "#!/bin/sh\nexport PYTHONNOUSERSITE='true'\nexec -a \"$0\" \"${out}/bin/.${pname}-wrapped\" \"$@\"\n"; executable = true; };
      "bin/.${pname}-wrapped" = { text = ''
        #!${on}/bin/python3
        import sys;import site;import functools;sys.argv[0] = '${pname}';functools.reduce(lambda k, p: site.addsitedir(p, k), [${builtins.concatStringsSep "," (map (one: "'${one}/${one.site}'") wrapped)}], site._init_pathinfo());
      ''; executable = true; };
    } // files;
  });
  farm = name: targets: mk name { out = builtins.listToAttrs (map (one: {
    name = "share/${builtins.unsafeDiscardStringContext (builtins.baseNameOf "${one}")}"; value = { link = "${one}"; };
  }) targets); } { };

  six = dist "six" { version = "1.16.0"; };
  idna = dist "idna" { version = "3.7"; };
  # the larger one
  oldIdna = dist "idna" { version = "2.10"; code = "TABLES = 'the tables of an older standard'\n"; };
  brotli = dist "brotli" { version = "1.1.0"; };
  setuptools = dist "setuptools" { version = "80.1.0"; };
  zlibNg = dist "zlib-ng" { version = "0.4.3"; };
  pluggy = dist "pluggy" { version = "1.5.0"; };
  pytest = dist "pytest" { version = "8.3.2"; deps = [ pluggy ]; requires = [ "pluggy<2" ]; };
  coverage = dist "coverage" { version = "7.6.0"; };
  pytestCov = dist "pytest-cov" { version = "5.0.0"; deps = [ pytest coverage ]; requires = [ "pytest>=4.6" "coverage>=5" ]; };
  nativeBrotli = library "brotli" "1.2.0" "libbrotli.so.1";
  nativeZstd = library "zstd" "1.5.6" "libzstd.so.1";
  nativeGraphviz = library "graphviz" "12.0.0" "libgvc.so.6";
  openssl = library "openssl" "3.0.14" "libssl.so.3";

  uv = pname: rest: dist pname (rest // { uv = true; });
  onPypy = pname: rest: dist pname (rest // { on = pypy; abi = "pypy3.10"; });
  onFree = pname: rest: dist pname (rest // { on = free; abi = "python3.13t"; });
  # what it propagates lies in its dev output, which others propagate
  client = requires: dist "client" { dev = true; deps = [ six ]; inherit requires; code = "import six\n"; };
  user = of: dist "user" { deps = [ of.dev ]; requires = [ "client" ]; };
  withDev = client [ "six" ];
  accidental = client [ "six" "idna" ];
  incomplete = client [ "six" "absent" ];

  # -- two of one thing
  idnaUser = dist "requests" { version = "2.32.3"; deps = [ idna ]; requires = [ "idna" ]; };
  oldIdnaUser = dist "yarl" { version = "1.9"; deps = [ oldIdna ]; requires = [ "idna" ]; };
  twin = dist "idna" { version = "3.7"; attrs = { NIX_CFLAGS_COMPILE = "-O0"; }; };
  twinUser = dist "yarl" { version = "1.9"; deps = [ twin ]; requires = [ "idna" ]; };
  dotted = dist "zope-interface" { version = "7.2"; name = "Zope.Interface"; };
  dashed = dist "zope-interface" { version = "6.0"; name = "zope_interface"; };
  onDebug = pname: dist pname { on = py'; };
  sixOn = on: dist "six" { version = "1.16.0"; inherit on; };
  three = attrs: map (pname: dist pname { inherit attrs; }) [ "attrs" "click" "rich" ];

  # -- test tools
  humanize = dist "humanize" { version = "4.10"; deps = [ pytest six ]; requires = [ "six" ]; };
  upstream = dist "humanize" { version = "4.10"; deps = [ pytest ]; requires = [ "pytest" ]; };
  plugin = dist "pytest-timeout" { version = "2.3"; requires = [ "pytest>=7" ]; attrs.buildInputs = [ pytest ]; };
  pytestWithDev = dist "pytest" { version = "8.3.2"; dev = true; deps = [ pluggy ]; requires = [ "pluggy" ]; };

  # -- circles
  chicken = dist "chicken" { deps = [ egg ]; requires = [ "egg" ]; };
  egg = dist "egg" { requires = [ "chicken" ]; };

  needs = pname: requires: dist pname { inherit requires; };
  speedy = deps: rest: dist "speedy" ({ inherit deps; extras = [ "speed" ]; requires = [ "six; extra == 'speed'" "brotli; extra == 'speed'" ]; } // rest);

  roots = {
    # P01
    absent = env [ six (dist "foo" { deps = [ six ]; attrs.pythonRemoveDeps = "Absent.One"; extras = [ "feature" ]; requires = [
      "six" "absent_one>=1; sys_platform == 'linux'" "windows-only; sys_platform == 'win32'" "mac-only; platform_system == 'Darwin'"
      "old-only; python_version < '3.11'" "new-only; python_full_version >= '3.11.10'" "pypy-only; implementation_name == 'pypy'"
      "arm-only; platform_machine == 'aarch64'" "unasked; extra == 'feature'" "kernel-only; sys_platform == 'darwin' and platform_release >= '20.0'"
    ]; }) ];
    absent_extra = env [ (dist "server" { extras = [ "Tls_Support" ]; requires = [ "crypto; extra == 'tls-support'" ]; }) (needs "foo" [ "server[tls.support]" ]) ];
    # who asks for an extra brings what it requires, as nixpkgs has it: fonttools[woff] of weasyprint
    extra_brought = env (let
      fonts = dist "fonttools" { extras = [ "woff" "all" ]; requires = [ "six; extra == 'woff'" "fonttools[woff]; extra == 'all'" ]; };
    in [ six fonts (dist "weasyprint" { deps = [ fonts six ]; requires = [ "fonttools[woff]" ]; }) (dist "report" { deps = [ fonts six ]; requires = [ "fonttools[all]" ]; }) ]);
    extra_not_brought = env (let
      fonts = dist "fonttools" { extras = [ "woff" ]; requires = [ "six; extra == 'woff'" ]; };
    in [ six fonts (dist "weasyprint" { deps = [ fonts ]; requires = [ "fonttools[woff]" ]; }) ]);
    wrong_python = env [
      (dist "late" { wants = ">=3.12"; }) (dist "right" { wants = ">=3.11,<4"; }) (dist "nonsense" { wants = "three"; })
      (dist "exact" { wants = ">=3.11.9"; })
    ];
    wrong_pypy = envOn pypy [ (onPypy "late" { wants = ">=3.11"; }) (onPypy "right" { wants = ">=3.10"; }) ];
    builder_propagated = env [ (dist "cython" { }) (dist "foo" { deps = [ (dist "cython" { }) ]; }) ];
    extra_of_itself = env [ six (dist "foo" { deps = [ six ]; extras = [ "all" "one" ]; requires = [ "six; extra == 'one'" "foo[one]; extra == 'all'" ]; }) (needs "bar" [ "foo[all]" ]) ];
    on_pypy = envOn pypy [ (onPypy "foo" { requires = [ "pypy-needs; implementation_name == 'pypy'" "tomli; python_version < '3.10'" "cpython-only; platform_python_implementation == 'CPython'" ]; }) ];
    on_free = envOn free [ (onFree "idna" { version = "3.7"; }) (onFree "foo" { requires = [ "idna; python_version >= '3.13'" "older; python_version < '3.13'" "newer; python_full_version >= '3.13.1'" ]; }) ];
    # the version that counts is that of the environment, not that of a script's interpreter
    other_patch = env [ (dist "foo" { requires = [ "older; python_full_version < '3.11.9'" ]; files."bin/helper" = { text = "#!${python "3.11.7"}/bin/python3\n"; executable = true; }; }) ];
    dev = env [ six withDev (user withDev) ];
    dev_incomplete = farm "profile" [ incomplete (user incomplete) ];
    dev_alone = farm "profile" [ incomplete incomplete.dev ];
    uv = venv [ (uv "six" { }) (uv "foo" { requires = [ "six" "absent" "setuptools" ]; attrs.nativeBuildInputs = [ pyprojectHook (uv "setuptools" { }) ]; }) ];
    uv_alone = uv "foo" { requires = [ "six" ]; };
    # an application that calls another one: what that imports is not importable here
    applications = app "caller" { deps = [ idna ]; requires = [ "idna" ]; files."share/tool" = "${app "tool" { deps = [ oldIdna ]; requires = [ "idna<3" "absent" ]; }}"; };
    beside = farm "profile" [ (env [ idna ]) (app "tool" { deps = [ oldIdna ]; requires = [ "idna<3" ]; }) ];

    # P02
    version = env [ six (dist "idna" { version = "4.0rc1"; }) (dist "odd" { version = "of-today"; }) (dist "foo" { deps = [ six ]; attrs.pythonRelaxDeps = "idna"; requires = [
      "six>=2,<3" "six<1; python_version < '3'" "idna>=3.5" "idna>=4.0b1,!=3.9" "idna<4.1" "odd>=1"
    ]; }) ];

    # P03
    built_with = env [ (dist "foo" { requires = [ "setuptools>=40" ]; attrs.nativeBuildInputs = [ py wrapPython setuptools ]; }) ];
    others = env [ six (needs "foo" [ "six" ]) (dist "bar" { deps = [ six ]; requires = [ "six" ]; }) ];
    dev_accident = env [ six idna accidental (user accidental) ];

    # P04
    superfluous = env [ idna six brotli setuptools (dist "foo" { deps = [ idna six brotli setuptools pytest ]; requires = [ "brotli; sys_platform == 'win32'" ]; code = ''
      import importlib
      six = importlib.import_module("six.moves")
      TEXT = """
      import setuptools
      """
    ''; }) ];
    dev_superfluous = farm "profile" [ (dist "foo" { dev = true; deps = [ idna ]; }) (dist "user" { deps = [ (dist "foo" { dev = true; deps = [ idna ]; }).dev ]; requires = [ "foo" ]; }) ];

    # P05
    scope = env [ idna (dist "foo" { extras = [ "speed" "docs" ]; requires = [ "zstd" "brotli; extra == 'speed'" "graphviz; extra == 'docs'" "openssl; sys_platform == 'win32'" ];
      attrs.buildInputs = [ nativeBrotli nativeZstd openssl zlibNg ]; attrs.nativeBuildInputs = [ py wrapPython nativeGraphviz ]; }) ];
    right_scope = env [ zlibNg (dist "foo" { deps = [ zlibNg ]; requires = [ "zlib-ng" ]; attrs.buildInputs = [ zlibNg openssl ]; }) ];

    # P06
    half = env [ six (speedy [ six ] { }) ];
    whole = env [ six brotli (speedy [ six brotli ] { }) ];
    nothing = env [ (speedy [ ] { }) ];
    half_asked = env [ six (speedy [ six ] { }) (dist "asker" { requires = [ "speedy[speed]" ]; }) ];
    half_of_all = env [ six (speedy [ six ] { extras = [ "one" "all" ]; requires = [ "six; extra == 'one'" "six; extra == 'all'" "brotli; extra == 'all'" ]; }) ];
    half_tests = env [ six (speedy [ six ] { extras = [ "tests" ]; requires = [ "six; extra == 'tests'" "brotli; extra == 'tests'" ]; }) ];

    # P07
    twice = env [ idna oldIdna idnaUser oldIdnaUser ];
    twice_equal = env [ idna twin idnaUser twinUser ];
    twice_overridden = env [ idna (dist "idna" { version = "3.7"; on = py'; }) ];
    twice_seen = farm "profile" [ (dist "foo" { deps = [ idnaUser oldIdnaUser ]; requires = [ "requests" "yarl" ]; }) ];
    twice_by_dev = farm "profile" [ (dist "foo" { deps = [ (dist "bar" { dev = true; deps = [ idna ]; requires = [ "idna" ]; }).dev oldIdnaUser ]; requires = [ "bar" "yarl" ]; }) ];
    twice_on_pypy = envOn pypy [ (onPypy "idna" { version = "2.10"; }) (onPypy "idna" { version = "3.7"; }) ];
    twice_on_free = envOn free [ (onFree "idna" { version = "2.10"; }) (onFree "idna" { version = "3.7"; }) ];
    twice_in_venv = venv [ (uv "idna" { version = "2.10"; }) (uv "idna" { version = "3.7"; }) ];
    twice_spelt = env [ dotted dashed ];
    two_applications = farm "profile" [ (app "one" { deps = [ idna ]; requires = [ "idna" ]; }) (app "two" { deps = [ oldIdna ]; requires = [ "idna" ]; }) ];
    two_abis = farm "profile" [ (envOn py [ six ]) (envOn py312 [ (sixOn py312) ]) ];

    # P08
    sets = farm "profile" [ (env [ six ]) (envOn py' [ (sixOn py') (onDebug "foo") ]) ];
    packages_twice = farm "profile" [ (env (three { })) (env (three { NIX_CFLAGS_COMPILE = "-O0"; })) ];
    packages_twice_uv = farm "profile" (map (attrs: venv (map (pname: uv pname { inherit attrs; }) [ "attrs" "click" "rich" ])) [ { } { NIX_CFLAGS_COMPILE = "-O0"; } ]);
    some_twice = farm "profile" [ (env [ idna ]) (env [ twin ]) ];
    threads = farm "profile" [ (envOn py313 [ ]) (envOn free [ (onFree "six" { }) ]) ];

    # P09
    embedded = app "tool" { deps = [ six ]; requires = [ "six" ]; files."bin/helper" = { text = "#!${py312}/bin/python3\n"; executable = true; }; };
    brought = env [ (dist "foo" { files."bin/helper" = { text = "#!/bin/sh\nexec ${pypy}/bin/pypy3.10\n"; executable = true; }; }) ];

    # P10
    leaky = env [ pytest pluggy humanize six ];
    leaky_dev = env [ (dist "humanize" { deps = [ pytestWithDev.dev ]; }) pytestWithDev pluggy ];
    leaky_upstream = env [ pytest pluggy upstream ];
    asked_for = env [ pytest pluggy six ];
    asked_for_cov = env [ pytestCov pytest pluggy coverage six ];
    leaky_uv = farm "profile" [ (dist "humanize" { uv = true; files."share/names" = "${uv "pytest" { }}"; }) ];

    # P11
    misplaced = env [ (dist "mccabe" { attrs.buildInputs = [ pytest.out ]; }) (dist "hooked" { attrs.nativeBuildInputs = [ py wrapPython pytestCheckHook ]; })
      (dist "tested" { attrs.nativeBuildInputs = [ py wrapPython pytest ]; attrs.doInstallCheck = "1"; }) (dist "checked" { attrs.buildInputs = [ pytest ]; attrs.doCheck = true; }) ];
    plugin = env [ pytest pluggy plugin ];
    plugin_alone = plugin;
    plugin_without = env [ plugin ];

    # P21
    clash = env [ (dist "foo" { modules = { "foo/__init__.py" = ""; "tests/__init__.py" = ""; "tests/test_foo.py" = ""; }; })
      (dist "bar" { modules = { "bar.py" = ""; "tests/__init__.py" = ""; }; }) ];
    namespaces = env [ (dist "google-one" { modules = { "google/one/__init__.py" = ""; "zope/__init__.py" = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"; }; })
      (dist "google-two" { modules = { "google/two.py" = ""; "zope/__init__.py" = "__import__('pkg_resources').declare_namespace(__name__)\n"; "licences/MIT.txt" = ""; }; })
      (dist "third" { modules = { "third.py" = ""; "zope/third.py" = ""; "licences/MIT.txt" = ""; }; }) ];
    broken_namespace = env [ (dist "google-one" { modules = { "google/one/__init__.py" = ""; "zope/__init__.py" = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"; }; })
      (dist "google-two" { modules = { "google/__init__.py" = ""; "google/two.py" = ""; "zope/__init__.py" = "VERSION = 1\n"; }; }) ];

    # P23
    circle = env [ chicken egg ];
    circle_uv = venv [ (uv "chicken" { requires = [ "egg" ]; }) (uv "egg" { requires = [ "chicken" ]; }) ];
    circle_by_unasked_extra = env [ (dist "foo" { extras = [ "more" ]; requires = [ "bar; extra == 'more'" ]; }) (needs "bar" [ "foo" ]) ];
    circle_broken_twice = env [ (needs "chicken" [ "egg" ]) (needs "egg" [ "chicken; python_version < '3'" ]) ];

    # P24
    relaxed = env [ six idna (dist "foo" { deps = [ six ]; requires = [ "six" ]; attrs = { pythonRelaxDeps = "a b c d e f g"; pythonRemoveDeps = "Idna gone"; dontCheckRuntimeDeps = true; }; }) (dist "bar" { attrs.pythonRelaxDeps = true; })
      (dist "strict" { attrs.pythonRelaxDeps = ""; attrs.dontCheckRuntimeDeps = false; }) ];
  };
in {
  inherit roots;
  all = mk "all" { out = builtins.mapAttrs (name: root: { link = "${root}"; }) roots; } { };
}
