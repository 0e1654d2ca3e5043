"""How much a prompt looks like an attack: a table of features, and two scores of them. Pure."""
