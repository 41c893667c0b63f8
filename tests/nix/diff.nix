# One environment before a change, and after three: `leak` bumps four packages, lets a compiler and test tools in through
# numpy and adds fastapi with a second typing-extensions; `interpreter` is another Python; `openssl` another openssl.
{ system ? builtins.currentSystem }:
let
  base = import ./building.nix { inherit system; };
  # a file of so many times 16 bytes
  blob = name: times: { "share/${name}" = builtins.concatStringsSep "" (builtins.genList (_: "0123456789abcdef") times); };
  set = { pythonVersion ? "3.11.7", opensslVersion ? "3.0.13", leak ? false }:
    let
      zlib = base.library "zlib" "1.3" "libz.so.1";
      openssl = base.library "openssl" opensslVersion "libssl.so.3";
      gcc = base.mk "gcc-13.2.0" {
        out = { "bin/gcc" = { text = "compiler ${builtins.placeholder "lib"}\n"; executable = true; }; } // blob "large" 25000;
        lib = { "lib/libstdc++.so.6" = "x\n"; };
      } { pname = "gcc"; version = "13.2.0"; outputs = [ "out" "lib" ]; };
      python = base.pythonWith pythonVersion { "lib/ssl" = "needs ${openssl} ${zlib}\n"; } { };
      package = args: base.package ({ inherit python; } // args);
      version = old: new: if leak then new else old;

      typing = package { pname = "typing-extensions"; version = "4.8.0"; };
      typingNew = package { pname = "typing-extensions"; version = "4.12.2"; };
      idna = package { pname = "idna"; version = version "3.4" "3.7"; };
      requests = package { pname = "requests"; version = version "2.31.0" "2.32.3"; deps = [ idna ]; requires = [ "idna" ] ++ (if leak then [ "urllib3>=2; extra == 'socks'" ] else [ ]); };
      sortedcontainers = package { pname = "sortedcontainers"; version = "2.4.0"; };
      attrs = package { pname = "attrs"; version = "23.2.0"; };
      hypothesis = package { pname = "hypothesis"; version = "6.100.0"; deps = [ sortedcontainers attrs ]; tree.out = blob "shrinking" 560; };
      iniconfig = package { pname = "iniconfig"; version = "2.0.0"; };
      pluggy = package { pname = "pluggy"; version = "1.4.0"; };
      pytest = package { pname = "pytest"; version = "8.1.1"; deps = [ iniconfig pluggy ]; };
      leaked = if leak then [ hypothesis pytest ] else [ ];
      numpy = package {
        pname = "numpy"; version = version "1.26.1" "1.26.4"; deps = leaked;
        tree.out = { "share/flags" = if leak then "cc=${gcc}/bin/gcc\n" else "cxx=${gcc.lib}\n"; };
      };
      pydantic = package { pname = "pydantic"; version = version "2.4.0" "2.5.3"; deps = [ typing ]; requires = [ "typing-extensions>=4.6" ]; };
      starlette = package { pname = "starlette"; version = "0.36.3"; };
      fastapi = package { pname = "fastapi"; version = "0.110.0"; deps = [ starlette typingNew ]; };
      members = [ requests idna numpy pydantic typing ] ++ (if leak then leaked ++ [ sortedcontainers attrs iniconfig pluggy fastapi starlette ] else [ ]);
    in base.env python (members ++ [ python ]);
in {
  base = set { };
  leak = set { leak = true; };
  interpreter = set { pythonVersion = "3.12.4"; };
  openssl = set { opensslVersion = "3.0.14"; };
}
