"""Sources: where bytes come from. Today `files`: files, folders, globs, standard input."""
