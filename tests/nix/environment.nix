# A small Python environment without nixpkgs. The builder is the host's shell, so it needs sandbox = false.
# Every script ends in ":", because Nix kills builders whose last program closes stderr.
{ system ? builtins.currentSystem }:
let
  mk = name: attrs: derivation ({
    inherit name system;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-euc" ''eval "$script"; :'' ];
  } // attrs);
  elf = size: ''{ printf '\177ELF\002\001\001'; head -c ${toString size} /dev/zero; }'';
  metadata = name: version: ''
    site=$out/lib/python3.11/site-packages; mkdir -p $site/${name}-${version}.dist-info $out/nix-support
    printf 'Name: ${name}\nVersion: ${version}\n\nText\n' > $site/${name}-${version}.dist-info/METADATA
    head -c 3000 /dev/zero > $site/${name}.py
  '';
  python = name: version: attrs: mk "python3.11-${name}-${version}" ({
    pname = name;
    inherit version;
    nativeBuildInputs = [ hook ];
    propagatedBuildInputs = [ python3 ];
  } // attrs);
  hook = mk "wrap-python-hook" {
    script = "mkdir -p $out/nix-support; echo true > $out/nix-support/setup-hook";
  };
  zlib = mk "zlib-1.3" {
    outputs = [ "out" "dev" "lib" ];
    pname = "zlib"; version = "1.3";
    script = ''
      mkdir -p $out/bin $dev/include $lib/lib
      ${elf 5000} > $lib/lib/libz.so.1
      echo "#!/bin/sh" > $out/bin/zpipe; echo "exec $lib/lib/libz.so.1" >> $out/bin/zpipe; chmod +x $out/bin/zpipe
      echo "/* $lib $out */" > $dev/include/zlib.h
    '';
  };
  # mentions itself
  python3 = mk "python3-3.11.9" {
    pname = "python3"; version = "3.11.9";
    script = ''
      mkdir -p $out/bin $out/lib/python3.11
      ${elf 20000} > $out/bin/python3.11; chmod +x $out/bin/python3.11; ln -s python3.11 $out/bin/python3
      echo "# $out" > $out/lib/python3.11/os.py
      echo "needs ${zlib.lib}" > $out/lib/python3.11/sysconfig.txt
    '';
  };
  six = python "six" "1.16.0" {
    script = metadata "six" "1.16.0" + "echo ${python3} > $out/nix-support/propagated-build-inputs";
  };
  # what propagates lies in the dev output
  pyopenssl = python "pyopenssl" "25.3.0" {
    outputs = [ "out" "dev" ];
    script = metadata "pyopenssl" "25.3.0" + ''
      mkdir -p $dev/nix-support; echo "${python3} ${six}" > $dev/nix-support/propagated-build-inputs
      rmdir $out/nix-support
    '';
  };
  app = mk "httpie-3.2.2" {
    pname = "httpie"; version = "3.2.2";
    nativeBuildInputs = [ hook ];
    propagatedBuildInputs = [ pyopenssl.dev python3 ];
    script = metadata "httpie" "3.2.2" + ''
      mkdir -p $out/bin
      echo "#!${python3}/bin/python3" > $out/bin/.http-wrapped
      echo "import site;site.addsitedir('${six}');site.addsitedir('${pyopenssl}')" >> $out/bin/.http-wrapped
      echo "#!/bin/sh" > $out/bin/http; chmod +x $out/bin/http $out/bin/.http-wrapped
      echo "${pyopenssl.dev} ${python3}" > $out/nix-support/propagated-build-inputs
    '';
  };
  env = mk "python3-3.11.9-env" {
    ignoreCollisions = ""; pkgs = "[]"; postBuild = "NIX_PYTHONPREFIX";
    script = ''
      site=lib/python3.11/site-packages; mkdir -p $out/bin $out/$site
      ln -s ${python3}/bin/python3 $out/bin/python3; ln -s ${app}/bin/http $out/bin/http
      ln -s ${six}/$site/six.py $out/$site/six.py
      ln -s ${six}/$site/six-1.16.0.dist-info $out/$site/six-1.16.0.dist-info
      ln -s ${builtins.toFile "settings.conf" "a = 1\n"} $out/settings.conf
    '';
  };
in {
  inherit zlib python3 six pyopenssl app env;
  # its .drv is deleted after it was built
  orphan = mk "orphan-1.0" { script = "mkdir $out; echo ${python3} > $out/x"; };
  # it is deleted itself, and leaves a dangling link
  collected = mk "collected-1.0" { script = "mkdir $out; echo ${zlib.lib} > $out/x"; };
  # never built
  unbuilt = mk "unbuilt-2.0" { outputs = [ "out" "doc" ]; script = "mkdir $out $doc; echo ${app} > $out/x"; };
  broken = throw "no such luck";
}
