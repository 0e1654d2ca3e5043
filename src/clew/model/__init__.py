"""The nouns that every part of Clew shares; no I/O."""
