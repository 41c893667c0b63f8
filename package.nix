# pyclosure as a nixpkgs application:  nix-build -E '(import <nixpkgs> { }).callPackage ./package.nix { }'
# The nix that it asks is the user's own, from PATH: another one may not be able to read the user's store.
{
  lib,
  stdenv,
  python3Packages,
  installShellFiles,
  writableTmpDirAsHomeHook,
}:

python3Packages.buildPythonApplication {
  pname = "pyclosure";
  version = builtins.head (
    builtins.match ".*__version__ = \"([^\"]+)\".*" (builtins.readFile ./pyclosure/__init__.py)
  );
  pyproject = true;

  # The package is pyclosure/ and the three folders beside it, which it links to.
  src = lib.fileset.toSource {
    root = ./.;
    fileset = lib.fileset.unions [
      ./pyclosure
      ./queries
      ./themes
      ./tui
      ./tests
      ./pyproject.toml
      ./README.md
      ./LICENSE
    ];
  };

  build-system = [ python3Packages.hatchling ];

  # A test keeps this list equal to the one in pyproject.toml.
  dependencies = with python3Packages; [
    humanize
    msgspec
    networkx
    packaging
    pyelftools
    pygments
    rich
    textual
  ];

  nativeBuildInputs = [ installShellFiles ];

  nativeCheckInputs = with python3Packages; [
    hypothesis
    pytest-asyncio
    pytest-xdist
    pytestCheckHook
    writableTmpDirAsHomeHook
  ];

  # Nix inside of a Nix build would need a store of its own; the screens are drawn by whichever textual nixpkgs has.
  disabledTestMarks = [ "nix" ];
  enabledTestPaths = [ "tests/queries" ];

  pythonImportsCheck = [
    "pyclosure"
    "pyclosure.queries"
    "pyclosure.tui.cli.main"
  ];

  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    installShellCompletion --cmd pyclosure \
      --bash <($out/bin/pyclosure completion bash) \
      --zsh <($out/bin/pyclosure completion zsh) \
      --fish <($out/bin/pyclosure completion fish)
  '';

  meta = {
    description = "Explore the Nix closures of Python environments in the terminal";
    license = lib.licenses.mit;
    mainProgram = "pyclosure";
    platforms = lib.platforms.unix;
  };
}
