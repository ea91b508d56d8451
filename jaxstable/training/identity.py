"""What a resumed run must agree with: its configs, its data and the model it was given."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxstable.config import Config, ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.files.directory import RunDirectoryError
from jaxstable.models.base import Model
from jaxstable.models.registry import model_of
from jaxstable.phrases import shortened

OWN = "own"  # among the settings of a model: whether the user gave it, or the config names it


def identity(
    configs: Sequence[Config], dataset: Dataset, model: Model | None, optimizer: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Return what a run or a sweep is, JSON-ready.

    Args:
        configs: One config per lane.
        dataset: The data.
        model: A model of the user's own, None for the one that each config names.
        optimizer: An optimiser of the user's own, None for the one that each config names.
    """
    # A named one is known by the configs; its settings only serve to say what differs from one of the user's own.
    own = model is not None and not all(_is_named(model, config) for config in configs)
    return {
        "lanes": [config.to_dict() for config in configs],
        "fingerprint": fingerprint(dataset),
        "model": {OWN: str(own), **settings(model or model_of(configs[0]))},
        "optimizer": None if optimizer is None else _described(optimizer, "optimizer", set()),
    }


def check_identity(then: Mapping[str, Any], now: Mapping[str, Any], directory: Path, *, single: bool) -> None:
    """Refuse to go on with anything else than what was begun; only a single run's number of epochs may change.

    Args:
        then: The identity of what was begun.
        now: The identity of what is asked for.
        directory: Where it lies.
        single: Whether it is a single run.

    Raises:
        RunDirectoryError: They differ; the message names the first difference.
    """
    sweep = "" if single else f"{directory} holds a sweep of other lanes: "
    rest = "; resume with the config it was started with (only `epochs` may change), or use another run directory"
    if not single:
        rest = "; resume with the same grid, config and data, or use another directory"
    if len(then["lanes"]) != len(now["lanes"]):
        raise RunDirectoryError(f"{sweep}{len(then['lanes'])} there, found {len(now['lanes'])}{rest}")
    for lane, (old, new) in enumerate(zip(then["lanes"], now["lanes"], strict=True)):
        name = _difference(_whole(old, directory), new, growing=single)
        if name:
            there = "the run in this directory" if single else f"lane {lane}"
            raise RunDirectoryError(f"{sweep}{name}: {there} has {shortened(old.get(name))}, found {new[name]!r}{rest}")
    if then.get("fingerprint") != now["fingerprint"]:
        if single:
            raise RunDirectoryError(
                "the run in this directory was started on other data; resume with the same data, or use another "
                "directory"
            )
        raise RunDirectoryError(f"{directory} holds a sweep of other data{rest}")
    # The first release did not say which model it was given, and two that the configs name do not differ.
    if any(isinstance(found, dict) and found.get(OWN) == "True" for found in (then.get("model"), now["model"])):
        _check_same_part("model", then.get("model"), now["model"])
    _check_same_part("optimizer", then.get("optimizer"), now["optimizer"])


def settings(model: Model) -> dict[str, str]:
    """Return the name of a model and everything that its functions were made with, by where it is found.

    A model is a tuple of functions, and what it was built with is what they hold on to: their closures and defaults.
    So two models that were made with other arguments differ here, whoever wrote them. Lists and sets are left out,
    for they may grow while the model trains.
    """
    found: dict[str, str] = {}
    seen: set[int] = set()
    for field, value in zip(model._fields, model, strict=True):
        found |= _described(value, field, seen)
    return found


def fingerprint(dataset: Dataset) -> str:
    """Return a checksum of a data set: values, gaps, joints, labels, windows and true graphs."""
    digest = hashlib.blake2b(digest_size=16)
    labels = (dataset.series, dataset.recording, dataset.environment)
    for array in (dataset.values, dataset.mask, *labels, dataset.truth, dataset.lagged_truth):
        if array is None:
            digest.update(b"none")
            continue
        digest.update(repr((array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    digest.update(repr((dataset.names, dataset.window, dataset.stride)).encode())
    return digest.hexdigest()


def _is_named(model: Model, config: Config) -> bool:
    try:
        return model == model_of(config)
    except ConfigError:
        return False


def _whole(config: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """Return an earlier config with every field that this version knows.

    Raises:
        RunDirectoryError: It has fields that this version does not know, or values that it refuses.
    """
    try:
        return Config.from_dict(dict(config)).to_dict()
    except (ConfigError, TypeError) as error:
        raise RunDirectoryError(
            f"{directory} holds a run with a config that this version refuses ({error}); resume it with the version "
            "that began it, or use another directory"
        ) from error


def _difference(then: Mapping[str, Any], now: Mapping[str, Any], *, growing: bool) -> str | None:
    changed = (name for name in now if now[name] != then.get(name) and not (growing and name == "epochs"))
    return next(changed, None)


def _check_same_part(part: str, then: Any, now: dict[str, str] | None) -> None:
    if then == now:
        return
    names = [_name(part, found) for found in (then, now)]
    if isinstance(then, dict) and now is not None:
        keys = [key for key in dict.fromkeys([*then, *now]) if key != OWN and then.get(key) != now.get(key)]
        key = keys[0] if keys else OWN
        if names[0] == names[1]:
            what, parts = key.split(".")[-1], (then, now)
            names = [f"{name} with {what} = {_text(found.get(key))}" for name, found in zip(names, parts, strict=True)]
    raise RunDirectoryError(
        f"{part}: the run in this directory has {names[0]}, found {names[1]}; resume with the {part} it was started "
        "with, or use another run directory"
    )


def _name(part: str, found: Any) -> str:
    return _text(found.get("name", found.get(part))) if isinstance(found, dict) else "that of the config"


def _text(described: Any) -> str:
    return str("nothing" if described is None else described)[:100]


def _described(value: Any, where: str, seen: set[int]) -> dict[str, str]:
    """Return what a part of a model is made of, as text by path; each function is looked into once."""
    if _is_plain(value):
        return {where: repr(value)}
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(value)
        digest = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=8).hexdigest()
        return {where: f"{array.dtype}{list(array.shape)} {digest}"}
    found = {where: getattr(value, "__qualname__", type(value).__qualname__)}
    if id(value) in seen or isinstance(value, (list, set)):
        return found
    seen.add(id(value))
    for name, part in _held(value).items():
        found |= _described(part, f"{where}.{name}", seen)
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes))


def _held(value: Any) -> dict[str, Any]:
    """Return the parts of a container, or what a function holds on to: its closure and defaults."""
    if isinstance(value, functools.partial):
        return {"function": value.func, "arguments": value.args, **value.keywords}
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, tuple):
        return {str(index): item for index, item in enumerate(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    if inspect.ismethod(value):
        return {"self": value.__self__, **_held(value.__func__)}
    function = inspect.unwrap(value) if callable(value) else value
    code = getattr(function, "__code__", None)
    if code is None:
        return {}
    defaults = function.__defaults__ or ()
    parts = dict(zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
    parts |= function.__kwdefaults__ or {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # a cell that is not filled yet
            parts[name] = cell.cell_contents
    return parts
