"""Every choice of a run in one flat, frozen dataclass, checked on the host before anything compiles."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import math
import operator
import struct
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

__all__ = ["Config", "ConfigError"]

INT32 = 2**31 - 1  # counts are int32 on the device
MODEL_FIELDS: dict[str, dict[str, Any]] = {  # model -> fields it recommends, where they differ from the defaults
    "rcgnn_graph": {
        "epochs": 30,
        "early_stop_patience": 30,
        "learning_rate": 5e-3,
        "lr_schedule": "cosine",
        "plateau": False,
        "weight_decay": 0.1,
        "clip_norm": 10.0,
        "lambda_recon": 1.0,
        "lambda_sparse": 4.0,  # nats that an edge must bring, over the fourth root of the readings
        "lambda_acyclic": 1.0,
        "lambda_disen": 0.01,
    },
}

PRESETS: dict[str, dict[str, Any]] = {  # name -> fields that differ from the defaults
    "stable": {},
    "unstable": {
        "model": "rcgnn_latent",
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 1e-5,
        "clip_norm": 10.0,
        "plateau": False,
        "standardize": False,
        "lambda_recon": 1.0,
        "lambda_sparse": 0.01,
        "lambda_acyclic": 0.1,
        "lambda_disen": 0.01,
    },
}


class ConfigError(ValueError):
    """A field of the configuration is unknown, of the wrong type or out of its range."""


Class = TypeVar("Class", bound=type)


def _named(cls: Class) -> Class:
    """Make a class refuse unknown fields by name, and fill in what its preset and its model recommend."""
    build = cls.__init__

    @functools.wraps(build)
    def init(self: Any, **values: Any) -> None:
        preset = _preset_fields(values)
        recommended = MODEL_FIELDS.get(str(values.get("model", preset.get("model"))), {})
        build(self, **{**preset, **recommended, **values})
        object.__setattr__(self, "_named_fields", frozenset(values))  # no field: equality does not see it

    cls.__init__ = init  # pyright: ignore[reportAttributeAccessIssue]
    return cls


def _preset_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the preset that is named among the values, all of them known fields."""
    names = [field.name for field in dataclasses.fields(Config)]
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known fields: {', '.join(names)}"
            raise ConfigError(f"unknown field {key!r}; {hint}")
    preset = values.get("preset", "stable")
    if preset not in tuple(PRESETS):
        raise ConfigError(f"preset: found {preset!r}, expected one of {', '.join(PRESETS)}")
    return PRESETS[preset]


def _field(default: Any, doc: str, **limits: Any) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc, **limits})


