"""The desk as a file, for platform teams that keep it in git."""
