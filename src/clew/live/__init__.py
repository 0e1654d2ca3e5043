"""The live server's inside: from a spooled request to rows of the case, and who may read them.

case      the case as the server holds it: one writer, readers that cannot write
segments  a spool segment as a source of the ledger
seen      which spans have been delivered before
writer    spooled requests -> decoded -> repeats dropped -> one transaction
tokens    who may send and read, and the audit of what was read
service   all of it together, as the receivers and the API use it
"""
