"""Records of AI calls: what the formats of providers, gateways and exports share.

parser    a Layout (keys that identify a source, its names, where bodies stand) -> a parser
parts     the parts of a record: request, response, headers, the rest
request, response, messages, usage, errors, headers, hosts   SQL of each
streams, joined   event streams put together, bodies that are packed
entries, trace_store   records inside one document, and in SQLite files
"""
