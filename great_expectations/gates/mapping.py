"""
Foreign files as rows of their stream: contracts/mappings, as far as the gate needs them.

The pipeline is the one that maps, line by line; here a file's kind is judged. So what is mapped to a field is checked by the field's rules, save the form of times that
a mapping describes, which only the pipeline reads.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from gates.settings import CONTRACTS

type Mapping = dict[str, Any]
type TextRow = dict[str, str | None]


@cache
def _mappings() -> dict[str, Mapping]:
    return json.loads((CONTRACTS / "mappings.json").read_text())["datasets"]


def mapping_of(dataset: str) -> Mapping | None:
    """None where the dataset is a stream and its files have the contract's field names."""
    return _mappings().get(dataset)


def mapped(mapping: Mapping, rows: Iterable[TextRow]) -> Iterator[TextRow]:
    """The fields of each row; a value that a rule cannot make is null."""
    rules = [(rule["field"], _reader(rule, set(mapping["nulls"]))) for rule in mapping["fields"]]
    for line, row in enumerate(rows, start=1):
        cells = row | {"_line": str(line)}
        yield {field: read(cells) for field, read in rules}


def described_times(mapping: Mapping | None) -> set[str]:
    """The fields whose times are written as the mapping says, not as the contract does."""
    return {rule["field"] for rule in mapping["fields"] if "time" in rule} if mapping else set()


def _reader(rule: dict[str, Any], nulls: set[str]) -> Callable[[TextRow], str | None]:
    if "constant" in rule:
        return lambda _row: rule["constant"]

    def cell(row: TextRow, column: str) -> str | None:
        text = row.get(column)
        return None if text is None or text in nulls else text

    if "template" in rule:
        return lambda row: _filled(rule["template"], lambda column: cell(row, column))
    # $1 is \g<1> here.
    values = [
        (re.compile(it["match"]), re.sub(r"\$(\d)", r"\\g<\1>", it["to"].replace("\\", r"\\")))
        for it in rule.get("values", [])
    ]

    def read(row: TextRow) -> str | None:
        text = cell(row, rule["column"])
        if text is None or not values:
            return text
        for pattern, to in values:
            if match := pattern.fullmatch(text):
                return match.expand(to) or None
        return None

    return read


def _filled(template: str, cell: Callable[[str], str | None]) -> str | None:
    columns = re.findall(r"\{([^{}]+)\}", template)
    texts = {column: cell(column) for column in columns}
    if None in texts.values():
        return None
    return re.sub(r"\{([^{}]+)\}", lambda match: texts[match[1]] or "", template)
