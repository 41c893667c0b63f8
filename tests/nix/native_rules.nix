# Closures for the rules about native files, leaks and builds: one attribute of `roots` a closure, all of them behind one
# farm of links (`all`), so that one call of nix-build makes them. Beside each fault lie its look-alikes.
{ system ? builtins.currentSystem }:
let
  base = import ./building.nix { inherit system; };
  inherit (base) mk file hook python pythonWith libc library libraryWith package env envWith;
  lines = builtins.concatStringsSep "\n";
  times = count: text: builtins.concatStringsSep "" (builtins.genList (_: text) count);
  elf = attrs: { elf = attrs; };
  program = attrs: { elf = { kind = "program"; } // attrs; executable = true; };
  script = text: { inherit text; executable = true; };
  # bytecode beside the Python files, as installing makes it
  compiled = { args = [ "-euc" "python3 ${./building.py}; python3 -m compileall -q $out; :" ]; };
  # what a fetcher brings: known by its hash beforehand
  fetched = name: text: derivation {
    inherit name system text;
    builder = "/bin/sh";
    args = [ "-euc" "printf %s \"$text\" > $out" ];
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" text;
    impureEnvVars = [ "http_proxy" "NIX_CURL_FLAGS" "NIX_MIRRORS_gnu" "NIX_MIRRORS_pypi" "NIX_GIT_SSL_CAINFO" ];
  };

  py = python "3.11.9";
  pkg = pname: attrs: package ({ inherit pname; python = py; } // attrs);
  site = "lib/python3.11/site-packages";
  members = env py;
  zlib = library "zlib" "1.3" "libz.so.1";
  uses = pname: needed: library: pkg pname { tree.out."${site}/${pname}/_native.so" = elf { inherit needed; runpath = "${library}/lib"; }; };

  # -- P18 ---------------------------------------------------------------------------------------------------
  gmp = library "gmp" "6.3.0" "libgmp.so.10";
  binutils = mk "binutils-2.41" { out."bin/ld" = program { pad = 3000; }; } { pname = "binutils"; version = "2.41"; };
  gcc = mk "gcc-13.2.0" {
    out = {
      "bin/gcc" = program { needed = [ "libgmp.so.10" ]; runpath = "${gmp}/lib"; pad = 20000; };
      "nix-support/linker" = "${binutils}/bin/ld\n";
    };
    lib."lib/libstdc++.so.6" = elf { soname = "libstdc++.so.6"; };
    libgcc."lib/libgcc_s.so.1" = elf { soname = "libgcc_s.so.1"; };
  } { pname = "gcc"; version = "13.2.0"; outputs = [ "out" "lib" "libgcc" ]; };
  gfortranLib = mk "gfortran-13.2.0-lib" { out."lib/libgfortran.so.5" = elf { soname = "libgfortran.so.5"; }; } { pname = "gfortran"; version = "13.2.0"; };
  xgccLibgcc = mk "xgcc-13.2.0-libgcc" { out."lib/libgcc_s.so.1" = elf { soname = "libgcc_s.so.1"; }; } { };
  numpy = pkg "numpy" {
    version = "1.26.4";
    tree.out = {
      "${site}/numpy/__config__.py" = "# made by meson\ninfo = {\n  'compiler': '${gcc}/bin/gcc',\n}\n";
      "${site}/numpy/_core.so" = elf {
        needed = [ "libstdc++.so.6" "libgcc_s.so.1" "libgfortran.so.5" ];
        runpath = "${gcc.lib}/lib:${gcc.libgcc}/lib:${gfortranLib}/lib:${xgccLibgcc}/lib";
      };
    };
    attrs = compiled;
  };
  withDev = pname: version: soname: mk "${pname}-${version}" {
    out."lib/${soname}" = elf { inherit soname; };
    dev = { "include/${pname}.h" = "int x;\n"; "lib/pkgconfig/${pname}.pc" = "Version: ${version}\n"; };
  } { inherit pname version; outputs = [ "out" "dev" ]; };
  openssl = withDev "openssl" "3.0.13" "libssl.so.3";
  sqlite = withDev "sqlite" "3.45.1" "libsqlite3.so.0";
  libffi = withDev "libffi" "3.4.6" "libffi.so.8";
  # the list of a package with a dev output lies there
  pyopenssl = pkg "pyopenssl" {
    version = "25.3.0";
    tree.dev."nix-support/propagated-build-inputs" = "${py} ${openssl.dev}\n";
    attrs.outputs = [ "out" "dev" ];
  };
  cython = pkg "cython" { version = "3.0.10"; };
  hatchling = pkg "hatchling" { version = "1.21"; };
  cmake = mk "cmake-3.28.1" { out."bin/cmake" = program { }; } { pname = "cmake"; version = "3.28.1"; };
  ninja = mk "ninja-1.12.1" { out."bin/ninja" = program { }; } { pname = "ninja"; version = "1.12.1"; };
  leaking = [
    numpy cython hatchling pyopenssl
    (pkg "copied" { code = "SOURCE = '${fetched "copied-1.0.tar.gz" "the source"}'\n"; })
    (pkg "locales" { code = "CODES = '${fetched "iso-codes.json" "{}"}'\n"; })
    (pkg "headers" { code = "INCLUDE = '${sqlite.dev}/include'\n"; })
    (pkg "twice" { code = "INCLUDE = '${libffi.dev}/include'\n"; })
    (pkg "again" { code = "INCLUDE = '${libffi.dev}/include'\n"; })
    (pkg "scrapy" { deps = [ pyopenssl.dev ]; })
    (pkg "documented" { deps = [ (hook "sphinx-hook") ]; })
    (pkg "wrapped" { deps = [ cython ]; })
    (pkg "plugins" { deps = [ hatchling ]; requires = [ "hatchling>=1.20" ]; })
    (pkg "backports" { requires = [ "hatchling; python_version < '3'" ]; })
    (pkg "builder" { code = "CMAKE = '${cmake}/bin/cmake'\n"; })
    (pkg "tools" { deps = [ (file "jq-1.7" "text") ]; })
  ];

  # -- P15 ---------------------------------------------------------------------------------------------------
  libmagic = libraryWith "file" "5.45" "libmagic.so.1" {
    "lib/libmagic.so" = { link = "libmagic.so.1"; };
    "lib/libdead.so" = { link = "libdead.so.9"; };
  };
  ctypes = text: "import ctypes\nimport ctypes.util\nimport os\nimport sys\n${text}";
  opening = pname: text: pkg pname { code = ctypes text; };
  fine = pkg "fine" {
    code = ctypes ''
      patched = ctypes.CDLL("${libmagic}/lib/libmagic.so.1")
      linked = ctypes.CDLL("${libmagic}/lib/libmagic.so")
      libc = ctypes.CDLL("libc.so.6")
      process = ctypes.CDLL(None)
      found = ctypes.CDLL(ctypes.util.find_library("c"))
      driver = ctypes.CDLL("libcuda.so.1")
      driver_by_name = ctypes.util.find_library("nvidia-ml")
      own = ctypes.CDLL(os.path.join(os.path.dirname(__file__), "libown.so"))
      fallback = ctypes.CDLL(ctypes.util.find_library("own"))
      framework = ctypes.util.find_library("CoreServices")
    '';
    tree.out = {
      "${site}/fine/libown.so" = elf { };
      "${site}/fine/platforms.py" = ctypes ''
        if sys.platform == "win32":
            library = ctypes.CDLL("foo.dll")
            other = ctypes.CDLL("foo")
        elif sys.platform == "darwin":
            library = ctypes.CDLL("libfoo")
        if sys.platform.startswith("linux"):
            library = ctypes.CDLL("${libmagic}/lib/libmagic.so.1")
        for name in ("libfoo.dylib", "foo.dll", "/System/Library/Frameworks/Foo.framework/Foo"):
            ctypes.CDLL(name)
        windows = ctypes.windll.kernel32
      '';
      "${site}/fine/tests/test_it.py" = ctypes ''ctypes.CDLL("libtests.so")'';
      "${site}/fine/conftest.py" = ctypes ''ctypes.CDLL("libtests.so")'';
      "${site}/fine/examples/one.py" = ctypes ''ctypes.CDLL("libtests.so")'';
    };
  };
  partly = pkg "partly" {
    code = ctypes ''
      try:
          library = ctypes.CDLL("${libmagic}/lib/libmagic.so.1")
      except OSError:
          pass
      try:
          fallback = ctypes.CDLL("libpartly.so.1")
      except OSError:
          fallback = None
    '';
    tree.out."${site}/partly/whole.py" = ctypes ''library = ctypes.CDLL("${libmagic}/lib/libmagic.so.1")'';
  };
  opened = [
    fine
    partly
    (opening "dangling" ''
      one = ctypes.CDLL("${libmagic}/lib/libgone.so.1")
      two = ctypes.CDLL("${libmagic}/lib/libdead.so")
    '')
    (pkg "absent" {
      code = ctypes ''library = ctypes.CDLL("libnfc.so.5")'';
      tree.out."${site}/absent/other.py" = "from cffi import FFI\nffi = FFI()\nlib = ffi.dlopen('libcairo.so.2')\n";
      tree.out."${site}/absent/old.py" = "import ctypes\nprint 'two'\nlib = ctypes.CDLL('libtwo.so.2')\n";
    })
    (opening "present" ''library = ctypes.CDLL("libz.so.1")'')
    (opening "guarded" ''
      name = ctypes.util.find_library("usb-1.0")
      library = ctypes.CDLL(name) if name else None
    '')
    # soundfile: the copy that comes with the wheel is opened by a name that is put together; find_library is for others
    (pkg "sounding" {
      code = ctypes ''
        def load(name):
            return ctypes.CDLL(name)
        fallback = ctypes.CDLL(ctypes.util.find_library("sound"))
      '';
      tree.out."${site}/sounding/data/libsound.so" = elf { };
    })
    (opening "dynamic" "def load(name):\n    return ctypes.CDLL(name)\n")
    (opening "variable" ''library = ctypes.CDLL(os.environ.get("FOO_LIBRARY", "libvariable.so.1"))'')
    (opening "impure" ''library = ctypes.CDLL("/usr/lib/libimpure.so.1")'')
    (opening "gone" ''library = ctypes.CDLL(os.path.join(os.path.dirname(__file__), "libgone.so"))'')
    (pkg "led" {
      code = ctypes ''library = ctypes.CDLL("libled.so.1")'';
      tree.out."bin/led" = script "#!/bin/sh\nexport LD_LIBRARY_PATH='/opt/led'\nexec /bin/true\n";
    })
    (uses "zlibbed" [ "libz.so.1" ] zlib)
  ];

  # -- P16 ---------------------------------------------------------------------------------------------------
  chained = mk "chained-1.3" { out = {
    "lib/libchain.so.1.3" = elf { soname = "libchain-inner.so"; };
    "lib/libchain.so.1" = { link = "libchain.so.1.3"; };
    "lib/libbroken.so.1" = { link = "libbroken.so.1.3"; };
    "lib/libloop.so.1" = { link = "libloop.so.2"; };
    "lib/libloop.so.2" = { link = "libloop.so.1"; };
    "lib64" = { link = "lib"; };
  }; } { };
  far = mk "far-1.0" { out = { "lib/libfar.so.1" = { link = "${chained}/lib64/libchain.so.1"; }; "lib/libnear.so" = elf { }; }; } { };
  pyShared = pythonWith "3.11.9" { "lib/libpython3.11.so.1.0" = elf { soname = "libpython3.11.so.1.0"; }; } { };
  linked = package {
    pname = "linked";
    python = pyShared;
    tree.out = {
      "${site}/linked/chain.so" = elf { needed = [ "libchain.so.1" "libfar.so.1" ]; runpath = "${chained}/lib64:${far}/lib"; };
      "${site}/linked/old.so" = elf { needed = [ "libz.so.1" ]; rpath = "${zlib}/lib"; };
      "${site}/linked/origin.so" = elf { needed = [ "libown.so" "libowner.so" ]; runpath = "$ORIGIN/sub:\${ORIGIN}/../linked/other"; };
      "${site}/linked/sub/libown.so" = elf { };
      "${site}/linked/other/libowner.so" = elf { };
      "${site}/linked/whole.so" = elf { needed = [ "${zlib}/lib/libz.so.1" "libc.so.6" "libm.so.6" "libpthread.so.0" "ld-linux-x86-64.so.2" ]; };
      "${site}/linked/python.so" = elf { needed = [ "libpython3.11.so.1.0" ]; };
      "${site}/linked/wheel.so" = elf { needed = [ "libblas-0a1b2c3d.so.0" "libfort-4e5f6a7b.so.5" ]; runpath = "$ORIGIN/../linked.libs"; };
      "${site}/linked.libs/libblas-0a1b2c3d.so.0" = elf { soname = "libblas-0a1b2c3d.so.0"; needed = [ "libfort-4e5f6a7b.so.5" ]; };
      "${site}/linked.libs/libfort-4e5f6a7b.so.5" = elf { soname = "libfort-4e5f6a7b.so.5"; };
      "${site}/linked/soft.so" = elf { needed = [ "libsystemd.so.0" ]; dlopen_notes = [ { soname = [ "libsystemd.so.0" ]; } ]; };
      "${site}/linked/driver.so" = elf { needed = [ "libcuda.so.1" ]; runpath = "/run/opengl-driver/lib"; };
      "${site}/linked/tests/data/bad.so" = elf { needed = [ "libtests.so.1" ]; runpath = "/usr/lib"; };
      "${site}/linked/object.o" = elf { kind = "object"; };
      "${site}/linked/foreign.so" = elf { machine = "aarch64"; needed = [ "libforeign.so.1" ]; };
      "${site}/linked/mac.so" = { macho = { needed = [ "/usr/lib/libSystem.B.dylib" ]; }; };
      # glibc's own library can be run, too
      "lib/libc.so.6" = elf { soname = "libc.so.6"; interp = "/lib64/ld-linux-x86-64.so.2"; };
      "bin/linked" = program { interp = "${libc}/lib/ld-linux-x86-64.so.2"; };
      "bin/static" = program { };
    };
  };
  broken = pkg "broken" {
    tree.out = {
      "${site}/broken/missing.so" = elf { needed = [ "libabsent.so.3" ]; runpath = "${libc}/lib"; };
      "${site}/broken/missing_too.so" = elf { needed = [ "libabsent.so.3" ]; };
      "${site}/broken/else.so" = elf { needed = [ "libz.so.1" ]; runpath = "${libc}/lib"; };
      "${site}/broken/beside.so" = elf { needed = [ "libneighbour.so.1" ]; };
      "${site}/broken/sub/libneighbour.so.1" = elf { };
      "${site}/broken/chain.so" = elf { needed = [ "libbroken.so.1" "libloop.so.1" ]; runpath = "${chained}/lib"; };
      "${site}/broken/usr.so" = elf { runpath = "/usr/lib:${libc}/lib"; };
      "${site}/broken/build.so" = elf { runpath = "/build/broken-1.0/lib"; };
      "${site}/broken/relative.so" = elf { runpath = "../lib"; };
      "${site}/broken/bad.so" = { text = "ELF, but not really"; };
      "bin/broken" = program { interp = "/lib64/ld-linux-x86-64.so.2"; };
      # the interpreter loads no library for a program
      "bin/embedding" = program { interp = "${libc}/lib/ld-linux-x86-64.so.2"; needed = [ "libpython3.11.so.1.0" ]; };
    };
  };
  macPython = mk "python3-3.11.9" { out = {
    "bin/python3.11" = { macho = { kind = "execute"; needed = [ "/usr/lib/libSystem.B.dylib" ]; }; executable = true; };
    "lib/python3.11/os.py" = "# the standard library\n";
  }; } { pname = "python3"; version = "3.11.9"; };
  macZlib = mk "zlib-1.3" { out."lib/libz.1.dylib" = { macho = { id = "@rpath/libz.1.dylib"; }; }; } { pname = "zlib"; version = "1.3"; };
  mac = package {
    pname = "mac";
    python = macPython;
    code = ctypes ''
      foundation = ctypes.CDLL(ctypes.util.find_library("CoreFoundation"))
      system = ctypes.CDLL("/usr/lib/libSystem.dylib")
      linux = ctypes.CDLL("libmac.so.1")
      bad = ctypes.CDLL("libabsent.dylib")
    '';
    tree.out = {
      "${site}/mac/good.so" = { macho = {
        kind = "bundle";
        needed = [ "/usr/lib/libSystem.B.dylib" "/System/Library/Frameworks/Foundation.framework/Foundation" "@rpath/libz.1.dylib" "@loader_path/.dylibs/libjpeg.62.dylib" "${macZlib}/lib/libz.1.dylib" ];
        weak = [ "/opt/weak.dylib" ];
        rpath = [ "${macZlib}/lib" ];
      }; };
      "${site}/mac/.dylibs/libjpeg.62.dylib" = { macho = { id = "/DLC/mac/.dylibs/libjpeg.62.dylib"; }; };
      "${site}/mac/universal.so" = { macho = { kind = "bundle"; arch = [ "arm64" "x86_64" ]; }; };
      "${site}/mac/arm.so" = { macho = { kind = "bundle"; arch = "arm64"; }; };
      "${site}/mac/bad.so" = { macho = {
        kind = "bundle";
        needed = [ "@rpath/libabsent.dylib" "${macZlib}/lib/libgone.dylib" "/opt/homebrew/lib/libbrew.dylib" ];
        rpath = [ "${macZlib}/lib" "/usr/local/lib" ];
      }; };
    };
  };

  # -- P17 ---------------------------------------------------------------------------------------------------
  jpeg = library "libjpeg-turbo" "3.0.1" "libjpeg.so.62";
  wheels = [
    (pkg "pillow" { tree.out = {
      "${site}/pillow.libs/libjpeg-abcdef01.so.62.4.0" = elf { soname = "libjpeg-abcdef01.so.62.4.0"; pad = 5000; };
      "${site}/pillow.libs/libwebp-0a1b2c3d.so.7" = elf { soname = "libwebp-0a1b2c3d.so.7"; pad = 600; };
    }; })
    (pkg "shapely" { tree.out."${site}/shapely.libs/libgeos-12345678.so.3.11" = elf { soname = "libgeos-12345678.so.3.11"; }; })
    (pkg "ancient" { tree.out."${site}/ancient/.libs/libold-12345678.so.1" = elf { }; })
    (pkg "folder" { tree.out = {
      "${site}/folder/libs/libown.so.62" = elf { };
      "${site}/folder/zlibs/libown.so.62" = elf { };
      "${site}/folder/libjpeg.cpython-311-x86_64-linux-gnu.so" = elf { };
      "${site}/folder.libs/README" = "no library\n";
    }; })
    (pkg "vendoring" { tree.out."${site}/vendoring/data/libjpeg.so.8" = elf { pad = 70; }; })
    (uses "imaging" [ "libjpeg.so.62" ] jpeg)
  ];

  # -- P19, P20 ----------------------------------------------------------------------------------------------
  vendored = name: fetched name name;
  built = [
    (pkg "outside" { attrs.__noChroot = "1"; })
    (pkg "inside" { attrs.__noChroot = ""; })
    (pkg "crates" { attrs.cargoDeps = vendored "crates-1.0-vendor"; })
    (pkg "scripts" { attrs.npmDeps = vendored "scripts-1.0-npm-deps"; attrs.frontend = vendored "frontend-2.0-yarn-offline-cache"; })
    (pkg "input" { attrs.blob = vendored "input-1.0-vendor"; })
    (pkg "vendoring" { attrs.inputs = vendored "vendor-tools-1.0"; })
    (pkg "token" { attrs.impureEnvVars = "http_proxy MY_TOKEN NIX_CURL_FLAGS"; })
    (pkg "proxied" { attrs.impureEnvVars = "http_proxy https_proxy NIX_CURL_FLAGS NIX_MIRRORS_gnu NIX_SSL_CERT_FILE"; })
    (pkg "data" { code = "DATA = '${fetched "words.txt" "words"}'\n"; })
    (pkg "shelled" { attrs.nativeBuildInputs = [ py base.wrapPython (hook "venv-shell-hook") ]; })
    (pkg "placed" { attrs.EDITABLE_ROOT = "/home/me/placed"; })
    (pkg "editable" { tree.out = {
      "${site}/editable.pth" = "/home/me/editable/src\n";
      "${site}/editable-1.0.dist-info/direct_url.json" = builtins.toJSON { url = "file:///home/me/editable"; dir_info.editable = true; };
    }; })
    (pkg "lawful" { tree.out = {
      "${site}/lawful-nspkg.pth" = "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join('/', 'x')\n";
      "${site}/distutils-precedence.pth" = "import os; enabled = True\n";
      "${site}/lawful.pth" = "# /home/me\n\nlawful/sub\n${zlib}/lib\n";
      "${site}/lawful/model.pth" = "/weights of a network\n";
      "${site}/lawful/tests/direct_url.json" = builtins.toJSON { url = "file:///home/me"; dir_info.editable = true; };
      "${site}/lawful-1.0.dist-info/direct_url.json" = builtins.toJSON { url = "https://example.org/x.zip"; archive_info.hash = "sha256=00"; };
    }; })
  ];
  makeCWrapper = sets: "\n\n\n# ------\n# The C-code for this binary wrapper has been generated using the following command:\n\n\n"
    + "makeCWrapper '/x/bin/y' \\\n    --inherit-argv0${times 1 sets}\n\n\n# (Use `nix-shell -p makeBinaryWrapper` to get access to makeCWrapper in your shell)\n";
  compiledWrapper = sets: program { soname = makeCWrapper sets; };
  started = script "#!${py}/bin/python3.11\nimport sys\n";
  shell = text: script "#! /nix/store/bash/bin/bash -e\n${text}exec -a \"$0\" \"/x\" \"$@\"\n";
  wrapping = [
    (pkg "exporting" { tree.out = {
      "bin/shelled" = shell "PYTHONPATH=\${PYTHONPATH:+':'$PYTHONPATH':'}\nexport PYTHONPATH\nexport PYTHONNOUSERSITE='true'\n";
      "bin/compiled" = compiledWrapper " \\\n    --prefix 'LD_LIBRARY_PATH' ':' '/x/lib' \\\n    --set 'PYTHONNOUSERSITE' 'true'";
    }; })
    (pkg "isolated" { tree.out = {
      "bin/.once-wrapped" = started;
      "bin/once" = shell "export PYTHONNOUSERSITE='true'\nexport PATH\n";
      "bin/.made-wrapped" = started;
      "bin/made" = compiledWrapper " \\\n    --set 'PYTHONNOUSERSITE' 'true' \\\n    --prefix 'PATH' ':' '/x/bin'";
      # wrapped by the Python hook, then by that of GTK
      "bin/.twice-wrapped" = started;
      "bin/.twice-wrapped_" = shell "export PYTHONNOUSERSITE='true'\n";
      "bin/twice" = shell "export XDG_DATA_DIRS\n";
      "bin/native" = shell "export PATH\n";
      "bin/.native-wrapped" = script "#!/bin/sh\n";
      "bin/script" = script "#!/bin/sh\n# export PYTHONPATH=x\necho PYTHONPATH\n";
    }; })
    (pkg "open" { tree.out = {
      "bin/.shelled-wrapped" = started;
      "bin/shelled" = shell "export PATH\n";
      "bin/.compiled-wrapped" = started;
      "bin/compiled" = compiledWrapper " \\\n    --set 'PATH' '/x/bin'";
    }; })
    (pkg "pystemmer" { attrs = { pyproejct = "1"; }; })
    (pkg "own-words" { attrs = { disabledTest = "a"; patche = "b"; fooBar = "c"; testPaths = "d"; dontbuild = "e"; dontBuild = ""; MY_FLAG = "f"; }; })
    (pkg "swapped" { attrs = { dontWarpPythonPrograms = "1"; }; })
  ];

  # -- the others --------------------------------------------------------------------------------------------
  machines = [
    (pkg "crossed" { tree.out = {
      "${site}/crossed/_arm.so" = elf { machine = "aarch64"; pad = 3000; };
      "${site}/crossed/_mac.so" = { macho = { arch = "x86_64"; }; };
      "${site}/crossed/_own.so" = elf { };
    }; })
    (pkg "objects" { tree.out."${site}/objects/arm.o" = elf { machine = "aarch64"; kind = "object"; }; })
  ];
  tested = [
    (pkg "heavy" { tree.out = {
      "${site}/heavy/tests/data.bin" = elf { kind = "object"; pad = 1048000; };
      "${site}/heavy/sub/test/__init__.py" = times 20 "# tests\n";
      "${site}/heavy/sub/test/test_it.py" = times 200 "# tests\n";
      "${site}/heavy/testing/data.bin" = elf { kind = "object"; pad = 70000; };
    }; attrs = compiled; })
    (pkg "light" { tree.out = {
      "${site}/light/tests/data.bin" = elf { kind = "object"; pad = 1040000; };
      "${site}/light/contests/data.bin" = elf { kind = "object"; pad = 900000; };
      "share/tests/data.bin" = elf { kind = "object"; pad = 900000; };
    }; })
  ];
  # its import leaves a mark; so do its programs
  marking = "import os\nopen(os.environ['PYCLOSURE_MARK'], 'w').close()\nimport ctypes\nctypes.CDLL('libmark.so')\n";
  marked = pkg "marked" { code = marking; tree.out = {
    "${site}/marked.pth" = "import os; open(os.environ['PYCLOSURE_MARK'], 'w').close()\n";
    "${site}/sitecustomize.py" = marking;
    "bin/marked" = script "#!/bin/sh\nexport PYTHONPATH=x\ntouch \"$PYCLOSURE_MARK\"\nexec true\n";
    "bin/.marked-wrapped" = script "#!/usr/bin/env python3\n${marking}";
  }; };
in rec {
  roots = {
    leaks = members leaking;
    # its owner asked for a compiler and build tools
    asked = members [ cython cmake ninja gcc numpy ];
    compiler = mk "tool-1.0" { out."bin/tool" = script "#!/bin/sh\nexec ${gcc}/bin/gcc\n"; } { };
    farm = mk "farm" { out."bin/gcc" = { link = "${gcc}/bin/gcc"; }; } { };
    interpreter = pythonWith "3.11.9" {
      "lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py" = "build_time_vars = {'CONFIG_ARGS': '--with-openssl=${openssl.dev}',\n 'prefix': '/x'}\n";
      "lib/python3.11/ctypes/util.py" = ctypes "library = ctypes.CDLL('libdl.so.2')\nother = ctypes.CDLL('libother.so')\n";
      "lib/python3.11/lib-dynload/_ssl.so" = elf { needed = [ "libssl.so.3" ]; runpath = "${openssl}/lib"; };
    } { };
    opened = members opened;
    linked = env pyShared [ linked ];
    broken = members [ broken (uses "zlibbed" [ "libz.so.1" ] zlib) ];
    mac = env macPython [ mac ];
    wheels = members wheels;
    built = members built;
    colliding = envWith py [ cython ] { ignoreCollisions = "1"; };
    wrapping = members wrapping;
    machines = members machines;
    tested = members tested;
    marked = members [ marked ];
    # nothing of it is wrong
    clean = members [ (uses "zlibbed" [ "libz.so.1" ] zlib) fine ];
  };
  all = mk "all" { out = builtins.mapAttrs (name: path: { link = "${path}"; }) roots; } { };
}
