"""The functions that every engine defines, as DuckDB's macros: expressions name them once for all engines."""

from __future__ import annotations

import duckdb

NEWEST = "SELECT clew_stems(['one'], 2)"
MACROS = """
CREATE OR REPLACE MACRO clew_attribute(attributes, key) AS
    variant_extract_string(attributes, key);
CREATE OR REPLACE MACRO clew_attribute_keys(attributes) AS
    coalesce(variant_keys(attributes), []);
CREATE OR REPLACE MACRO clew_attribute_pairs(attributes) AS
    coalesce(list_transform(variant_keys(attributes),
        lambda key: concat(key, '=', attributes::JSON ->> key)), []);
CREATE OR REPLACE MACRO clew_attribute_object(attributes, begin) AS
    nullif(concat('{', array_to_string(list_transform(
        list_filter(variant_keys(attributes), lambda key: starts_with(key, begin)),
        lambda key: concat(to_json(key[len(begin) + 1:]), ':', attributes::JSON -> key)), ','), '}'), '{}');
CREATE OR REPLACE MACRO clew_shingles(words) AS
    list_transform(range(1, len(words) - 1),
        lambda place: hash(words[place], words[place + 1], words[place + 2]));
CREATE OR REPLACE MACRO clew_stems(words, letters) AS
    list_transform(list_filter(words, lambda one: one <> ''), lambda one: left(one, letters));
CREATE OR REPLACE MACRO clew_pairs(words) AS
    list_transform(range(1, len(words)), lambda place: words[place] || ' ' || words[place + 1]);
CREATE OR REPLACE MACRO clew_json_items(text) AS
    CASE WHEN json_valid(text) AND json_type(text) = 'ARRAY' THEN json_extract(text, '$[*]')::VARCHAR[] ELSE [] END;
CREATE OR REPLACE MACRO clew_json_text(item, key) AS
    CASE WHEN json_valid(item) THEN nullif(json_extract_string(item, concat('$."', key, '"')), '') END;
CREATE OR REPLACE MACRO clew_json_values(text) AS
    CASE WHEN text IS NULL THEN []::VARCHAR[]
        WHEN starts_with(text, '[') AND json_valid(text)
            THEN list_filter(json_extract_string(text, '$[*]'), lambda one: one IS NOT NULL)
        ELSE [text] END;
CREATE OR REPLACE MACRO clew_json_inside(values_, key) AS
    flatten(list_transform(values_, lambda one: clew_json_values(clew_json_text(one, key))));
CREATE OR REPLACE MACRO clew_json_joined(values_) AS
    CASE len(values_) WHEN 0 THEN NULL WHEN 1 THEN values_[1] ELSE to_json(values_)::VARCHAR END;
CREATE OR REPLACE MACRO clew_any_found(values_, pattern) AS
    len(list_filter(values_, lambda one: regexp_matches(one, pattern))) > 0;
CREATE OR REPLACE MACRO clew_numbers(values_) AS
    list_filter(list_transform(values_, lambda one: try_cast(one AS DOUBLE)),
        lambda one: one IS NOT NULL);
CREATE OR REPLACE MACRO clew_distinct(words) AS list_distinct(words);
CREATE OR REPLACE MACRO clew_shared(one, other) AS len(list_intersect(one, other));
CREATE OR REPLACE MACRO clew_band(hashes, block, salt, other) AS
    (hash(block, list_min(list_transform(hashes, lambda one: xor(one, salt::UBIGINT))),
        list_min(list_transform(hashes, lambda one: xor(one, other::UBIGINT)))) >> 1)::BIGINT;
"""


def complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a case that was made before the newest function all of them."""
    try:
        connection.execute(NEWEST)
    except duckdb.CatalogException:
        connection.execute(MACROS)
