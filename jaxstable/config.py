"""Every choice of a run in one flat, frozen dataclass, checked on the host before anything compiles."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from jaxstable.fields import INT32, ConfigError, check_limits, coerced, read_fields
from jaxstable.phrases import nearest, shortened

__all__ = ["Config", "ConfigError"]

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


Class = TypeVar("Class", bound=type)


def _named(cls: Class) -> Class:
    """Make a class refuse unknown fields by name, and fill in what its preset and its model recommend."""
    build = cls.__init__

    @functools.wraps(build)
    def init(self: Any, **values: Any) -> None:
        preset = _preset_fields(values)
        model = values.get("model", preset.get("model"))
        recommended = MODEL_FIELDS.get(model, {}) if isinstance(model, str) else {}
        build(self, **{**preset, **recommended, **values})
        object.__setattr__(self, "_named_fields", frozenset(values))  # no field: equality does not see it

    cls.__init__ = init  # pyright: ignore[reportAttributeAccessIssue]
    return cls


def _preset_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the preset that is named among the values, all of them known fields."""
    names = [field.name for field in dataclasses.fields(Config)]
    for key in values:
        if not isinstance(key, str) or key not in names:
            hint = nearest(key, names) or f"; known fields: {', '.join(names)}"
            raise ConfigError(f"unknown field {shortened(key)}{hint}")
    preset = values.get("preset", "stable")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise ConfigError(f"preset: found {shortened(preset)}, expected one of {', '.join(PRESETS)}")
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
    acyclicity: str = _field("auto", "acyclicity penalty, a name of PENALTIES (auto: the model's own)")
    max_lag: int | None = _field(None, "largest lag of an effect (default: the model's own)", least=0, most=INT32)
    window: int | None = _field(None, "window length in steps (default: the data set's own)", least=2, most=INT32)
    epochs: int = _field(100, "passes over the training windows", least=1, most=INT32)
    batch_size: int = _field(8, "windows per step", least=1, most=INT32)
    learning_rate: float = _field(5e-4, "step size of Adam", above=0.0)
    weight_decay: float = _field(1e-4, "decay of every parameter", least=0.0)
    optimizer: Literal["adamw", "adam"] = _field("adamw", 'decoupled decay, or "adam" with L2 decay')
    clip_norm: float = _field(1.0, "largest global norm of a gradient", above=0.0)
    clip_spikes: float = _field(0.0, "z-score from which a gradient's norm is clipped as a spike (0: never)", least=0.0)
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
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = coerced(field.name, getattr(self, field.name), hints[field.name])
            check_limits(field.name, value, field.metadata)
            object.__setattr__(self, field.name, value)
        if self.acyclicity != "auto":
            from jaxstable.objective.acyclicity import PENALTIES  # loads JAX, which no other field needs

            if self.acyclicity not in PENALTIES:
                expected = ", ".join(map(repr, ("auto", *PENALTIES)))
                raise ConfigError(f"acyclicity: found {self.acyclicity!r}, expected one of {expected}")

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
            jaxstable.fields.ConfigError: unknown field 'lambda_sprase'; did you mean 'lambda_sparse'?
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
