r"""What Microsoft Presidio, an extra, finds beyond the patterns: names, places, more numbers.

Takes      prose alone: messages, prompts, completions, and texts of several words within JSON. With
           `patterns` the numbers that Presidio knows by pattern, checksum and words nearby; with the name
           of an installed spaCy model the names of persons and places, too
Leaves     [TYPE:TOKEN], as of personal data
Blind to   what its score leaves in doubt; nothing is downloaded, so a model must be installed. A model may
           take a second look differently: redacting twice may then find more
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clew.errors import ConfigError
from clew.model.redaction import CONTENT, MARK

PATTERNS_ALONE = "patterns"
COLUMNS = (*CONTENT, "message", "exception_message")
"""Columns of prose."""
LEAST_SCORE = 0.6
"""A pattern alone is below it, a checksum or a word nearby lifts above it."""
MOST_CHARACTERS = 100_000
"""Of a text that a model can look at; the rest goes without."""
ELSEWHERE = frozenset(
    ("CREDIT_CARD", "EMAIL_ADDRESS", "ES_NIE", "ES_NIF", "IBAN_CODE", "IP_ADDRESS", "PHONE_NUMBER",
     "UK_NINO", "URL", "US_SSN")
)  # fmt: skip
"""Entities that `pii.py` takes."""
NOT_PERSONAL = re.compile(
    r"UUID|MAC_ADDRESS|DATE_TIME|CRYPTO|ABA_ROUTING_NUMBER|ORGANIZATION|US_BANK_NUMBER"
    r"|.*_(?:PLZ|POSTAL_CODE|POSTCODE|VAT.*|ABN|ACN|GSTIN|UEN|BRN|HANDELSREGISTER|KFZ|LICENSE_PLATE|TAX_NUMBER)"
    r"|.*_(?:VEHICLE_REGISTRATION|COMPANY_REGISTRATION|ORGANISATIONSNUMMER|TRAFFIC_REGISTER_NUMBER|BSNR|LANR)"
)
"""Entities that are taken only where they are named."""
MARKS = re.compile(MARK)
INSTALL = "needs Presidio: pip install 'clew[presidio]'"

Token = Callable[[str, str], str]
"""The token of a kind and a value."""


class Analyst:
    """Presidio's analyzer.

    model     `patterns`, or the name of an installed spaCy model
    entities  what is taken, by Presidio's names; () is all that is personal
    """

    def __init__(self, model: str, entities: Sequence[str] = ()) -> None:
        self._nlp = _nlp(model)
        self._language: str = self._nlp.lang
        recognizers = list(_recognizers(self._language, with_model=model != PATTERNS_ALONE))
        known = {entity for one in recognizers for entity in one.supported_entities}
        for entity in entities:
            if entity not in known:
                raise ConfigError(
                    f"The setting redact.presidio_entities: '{entity}' is none of {', '.join(sorted(known))}."
                )
        self._entities = sorted(entities or (e for e in known if _is_ours(e)))
        analyzer = importlib.import_module("presidio_analyzer")
        wanted = [one for one in recognizers if set(one.supported_entities) & set(self._entities)]
        self._analyzer = analyzer.AnalyzerEngine(
            registry=analyzer.RecognizerRegistry(
                recognizers=wanted, supported_languages=[self._language]
            ),
            nlp_engine=_engine(self._nlp),
            supported_languages=[self._language],
        )

    def redacted(self, text: str, token: Token) -> str:
        """The text with a mark where something was found."""
        shown = text[:MOST_CHARACTERS]
        if not any(sign.isalnum() for sign in MARKS.sub("", shown)):
            return text
        found = self._analyzer.analyze(
            shown, self._language, entities=self._entities, score_threshold=LEAST_SCORE
        )
        marked = [match.span() for match in MARKS.finditer(text)]
        parts, at = [], 0
        for one in sorted(found, key=lambda one: (one.start, -one.end, -one.score)):
            is_marked = any(one.start < end and start < one.end for start, end in marked)
            if one.start < at or is_marked:
                continue
            kind, value = one.entity_type.lower(), " ".join(text[one.start : one.end].split())
            parts += [text[at : one.start], f"[{kind}:{token(kind, value.casefold())}]"]
            at = one.end
        return "".join([*parts, text[at:]])


def _is_ours(entity: str) -> bool:
    return entity not in ELSEWHERE and not NOT_PERSONAL.fullmatch(entity)


def _nlp(model: str) -> Any:
    """spaCy's pipeline: one that is installed, or one that only splits words."""
    try:
        importlib.import_module("presidio_analyzer")
        spacy = importlib.import_module("spacy")
    except ModuleNotFoundError as error:
        raise ConfigError(f"The setting redact.presidio {INSTALL}.") from error
    if model != PATTERNS_ALONE:
        try:
            return spacy.load(model)
        except OSError as error:
            raise ConfigError(
                f"The setting redact.presidio: no spaCy model '{model}' is installed. Install it, or write "
                f"'{PATTERNS_ALONE}'."
            ) from error
    nlp = spacy.blank("en")
    spacy.Language.component("clew_lower_case", func=_in_lower_case)
    nlp.add_pipe("clew_lower_case")
    return nlp


def _in_lower_case(document: Any) -> Any:
    """Gives each word a lemma: by it Presidio knows the words around a number."""
    for word in document:
        word.lemma_ = word.lower_
    return document


def _engine(nlp: Any) -> Any:
    """Presidio's engine around a pipeline that is loaded already: its own one would download."""
    module = importlib.import_module("presidio_analyzer.nlp_engine")
    engine = module.SpacyNlpEngine(models=[{"lang_code": nlp.lang, "model_name": "loaded"}])
    engine.nlp = {nlp.lang: nlp}
    return engine


def _recognizers(language: str, *, with_model: bool) -> Iterator[Any]:
    """Presidio's recognizers by pattern, of every country; those that ask a service are none of them."""
    base = importlib.import_module("presidio_analyzer").PatternRecognizer
    module = importlib.import_module("presidio_analyzer.predefined_recognizers")
    makers: list[tuple[str, Any]] = inspect.getmembers(module, inspect.isclass)
    for _, maker in makers:
        if issubclass(maker, base) and maker is not base:
            made = maker(supported_language=language)
            if not ELSEWHERE.issuperset(made.supported_entities):
                yield made
    if with_model:
        yield module.SpacyRecognizer(supported_language=language)
