"""Reports: a case as a document that a person hands on.

_document   what a report says: sections of sentences, tables, charts and findings
_figures    numbers as a reader wants them
_money      cost, tokens and latency of AI calls as sections
_incident   errors and latency of requests as sections
_contents   the case's answers put together as one document
_svg        charts as inline SVG
html, md    a document written

A member has ENDINGS, the ends of file names that mean it, and `written(document)`, which is the text.
"""
