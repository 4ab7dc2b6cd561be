"""``python -m senryu`` is ``senryu``."""

import sys

from senryu.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
