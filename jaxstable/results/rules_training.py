"""Findings on the optimisation: gradients, loss, skipped steps, overfitting."""

from __future__ import annotations

from collections.abc import Iterable

from jaxstable.results.evidence import Evidence, number
from jaxstable.results.findings import (
    NOTHING,
    Finding,
    blow_up_cause,
    lower_learning_rate,
)

CLIP_HEALTHY = 0.20  # share of clipped steps
CLIP_HIGH = 0.50
CLIP_WARM_UP = 5  # epochs in which clipping is expected
CLIP_ALWAYS = 0.999
GRADIENT_HUGE = 100.0  # times the clip norm; a short healthy run is clipped throughout, too
LOSS_EXPLODED = 1e3
TREND_EPOCHS = 5
FLAT = 1e-3  # relative spread of the loss over the last TREND_EPOCHS
LITTLE_FALL = 0.05  # of the first loss: a flat run that fell less than this never started
RISE = 0.25  # of the spread of the loss
PATIENCE = 3  # evaluations after the best before a fall counts as overfitting
F1_FALL = 0.2  # of the best F1
VAL_RISE = 0.2  # of the lowest validation loss
SKIPS_DOMINATE = 0.5


def _status(run: Evidence) -> Iterable[Finding]:
    if not run.history:
        if isinstance(run.status, str) and run.status.upper() == "INTERRUPTED":
            remedy = "Continue it with `jaxstable resume RUN_DIR`, or train again."
            yield Finding("no_history", "error", "training was stopped before its first epoch ended", remedy)
            return
        yield Finding("no_history", "error", "no epoch is on record", "Train for at least one epoch.")
    if isinstance(run.status, str):
        last = max((int(epoch) for _, epoch in run.series("epoch")), default=None)
        if run.status.upper() == "DIVERGED":
            cause, remedy = blow_up_cause(run)
            evidence = f"training ended as DIVERGED: non-finite steps dominated; {cause}"
            yield Finding("diverged", "error", evidence, remedy, last)
        elif run.status.upper() == "INTERRUPTED":
            remedy = "Continue it with `jaxstable resume RUN_DIR`."
            yield Finding("interrupted", "info", "training was stopped early", remedy, last)


def _skipped(run: Evidence) -> Iterable[Finding]:
    skipped = run.series("skipped_steps")
    total = sum(value for _, value in skipped)
    if total:
        steps = sum(value for _, value in run.series("steps"))
        of = f" of {steps:.0f}" if steps else ""
        cause, remedy = blow_up_cause(run)
        severity = "error" if steps and total > SKIPS_DOMINATE * steps else "warning"
        first = next(epoch for epoch, value in skipped if value)
        evidence = f"{total:.0f}{of} steps were undone as not finite; {cause}"
        yield Finding("skipped_steps", severity, evidence, remedy, first)


def _explosion(run: Evidence) -> Iterable[Finding]:
    losses = run.series("train_loss")
    clips = run.series("grad_clip_ratio")
    said = []
    epoch = None
    large = [(when, value) for when, value in losses if abs(value) > LOSS_EXPLODED]
    if large:
        epoch = large[0][0]
        said.append(f"the loss was {max(abs(v) for _, v in large):,.0f} at its highest")
    lost = [r for r in run.history if "train_loss" in r and r["train_loss"] is None]
    if lost:
        said.append(f"the loss was not finite in {len(lost)} epochs")
    if clips and min(value for _, value in clips) >= CLIP_ALWAYS and _gradients_huge(run):
        said.append(f"100 % of the steps were clipped in all {len(clips)} epochs")
        epoch = epoch or clips[0][0]
    if said:
        cause, remedy = blow_up_cause(run)
        yield Finding("exploding_loss", "error", f"{', '.join(said)}; {cause}", remedy, epoch)


def _gradients_huge(run: Evidence) -> bool:
    """Return whether every epoch's mean gradient dwarfs the clip norm; without norms, length decides."""
    norms, limit = run.series("grad_norm"), run.setting("clip_norm")
    if norms and limit:
        return min(value for _, value in norms) > GRADIENT_HUGE * limit
    return len(run.series("grad_clip_ratio")) > CLIP_WARM_UP


