"""`cnnplay search NETWORK`: hyper-parameters are searched, each trial a run of the store."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import msgspec

from cnnplay.cli.arguments import once, one_of
from cnnplay.cli.carry import HearNoMore, Interrupted, stopped_by_signals
from cnnplay.cli.output import counted
from cnnplay.cli.problems import DONE, Mistake, Problem, mistakes
from cnnplay.cli.search_report import Lines, SearchReporter, Words
from cnnplay.cli.train import Asked, order_of
from cnnplay.cli.train_report import reporter
from cnnplay.data.paths import at_home
from cnnplay.search.errors import SearchError, SearchTrouble
from cnnplay.search.events import Event, Noted, SearchBegan
from cnnplay.search.names import new_name
from cnnplay.search.needed import require
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.space import read
from cnnplay.search.variables import variables
from cnnplay.spec.settings import TrainConfig

if TYPE_CHECKING:
    from cnnplay.search.control import SearchControl
    from cnnplay.search.engine import SearchOrder


class Wanted(NamedTuple):
    """What was asked for on the command line, beside what every run needs."""

    space: Path
    trials: int
    study: str | None
    storage: str | None
    sampler: str
    pruner: str
    given: dict[str, str]
    """What gave a setting to all trials, by its name."""


def search_for(asked: Asked, wanted: Wanted, hear_no_more: HearNoMore) -> int:
    """Searches until all trials are done, and returns the exit status."""
    one_of("--sampler", wanted.sampler, get_args(Sampler))
    one_of("--pruner", wanted.pruner, get_args(Pruner))
    if wanted.trials < 1:
        raise Mistake(f"--trials must be 1 or more; got {wanted.trials}")
    with mistakes(SearchError):
        require()
        space = read(at_home(wanted.space))
        for name in space.vary:
            once(name, wanted.given.get(name), str(wanted.space))
        every = msgspec.structs.asdict(TrainConfig()) | asked.settings
        trained, notes = order_of(asked._replace(settings=every), reporter(asked.json))
        varied = variables(space, trained.network, str(wanted.space))
    from cnnplay.search.control import SearchControl
    from cnnplay.search.engine import SearchOrder
    from cnnplay.search.storage import url_of

    order = SearchOrder(
        network=trained.network,
        config=trained.config,
        images=trained.images,
        space=space,
        study=wanted.study or new_name(trained.network.name, trained.images.key),
        storage=url_of(wanted.storage),
        trials=wanted.trials,
        sampler=wanted.sampler,  # type: ignore[arg-type]
        pruner=wanted.pruner,  # type: ignore[arg-type]
        seed=trained.config.seed,
        where=str(wanted.space),
    )
    labels = {variable.name: variable.label for variable in varied}
    report = Lines() if asked.json else Words(labels, trained.config.epochs)
    control = SearchControl()
    with stopped_by_signals(control, hear_no_more) as interrupted, report:
        return _carried(order, notes, report, control, interrupted)


def _carried(
    order: "SearchOrder",
    notes: tuple[str, ...],
    report: SearchReporter,
    control: "SearchControl",
    interrupted: Callable[[], bool],
) -> int:
    from cnnplay.search.engine import search

    listener = _Listener(report, control)
    for note in notes:
        listener.hear(Noted(message=note))
    try:
        done = search(order, listener.hear, control)
    except SearchError as error:
        raise Mistake(str(error)) from None
    except SearchTrouble as error:
        # Before that there is no study to go on with.
        hint = f"; once that is put right, {_way_on(order)}" if listener.began else ""
        raise Problem(f"{error}{hint}") from None
    if listener.alone:
        raise BrokenPipeError
    if interrupted() and done.reason == "stopped":
        raise Interrupted(f"interrupted after {counted(done.trials, 'trial')}; {_way_on(order)}")
    return DONE


def _way_on(order: "SearchOrder") -> str:
    return f"the same command with --study {order.study} goes on"


class _Listener:
    """Prints every event; where nobody reads any more the search ends as on Ctrl-C, without a word."""

    def __init__(self, report: SearchReporter, control: "SearchControl") -> None:
        self._report, self._control = report, control
        self.alone = False
        self.began = False

    def hear(self, event: Event) -> None:
        self.began = self.began or isinstance(event, SearchBegan)
        if self.alone:
            return
        try:
            self._report.event(event)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            self.alone = True
            self._control.stop()
