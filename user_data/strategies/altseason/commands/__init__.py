"""The commands of `altseason`, a thin module for each."""
