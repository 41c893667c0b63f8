{
  description = "Explore the Nix closures of Python environments in the terminal";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      eachSystem = make: lib.genAttrs systems (system: make system nixpkgs.legacyPackages.${system});
    in
    {
      # nix build, nix profile install
      packages = eachSystem (
        _system: pkgs: {
          default = pkgs.callPackage ./package.nix { };
        }
      );

      # nix run . -- ./result
      apps = eachSystem (
        system: _pkgs: {
          default = {
            type = "app";
            program = lib.getExe self.packages.${system}.default;
            meta.description = "Explore the Nix closures of Python environments in the terminal";
          };
        }
      );

      # nix develop: run python -m pyclosure, pytest, ruff and mypy in the checkout, with nixpkgs' versions
      devShells = eachSystem (
        system: pkgs: {
          default = pkgs.mkShell {
            inputsFrom = [ self.packages.${system}.default ];
            packages = [
              pkgs.gnumake
              pkgs.ruff
              pkgs.python3Packages.mypy
            ];
          };
        }
      );
    };
}
