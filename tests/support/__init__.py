"""Helpers of the tests: closures as literals, recorded nix, planted files, slow twins, stub programs."""
