"""JSON objects to events: finds the keys that a block really has, then parses it in one SELECT.

Three questions about each block (which keys, which types, which keys inside objects) make a list of
fields that is exact for that block, so a key is kept whenever it first appears. Nested objects are
flattened to dotted names. One `json_transform` then reads all fields in one pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import duckdb

from clew.formats import AT_ONCE, Settings
from clew.formats._fields import Field, Spell, Units, map_fields, quoted, spelling_of
from clew.formats._json_spans import JsonSpans, Rows
from clew.formats._json_text import document_of
from clew.formats._json_tree import ROOT, Discovery, Node, Shape
from clew.formats._loguru import with_stacks
from clew.formats._members import Shared
from clew.formats._point_fields import with_metric_values
from clew.model.event import BY_NAME

DEEPEST = 5
MOST_KEYS = 400
"""More keys than this in one object are data, not names: such an object stays one JSON value."""
VALUE_KEY = re.compile(
    r".@|://|[0-9]{7}|\b[0-9]{3}[.-][0-9]{2,3}[.-][0-9]{2}|(?=[A-Za-z]*[0-9]+[A-Za-z]+[0-9])[A-Za-z0-9]{16}"
    r"|[A-Za-z0-9]{40}|.{100}"
)
"""A key that is no name: a mail address, a long number, a token, but not sha256FingerprintOfCertificate. Such an
object stays whole, too."""
BIG_NUMBER = "[:\\[,]\\s*-?[0-9]{17,}"
NOT_FINITE = "[:\\[,]\\s*-?(NaN|nan|Infinity|inf|Inf)\\b"
EXPONENT = "[:\\[,]\\s*-?[0-9][0-9.]*[eE][+0-9]"
"""1e17, which may be written with all its digits."""
FEW = 20
"""Keys of which each is asked for numbers that need care; more take longer to plan and to ask than the
documents as a whole."""
HARMLESS = frozenset(("VARCHAR", "BOOLEAN", "NULL"))
IS_OBJECT = "(starts_with(document, '{') OR starts_with(ltrim(document, ' ' || chr(9) || chr(10) || chr(13)), '{'))"
"""Of a document that is valid, the first letter says it, and no parse is needed."""


@dataclass(slots=True)
class JsonParser:
    """Parses records that are JSON objects. `table` is its own temporary table of documents."""

    settings: Settings
    units: Units | None = field(default=None, compare=False)
    table: str = "json_documents"
    found: Discovery | None = field(default=None, compare=False)
    spell: Spell = spelling_of
    elements: Literal["array", "documents"] | None = None

    def heads(self, lines: object) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.table} AS "
            f"SELECT line, byte_offset, {document_of('text')} AS document, "
            f"CASE WHEN document IS NULL THEN text END AS text FROM {records}"
        )
        found = self._discover(workbench)
        self._tame(workbench, found)
        tree, collided = _apart(found.tree)
        found_fields = [*_fields_of(tree, "s", self.spell), *(_extracted(n) for n in collided)]
        fields = with_metric_values(with_stacks(found_fields))
        spans = JsonSpans.among(fields)
        table = f"(SELECT *, {_transform(tree, self.spell)} AS s, {IS_OBJECT} AS is_object FROM {self.table})"
        table = spans.told(table) if spans else table
        rows = Rows(workbench, table)
        units = self.units or Units(rows.median)
        self.units = units
        units.median = rows.median
        shared = Shared()
        columns = map_fields(
            spans.others(fields) if spans else fields,
            self.settings,
            units,
            self.spell,
            shared,
        )
        table = shared.table(table)
        if spans:
            columns = spans.columns(columns, self.settings, units, Rows(workbench, table))
        columns["attributes"] = _with_leftovers(columns["attributes"], found)
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return f"SELECT line, byte_offset, {_reject()} AS reject, {picked} FROM {table}"

    def _discover(self, workbench: duckdb.DuckDBPyConnection) -> Discovery:
        """What this block holds: the last block's tree where it still fits, else a new one."""
        if self.found is not None and (types := self._recheck(workbench, self.found)) is not None:
            self.found.set_types(types)
            return self.found
        shapes = workbench.execute(
            f"SELECT json_keys(document) AS keys, count(*) AS n FROM {self.table} "
            "WHERE document IS NOT NULL GROUP BY ALL ORDER BY n DESC, keys"
        ).fetchall()
        counts: dict[str, int] = {}
        for keys, n in shapes:
            for key in keys:
                counts[key] = counts.get(key, 0) + n
        ranked = sorted(counts, key=lambda key: (-counts[key], key != key.lower()))
        nodes = [Node((key,)) for key in ranked[:MOST_KEYS]]
        self._grow(workbench, nodes, 1)
        self.found = Discovery(
            nodes,
            is_doubled=any(len(set(keys)) < len(keys) for keys, _ in shapes),
            rare=frozenset(ranked[MOST_KEYS:]),
        )
        return self.found

    def _tame(self, workbench: duckdb.DuckDBPyConnection, found: Discovery) -> None:
        """Looks for numbers that need care in the documents as a whole, where many keys hold numbers."""
        nodes = found.nodes()
        asked = (
            node
            for node in nodes
            if not node.children
            and not node.types <= HARMLESS
            and _leaf_type(node, self.spell) == "JSON"
        )
        is_tame = sum(1 for _ in asked) > FEW
        if is_tame:
            wild = f"regexp_matches(document::VARCHAR, '{BIG_NUMBER}|{NOT_FINITE}|{EXPONENT}')"
            sql = f"SELECT 1 FROM {self.table} WHERE {wild} LIMIT 1"
            is_tame = not workbench.execute(sql).fetchall()
        for node in nodes:
            node.is_tame = is_tame

    def _recheck(
        self, workbench: duckdb.DuckDBPyConnection, found: Discovery
    ) -> list[set[str]] | None:
        """The types of every known key in this block; None where the block has other keys."""
        if found.is_doubled or found.rare:
            return None
        nodes = found.nodes()
        parents = [node for node in nodes if node.children]
        known = [{node.path[-1] for node in parent.children} for parent in parents]
        roots = {node.path[0] for node in found.tree}
        kinds: list[set[str]] = [set() for _ in nodes]
        shapes = self._shapes(workbench, parents, nodes, found.usual)
        if shapes and found.usual is None:
            found.usual = shapes[0]
        elif found.usual is not None:
            shapes.append(found.usual)
        for keys, inner, types in shapes:
            if len(set(keys)) < len(keys) or not roots.issuperset(keys):
                return None
            if not all(k.issuperset(i or ()) for k, i in zip(known, inner, strict=True)):
                return None
            for kind, type_ in zip(kinds, types, strict=True):
                if type_ is not None:
                    kind.add(type_)
        for node, kind in zip(nodes, kinds, strict=True):
            if ("OBJECT" in kind) != bool(node.children) and not node.is_whole:
                return None
            if node.children and kind - {"NULL", "OBJECT"}:
                return None
        return kinds

    def _shapes(
        self,
        workbench: duckdb.DuckDBPyConnection,
        parents: Sequence[Node],
        nodes: Sequence[Node],
        usual: Shape | None,
    ) -> list[Shape]:
        """Keys, keys inside objects and types that occur; rows like the usual ones are passed over,
        because comparing with one list is much cheaper than collecting all."""
        objects = f"json_keys(document, {_pointers([ROOT, *parents])})"
        shapes = (
            f"SELECT {objects} AS found, json_type(document, {_pointers(nodes)}) AS types "
            f"FROM {self.table} WHERE document IS NOT NULL {AT_ONCE}"
        )
        other = "true"
        values: list[object] = []
        if usual is not None:
            # with the same types, all known keys are there: then only more of them can differ
            keys, inner, types = usual
            counts = [len(keys), *(len(i or ()) for i in inner)]
            other = " OR ".join(
                ["types IS DISTINCT FROM ?::VARCHAR[]"]
                + [f"coalesce(len(found[{i + 1}]), 0) <> {n}" for i, n in enumerate(counts)]
            )
            values = [types]
        return workbench.execute(
            f"SELECT found[1] AS keys, found[2:] AS inside, types FROM ({shapes}) WHERE {other} "
            "GROUP BY ALL ORDER BY count(*) DESC",
            values,
        ).fetchall()

    def _grow(self, workbench: duckdb.DuckDBPyConnection, nodes: list[Node], depth: int) -> None:
        """Finds the types of these keys and, level by level, what their objects hold."""
        if not nodes:
            return
        kinds: list[set[str]] = [set() for _ in nodes]
        for (types,) in workbench.execute(
            f"SELECT DISTINCT json_type(document, {_pointers(nodes)}) FROM {self.table} "
            "WHERE document IS NOT NULL"
        ).fetchall():
            for kind, found in zip(kinds, types, strict=True):
                if found is not None:
                    kind.add(found)
        for node, kind in zip(nodes, kinds, strict=True):
            node.types = frozenset(kind)
        for node in nodes:
            node.is_whole = "OBJECT" in node.types
        objects = [
            node
            for node in nodes
            if node.types - {"NULL"} == {"OBJECT"} and _is_worth(node, depth, self.spell)
        ]
        inside = self._inside(workbench, objects)
        for node, keys in zip(objects, inside, strict=True):
            is_flat = 0 < len(keys) <= MOST_KEYS // depth and not any(map(_is_value, keys))
            if is_flat and len({key.lower() for key in keys}) == len(keys):
                node.children = [Node((*node.path, key)) for key in keys]
            node.is_whole = not node.children
        self._grow(workbench, [c for node in objects for c in node.children], depth + 1)

    def _inside(
        self, workbench: duckdb.DuckDBPyConnection, objects: Sequence[Node]
    ) -> list[list[str]]:
        """The keys inside each of these objects, sorted; one more than `MOST_KEYS` where there are more."""
        if not objects:
            return []
        keys = (
            f"SELECT DISTINCT unnest(range({len(objects)})) AS place, "
            f"unnest(json_keys(document, {_pointers(objects)})) AS keys FROM {self.table}"
        )
        found = workbench.execute(
            f"SELECT place, list(key ORDER BY key)[:{MOST_KEYS + 1}] "
            f"FROM (SELECT DISTINCT place, unnest(keys) AS key FROM ({keys})) GROUP BY place"
        ).fetchall()
        by_place = dict(found)
        return [by_place.get(place, []) for place in range(len(objects))]


