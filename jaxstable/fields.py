"""What the fields of a configuration may hold, and the files that name them."""

from __future__ import annotations

import json
import math
import operator
import struct
import types
import typing
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from jaxstable.phrases import shortened

INT32 = 2**31 - 1  # counts are int32 on the device


class ConfigError(ValueError):
    """A field of the configuration is unknown, of the wrong type or out of its range."""


def read_fields(path: str | Path) -> dict[str, Any]:
    """Return the fields named in a YAML or JSON file, unchecked but for the file being a mapping."""
    import yaml

    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}; give a YAML or JSON file of fields") from error
    except ValueError as error:  # no UTF-8, or a path that is none
        raise ConfigError(f"config file {path}: cannot be read as text: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)  # JSON too: reading keeps the last of two equal keys
        values = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except RecursionError as error:
        raise ConfigError(f"config file {path}: cannot be read: nested too deep") from error
    except (ValueError, AttributeError, yaml.YAMLError) as error:  # the first two of dates and tags that are none
        raise ConfigError(f"config file {path}: cannot be read: {str(error)[:500]}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"config file {path}: found a {type(values).__name__}, expected 'field: value' lines")
    twice = [key for key, times in Counter(key.value for key, _ in node.value).items() if times > 1]
    if twice:
        raise ConfigError(f"config file {path}: {shortened(twice[0])} is there twice; keep one of them")
    return values


def coerced(name: str, value: Any, hint: Any) -> Any:
    """Return the value in the field's own type; numpy scalars and YAML's '1e-5' strings are accepted."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if not isinstance(value, str) or value not in choices:  # what is no text may refuse to be compared
            raise ConfigError(f"{name}: found {shortened(value)}, expected one of {', '.join(map(repr, choices))}")
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if hint is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML 1.1 reads 1e-5 (no dot) as text
        except OverflowError:
            return math.inf
        except ValueError:
            pass
    plain = hint in (bool, str) or (hint is int and not isinstance(value, bool))
    if plain and isinstance(value, hint):
        return value
    raise ConfigError(f"{name}: found {shortened(value)} of type {type(value).__name__}, expected {hint.__name__}")


SIGNS = {"above": ">", "least": ">=", "below": "<", "most": "<="}
HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def check_limits(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    """Refuse a value that is not finite in float32, or outside of `limits`; None passes.

    Args:
        name: of the field, for the message.
        value: as it was given.
        limits: bounds by kind, the names of `SIGNS`; a kind that is absent or None is no bound.

    Raises:
        ConfigError: it is refused; the message says what was found and what is expected.
    """
    if value is None:
        return
    # The run computes in float32, where 1e39 is infinite and 1e-60 is zero.
    found, value = value, _as_float32(value) if isinstance(value, float) else value
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name}: found {found}, expected a finite number that float32 can hold")
    bounds = [(sign, limits[kind]) for kind, sign in SIGNS.items() if limits.get(kind) is not None]
    if not all(HOLDS[sign](value, bound) for sign, bound in bounds):
        expected = " and ".join(f"{sign} {bound:.10g}" for sign, bound in bounds)
        raise ConfigError(f"{name}: found {shortened(found)}, expected {expected}")


def _as_float32(value: float) -> float:
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
