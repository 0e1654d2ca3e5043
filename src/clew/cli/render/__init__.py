"""Rendering: answers, findings and ledgers as text for a person or a program.

escape    log text is hostile: what each kind of output must not be given
json      plain JSON: times in RFC 3339, NaN as null
table     rows as a table on a terminal, or as CSV
chart     rows as bars, or as a time line by bucket
findings  findings as text, markdown or a page
ledger    what an ingest read
answer    an answer as any of those
"""
