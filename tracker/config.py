"""Settings and the schema of `sources.yaml`: read once, checked whole, every mistake one line with entry and field.

Does not know what the kinds of source can do: their options are checked by a function that is handed in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic import Field as Limits

from tracker.errors import ConfigError
from tracker.model import DocType, Keep, Source, Tier
from tracker.places import DEFAULT_DB, DEFAULT_SOURCES, SETTINGS_NAME, find_sources, packaged_sources
from tracker.text.codes import is_country

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

__all__ = ["DEFAULT_DB", "DEFAULT_SOURCES", "SETTINGS_NAME", "Settings", "find_sources", "load_settings",
           "load_sources", "packaged_sources"]  # fmt: skip

# Options -> mistakes, one line each; [] when all is well. `tracker.sources.validate_options` is one.
OptionsCheck = Callable[[str, Mapping[str, Any]], list[str]]


# --- durations, countries, languages ---------------------------------------------------------------------------------


def seconds(value: object) -> int:
    """`30s 5m 6h 1d 2w` in seconds; raises ValueError with the allowed form."""
    match = re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{value!r} is not an interval; write a number and s, m, h, d or w, such as 6h")
    return int(match[1]) * UNITS[match[2]]


def _country(value: str) -> str:
    if value == "EU" or is_country(value):
        return value
    raise ValueError(f"{value!r} is not an ISO 3166-1 alpha-2 country code (or EU); write GB, US, DE …")


def _language(value: str) -> str:
    if re.fullmatch(r"[a-z]{2}", value):
        return value
    raise ValueError(f"{value!r} is not a two-letter ISO 639-1 language code; write en, de, fr …")


def _address(value: str) -> str:
    if re.match(r"(https?|imaps?|file)://\S|file:\S", value):
        return value
    raise ValueError(f"{value!r} is not an address; write https://…, http://…, imaps://… or file:…")


def _identifier(value: str) -> str:
    if re.fullmatch(r"[a-z0-9_]+", value):
        return value
    raise ValueError(f"{value!r} may hold only a-z, 0-9 and _")


def _environment_name(value: str) -> str:
    if re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        return value
    raise ValueError("names an environment variable such as OPENALEX_KEY; the key itself is never written here")


Duration = Annotated[int, BeforeValidator(seconds)]
Country = Annotated[str, AfterValidator(_country)]
Language = Annotated[str, AfterValidator(_language)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, defer_build=True)  # most runs need two of them


class _Defaults(_Strict):
    """What an entry has when it does not say otherwise."""

    every: Duration = 21600
    tier: Tier = "B"
    language: Language | None = None
    country: Country | None = None
    type: DocType | None = None
    keep: Keep | None = None
    enabled: bool = True
    full_text: bool = False
    max_items: int = Limits(default=5000, ge=1, le=1_000_000)
    max_time: Duration = 600


class _Entry(_Defaults):
    """One entry of `sources.yaml`."""

    id: Annotated[str, AfterValidator(_identifier)]
    name: str = ""
    kind: str
    url: Annotated[str, AfterValidator(_address)]
    publisher: str | None = None
    why: str | None = None
    options: dict[str, Any] = Limits(default_factory=dict)
    key_env: EnvironmentName | None = None


# --- reading YAML with places ----------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, which YAML would silently let win."""


