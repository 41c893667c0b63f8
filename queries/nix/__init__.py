"""Nix as a program: start it, stop it, understand its failures. No meaning is given to its output here."""