@_named
@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Hold every choice of a run; a field's name is also its command-line flag and its key in a file.

    A field that is not named is what the ``preset`` and the ``model`` recommend, else the default.

    Floats are traced: a grid may carry them as a lane axis without compiling anew. Integers, strings and
    booleans are static (``seed`` is the exception: it only feeds random keys).

    Raises:
        ConfigError: A value has the wrong type or lies outside its range.

    Example:
        >>> Config(lambda_sparse=1e-5).lambda_sparse
        1e-05
        >>> Config.unstable().clip_norm
        10.0
    """

    model: Literal["rcgnn_latent", "rcgnn_graph", "svar", "svar_equal"] = _field("svar", "model to train")
    acyclicity: Literal["auto", "power", "polynomial", "geometric", "expm", "logdet", "spectral_radius"] = _field(
        "auto", "acyclicity penalty (auto: the model's own)"
    )
    max_lag: int | None = _field(None, "largest lag of an effect (default: the model's own)", least=0, most=INT32)
    window: int | None = _field(None, "window length in steps (default: the data set's own)", least=2, most=INT32)
    epochs: int = _field(100, "passes over the training windows", least=1, most=INT32)
    batch_size: int = _field(8, "windows per step", least=1, most=INT32)
    learning_rate: float = _field(5e-4, "step size of Adam", above=0.0)
    weight_decay: float = _field(1e-4, "decay of every parameter", least=0.0)
    optimizer: Literal["adamw", "adam"] = _field("adamw", 'decoupled decay, or "adam" with L2 decay')
    clip_norm: float = _field(1.0, "largest global norm of a gradient", above=0.0)
    lr_schedule: Literal["constant", "cosine"] = _field("constant", "learning rate over the run, before the plateau")
    plateau: bool = _field(True, "lower the learning rate on a plateau")
    plateau_factor: float = _field(0.5, "factor of a reduction", above=0.0, below=1.0)
    plateau_patience: int = _field(3, "evaluations without progress before a reduction", least=1, most=INT32)
    plateau_cooldown: int = _field(1, "evaluations to wait after a reduction", least=0, most=INT32)
    plateau_threshold: float = _field(1e-4, "relative change that counts as progress", least=0.0)
    plateau_min_lr: float = _field(0.0, "learning rate below which no reduction goes", least=0.0)
    standardize: bool = _field(True, "scale each variable by its observed training entries")
    lambda_recon: float = _field(10.0, "weight of the reconstruction loss", least=0.0)
    lambda_sparse: float = _field(1e-4, "weight of the sparsity loss", least=0.0)
    lambda_acyclic: float = _field(1e-5, "weight of the acyclicity loss", least=0.0)
    lambda_disen: float = _field(1e-4, "weight of the disentanglement loss", least=0.0)
    thresholds: int = _field(21, "thresholds swept over 0..1 at every evaluation", least=2, most=10_001)
    eval_every: int = _field(1, "epochs from one evaluation to the next", least=1, most=INT32)
    early_stop_patience: int = _field(15, "evaluations without a new best before stopping", least=1, most=INT32)
    monitor: Literal["auto", "val_loss", "val_f1"] = _field(
        "auto",
        "what the plateau, early stopping and best state follow (auto: val_loss, or val_f1 if the true "
        "graph is known and the model cannot choose without it)",
    )
    seed: int = _field(1337, "seed of initialisation and shuffling", least=0, most=2**32 - 1)
    preset: Literal["stable", "unstable"] = _field("stable", "name of the set-up; it names the log files")

    def __post_init__(self) -> None:
        hints = _type_hints()
        for field in dataclasses.fields(self):
            value = _coerced(field.name, getattr(self, field.name), hints[field.name])
            _check_limits(field.name, value, field.metadata)
            object.__setattr__(self, field.name, value)

    @classmethod
    def unstable(cls, **changes: Any) -> Config:
        """Return the set-up that the stable one replaced: raw inputs, large lambdas, loose clip, no plateau."""
        return cls.from_preset("unstable", **changes)

    @classmethod
    def for_model(cls, model: str, **changes: Any) -> Config:
        """Return the settings that a model recommends: ``Config(model=model, **changes)``.

        Example:
            >>> Config.for_model("rcgnn_graph", epochs=10).lr_schedule
            'cosine'
        """
        return cls(**{"model": model, **changes})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """Build a config from a mapping: ``Config(**values)``, whose keys need not be text.

        Raises:
            ConfigError: A key is unknown (the nearest name is offered) or a value is refused.

        Example:
            >>> Config.from_dict({"lambda_sprase": 0.1})
            Traceback (most recent call last):
            jaxstable.config.ConfigError: unknown field 'lambda_sprase'; did you mean 'lambda_sparse'?
        """
        _preset_fields(values)  # keys that are no text would fail below without their name
        return cls(**values)

    @classmethod
    def from_preset(cls, preset: str, /, **changes: Any) -> Config:
        """Return the named preset with some fields changed."""
        return cls.from_dict({"preset": preset, **changes})

    @classmethod
    def from_file(cls, path: str | Path, **changes: Any) -> Config:
        """Read a YAML or JSON file of fields; keyword arguments go over it.

        Raises:
            ConfigError: The file is missing, is not a mapping, or holds a refused key or value.
        """
        return cls.from_dict({**read_fields(path), **changes})

    def replace(self, **changes: Any) -> Config:
        """Return a copy with some fields changed, checked like a new one.

        A field that was never named follows the model: ``Config().replace(model=name) == Config(model=name)``.

        Raises:
            ConfigError: A field is refused, or `preset` is another: a preset is what a config starts from.
        """
        if changes.get("preset", self.preset) != self.preset:
            raise ConfigError(
                f"preset: found {changes['preset']!r} for a config made from {self.preset!r}; a preset is what "
                "a config starts from: use Config.from_preset(name, ...), and sweep presets as a list of such configs"
            )
        named: frozenset[str] = self._named_fields  # pyright: ignore[reportAttributeAccessIssue]
        return type(self).from_dict({**{name: getattr(self, name) for name in sorted(named)}, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-ready dictionary."""
        return dataclasses.asdict(self)


def read_fields(path: str | Path) -> dict[str, Any]:
    """Return the fields named in a YAML or JSON file, unchecked but for the file being a mapping."""
    import yaml

    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}; give a YAML or JSON file of fields") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"config file {path}: cannot be read as text: {error}") from error
    try:
        values = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)  # JSON too: reading keeps the last of two equal keys
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"config file {path}: cannot be read: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"config file {path}: found a {type(values).__name__}, expected 'field: value' lines")
    keys = [key.value for key, _ in node.value]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise ConfigError(f"config file {path}: {twice[0]!r} is there twice; keep one of them")
    return values


def _type_hints() -> dict[str, Any]:
    return typing.get_type_hints(Config)


def _coerced(name: str, value: Any, hint: Any) -> Any:
    """Return the value in the field's own type; numpy scalars and YAML's '1e-5' strings are accepted."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    if typing.get_origin(hint) is Literal:
        if value not in (choices := typing.get_args(hint)):
            raise ConfigError(f"{name}: found {value!r}, expected one of {', '.join(map(repr, choices))}")
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
    raise ConfigError(f"{name}: found {value!r} of type {type(value).__name__}, expected {hint.__name__}")


SIGNS = {"above": ">", "least": ">=", "below": "<", "most": "<="}
HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def _check_limits(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    if value is None:
        return
    # The run computes in float32, where 1e39 is infinite and 1e-60 is zero.
    found, value = value, _as_float32(value) if isinstance(value, float) else value
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name}: found {found}, expected a finite number that float32 can hold")
    bounds = [(sign, limits[kind]) for kind, sign in SIGNS.items() if limits.get(kind) is not None]
    if not all(HOLDS[sign](value, bound) for sign, bound in bounds):
        huge = isinstance(found, int) and found.bit_length() > 64  # too long to be written out
        shown = f"an integer of {found.bit_length()} bits" if huge else repr(found)
        raise ConfigError(f"{name}: found {shown}, expected {' and '.join(f'{s} {b:.10g}' for s, b in bounds)}")


def _as_float32(value: float) -> float:
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
