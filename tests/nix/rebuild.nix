# One package set in variants: what is touched in each is told by its name. Instantiated only; nothing needs building.
{ system ? builtins.currentSystem }:
let
  set = { flag ? "", mirror ? "one", hash ? "one", testFlag ? "", version ? "1.0", minor ? "11", patch ? ./rebuild.nix }:
    let
      make = name: attrs: derivation ({ inherit name system; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; } // attrs);
      python = make "python3-3.${minor}.2" { };
      hooks = map (name: make name { }) [ "wrap-python-hook" "python-imports-check-hook.sh" "python-output-dist-hook" ];
      source = make "lib-1.0.tar.gz" {
        urls = "https://${mirror}.example.org/lib-1.0.tar.gz";
        outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" hash;
      };
      lib = make "lib-${version}" { src = source; inherit flag; };
      package = pname: { deps ? [ ], checks ? [ ], ... }@args: make "python3.${minor}-${pname}-1.0" (removeAttrs args [ "deps" "checks" ] // {
        inherit pname; version = "1.0";
        nativeBuildInputs = [ python ] ++ hooks ++ checks;
        propagatedBuildInputs = deps ++ [ python ];
        doInstallCheck = if checks == [ ] then "" else "1";
      });
      pytest = package "pytest" { inherit testFlag; };
      hook = make "pytest-check-hook" { propagatedBuildInputs = [ pytest ]; };
      core = package "core" { buildInputs = [ lib ]; checks = [ hook ]; patches = [ patch ]; };
      app = package "app" { deps = [ core ]; };
    in make "python3-3.${minor}.2-env" { inherit python; pkgs = builtins.toJSON (map (one: { paths = [ "${one}" ]; }) [ core app ]); };
in {
  base = set { };
  input = set { flag = "touched"; };
  mirror = set { mirror = "two"; };
  content = set { hash = "two"; };
  test = set { testFlag = "touched"; };
  version = set { version = "1.1"; };
  python = set { minor = "12"; };
  patch = set { patch = ./gaps.nix; };
}
