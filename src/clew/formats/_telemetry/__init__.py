"""Spans, log records and data points: what the formats of traces and the live server share.

decode       OTLP requests in protobuf or JSON -> rows
wire, proto  the protobuf wire, all messages of a kind at a time, in numpy
proto_*      spans, log records and data points out of it
json_rows    the same out of JSON; otlp_json what OTLP's JSON may look like
gathered     records of other formats (Jaeger, Zipkin) collected into the same rows
signals      rows with their attributes, resource and scope -> columns
genai        keys of AI calls -> messages, prompts, token counts
rows         columns -> the SQL that gives canonical columns
batches      rows batch by batch, for files
"""