def _is_value(key: str) -> bool:
    """Whether a key is a value rather than a name, as in a map of users: such a map stays whole."""
    return not key or bool(VALUE_KEY.search(key))


def _is_worth(node: Node, depth: int, spell: Spell) -> bool:
    """Objects that are one canonical value, such as input_features, stay whole."""
    spelling = spell(node.name)
    whole = spelling is not None and BY_NAME[spelling.column].kind == "json"
    return depth < DEEPEST and not whole


def _apart(nodes: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """Nodes that a struct can name, and the others: it ignores case and has no empty name."""
    seen: set[str] = {""}
    first: list[Node] = []
    collided: list[Node] = []
    for node in nodes:
        (collided if node.path[0].lower() in seen else first).append(node)
        seen.add(node.path[0].lower())
    return first, collided


def _leaf_type(node: Node, spell: Spell) -> str:
    """Its own type where every value has it, so that nothing is parsed twice; else JSON."""
    spelling = spell(node.name)
    types = node.types - {"NULL"}
    if spelling is None or not types:
        return "JSON"
    kind = BY_NAME[spelling.column].kind
    if types == {"VARCHAR"}:
        return "VARCHAR"
    if types == {"UBIGINT"} and kind in ("int", "float"):
        return "UBIGINT"
    if types <= {"UBIGINT", "BIGINT"} and kind in ("int", "float"):
        return "BIGINT"
    return "DOUBLE" if kind == "float" and types <= {"UBIGINT", "BIGINT", "DOUBLE"} else "JSON"


def _pointers(nodes: Sequence[Node]) -> str:
    return "[" + ", ".join(quoted(node.pointer) for node in nodes) + "]::VARCHAR[]"


def _transform(tree: Sequence[Node], spell: Spell) -> str:
    """SQL of one struct with every field of the tree."""

    def shape(nodes: Sequence[Node]) -> dict[str, object]:
        return {
            node.path[-1]: shape(node.children) if node.children else _leaf_type(node, spell)
            for node in nodes
        }

    if not tree:
        return "NULL"
    return f"json_transform(document, {quoted(json.dumps(shape(tree), ensure_ascii=False))})"


def _fields_of(nodes: Sequence[Node], parent: str, spell: Spell) -> list[Field]:
    fields = []
    for node in nodes:
        value = f'{parent}."{node.path[-1].replace(chr(34), chr(34) * 2)}"'
        if node.children:
            fields += _fields_of(node.children, value, spell)
        elif _leaf_type(node, spell) == "JSON":
            fields.append(_json_field(node, value))
        elif _leaf_type(node, spell) == "VARCHAR":
            fields.append(Field(node.name, value, f"to_json({value})", node.types))
        else:
            text = f"{value}::VARCHAR"
            number = f"CASE WHEN isfinite({value}) THEN {value} END"
            if _leaf_type(node, spell) != "DOUBLE":
                number = f"try_cast({value} AS BIGINT)"
            fields.append(Field(node.name, text, text, node.types, number))
    return fields


def _json_field(node: Node, value: str) -> Field:
    text = f"{value}::VARCHAR"
    if "VARCHAR" in node.types:
        text = f"CASE WHEN starts_with({value}, '\"') THEN {value}->>'$' ELSE {text} END"
    return Field(node.name, text, _safe_json(value, node), node.types)


def _safe_json(value: str, node: Node) -> str:
    """Numbers that a VARIANT would round, and NaN, which JSON has not, become text."""
    if node.is_tame or node.types <= HARMLESS:
        return f"{value}::VARCHAR"
    return (
        f"CASE WHEN regexp_matches(':' || {value}::VARCHAR, '{BIG_NUMBER}|{NOT_FINITE}') "
        f"THEN to_json({value}->>'$')::VARCHAR ELSE {value}::VARCHAR END"
    )


def _extracted(node: Node) -> Field:
    """A key that a struct cannot name: read by its path."""
    return _json_field(node, f"json_extract(document, {quoted(node.pointer or '/')})")


def _with_leftovers(attributes: str, found: Discovery) -> str:
    """Adds what fields cannot say: keys that stand twice, and keys of objects with too many."""
    extra = []
    if found.is_doubled:
        is_doubled = "len(list_distinct(json_keys(document))) < len(json_keys(document))"
        extra.append(
            f"CASE WHEN {is_doubled} THEN '\"duplicate_keys\":' || to_json(document::VARCHAR) END"
        )
    if found.rare:
        known = "[" + ", ".join(quoted(node.path[0]) for node in found.tree) + "]"
        other = f"list_filter(json_keys(document), lambda k: NOT list_contains({known}, k))"
        pairs = (
            f"list_transform({other}, lambda k: to_json(k) || ':' || json_extract(document, "
            "'/' || replace(replace(k, '~', '~0'), '/', '~1')))"
        )
        extra.append(f"nullif(array_to_string({pairs}, ','), '')")
    if not extra:
        return attributes
    inner = f"substr({attributes}, 2, length({attributes}) - 2)"
    return f"nullif('{{' || concat_ws(',', {inner}, {', '.join(extra)}) || '}}', '{{}}')"


def _reject() -> str:
    return (
        "CASE WHEN document IS NULL THEN CASE "
        "WHEN NOT starts_with(ltrim(text), '{') THEN 'not a JSON object' "
        "WHEN NOT ends_with(rtrim(text, chr(10) || ' '), '}') THEN 'the JSON object is not closed' "
        "ELSE 'not valid JSON' END "
        "WHEN NOT is_object THEN 'JSON, but not an object' END"
    )
