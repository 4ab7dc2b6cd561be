"""Says which native library is installed and what it was built for, as one JSON object.

``python -m senryu.engine.llama.probe`` runs in a process of its own, because a library built for
another processor does not raise: it kills the process that touches it.
"""

import json
import sys

import llama_cpp

from senryu.engine.llama.native_log import quiet_logs

__all__ = ["main"]


def main() -> None:
    """Load the library and print its version and what it says of itself."""
    quiet_logs()
    llama_cpp.llama_backend_init()
    facts = {
        "version": llama_cpp.__version__,
        "system": llama_cpp.llama_print_system_info().decode(),
        "gpu": bool(llama_cpp.llama_supports_gpu_offload()),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
