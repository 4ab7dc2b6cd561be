"""Images and documents: what is made of files."""
