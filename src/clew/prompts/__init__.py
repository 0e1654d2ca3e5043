"""How much a prompt looks like an attack: a table of features, weights of words, and two scores of them. Pure."""
