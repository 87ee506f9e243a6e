"""The learning rate over a run: past and future of the current run, or of the next one."""

import math

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.spec.schedules import rate_factor, rate_varies
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.kit.numerals import short
from cnnplay.ui.kit.on_change import OnChange
from cnnplay.ui.plot.curve import NO_CURVE, Curve
from cnnplay.ui.train.history import History
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

USUAL_STEPS = 100
"""Steps per epoch, while there is no data set."""


class PlanSegment(msgspec.Struct, frozen=True):
    """From `start` (in epochs) on, the run has these settings."""

    start: float
    config: TrainConfig


class SchedulePlan(msgspec.Struct, frozen=True):
    """Everything that determines the learning rate. `origin`: epochs done before the run started."""

    pieces: tuple[PlanSegment, ...]
    origin: float
    steps_per_epoch: int
    now: float | None = None
    """How many epochs are done; None without a run."""

    @property
    def config(self) -> TrainConfig:
        """The settings from now on."""
        return self.pieces[-1].config

    @property
    def end(self) -> float:
        return self.origin + self.config.epochs

    def rate(self, piece: PlanSegment, x: float) -> float:
        """The learning rate of the step at `x` (in epochs)."""
        last = max(piece.config.epochs * self.steps_per_epoch - 1, 0)
        step = min(max(math.floor((x - self.origin) * self.steps_per_epoch + 1e-6), 0), last)
        return piece.config.learning_rate * rate_factor(piece.config, step, self.steps_per_epoch)


class ScheduleDrawing(msgspec.Struct, frozen=True):
    """What is drawn: past and future learning rates, and the current one."""

    done: Curve
    ahead: Curve
    left: float
    right: float
    top: float
    now: tuple[float, float] | None
    averaged_from: float | None
    """From this epoch on, weights are averaged (SWA)."""
    changes: tuple[float, ...]
    """Where settings changed, in epochs."""
    text: str

    def at(self, x: float) -> tuple[float, float, str]:
        """The drawn point nearest to `x`: its x, its learning rate, and a text with both."""
        places, rates = np.append(self.done.x, self.ahead.x), np.append(self.done.y, self.ahead.y)
        nearest = int(np.argmin(np.abs(places - x)))
        where, rate = float(places[nearest]), float(rates[nearest])
        return where, rate, f"epoch {where:.1f}: {rate_text(rate)}"


class ScheduleModel(QObject):
    """`changed`: the schedule changed. The run itself signals its progress."""

    changed = Signal()

    def __init__(self, settings: SettingsModel, run: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._run = settings, run
        self._kept: tuple[tuple[object, ...], ScheduleDrawing] | None = None
        self._watch = OnChange(self.changed, self.plan)
        for signal in (settings.changed, run.state_changed, run.weights_cache.changed, run.data.changed):
            signal.connect(self._check)

    @Slot()
    def _check(self) -> None:
        self._watch.check()

    def plan(self) -> SchedulePlan | None:
        """The plan of the current run, or of the next one; None while the settings have problems."""
        run = self._run
        if run.active and run.history.started is not None:
            return plan_of(run.history)
        config = run.config or self._settings.config
        if any(problem.field in _DECIDING for problem in self._settings.problems) and not run.active:
            return None
        trained = run.weights_cache.trained_for_editor if run.can_resume and not run.active else None
        epochs_before = 0 if trained is None else trained.weights.last_epoch
        if epochs_before < config.epochs:
            # As in a resumed run: it ends at the requested epoch, or after that many more.
            config = msgspec.structs.replace(config, epochs=config.epochs - epochs_before)
        return SchedulePlan(
            (PlanSegment(float(epochs_before), config),), float(epochs_before), self._steps_per_epoch(config)
        )

    def drawing(self, columns: int) -> ScheduleDrawing | None:
        """The plan as a drawing, sampled for a width of `columns` pixels."""
        plan = self.plan()
        if plan is None:
            return None
        key = (plan, columns)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, draw(plan, columns))
        return self._kept[1]

    def _steps_per_epoch(self, config: TrainConfig) -> int:
        images = self._run.data.images
        return USUAL_STEPS if images is None else max(round(len(images.train) / config.batch_size), 1)


