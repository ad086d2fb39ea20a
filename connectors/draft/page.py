"""A draft as the page of facts it proposes: a TOML with questions above and a confidence beside each column.

Belongs here: what stands where on the page, and which questions are asked.
Lives elsewhere: finding all of it out (the other modules here), the sentences (`words.toml`), what a platform file must
obey (`connectors/platform_rules.py`).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from connectors.draft.aliases import Knowledge
from connectors.draft.codes import stated_codes
from connectors.draft.findings import Findings
from connectors.draft.guess import Choice
from connectors.draft.sheets import Together
from connectors.draft.source import Source
from connectors.draft.template import Template
from dedup.normalise.codes import code, flag
from warehouse.fields import fields as known_fields

Language = Literal["zh", "en"]
_WIDTH = 110  # of a line with a list
_DOUBT = 0.75  # a field with less confidence is asked for
_ORDINARY_SHEET = re.compile(r"^(sheet|工作表|表)\s*\d*$|\d{4}", re.IGNORECASE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Draft:
    """All that was found out about one sample."""

    file: str
    slug: str
    source: Source
    sheets: Together
    choices: Sequence[Choice]
    findings: Findings
    template: Template | None
    known: Knowledge

    @property
    def key(self) -> str | None:
        """The header of the platform's own number."""
        return next((c.header for c in self.choices if c.use == "key" or c.kind == "key"), None)

    def used(self) -> Iterator[Choice]:
        """The columns that are fields, in their order."""
        return (choice for choice in self.choices if choice.use == "field")


