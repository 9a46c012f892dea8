"""Where settings come from, and faults that say so.

Values from the file, the environment and the flags are laid over each other; for each, its source
is remembered so that a fault can name it.
"""

import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

VARIABLE_PREFIX: Final = "KIOSK_"
PATH_KEYS: Final = frozenset(
    {"server.tls_certificate", "server.tls_key", "speech.voices_dir", "avatar.dir"}
)
"""Keys whose relative paths count from the folder of the file that gives them."""

SECRET_KEYS: Final = frozenset({"server.token"})
_SHOWN_CHARACTERS = 60


class ConfigError(Exception):
    """Settings that cannot be used; each problem names source, key, value and what is allowed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a key accepts, in words, where its type alone does not say it."""

    words: str


@dataclass(slots=True)
class Values:
    """Settings as read, before validation."""

    sections: Mapping[str, set[str]]
    """Known keys by section."""
    tree: dict[str, typing.Any] = field(default_factory=dict)
    """Values by section and key."""
    sources: dict[str, str] = field(default_factory=dict)
    """Where each dotted key was set last."""
    file: str = "defaults"
    """The file's name, for messages."""
    in_file: frozenset[str] = frozenset()
    """Sections that the file has."""
    problems: list[str] = field(default_factory=list)

    def set(self, section: str, key: str, value: object, source: str) -> None:
        """Lay *value* over what is there."""
        if not isinstance(self.tree.setdefault(section, {}), dict):
            return  # the file's fault with the whole section is told by validation
        self.tree[section][key] = value
        self.sources[f"{section}.{key}"] = source

    def source(self, dotted: str) -> str:
        """Where *dotted* was set."""
        return self.sources.get(dotted, self.file)


def read_file(path: Path, values: Values) -> None:
    """Read a TOML file into *values*.

    Raises:
        ConfigError: it cannot be read or is not TOML; a syntax fault names line and column.
    """
    values.file = path.name
    try:
        tree = tomllib.loads(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: no such file: give another with --config, or leave it out for the defaults"]
        ) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}: check its mode"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            [f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8"]
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from None
    values.in_file = frozenset(tree)
    values.tree = {name: dict(v) if isinstance(v, dict) else v for name, v in tree.items()}
    for key in PATH_KEYS:
        _anchor(values.tree, key, path.resolve().parent)


def _anchor(tree: dict[str, typing.Any], dotted: str, folder: Path) -> None:
    section, key = dotted.split(".")
    given = tree.get(section, {}).get(key) if isinstance(tree.get(section), dict) else None
    if isinstance(given, str) and given:
        tree[section][key] = str(folder / Path(given).expanduser())


def merge(
    values: Values,
    environment: Mapping[str, str],
    overrides: Mapping[str, object],
    flags: Mapping[str, str],
) -> None:
    """Lay the environment, then the flags, over *values*; unknown names become problems."""
    for variable, value in sorted(environment.items()):
        if variable.startswith(VARIABLE_PREFIX):
            _merge_variable(values, variable, value)
    for dotted, override in overrides.items():
        section, _, key = dotted.partition(".")
        if override is not None:
            values.set(section, key, override, flags.get(dotted, f"override {dotted}"))


def _merge_variable(values: Values, variable: str, value: str) -> None:
    name = variable.removeprefix(VARIABLE_PREFIX).lower()
    section, separator, key = name.partition("__")
    if separator and key in values.sections.get(section, ()):
        values.set(section, key, value, variable)
        return
    # KIOSK_SERVER_PORT is a slip of ours; KIOSK_SOMETHING may be another program's.
    if separator or any(name.startswith(f"{known}_") for known in values.sections):
        known_names = [
            f"{VARIABLE_PREFIX}{section}__{key}".upper()
            for section, keys in values.sections.items()
            for key in keys
        ]
        values.problems.append(f"{variable}: no such setting{_near(variable, known_names)}")


def complaints(error: ValidationError, root: type[BaseModel], values: Values) -> list[str]:
    """Every fault of *error*, in words: source, key, value, what is allowed."""
    return list(dict.fromkeys(_complaint(fault, root, values) for fault in error.errors()))


def _complaint(fault: ErrorDetails, root: type[BaseModel], values: Values) -> str:
    location = fault["loc"]
    if fault["type"] == "extra_forbidden":
        known = _model_at(root, location[:-1]).model_fields
        key = _dotted(location)
        what = "key" if len(location) > 1 else "section"
        return f"{values.source(key)}: {key}: no such {what}{_near(str(location[-1]), known)}"
    if fault["type"] == "value_error" and len(location) == 1:  # a rule between keys
        return f"{_section_source(values, str(location[0]))}: {fault['ctx']['error']}"
    dotted, info = _field_at(root, location)
    source = values.source(dotted)
    if fault["type"] == "missing":
        return f"{source}: {_dotted(location)}: missing: give {allowed(info)}"
    shown = "(hidden)" if dotted in SECRET_KEYS else _shown(fault["input"])
    return f"{source}: {_dotted(location)} = {shown}: allowed: {allowed(info)}"


def _section_source(values: Values, section: str) -> str:
    """All the places that set something in *section*: a rule between keys has no single one."""
    found = [v for k, v in values.sources.items() if k.startswith(f"{section}.")]
    return ", ".join(dict.fromkeys([*([values.file] if section in values.in_file else []), *found]))


def _near(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": known are {', '.join(known)}"


def _dotted(location: tuple[int | str, ...]) -> str:
    """``("topics", 0, "text")`` as ``topics[1].text``: people count from one."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:  # TOML dates and times
        text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _model_at(root: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    model = root
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, typing.get_args(annotation))), None)


def _field_at(root: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, FieldInfo]:
    """The deepest field on the way of *location*, with its dotted key."""
    names = [part for part in location if isinstance(part, str)]
    section = root.model_fields[names[0]]
    model = _model_in(section.annotation)
    if len(names) > 1 and model is not None:
        return ".".join(names[:2]), model.model_fields[names[1]]
    return names[0], section


def allowed(info: FieldInfo) -> str:
    """What a field accepts, in words, from its type and bounds."""
    for item in info.metadata:
        if isinstance(item, Allowed):
            return item.words
    annotation = info.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(json.dumps(choice) for choice in typing.get_args(annotation))
    if _model_in(annotation) is not None:
        many = typing.get_origin(annotation) is tuple
        limit = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)
        return f"a list of at most {limit} tables" if many else "a section of keys and values"
    kind = annotation if isinstance(annotation, type) else types.NoneType
    return _KINDS.get(kind, _text)(info)


def _boolean(info: FieldInfo) -> str:
    return "true or false"


def _number(info: FieldInfo) -> str:
    bounds = {type(item): item for item in info.metadata}
    even = isinstance(bounds.get(annotated_types.MultipleOf), annotated_types.MultipleOf)
    kind = "a number" if info.annotation is float else f"{'an even' if even else 'a'} whole number"
    low, high = bounds.get(annotated_types.Ge), bounds.get(annotated_types.Le)
    if isinstance(low, annotated_types.Ge) and isinstance(high, annotated_types.Le):
        return f"{kind} from {low.ge} to {high.le}"
    return kind


def _text(info: FieldInfo) -> str:
    longest = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)
    return f"text with letters or digits, 1 to {longest} characters" if longest else "text"


_KINDS: Final = {bool: _boolean, int: _number, float: _number, str: _text}
