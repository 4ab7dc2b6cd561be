"""Where Senryu keeps what it can make or download again.

It knows the folder and nothing of what lies in it.
"""

import os
from pathlib import Path

import platformdirs

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The cache folder: ``SENRYU_CACHE_DIR``, or the user's cache folder; it may not exist yet."""
    chosen = os.environ.get("SENRYU_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("senryu")
