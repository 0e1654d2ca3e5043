"""Redactions: events to events without secrets, personal data and, if so asked, without prompts.

    secrets   keys, tokens and passwords: gone for good
    pii       personal data: a keyed token instead, so that the same value is still the same
    prompts   what people and models wrote: kept, hashed or dropped

A redaction is a table of patterns (`_pattern.py`) with the texts that it must find and must not.
`_rows.py` looks at the rows of a block, `_values.py` at single texts, `_json.py` into JSON,
`_split_keys.py` at private keys over several rows, `_key.py` keeps the key of the tokens. It all runs
between parsing and loading, on the bench: what is digested and stored is what is left.
"""