def write_page(draft: Draft, speak: Language) -> str:
    """The whole TOML."""
    parts = [
        _head(draft, speak),
        _platform(draft, speak),
        _export(draft),
        *_tables(draft),
        _fields(draft, speak),
        *_codes(draft),
        _left_out(draft, "ignored", "ignore", speak),
        _left_out(draft, "forbidden", "forbidden", speak),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def questions(draft: Draft, speak: Language) -> list[str]:
    """What a person has to answer before the page can be trusted."""
    asked = [*_of_law(draft), *_of_shape(draft), *_of_columns(draft), *_of_codes(draft), *_of_template(draft)]
    return [say(name, speak, **_said(words, speak)) for name, words in asked]


def _said(words: Mapping[str, object], speak: Language) -> dict[str, object]:
    """The words of a sentence; a pair is a sentence of its own and what stands in it."""
    return {
        name: say(str(word[0]), speak, what=word[1]) if isinstance(word, tuple) else word
        for name, word in words.items()
    }


def say(name: str, speak: Language, **words: object) -> str:
    """One sentence of `words.toml`."""
    return _words()[name][speak].format(**words)


@cache
def _words() -> dict[str, dict[Language, str]]:
    return tomllib.loads(
        resources.files("connectors.draft").joinpath("words.toml").read_text(encoding="utf-8")
    )


Asked = Iterator[tuple[str, dict[str, object]]]


def _of_law(draft: Draft) -> Asked:
    yield "q_law", {}
    if draft.key:
        yield "q_key", {"key": draft.key}
    else:
        yield "q_no_key", {}


def _of_shape(draft: Draft) -> Asked:
    findings, main = draft.findings, draft.sheets.main
    number = next((c.header for c in draft.used() if c.field == "household_number"), None)
    if number:
        zh = known_fields()[findings.why].zh if findings.why in known_fields() else ""
        yield (
            "q_household",
            {
                "header": number,
                "guess": findings.household,
                "why": ("why_values", zh) if zh else ("why_header", ""),
            },
        )
    for there, what, key in (
        (main.merged_down, "merged", "merge_down"),
        (main.ditto, "ditto", "ditto"),
        (findings.several_people, "several", "split_people"),
    ):
        if there:
            yield "q_merge", {"what": (what, ""), "key": key}
    if main.nameless:
        yield "q_nameless", {"letters": "、".join(main.nameless)}
    unread = [*draft.sheets.left_out, *draft.source.reading.hidden_sheets]
    if unread:
        yield "q_sheets", {"sheets": "、".join(unread)}
    yield "q_rows", {"rows": draft.sheets.rows}


def _of_columns(draft: Draft) -> Asked:
    for choice in draft.used():
        if choice.confidence < _DOUBT:
            yield (
                "q_unsure",
                {
                    "header": choice.header,
                    "field": choice.field,
                    "confidence": round(100 * choice.confidence),
                },
            )
    unknown = [choice.header for choice in draft.choices if choice.use == "ignored" and not choice.kind]
    if unknown:
        yield "q_unknown", {"headers": "、".join(unknown)}
    forbidden = [choice.header for choice in draft.choices if choice.use == "forbidden"]
    if forbidden:
        yield "q_forbidden", {"headers": "、".join(forbidden)}
    headers = {choice.field: choice.header for choice in draft.used()}
    for name, forms in draft.findings.mixed.items():
        told = "、".join(f"{form} ×{times}" for form, times in forms.most_common())
        yield (
            "q_dates",
            {"header": headers[name], "forms": told, "format": draft.findings.formats[name]},
        )


def _of_codes(draft: Draft) -> Asked:
    for choice in draft.used():
        found = draft.findings.codes.get(choice.field or "")
        if choice.field in draft.findings.inverted:
            yield "q_inverted", {"header": choice.header, "field": choice.field}
        if found is None:
            continue
        if found.style == "code" and not found.sure:
            yield "q_codes", {"header": choice.header, "scheme": found.scheme, "field": choice.field}
        if found.unknown:
            yield (
                "q_odd_codes",
                {"header": choice.header, "field": choice.field, "values": "、".join(found.unknown)},
            )


def _of_template(draft: Draft) -> Asked:
    template = draft.template
    if template is None:
        return
    if template.gone:
        yield "q_template_gone", {"headers": "、".join(template.gone)}
    less = [c.header for c in draft.choices if c.use != "forbidden" and c.header not in template.slots]
    if less:
        yield "q_template_less", {"headers": "、".join(less)}
    renamed = [
        f"{column} → {slot.header}" for column, slot in template.slots.items() if slot.header != column
    ]
    if renamed:
        yield "q_template_names", {"names": "、".join(renamed)}
    room = [
        c.field or ""
        for c in draft.used()
        if c.header in template.slots and known_fields()[c.field or ""].publish
    ]
    if room:
        yield "q_template", {"fields": "、".join(room)}
    fields = {choice.header for choice in draft.used()} | {draft.key}
    required = [header for header, slot in template.slots.items() if slot.required and header not in fields]
    for header in (*required, *template.gone_required):
        yield "q_template_required", {"header": header}


def _head(draft: Draft, speak: Language) -> str:
    facts = {
        "file": draft.file,
        "format": draft.source.format,
        "columns": len(draft.choices),
        "rows": draft.sheets.rows,
    }
    lines = [say("head", speak, **facts), say("next", speak, slug=draft.slug), "", say("ask", speak)]
    lines += [f"{at:>2}. {text}" for at, text in enumerate(questions(draft, speak), start=1)]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _platform(draft: Draft, speak: Language) -> str:
    unnamed = say("unnamed", speak)
    household = draft.findings.household
    fields = {choice.field for choice in draft.used()}
    entities = ["person"]
    entities += ["household"] if fields & {"household_number", "relation", "head_name"} else []
    lines = [
        f"id = {_text('P000')}   # {say('none_id', speak)}",
        f"title = {_text(draft.sheets.main.title or unnamed)}",
        f"department = {_text(unnamed)}",
        f"level = {_text(unnamed)}",
        f"tier = {_text('T3')}",
        f"entities = {_list(entities)}",
        f"cadence = {_text(unnamed)}",
        f"transport = {_text('inbox')}",
        f"basis = {_text('modelled')}",
        "trust = 40",
        f"household = {_text(household)}",
        "authority = []",
        f"share = []   # {say('safe', speak)}",
    ]
    return "\n".join(lines)


def _export(draft: Draft) -> str:
    source, sheets, main = draft.source, draft.sheets, draft.sheets.main
    facts: dict[str, Any] = {"format": source.format, "file": source.file}
    facts |= {"packed": "zip"} if source.packed else {}
    facts |= {"beside": list(source.beside)} if source.beside else {}
    if source.encoding != "utf-8":
        facts["encoding"] = source.encoding
    if (
        main.sheet
        and sheets.two is None
        and len(sheets.tables) == 1
        and not _ORDINARY_SHEET.search(main.sheet)
    ):
        facts["sheet"] = main.sheet
    facts |= {"title": main.title} if main.title else {}
    facts |= {"header_rows": main.header_rows} if main.header_rows > 1 else {}
    facts |= {"key": draft.key} if draft.key else {}
    facts["columns"] = [choice.header for choice in draft.choices]
    facts |= {"footer": main.footer} if main.footer else {}
    facts |= {"merge_down": list(main.merged_down)} if main.merged_down else {}
    facts |= {"ditto": True} if main.ditto else {}
    names = next((choice.header for choice in draft.used() if choice.field == "name"), None)
    facts |= {"split_people": names} if draft.findings.several_people and names else {}
    facts |= {"records": list(source.records)} if any(source.records) else {}
    facts["rows"] = [max(1, sheets.main.rows // 2), max(100_000, 10 * sheets.rows)]
    lines = ["[export]", *(f"{name} = {_value(value)}" for name, value in facts.items())]
    if sheets.two is not None:
        two = sheets.two
        lines.append(
            f"two_sheets = {{ household = {_text(two.household)}, members = {_text(two.members)}, link = {_text(two.link)} }}"
        )
    return "\n".join(lines)


def _tables(draft: Draft) -> Iterator[str]:
    for name, table in (("instructions", draft.sheets.main.instructions), ("widths", draft.source.widths)):
        if table:
            yield "\n".join([f"[export.{name}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items())])


def _fields(draft: Draft, speak: Language) -> str:
    lines = ["[fields]"]
    for choice in draft.used():
        assert choice.field is not None
        facts = {"column": choice.header, **_facts_of(draft, choice.field, choice.header)}
        value = (
            _text(choice.header)
            if len(facts) == 1
            else "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in facts.items()) + " }"
        )
        lines.append(f"{choice.field} = {value}   # {say('sure', speak, confidence=_percent(choice))}")
    return "\n".join(lines)


def _facts_of(draft: Draft, field: str, header: str) -> dict[str, Any]:
    """What a field's line states beside its column."""
    findings = draft.findings
    facts: dict[str, Any] = {}
    if field in findings.formats:
        facts["format"] = findings.formats[field]
    if findings.separators.get(field, ";") != ";":
        facts["separator"] = findings.separators[field]
    codes = findings.codes.get(field)
    if codes is not None and codes.style == "code" and known_fields()[field].kind == "code":
        stated = _codes_of(draft, field, header)
        facts |= {} if stated else {"otherwise": "code"}
    slot = draft.template.slots.get(header) if draft.template else None
    if slot is not None:
        facts |= {"required": True} if slot.required else {}
        facts |= {"max_length": slot.max_length} if slot.max_length else {}
        refused = [theirs for theirs in _codes_of(draft, field, header) if theirs not in slot.choices]
        facts |= {"only_read": refused} if slot.choices and refused else {}
    return facts


def _codes(draft: Draft) -> Iterator[str]:
    for choice in draft.used():
        assert choice.field is not None
        stated = _codes_of(draft, choice.field, choice.header)
        if stated:
            lines = [f"{_text(theirs)} = {_text(ours)}" for theirs, ours in stated.items()]
            yield "\n".join([f"[codes.{choice.field}]", *lines])


def _codes_of(draft: Draft, field: str, header: str) -> dict[str, str]:
    """The code map of a field: what the sample states, and what the template's drop-down offers beside it."""
    facts = known_fields()[field]
    if facts.kind not in ("code", "flag"):
        return {}
    found = draft.findings.codes.get(field)
    codes = stated_codes(facts.table, found) if found else {}
    slot = draft.template.slots.get(header) if draft.template else None
    for entry in slot.choices if slot else ():
        ours = code(entry, facts.table).key if facts.table else flag(entry).key
        if ours is not None and not entry.isdigit():
            codes.setdefault(entry, ours)
    return dict(sorted(codes.items(), key=lambda pair: (pair[1], pair[0])))


def _left_out(draft: Draft, use: str, table: str, speak: Language) -> str:
    lines = [
        f"{_key(choice.header)} = {_text(draft.known.reasons.get(choice.kind) or say('not_ours', speak))}"
        f"   # {say('sure', speak, confidence=_percent(choice))}"
        for choice in draft.choices
        if choice.use == use
    ]
    return "\n".join([f"[{table}]", *lines]) if lines else ""


def _percent(choice: Choice) -> int:
    return round(100 * choice.confidence)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    return _text(value) if isinstance(value, str) else _list(value)


def _text(value: str) -> str:
    """A basic string of TOML, which JSON's escapes are as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: Sequence[Any]) -> str:
    """On one line, or several when it is long."""
    items = [_value(value) for value in values]
    line = ", ".join(items)
    if len(line) <= _WIDTH // 2:
        return f"[{line}]"
    lines, at = [""], 0
    for item in items:
        if len(lines[at]) + len(item) > _WIDTH // 2 + 10:
            lines.append("")
            at += 1
        lines[at] += f"{item}, "
    return "[\n" + "\n".join(f"    {one.rstrip()}" for one in lines) + "\n]"