# The parser in C, where PyYAML was built with it: a tenth of the time, and every run reads the list.
_Quick: Any = type("_Quick", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"the field {key!r} stands twice", problem_mark=key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


for _class in (_Loader, _Quick):
    _class.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _parsed(text: str, parser: Any) -> tuple[Any, yaml.Node | None]:
    loader = parser(text)
    try:
        node = loader.get_single_node()
        return loader.construct_document(node) if node is not None else None, node
    finally:
        loader.dispose()


def _read_yaml(path: Path) -> tuple[Any, list[int]]:
    """The content and, for a list under `sources`, the line on which each entry starts (1-based)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as cause:
        raise ConfigError(f"{path}: cannot be read: {cause}") from cause
    try:
        try:
            data, node = _parsed(text, _Quick)
        except yaml.YAMLError:
            data, node = _parsed(text, _Loader)  # the parser in Python has better words for what is wrong
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(f"{path}: {where}{cause.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as cause:
        raise ConfigError(f"{path}: is not YAML: {' '.join(str(cause).split())}") from None
    return data, _entry_lines(node)


def _entry_lines(node: yaml.Node | None) -> list[int]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "sources" and isinstance(value, yaml.SequenceNode):
                return [entry.start_mark.line + 1 for entry in value.value]
    return []


# --- sources.yaml ----------------------------------------------------------------------------------------------------


def load_sources(path: Path, *, kinds: tuple[str, ...], check_options: OptionsCheck) -> list[Source]:
    """All entries of `path`, defaults filled in, in file order.

    Raises ConfigError with one line for each mistake of the whole file: file, line, entry, field, what to write.
    """
    data, lines = _read_yaml(path)
    if not isinstance(data, dict) or not isinstance(data.get("sources"), list):
        raise ConfigError(f"{path}: must hold `sources:` with a list of entries (and may hold `defaults:`)")
    problems = [
        f"{path}: unknown field {key!r} at the top; allowed are defaults, sources"
        for key in data
        if key not in ("defaults", "sources")
    ]
    defaults, faults = _checked(_Defaults, data.get("defaults") or {})
    problems += [f"{path}: defaults: {fault}" for fault in faults]
    given = defaults.model_dump(exclude_unset=True) if defaults is not None else {}
    sources: list[Source] = []
    first_at: dict[str, int] = {}
    for number, raw in enumerate(data["sources"]):
        line = lines[number] if number < len(lines) else 0
        source, faults = _entry(raw, given, kinds, check_options)
        name = raw.get("id") if isinstance(raw, dict) else None
        where = f"{path}: line {line}: entry {name if isinstance(name, str) else number + 1}"
        problems += [f"{where}: {fault}" for fault in faults]
        if source is not None:
            if source.id in first_at:
                problems.append(f"{where}: field id: {source.id!r} is already used on line {first_at[source.id]}")
            first_at.setdefault(source.id, line)
            sources.append(source)
    if problems:
        raise ConfigError(problems)
    return sources


def _entry(
    raw: Any, given: Mapping[str, Any], kinds: tuple[str, ...], check_options: OptionsCheck
) -> tuple[Source | None, list[str]]:
    if not isinstance(raw, dict):
        return None, ["must be a mapping with id, kind and url"]
    entry, faults = _checked(_Entry, raw)
    kind = raw.get("kind")
    if isinstance(kind, str) and kind not in kinds:
        faults.append(f"field kind: {kind!r} is not known; write one of {' '.join(sorted(kinds))}")
    elif isinstance(kind, str) and isinstance(raw.get("options", {}), dict):
        faults += [f"field options: {fault}" for fault in check_options(kind, raw.get("options", {}))]
    if raw.get("enabled") is False and not raw.get("why"):
        faults.append("field why: an entry that is off says why (blocked, key needed, terms, guessed address …)")
    if entry is None or faults:
        return None, faults
    values = {**given, **entry.model_dump(exclude_unset=True)}
    tier = values.get("tier", "B")
    values.setdefault("keep", "all" if tier == "A" and not _is_query(values) else "relevant")
    if values["keep"] is None:
        del values["keep"]
    values["options"] = MappingProxyType(values.get("options", {}))
    values["language_is_default"] = bool(values.get("language")) and "language" not in entry.model_fields_set
    values.setdefault("name", values["id"])
    known = {f.name for f in fields(Source)}
    return Source(**{key: value for key, value in values.items() if key in known}), []


def _is_query(values: Mapping[str, Any]) -> bool:
    """A search brings what it was asked for and much else: only what is relevant is kept, whatever the tier."""
    return "query" in values.get("options", {})


def _checked(model: type[_Defaults], raw: Any) -> tuple[_Defaults | None, list[str]]:
    if not isinstance(raw, dict):
        return None, ["must be a mapping of fields"]
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        allowed = ", ".join(model.model_fields)
        return None, list(_lines(error, allowed))


def _lines(error: ValidationError, allowed: str) -> Iterator[str]:
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("function-"))
        if fault["type"] == "extra_forbidden":
            yield f"unknown field {where!r}; allowed are {allowed}"
        elif fault["type"] == "missing":
            yield f"field {where}: is missing"
        else:
            message = fault["msg"].removeprefix("Value error, ")
            shown = "" if fault["type"] == "value_error" else f" (found {_short(fault['input'])})"
            yield f"field {where}: {message[0].lower() + message[1:]}{shown}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- tracker.yaml ----------------------------------------------------------------------------------------------------


class _DigestSettings(_Strict):
    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    hour: int = Limits(default=7, ge=0, le=23)
    folder: str = "digests"


class _Recipient(_Strict):
    address: str
    searches: list[str] = Limits(default_factory=list)
    size: Literal["full", "short"] = "full"


class _MailSettings(_Strict):
    host: str
    port: int = Limits(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    user_env: EnvironmentName | None = None
    password_env: EnvironmentName | None = None
    unsubscribe: str | None = None
    recipients: list[_Recipient] = Limits(default_factory=list)


class _WebSettings(_Strict):
    login: Literal["open", "required"] = "open"
    secret_env: EnvironmentName = "TRACKER_WEB_SECRET"
    root_path: str = ""
    forwarded: bool = False
    hosts: list[str] = Limits(default_factory=list)


class _SettingsFile(_Strict):
    contact: str | None = None
    timezone: str = "UTC"
    digest: _DigestSettings = Limits(default_factory=_DigestSettings)
    mail: _MailSettings | None = None
    searches: dict[str, str] = Limits(default_factory=dict)
    web: _WebSettings = Limits(default_factory=_WebSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `tracker.yaml` says, with its defaults. Secrets are names of environment variables, never values."""

    contact: str | None = None
    timezone: str = "UTC"
    digest: Mapping[str, Any] = field(default_factory=lambda: _defaults_of(_DigestSettings))
    mail: Mapping[str, Any] | None = None
    searches: Mapping[str, str] = field(default_factory=dict)
    web: Mapping[str, Any] = field(default_factory=lambda: _defaults_of(_WebSettings))
    folder: Path = Path()  # where tracker.yaml and the analyst's own files stand


def _defaults_of(model: type[BaseModel]) -> dict[str, Any]:
    return {name: part.get_default(call_default_factory=True) for name, part in model.model_fields.items()}


def load_settings(folder: Path) -> Settings:
    """`tracker.yaml` in `folder`, or the defaults where there is none. Raises ConfigError, one line a mistake."""
    path = folder / SETTINGS_NAME
    if not path.exists():
        return Settings(folder=folder)
    data, _ = _read_yaml(path)
    if not isinstance(data or {}, dict):
        raise ConfigError(f"{path}: must be a mapping of settings")
    try:
        settings = _SettingsFile.model_validate(data or {})
    except ValidationError as error:
        raise ConfigError([f"{path}: {line}" for line in _lines(error, _allowed(error))]) from None
    _check_timezone(path, settings.timezone)
    values = settings.model_dump()
    return Settings(**values, folder=folder)


def _allowed(error: ValidationError) -> str:
    """The fields of the part in which the first unknown one stands."""
    part: type[BaseModel] = _SettingsFile
    nested: dict[str, type[BaseModel]] = {
        "digest": _DigestSettings,
        "mail": _MailSettings,
        "web": _WebSettings,
        "recipients": _Recipient,
    }
    for fault in error.errors():
        if fault["type"] == "extra_forbidden":
            for step in fault["loc"][:-1]:
                part = nested.get(str(step), part)
            break
    return ", ".join(part.model_fields)


def _check_timezone(path: Path, name: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except Exception as cause:
        raise ConfigError(f"{path}: field timezone: {name!r} is not known; write Europe/Dublin, UTC …") from cause


def secret(name: str | None) -> str | None:
    """The value of an environment variable that holds a secret; None when unnamed or unset."""
    return os.environ.get(name) if name else None


def doctypes() -> tuple[str, ...]:
    """The document types that an entry's `type` may name."""
    return get_args(DocType)
