"""Speed, as ratios to nix or to a bare application in the same run; never a test."""
