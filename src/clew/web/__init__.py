"""The face over HTTP: reads a request, asks the live server's inside, shows the answer.

server    binds the ports, runs until it is told to end, leaves the note for other commands
app       one application: OTLP's paths to their receiver, everything else to the API
api       /api for people and programs: search, sql, show, traces, findings, the ledger
local     /api/local for the commands of this machine: questions, files, tokens
asking    who asks, errors as sentences, rows as streams
hanging   connections of clients that say nothing are closed
"""
