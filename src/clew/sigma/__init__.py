"""Sigma rules over a case: read by pySigma, compiled and correlated here, to Ibis.

    encodings     modifiers of pySigma that it lacks or gets wrong
    documents     YAML text to documents, each with its lines
    counting      the old `| count() by x > n` as a correlation
    reading       a folder to rules, and what is wrong with the others
    tree          what one event must be, without pySigma
    taxonomy      the names that rules give fields, by log source
    known         what the events of a case state, and how a name is spelled there
    fields        a name in a rule to columns, and what the case has of it
    testing       one value against one test
    items         a list of values against tests
    conditions    a tree to an Ibis condition
    literals      what an event must hold for a rule to match, to throw most events away early
    scan          many rules over the events, at once
    windows       which moments of a correlation fire
    correlations  rows of rules, and of correlations on correlations, to alerts
    findings      alerts to words
    running       rules over an engine, to findings; with a watermark, only what is new
    member        a YAML file of detections/sigma/ as a detection
    lint, trial, convert   `clew rules lint`, `test` and `convert`

docs/sigma.md says what the specification leaves open, sentence by sentence.
"""