def _clip(run: Evidence) -> Iterable[Finding]:
    clips = run.series("grad_clip_ratio")
    if not clips:
        return
    epoch, last = clips[-1]
    late = [value for when, value in clips if when > CLIP_WARM_UP][-3:]
    ratio = sum(late) / len(late) if late else last
    evidence = f"{ratio:.1%} of the steps clipped" + (f", mean of the last {len(late)} epochs" if len(late) > 1 else "")
    if ratio <= CLIP_HEALTHY:
        yield Finding("gradients_healthy", "ok", evidence, NOTHING, epoch)
    elif not late:
        remedy = f"Train for more than {CLIP_WARM_UP} epochs before judging it."
        yield Finding("clip_ratio_early", "info", evidence, remedy, epoch)
    else:
        severity = "error" if ratio > CLIP_HIGH else "warning"
        raw = run.standardized is False
        remedy = blow_up_cause(run)[1] if raw else lower_learning_rate(run)
        evidence += f" (healthy: at most {CLIP_HEALTHY:.0%})"
        yield Finding("gradients_too_high", severity, evidence, remedy, epoch)


def _loss_trend(run: Evidence) -> Iterable[Finding]:
    losses = run.series("train_loss")
    if len(losses) < TREND_EPOCHS:
        return
    values = [value for _, value in losses]
    epoch, last = losses[-1]
    window = values[-TREND_EPOCHS:]
    largest, level = max(map(abs, values)), max(map(abs, window))
    spread = max(values) - min(values)
    size = largest
    if min(values) < 0:
        # The zero of a likelihood means nothing: its changes are held against the range that it has covered.
        size, level = spread, max(level, spread)
    evidence = f"training loss {values[0]:.4g} -> {last:.4g} in {len(values)} epochs"
    if max(window) - min(window) <= FLAT * level:
        if values[0] - last <= LITTLE_FALL * size or spread <= FLAT * largest:
            rate = run.setting("learning_rate")
            remedy = f"Raise learning_rate{f' from {rate:g} to {10 * rate:g}' if rate else ''}."
            evidence += f", flat over the last {TREND_EPOCHS}: stuck"
            yield Finding("loss_stuck", "warning", evidence, remedy, epoch)
        else:
            yield Finding("loss_converged", "ok", evidence, NOTHING, epoch)
    elif last - min(values) > RISE * spread and window[-1] > window[0]:
        evidence += f", up from {min(values):.4g}"
        yield Finding("loss_rising", "warning", evidence, lower_learning_rate(run), epoch)
    else:
        yield Finding("loss_falling", "ok", evidence, NOTHING, epoch)


def _validation(run: Evidence) -> Iterable[Finding]:
    evaluated = [record for record in run.history if record.get("best_threshold") is not None and "val_loss" in record]
    lost = [record for record in evaluated if record["val_loss"] is None]
    if not lost:
        return
    epoch = int(number(lost[0].get("epoch")) or 1)
    evidence = f"the validation loss was not finite in {len(lost)} of {len(evaluated)} evaluations"
    remedy = "Look at the readings after the first 70 % of the rows: are whole stretches missing, or far off in scale?"
    if len(lost) == len(evaluated):
        evidence += ": no state was ever the best, so that the result is the initial one"
        yield Finding("validation_never_finite", "error", evidence, remedy, epoch)
    else:
        yield Finding("validation_not_finite", "warning", evidence, remedy, epoch)


def _overfitting(run: Evidence) -> Iterable[Finding]:
    if run.unreached:
        return
    remedy = "Stop earlier: lower early_stop_patience."
    scores = run.series("val_f1")
    if scores:
        best = max(value for _, value in scores)
        when = next(i for i, (_, value) in enumerate(scores) if value == best)
        late = scores[when + 1 :][-PATIENCE:]
        fallen = len(late) == PATIENCE and all(v < best - F1_FALL * best for _, v in late)
        what = f"validation F1 fell from {best:.3f} (epoch {scores[when][0]}) to {scores[-1][1]:.3f}"
    else:
        scores = run.series("val_loss")
        losses = dict(run.series("train_loss"))
        if not scores:
            return
        best = min(value for _, value in scores)
        when = next(i for i, (_, value) in enumerate(scores) if value == best)
        late = scores[when + 1 :][-PATIENCE:]
        first, last = losses.get(scores[when][0]), losses.get(scores[-1][0])
        training_fell = first is not None and last is not None and last < first
        # Below zero lies a likelihood, whose zero means nothing: what training has gained is the measure there.
        size = abs(best) if best >= 0 or not losses else max(losses.values()) - min(losses.values())
        risen = all(value > best + VAL_RISE * size for _, value in late)
        fallen = len(late) == PATIENCE and training_fell and risen
        what = (
            f"validation loss rose from {best:.4g} (epoch {scores[when][0]}) to "
            f"{scores[-1][1]:.4g} while the training loss fell"
        )
    if fallen:
        yield Finding("overfitting", "warning", what, remedy, scores[-1][0])


RULES = (_status, _explosion, _skipped, _clip, _loss_trend, _validation, _overfitting)
