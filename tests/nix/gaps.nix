# nixpkgs' buildPythonPackage in miniature, with packages whose tests run, run in part, or do not run. `pkgs` is the
# package set, `env` an environment of all of it, and `odd` holds what no environment has. Faithful in what the
# derivations say: the order of the inputs, what is removed, what is kept; and in how packages are overridden.
{ system ? builtins.currentSystem }:
let
  base = import ./building.nix { inherit system; };
  inherit (builtins) concatMap concatStringsSep elem filter functionArgs isFunction isList map mapAttrs removeAttrs;
  attrValues = set: map (name: set.${name}) (builtins.attrNames set);
  lines = concatStringsSep "\n";
  words = list: concatStringsSep " " (map (one: "${one}") list);
  when = condition: list: if condition then list else [ ];
  under = builtins.replaceStrings [ "-" ] [ "_" ];
  unique = builtins.foldl' (done: one: if elem one.outPath (map (other: other.outPath) done) then done else done ++ [ one ]) [ ];
  out = builtins.placeholder "out";
  site = "lib/python3.11/site-packages";

  # what override takes are the arguments of the function
  overridable = f: args: f args // {
    override = { __functor = _: new: overridable f (args // (if isFunction new then new args else new)); __functionArgs = functionArgs f; };
  };

  # -- stdenv.mkDerivation: `script` makes the outputs. It stands in args, for structured attributes are no variables
  mkDerivation = attrs:
    let
      on = attrs.doInstallCheck or false;
      dev = list: concatMap (one: if isList one then dev one else [ (if one.outputSpecified or false then one else one.dev or one.out or one) ]) list;
      passthru = attrs.passthru or { };
    in extend (derivation (removeAttrs attrs [ "passthru" "script" "checkInputs" "installCheckInputs" "nativeCheckInputs" "nativeInstallCheckInputs" ] // {
      inherit system;
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      builder = "/bin/sh";
      # the last program must not close stderr, or Nix kills the builder
      args = [ "-euc" "PATH=/usr/bin:/bin\n${attrs.script}\n:" ];
      outputs = attrs.outputs or [ "out" ];
      __structuredAttrs = attrs.__structuredAttrs or false;
      __ignoreNulls = true;
      strictDeps = true;
      doCheck = false; doInstallCheck = on;
      nativeBuildInputs = dev (attrs.nativeBuildInputs or [ ] ++ when on (attrs.nativeInstallCheckInputs or [ ]));
      buildInputs = dev (attrs.buildInputs or [ ] ++ when on (attrs.installCheckInputs or [ ]));
      propagatedBuildInputs = dev (attrs.propagatedBuildInputs or [ ]);
    })) (passthru // { inherit passthru; overrideAttrs = f: mkDerivation (attrs // f attrs); });

  # every output has what the package has besides
  extend = drv: more:
    let
      whole = drv // builtins.listToAttrs (map (name: { inherit name; value = whole // {
        inherit (drv.${name}) type outputName outPath drvPath;
        outputSpecified = true;
      }; }) drv.outputs) // more;
    in whole;

  hook = name: propagated: mkDerivation {
    inherit name; propagatedBuildInputs = propagated;
    script = "mkdir -p ${out}/nix-support; echo true > ${out}/nix-support/setup-hook"
      + (if propagated == [ ] then "" else "; echo '${words propagated}' > ${out}/nix-support/propagated-build-inputs");
  };
  python = base.python "3.11.2" // { inherit pkgs; sitePackages = site; };
  hooks = [ python ] ++ map (name: hook name [ ]) [
    "wrap-python-hook" "pypa-build-hook.sh" "python-runtime-deps-check-hook.sh" "pypa-install-hook" "python-imports-check-hook.sh"
    "python-namespaces-hook.sh" "python-output-dist-hook"
  ];

  # -- buildPythonPackage: `extras` are lines of METADATA by extra, `files` go into the site-packages, `install` makes
  # further outputs
  buildPythonPackage = args:
    let self = args // { passthru = args.passthru or { } // {
      overridePythonAttrs = f: buildPythonPackage (args // (if isFunction f then f args else f));
    }; };
    in toPythonModule (mkPythonDerivation self);
  toPythonModule = drv: drv.overrideAttrs (old: { passthru = old.passthru or { } // {
    pythonModule = python;
    requiredPythonModules = requiredPythonModules drv.propagatedBuildInputs;
  }; });
  requiredPythonModules = drvs:
    let modules = filter (one: one ? pythonModule) drvs;
    in unique ([ python ] ++ modules ++ concatMap (one: one.requiredPythonModules) modules);
  mkPythonDerivation = { pname, version ? "1.0", doCheck ? true, outputs ? [ "out" ], nativeBuildInputs ? [ ], build-system ? [ ], dependencies ? [ ]
                       , propagatedBuildInputs ? [ ], nativeCheckInputs ? [ ], checkInputs ? [ ], extras ? { }, files ? { }, install ? "", ... }@args:
    mkDerivation (removeAttrs args [
      "build-system" "checkInputs" "checkPhase" "dependencies" "doCheck" "extras" "files" "install" "nativeCheckInputs" "optional-dependencies" "pyproject"
    ] // {
      name = "python3.11-${pname}-${version}";
      inherit version;
      outputs = outputs ++ [ "dist" ];
      nativeBuildInputs = hooks ++ nativeBuildInputs ++ build-system;
      propagatedBuildInputs = propagatedBuildInputs ++ dependencies ++ [ python ];
      doInstallCheck = doCheck;
      nativeInstallCheckInputs = nativeCheckInputs ++ args.nativeInstallCheckInputs or [ ];
      installCheckInputs = checkInputs ++ args.installCheckInputs or [ ];
      catchConflicts = true; LANG = "C.UTF-8"; postFixup = "wrapPythonPrograms\n";
      passthru = { inherit dependencies; optional-dependencies = args.optional-dependencies or { }; } // args.passthru or { };
      script = lines ([ "mkdir -p ${out}/nix-support" ] ++ attrValues (mapAttrs (name: text: ''
        file='${out}/${site}/${name}'; mkdir -p "''${file%/*}"; cat > "$file" <<'END'
        ${text}
        END
      '') ({
        "${under pname}/__init__.py" = "NAME = '${pname}'";
        "${under pname}-${version}.dist-info/METADATA" = lines ([ "Metadata-Version: 2.1" "Name: ${pname}" "Version: ${version}" ]
          ++ map (one: "Requires-Dist: ${one.pname}") dependencies
          ++ concatMap (extra: [ "Provides-Extra: ${extra}" ] ++ map (one: "Requires-Dist: ${one}; extra == \"${extra}\"") extras.${extra}) (builtins.attrNames extras)
          ++ [ "" "Text" ]);
      } // files)) ++ [
        "echo '${words (propagatedBuildInputs ++ dependencies ++ [ python ])}' > ${out}/nix-support/propagated-build-inputs"
        "mkdir ${builtins.placeholder "dist"}; echo a wheel > ${builtins.placeholder "dist"}/${under pname}-${version}-py3-none-any.whl"
        install
      ]);
    } // (if args ? checkPhase then { installCheckPhase = args.checkPhase; } else { }));

  # -- python.withPackages
  makeEnv = overridable ({ extraLibs ? [ ], python, ignoreCollisions ? false }:
    let members = requiredPythonModules extraLibs; in mkDerivation {
      name = "python3-3.11.2-env";
      inherit ignoreCollisions;
      pkgs = builtins.toJSON (map (one: { paths = [ "${one}" ]; priority = 5; }) members);
      postBuild = "for path in ${words members}; do makeWrapper --set NIX_PYTHONPREFIX \"$out\"; done";
      passthru = { inherit python; inherit (python) pkgs sitePackages; interpreter = "${out}/bin/python3.11"; };
      script = ''
        mkdir -p ${out}/bin ${out}/${site}
        ln -s ${python}/bin/python3.11 ${python}/bin/python3 ${out}/bin
        for member in ${words (filter (one: one ? pythonModule) members)}; do ln -s $member/${site}/* ${out}/${site}; done
      '';
    });

  tool = pname: args: buildPythonPackage ({ inherit pname; doCheck = false; } // args);
  package = { build-system ? [ pkgs.setuptools ], ... }@args: buildPythonPackage (args // { inherit build-system; });
  tested = [ pkgs.pytest-check-hook ];
  missing = { nativeCheckInputs = tested ++ [ pkgs.hypothesis ]; extras.test = [ "pytest" "hypothesis" "pytest-timeout>=2" ]; };

  pkgs = {
    # -- to build and to test with
    setuptools = tool "setuptools" { version = "80.9.0"; };
    iniconfig = tool "iniconfig" { version = "2.1.0"; };
    pytest = tool "pytest" { version = "8.4.1"; dependencies = [ pkgs.iniconfig ]; };
    pytest-xdist = tool "pytest-xdist" { version = "3.8.0"; dependencies = [ pkgs.pytest ]; };
    pytest-timeout = tool "pytest-timeout" { version = "2.4.0"; dependencies = [ pkgs.pytest ]; };
    hypothesis = tool "hypothesis" { version = "6.136.9"; };
    mock = tool "mock" { version = "5.2.0"; };
    coverage = tool "coverage" { version = "7.10.1"; };
    pytest-cov = tool "pytest-cov" { version = "6.2.1"; dependencies = [ pkgs.pytest pkgs.coverage ]; };
    pytest-check-hook = hook "pytest-check-hook" [ pkgs.pytest ];
    unittest-check-hook = hook "unittest-check-hook" [ ];

    # -- the cases
    complete = package {
      pname = "complete";
      extras.test = [ "pytest" "hypothesis>=6" ];
      optional-dependencies.test = [ pkgs.pytest pkgs.hypothesis ];
      nativeCheckInputs = tested ++ [ pkgs.hypothesis ];
      pythonImportsCheck = [ "complete" ];
    };
    missing-one = package ({ pname = "missing-one"; } // missing);
    tests-off = package { pname = "tests-off"; doCheck = false; extras.test = [ "pytest" "hypothesis" ]; nativeCheckInputs = tested ++ [ null pkgs.hypothesis ]; };
    imports-only = package { pname = "imports-only"; doCheck = false; extras.test = [ "pytest" ]; pythonImportsCheck = [ "imports_only" "imports_only.sub" ]; };
    deselected = package {
      pname = "deselected";
      extras.test = [ "pytest" "pytest-xdist" ];
      nativeCheckInputs = tested;
      disabledTests = [ "test_network" "test_slow" ];
      enabledTestPaths = [ "tests/test_one.py" ];
    };
    own-phase = package { pname = "own-phase"; checkPhase = "runHook preCheck\npython -m mytests\nrunHook postCheck"; };
    vacuous = package { pname = "vacuous"; extras.test = [ "pytest" "hypothesis" ]; nativeCheckInputs = [ pkgs.hypothesis ]; };
    dont-use = package { pname = "dont-use"; extras.test = [ "pytest" ]; nativeCheckInputs = tested; dontUsePytestCheck = true; };
    structured = package ({ pname = "structured"; __structuredAttrs = true; } // missing);
    self-extra = package {
      pname = "self-extra";
      extras = { test = [ "pytest" "self-extra[cov]" ]; cov = [ "pytest-cov" "hypothesis" ]; };
      optional-dependencies = { test = [ pkgs.pytest ]; cov = [ pkgs.pytest-cov pkgs.hypothesis ]; };
      nativeCheckInputs = tested;
    };
    convention = package { pname = "convention"; extras.testing = [ "pytest" "pytest-cov" "mypy" "ruff" ]; nativeCheckInputs = tested; };
    old-style = package { pname = "old-style"; checkInputs = tested ++ [ pkgs.mock ]; };
    accidental = package { pname = "accidental"; extras.test = [ "pytest" "setuptools" ]; nativeCheckInputs = tested; };
    leaky = package { pname = "leaky"; propagatedBuildInputs = [ pkgs.pytest ]; nativeCheckInputs = tested; };
    misplaced = package { pname = "misplaced"; doCheck = false; buildInputs = [ pkgs.pytest ]; };
    no-extra = package { pname = "no-extra"; nativeCheckInputs = tested; };
    # tests in a derivation of their own
    separate = package {
      pname = "separate";
      doCheck = false;
      extras.test = [ "pytest" ];
      outputs = [ "out" "test_src" ];
      install = "mkdir -p ${builtins.placeholder "test_src"}/tests; echo 'import separate' > ${builtins.placeholder "test_src"}/tests/test_separate.py";
      passthru.tests.python = pkgs.separate-tests;
    };
    separate-tests = mkDerivation {
      name = "python3.11-separate-1.0-tests"; pname = "separate"; version = "1.0";
      src = pkgs.separate.test_src;
      nativeBuildInputs = [ python pkgs.separate ];
      nativeInstallCheckInputs = tested;
      doInstallCheck = true;
      script = "echo passed > ${out}";
    };
    # what the tests need stands in a dependency group of the source only
    with-source = package { pname = "with-source"; src = withSource; nativeCheckInputs = tested; };
    # these two test each other; the tests of one are off, or there would be a cycle
    ping = package { pname = "ping"; extras.test = [ "pytest" "pong" ]; nativeCheckInputs = tested ++ [ pkgs.pong ]; };
    pong = package { pname = "pong"; doCheck = false; extras.test = [ "pytest" "ping" ]; nativeCheckInputs = tested ++ [ pkgs.ping ]; };
  };
  withSource = mkDerivation {
    name = "source";
    outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputHash = "sha256-NdAENbEHJbR5FZryEbZMpFsAsxLUtkvsjWkj/LpyKA4=";
    script = ''
      mkdir -p ${out}/tests ${out}/with_source; cd ${out}
      cat > pyproject.toml <<'END'
      [project]
      name = "with-source"
      version = "1.0"

      [dependency-groups]
      test = ["pytest", "hypothesis>=6"]
      END
      echo 'NAME = "with-source"' > with_source/__init__.py
      printf 'import hypothesis\nimport with_source\n\n\ndef test_name():\n    assert with_source.NAME\n' > tests/test_x.py
    '';
  };

  native = mkDerivation { pname = "native"; version = "1.0"; outputs = [ "out" "dev" ]; script = "mkdir ${out} ${builtins.placeholder "dev"}"; };
  broken = pname: args: package ({ inherit pname; } // args);
in {
  inherit pkgs;
  env = makeEnv { inherit python; extraLibs = filter (one: one ? pythonModule) (attrValues pkgs); };
  odd = {
    inherit (pkgs) complete;
    # a set with packages that cannot be evaluated, each in another way
    throwing = broken "throwing" { nativeCheckInputs = tested ++ [ (throw "no such check input") ]; };
    aborting = broken "aborting" { nativeCheckInputs = [ (abort "not for this system") ]; };
    wrong = broken "wrong" { nativeCheckInputs = tested ++ [ pkgs.no-such-attribute ]; };
    renamed = throw "renamed was renamed to complete";
    failing-tests = broken "failing-tests" { nativeCheckInputs = tested; passthru.tests = { python = abort "no test today"; other = throw "never asked for"; }; };
    throwing-tests = broken "throwing-tests" { passthru.tests = { check = throw "no test today"; python = pkgs.complete; }; };
    # inputs under their other names, with outputs, and one that is a file
    mixed = broken "mixed" { nativeCheckInputs = tested; nativeInstallCheckInputs = [ native [ native.out ./building.py ] ]; checkInputs = [ pkgs.mock ]; installCheckInputs = [ native ]; };
    # overridden below overridePythonAttrs, which forgets it
    forgotten = (broken "forgotten" { nativeCheckInputs = tested; }).overrideAttrs (old: { nativeInstallCheckInputs = old.nativeInstallCheckInputs ++ [ pkgs.mock ]; });
    # not made by buildPythonPackage
    plain = mkDerivation { pname = "plain"; version = "1.0"; nativeInstallCheckInputs = tested; script = "echo plain > ${out}"; };
    # an environment with another build than the set has, under another name
    changed = makeEnv { inherit python; extraLibs = [ (pkgs.complete.overridePythonAttrs (old: { nativeCheckInputs = old.nativeCheckInputs ++ [ pkgs.mock ]; })) ]; };
    bare = derivation { name = "bare-1.0"; inherit system; builder = "/bin/sh"; args = [ "-c" "echo bare > $out" ]; };
  };
}
