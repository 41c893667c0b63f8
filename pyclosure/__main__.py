"""``python -m pyclosure``."""

import sys

from pyclosure.tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
