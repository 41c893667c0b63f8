# Which inputs do packages get for their tests? Given to `nix eval --apply`, after the question and before what the user
# named: a Python package, an environment, a set of packages, or a list of any of them.
#
# The question is { distributions, names, careful, tests }: normalised names and store names of what is wanted; whether
# a package that throws is listed instead of ending the evaluation; and whether tests outside the build are looked at.
# Nothing that is not wanted is evaluated.
question: named:
let
  inherit (builtins) attrNames concatMap concatStringsSep deepSeq elem elemAt filter functionArgs genList isAttrs isFunction isList isString length
    listToAttrs map replaceStrings split tryEval typeOf unsafeDiscardStringContext;

  # -- text
  capitals = filter (one: isString one && one != "") (split "" "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  smalls = filter (one: isString one && one != "") (split "" "abcdefghijklmnopqrstuvwxyz");
  normal = name: concatStringsSep "-" (filter isString (split "[-_.]+" (replaceStrings capitals smalls name)));
  text = value: unsafeDiscardStringContext "${value}";
  textOrNull = value: if isString value then text value else null;
  setOf = names: listToAttrs (map (name: { inherit name; value = true; }) names);
  distributions = setOf question.distributions;
  names = setOf question.names;

  # -- values
  isDerivation = value: isAttrs value && (value.type or null) == "derivation";
  isOn = value: value == true || (isString value && value != "");
  flatten = value: if isList value then concatMap flatten value else if value == null then [ ] else [ value ];
  # what a list holds at any depth, without what throws
  within = value:
    let sound = orElse null value;
    in if isList sound then concatMap within sound else if isDerivation sound then [ sound ] else [ ];
  drop = count: list: genList (at: elemAt list (at + count)) (length list - count);
  take = count: list: if length list < count then list else genList (elemAt list) count;
  isSound = value: (tryEval (deepSeq value true)).success;
  orElse = other: value: let tried = tryEval value; in if tried.success then tried.value else other;
  # a function that can do without arguments, as default.nix often is
  called = value:
    let formals = functionArgs value;
    in if isFunction value && formals != { } && filter (name: !formals.${name}) (attrNames formals) == [ ] then called (value { }) else value;

  # -- what was named to candidates
  value = called named;
  distributionOf = one: if isString (one.pname or null) then normal one.pname else null;
  isWanted = one: orElse false (isDerivation one && (
    (distributionOf one != null && distributions ? ${distributionOf one}) || names ? ${text (one.name or "")}));
  required = one: within (
    one.requiredPythonModules or (concatMap (input: [ input ] ++ input.requiredPythonModules or [ ]) (within (one.propagatedBuildInputs or [ ]))));
  # python.withPackages keeps what it was given to itself, but whoever overrides it is told
  given = one:
    let formals = one.override.__functionArgs or { };
    in if formals ? extraLibs && formals ? python
      then (one.override (old: { python = old.python // { pyclosureGiven = old.extraLibs or [ ]; }; })).python.pyclosureGiven or [ ]
      else [ ];
  membersOf = one: within [ (given one) (one.paths or [ ]) ];
  listed = list:
    let
      tops = within list;
      all = concatMap (one: [ one ] ++ required one) (tops ++ concatMap membersOf tops);
      keyed = map (one: { key = orElse "? ${one.name}" (text one.outPath); inherit one; }) (filter isWanted all);
    in map (found: { name = orElse "" (text (found.one.pname or found.one.name)); value = found.one; }) (builtins.genericClosure { startSet = keyed; operator = _: [ ]; });
  inSet = set: concatMap (name: if distributions ? ${normal name} then [ { inherit name; value = set.${name}; } ] else [ ]) (attrNames set);
  setBehind = one:
    let set = one.pkgs or one.python.pkgs or { };
    in if isAttrs set && !isDerivation set then set else { };
  candidates =
    if isList value || isDerivation value then
      let
        direct = listed [ value ];
        found = setOf (filter isString (map (one: orElse null (distributionOf one.value)) direct));
        behind = concatMap (top: inSet (setBehind top)) (within [ value ]);
      in direct ++ filter (one: !(found ? ${normal one.name})) behind
    else if isAttrs value then inSet value
    else [ ];

  # -- check inputs
  # the output that mkDerivation takes of an input
  chosen = one: if !isAttrs one || one.outputSpecified or false then one else one.dev or one.out or one;
  input = one: {
    path = text (chosen one);
    name = if isAttrs one then textOrNull (one.name or null) else null;
    pname = if isAttrs one then textOrNull (one.pname or null) else null;
    python = isAttrs one && (one.pythonModule or false) != false;
  };
  # passthru is no part of a derivation: what comes out is the same one, if overriding forgot nothing
  probed = one: one.overridePythonAttrs (old: { passthru = old.passthru or { } // { pyclosureProbe = {
    native_check_inputs = map input (flatten [ (old.nativeCheckInputs or [ ]) (old.nativeInstallCheckInputs or [ ]) ]);
    check_inputs = map input (flatten [ (old.checkInputs or [ ]) (old.installCheckInputs or [ ]) ]);
  }; }; });
  paired = one:
    let
      tested = on:
        if one ? overrideAttrs then one.overrideAttrs (_: { doCheck = on; doInstallCheck = on; })
        else one.overridePythonAttrs (_: { doCheck = on; });
      on = tested true;
      off = tested false;
      tail = key:
        let
          longer = map input (flatten (on.${key} or [ ]));
          shorter = map input (flatten (off.${key} or [ ]));
          paths = map (one: one.path);
        in if take (length shorter) (paths longer) == paths shorter then drop (length shorter) longer
          else throw "${one.name} differs in more than its last ${key} when its tests are on";
    in { method = "pair"; native_check_inputs = tail "nativeBuildInputs"; check_inputs = tail "buildInputs"; };
  # a builder of its own kind, which hands nothing out, but whose packages come out the same when they are overridden
  isRetold = one: one ? overridePythonAttrs
    && (one.overridePythonAttrs (_: { doCheck = isOn (one.doInstallCheck or false); })).drvPath or null == one.drvPath;
  inputsOf = one:
    let probe = probed one;
    in if one ? overridePythonAttrs && (probe.drvPath or null) == one.drvPath && probe ? pyclosureProbe
      then { method = "probe"; } // probe.pyclosureProbe
      else if one ? overrideAttrs || isRetold one then paired one
      else { method = null; native_check_inputs = null; check_inputs = null; };

  # -- tests outside the build: only those that are small by their name; others may be whole virtual machines
  small = [ "check" "pytest" "python" "test" "tests" "unit" "unit-tests" "unittest" "unittests" ];
  testsOf = one:
    let
      set = one.tests or one.passthru.tests or { };
      about = test: { drv_path = text test.drvPath; path = text test.outPath; do_check = isOn (test.doInstallCheck or false) || isOn (test.doCheck or false); } // inputsOf test;
      detail = name: if question.tests && elem name small && isSound (about set.${name}) then about set.${name} else { };
    in if isAttrs set && !isDerivation set
      then map (name: { inherit name; } // detail name) (filter (name: !(elem name [ "override" "overrideDerivation" "recurseForDerivations" "__functor" ])) (attrNames set))
      else [ ];

  describe = one: {
    drv_path = text one.drvPath;
    outputs = listToAttrs (map (name: { inherit name; value = text one.${name}.outPath; }) (one.outputs or [ "out" ]));
    name = text one.name;
    pname = textOrNull (one.pname or null);
    version = textOrNull (one.version or null);
    do_check = isOn (one.doInstallCheck or false) || isOn (one.doCheck or false);
    tests = testsOf one;
    extras = let set = one.optional-dependencies or one.passthru.optional-dependencies or { }; in if isAttrs set then attrNames set else [ ];
  } // inputsOf one;

  answer = candidate:
    let
      packages = if isDerivation candidate.value then [ (describe candidate.value) ] else [ ];
      tried = if question.careful then tryEval (deepSeq packages packages) else { success = true; value = packages; };
    in if tried.success then { packages = tried.value; failed = [ ]; } else { packages = [ ]; failed = [ (text candidate.name) ]; };
  answers = map answer candidates;
in {
  kind = if isDerivation value then "derivation" else typeOf value;
  packages = concatMap (one: one.packages) answers;
  failed = concatMap (one: one.failed) answers;
}
