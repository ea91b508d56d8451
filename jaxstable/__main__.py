"""`python -m jaxstable` is the command line."""

import sys

from jaxstable.cli import main

if __name__ == "__main__":
    sys.exit(main())
