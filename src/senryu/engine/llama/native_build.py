"""Which native library this process has loaded: what is kept for one build may not suit another."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false

import llama_cpp

__all__ = ["native_build"]


def native_build() -> str:
    """The library's version, and the instruction sets and devices that it was compiled for."""
    features = llama_cpp.llama_print_system_info().decode()
    return f"{llama_cpp.__version__}, {features}"