_DECIDING = frozenset({"epochs", "batch_size", "learning_rate", "warmup", "step_every", "step_factor"})


def plan_of(history: History) -> SchedulePlan | None:
    """The plan of the last run in a history, changes included; None before it started."""
    started = history.started
    if started is None:
        return None
    config, origin = started.config, float(started.first_epoch - 1)
    steps = max(started.steps_per_epoch, 1)
    pieces = [PlanSegment(origin, config)]
    for x, change in history.changes:
        # What was changed before is in its settings.
        later = change.run == started.run and x > origin
        if later and change.name in TrainConfig.__struct_fields__:
            config = msgspec.structs.replace(config, **{change.name: change.value})
            # A step's x is its end, and the change takes effect at its start.
            pieces.append(PlanSegment(max(x - 1 / steps, origin), config))
    return SchedulePlan(tuple(pieces), origin, steps, history.last_x)


def draw(plan: SchedulePlan, columns: int) -> ScheduleDrawing:
    """Samples the plan: one point per pixel, and one on each side of every change."""
    now = plan.origin if plan.now is None else max(plan.now, plan.origin)
    right = max(plan.end, now)
    grid = np.linspace(plan.origin, right, max(columns, 2))
    done: list[tuple[float, float]] = []
    ahead: list[tuple[float, float]] = []
    ends = [*(piece.start for piece in plan.pieces[1:]), right]
    for piece, end in zip(plan.pieces, ends, strict=True):
        start = min(piece.start, end)
        inside = grid[(grid > start) & (grid < end)].tolist()
        places = sorted({start, *inside, end, min(max(now, start), end)})
        points = [(x, plan.rate(piece, min(x, end - 1e-9))) for x in places]
        done += [point for point in points if point[0] <= now]
        ahead += [point for point in points if point[0] >= now]
    rates = [rate for _, rate in (*done, *ahead) if math.isfinite(rate)]
    top = max(rates, default=0.0) or 1.0
    present = None if plan.now is None else (now, plan.rate(plan.pieces[-1], now))
    return ScheduleDrawing(
        done=_curve(done) if plan.now is not None else NO_CURVE,
        ahead=_curve(ahead),
        left=plan.origin,
        right=right,
        top=top,
        now=present,
        averaged_from=_averaged_from(plan),
        changes=tuple(piece.start for piece in plan.pieces[1:]),
        text=_summary(plan, present),
    )


def _curve(points: list[tuple[float, float]]) -> Curve:
    table = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return Curve(table[:, 0], table[:, 1])


def _averaged_from(plan: SchedulePlan) -> float | None:
    config = plan.config
    if config.averaging <= 0:
        return None
    return plan.end - max(1, round(config.averaging * config.epochs))


def _summary(plan: SchedulePlan, now: tuple[float, float] | None) -> str:
    """``now 0.00042``, or the first, the highest and the last learning rate of the next run."""
    if now is not None:
        return f"now {rate_text(now[1])}"
    if not rate_varies(plan.config):
        return f"{rate_text(plan.config.learning_rate)} throughout"
    piece = plan.pieces[-1]
    first, last = plan.rate(piece, plan.origin), plan.rate(piece, plan.end - 1e-9)
    most = plan.config.learning_rate
    parts = [rate_text(first)]
    if first < 0.99 * most:
        parts.append(rate_text(most))
    if last < 0.99 * most:
        parts.append(rate_text(last))
    return " → ".join(parts)


def rate_text(rate: float) -> str:
    """``0.001``, ``0.00042``, ``2.5·10⁻⁷``: as people write learning rates."""
    if 1e-5 <= rate < 1e-3:
        return f"{rate:.2g}" if rate >= 1e-4 else f"{rate:.6f}".rstrip("0")
    return short(rate)
