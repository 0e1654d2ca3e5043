"""Analyses: tables to a table, pure. One file an analysis, one function of the file's name.

A module has
  NAME(events, *, by, bucket, ...)  an Ibis expression over the timeline
  RETURNS                           its measures, which follow the `by` columns and `bucket`
  CASES                             examples, which are also its tests
`by` takes canonical columns, and keys of `attributes` by their own name; `bucket` takes a length of
time such as "5m". The order of the rows is total, so the same question has the same answer.
"""
