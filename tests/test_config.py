"""Settings: what is not in the tree is an error that names the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.config import Config, Limits, member_options, names, read
from clew.errors import ConfigError


def analysis(
    events: object,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    min_requests: int = 20,
    share: float = 0.5,
    is_strict: bool = False,
) -> None:
    """Has one option of each type."""


def test_defaults(tmp_path: Path) -> None:
    assert read({}, tmp_path) == Config()
    assert names() == [
        "case",
        "timezone",
        "log_format",
        "output",
        "limits.rows",
        "limits.table_rows",
        "limits.seconds",
        "prices.file",
        "redact.what",
        "redact.prompts",
        "redact.addresses",
        "redact.presidio",
        "redact.presidio_entities",
        "redact.key",
        "redact.key_file",
        "export.token",
        "export.patience_s",
        "export.ca_file",
        "playbooks.never_block",
    ]


def test_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_text('case = "a.duckdb"\n[limits]\nrows = 5\nseconds = 10\n')
    environment = {"CLEW_LIMITS_SECONDS": "2.5", "PATH": "/bin", "CLEW_BINARY": "elsewhere"}
    assert read(environment, tmp_path) == Config(case="a.duckdb", limits=Limits(5, 200, 2.5))


def test_clew_config_names_another_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('case = "b.duckdb"')
    assert read({"CLEW_CONFIG": str(tmp_path / "other.toml")}, tmp_path).case == "b.duckdb"
    with pytest.raises(ConfigError, match="cannot be read"):
        read({"CLEW_CONFIG": str(tmp_path / "none.toml")}, tmp_path)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('cas = "x"', "Did you mean 'case'"),
        ("[limits]\nrow = 3", "Did you mean 'limits.rows'"),
        ("limits = 3", "must be a table"),
        ('[limits]\nrows = "many"', "limits.rows must be a whole number"),
        ("[limits]\nrows = true", "limits.rows must be a whole number"),
        ("[limits]\nrows = 1.5", "limits.rows must be a whole number"),
        ("case = 3", "case must be a text"),
        ("[analyses.error_rat]\nx = 1", "Did you mean 'error_rate'"),
        ("[analyses]\nerror_rate = 1", "must be a table of options"),
        ("case = ", "is not TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "clew.toml").write_text(toml)
    with pytest.raises(ConfigError) as raised:
        read({}, tmp_path)
    assert sentence in str(raised.value)


def test_a_near_miss_in_the_environment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean CLEW_CASE"):
        read({"CLEW_CSAE": "x"}, tmp_path)


def test_options_of_members(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_text("[analyses.error_rate]\nbucket = '5m'\n")
    environment = {"CLEW_ANALYSES_ERROR_RATE_BY": "service,host"}
    options = read(environment, tmp_path).analyses
    assert options == {"error_rate": {"bucket": "5m", "by": "service,host"}}
    with pytest.raises(ConfigError, match="none of the analyses"):
        read({"CLEW_ANALYSES_NOTHING_BY": "x"}, tmp_path)


def test_options_have_the_types_of_the_function() -> None:
    given = {
        "by": "service, host",
        "bucket": "5m",
        "min_requests": "30",
        "share": "0.25",
        "is_strict": "yes",
    }
    assert member_options(analysis, given) == {
        "by": ("service", "host"),
        "bucket": "5m",
        "min_requests": 30,
        "share": 0.25,
        "is_strict": True,
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("min_request", "3", "Did you mean 'min_requests'"),
        ("min_requests", "3.5", "must be a whole number"),
        ("min_requests", True, "must be a whole number"),
        ("share", "nan", "must be a number"),
        ("share", "half", "must be a number"),
        ("is_strict", "maybe", "must be true or false"),
        ("bucket", 5, "must be a text"),
        ("events", "x", "is not an option of"),
    ],
)
def test_a_wrong_option_is_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        member_options(analysis, {name: value})
    assert sentence in str(raised.value)
