# Just enough of the nixpkgs flake to evaluate package.nix and flake.nix without it.  Packages are derivations that hold
# nothing; Python packages are those that pyproject.toml names, so that package.nix can use no others.
let
  project = builtins.fromTOML (builtins.readFile ../../pyproject.toml);
  requirements = project.build-system.requires ++ project.project.dependencies ++ project.dependency-groups.dev;
  nameOf = requirement: builtins.head (builtins.match "([A-Za-z0-9._-]+).*" requirement);

  lib = {
    genAttrs =
      names: make:
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = make name;
        }) names
      );
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
    optionalString = condition: text: if condition then text else "";
    licenses.mit.spdxId = "MIT";
    platforms.unix = [ ];
    fileset = {
      unions = paths: paths;
      toSource =
        { root, fileset }:
        builtins.path {
          name = "source";
          path = root;
          filter =
            path: _type:
            builtins.any (
              wanted:
              let
                prefix = toString wanted + "/";
              in
              builtins.substring 0 (builtins.stringLength prefix) (path + "/") == prefix
            ) fileset;
        };
    };
  };

  packagesFor =
    system:
    let
      build =
        name: attributes:
        attributes
        // derivation {
          inherit name system;
          builder = "/bin/sh";
          inputs = builtins.concatMap (list: attributes.${list} or [ ]) [
            "build-system"
            "dependencies"
            "nativeBuildInputs"
            "nativeCheckInputs"
            "inputsFrom"
            "packages"
          ];
          script = attributes.postInstall or "";
          src = attributes.src or "";
        };
      package = name: build name { pname = name; };

      packages = lib.genAttrs [ "gnumake" "installShellFiles" "ruff" "writableTmpDirAsHomeHook" ] package // {
        inherit lib;
        stdenv = {
          buildPlatform.canExecute = _: true;
          hostPlatform.system = system;
        };
        python3Packages = lib.genAttrs (map nameOf requirements) package // {
          pytestCheckHook = package "pytestCheckHook";
          buildPythonApplication = attributes: build "${attributes.pname}-${attributes.version}" attributes;
        };
        mkShell = build "shell";
        callPackage =
          file: overrides:
          let
            function = import file;
          in
          function (builtins.intersectAttrs (builtins.functionArgs function) packages // overrides);
      };
    in
    packages;
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ] packagesFor;
}
