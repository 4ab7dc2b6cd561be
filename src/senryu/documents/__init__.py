"""Images and documents: checked, and what is written in them. Knows no API and no model.

Whatever a file does to the libraries that read it happens in a process of its own (``reader.py``
starts it, ``tasks.py`` runs there), within limits of memory and time.
"""
