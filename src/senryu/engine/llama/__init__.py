"""The embedded engine: our scheduler and prefix cache over the kernels of llama.cpp."""
