"""What the native library logs: errors only, to stderr, the last ones kept for messages."""
# pyright: reportMissingTypeStubs=false, reportArgumentType=false

import sys

import llama_cpp

__all__ = ["first_error", "forget_errors", "log_callback", "quiet_logs"]

_ERROR_LEVEL = 4  # enum ggml_log_level
_MAX_KEPT = 4
_errors: list[str] = []


def _on_log(level: int, text: bytes, _data: object) -> None:
    if level == _ERROR_LEVEL:
        message = text.decode(errors="replace").strip()
        _errors.append(message)
        del _errors[:-_MAX_KEPT]
        print(f"llama.cpp: {message}", file=sys.stderr, flush=True)


log_callback = llama_cpp.llama_log_callback(_on_log)


def quiet_logs() -> None:
    """Let only errors of the native library through, to stderr, a line each."""
    llama_cpp.llama_log_set(log_callback, None)


def forget_errors() -> None:
    """Forget earlier errors, before a call whose own are wanted."""
    _errors.clear()


def first_error() -> str | None:
    """The first error kept since then, which is most often the cause of the others."""
    return _errors[0] if _errors else None
