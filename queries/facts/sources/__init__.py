"""What a source, an sdist or a wheel declares for its tests: groups, tox, nox, hatch, requirements, imports."""
