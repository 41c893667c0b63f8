# Makes paths that look like those of nixpkgs' Python builders, out of nothing but the host's Python: no stdenv, no
# sandbox. Trees are tables: output -> name -> content, see building.py.
{ system ? builtins.currentSystem }:
let
  support = builtins.path { name = "support"; path = ../support; filter = path: type: baseNameOf path == "binaries.py"; };
in rec {
  # attrs are the attributes of the derivation, as a package would have them
  mk = name: tree: attrs: derivation ({
    inherit name system;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin:/usr/local/bin";
    # the last program must not close stderr, or Nix kills the builder
    args = [ "-euc" "python3 ${./building.py}; :" ];
    binaries = "${support}/binaries.py";
    outputs = [ "out" ];
    tree = builtins.toJSON tree;
    passAsFile = [ "tree" ];
  } // attrs);
  file = name: text: mk name { out = { "share/text" = text; }; } { };

  hook = name: mk name { out = { "nix-support/setup-hook" = "true\n"; }; } { buildCommand = "cp x $out/nix-support/setup-hook"; };
  wrapPython = hook "wrap-python-hook";
  pytestCheckHook = hook "pytest-check-hook";

  # an interpreter of a version: python "3.11.9"
  python = version: pythonWith version { } { };
  pythonWith = version: extra: attrs: mk "python3-${version}" {
    out = {
      "bin/python${minor version}" = { elf = { kind = "program"; interp = "${libc}/lib/ld-linux-x86-64.so.2"; needed = [ "libc.so.6" ]; runpath = "${libc}/lib"; }; executable = true; };
      "bin/python3" = { link = "python${minor version}"; };
      "lib/python${minor version}/os.py" = "# the standard library\n";
    } // extra;
  } ({ pname = "python3"; inherit version; } // attrs);
  minor = version: builtins.concatStringsSep "." (pick 2 (builtins.filter builtins.isString (builtins.split "\\." version)));
  pick = n: list: if n == 0 || list == [ ] then [ ] else [ (builtins.head list) ] ++ pick (n - 1) (builtins.tail list);

  libc = mk "glibc-2.40-66" { out = {
    "lib/libc.so.6" = { elf = { soname = "libc.so.6"; }; };
    "lib/libm.so.6" = { elf = { soname = "libm.so.6"; }; };
    "lib/ld-linux-x86-64.so.2" = { elf = { soname = "ld-linux-x86-64.so.2"; }; };
  }; } { pname = "glibc"; version = "2.40-66"; };

  # a shared library: library "zlib" "1.3" "libz.so.1"
  library = pname: version: soname: libraryWith pname version soname { };
  libraryWith = pname: version: soname: extra: mk "${pname}-${version}" {
    out = { "lib/${soname}" = { elf = { inherit soname; needed = [ "libc.so.6" ]; runpath = "${libc}/lib"; }; }; } // extra;
  } { inherit pname version; };

  # a package as buildPythonPackage makes it. deps are propagated; requires are lines of METADATA; tree adds files to
  # its outputs; attrs add to the derivation
  package = { python, pname, version ? "1.0", deps ? [ ], requires ? [ ], extras ? [ ], tree ? { }, attrs ? { }, prefix ? "python${minor python.version}-",
              module ? builtins.replaceStrings [ "-" "." ] [ "_" "_" ] pname, code ? "", metadata ? true }:
    let
      site = "lib/python${minor python.version}/site-packages";
      info = "${site}/${module}-${version}.dist-info";
      propagated = deps ++ [ python ];
      lines = [ "Metadata-Version: 2.1" "Name: ${pname}" "Version: ${version}" ] ++ map (one: "Provides-Extra: ${one}") extras ++ map (one: "Requires-Dist: ${one}") requires;
      own = {
        "${site}/${module}/__init__.py" = code;
        "nix-support/propagated-build-inputs" = builtins.concatStringsSep " " (map (one: "${one}") propagated);
      } // (if metadata then { "${info}/METADATA" = builtins.concatStringsSep "\n" lines + "\n\nText\n"; "${info}/WHEEL" = "Tag: py3-none-any\n"; } else { });
    in mk "${prefix}${pname}-${version}" (tree // { out = own // (tree.out or { }); }) ({
      inherit pname version;
      nativeBuildInputs = [ python wrapPython ];
      propagatedBuildInputs = propagated;
      doCheck = ""; doInstallCheck = "";
    } // attrs) // { inherit site; };

  # python.withPackages: links to every member; members must name all that they need, as nixpkgs works it out
  env = python: members: envWith python members { };
  envWith = python: members: attrs: mk "python3-${python.version}-env" {
    out = { "bin/python3" = { link = "${python}/bin/python3"; }; } // builtins.listToAttrs (map (one: {
      name = "lib/python${minor python.version}/site-packages/${one.name}.dist-info";
      value = { link = "${one}/${one.site or "lib"}"; };
    }) members);
  } ({ ignoreCollisions = ""; pkgs = builtins.toJSON members; postBuild = "NIX_PYTHONPREFIX"; } // attrs);
}
