# One project in two layouts, for comparing with lock files: an environment of nixpkgs, and a virtual environment as
# pyproject.nix (uv2nix) makes it. The locks are written by the tests.
{ system ? builtins.currentSystem }:
let
  base = import ./building.nix { inherit system; };
  inherit (base) mk minor python package envWith hook;
  py = python "3.11.9";
  pyprojectHook = hook "pyproject-hook";
  # what the test looks at is the ending of its name
  source = name: "${mk name { out = { "content" = "of ${name}\n"; }; } { }}";
  sdist = pname: version: { src = source "${pname}-${version}.tar.gz"; };
  wheel = pname: version: { src = source "${pname}-${version}-py3-none-any.whl"; };

  nixpkgs = pname: version: attrs: package { python = py; inherit pname version attrs; };
  # no list of propagated inputs, no prefix, and a note of who installed it
  uv = pname: version: attrs:
    let site = "lib/python${minor py.version}/site-packages"; info = "${site}/${builtins.replaceStrings [ "-" ] [ "_" ] pname}-${version}.dist-info"; in
    mk "${pname}-${version}" { out = {
      "${site}/${pname}.py" = "";
      "${info}/METADATA" = "Metadata-Version: 2.1\nName: ${pname}\nVersion: ${version}\n\nText\n";
      "${info}/WHEEL" = "Tag: py3-none-any\n";
      "${info}/INSTALLER" = "uv\n";
    }; } ({ inherit pname version; nativeBuildInputs = [ pyprojectHook ]; } // attrs) // { inherit site; };

  members = of: [
    (of "six" "1.16.0" (wheel "six" "1.16.0"))
    (of "idna" "3.7" (sdist "idna" "3.7"))
    # of unknown origin
    (of "Typing_Extensions" "4.12.2" { })
    (of "setuptools" "80.1.0" { })
    (of "pip" "24.0" { })
  ];
  venv = name: all: mk name { out = {
    "pyvenv.cfg" = "home = ${py}/bin\n";
    "bin/python3" = { text = "#!${py}/bin/python3\n"; executable = true; };
  } // builtins.listToAttrs (map (one: {
    name = "lib/python${minor py.version}/site-packages/${one.name}.dist-info";
    value = { link = "${one}/${one.site}"; };
  }) all); } { NIX_PYPROJECT_DEPS = builtins.concatStringsSep ":" (map (one: "${one}") all); mkVirtualenvFlags = ""; };

  roots = {
    env = envWith py (members nixpkgs) { };
    venv = venv "demo-env" (members uv ++ [ (uv "demo" "0.1.0" (sdist "demo" "0.1.0")) ]);
    library = base.library "zlib" "1.3" "libz.so.1";
  };
in {
  inherit roots;
  all = mk "all" { out = builtins.mapAttrs (name: root: { link = "${root}"; }) roots; } { };
}
