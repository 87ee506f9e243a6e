"""`cnnplay search NETWORK`: a hyperparameter search; each trial is a run in the store."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import msgspec

from cnnplay.cli.arguments import check_choice, check_given_once
from cnnplay.cli.errors import DONE, CommandError, UserError, as_user_errors
from cnnplay.cli.interruptible import IgnoreSignals, Interrupted, stopped_by_signals
from cnnplay.cli.search_report import JsonReporter, SearchReporter, TextReporter
from cnnplay.cli.train import TrainArguments, make_request
from cnnplay.cli.train_report import reporter
from cnnplay.data.paths import expand_user
from cnnplay.search.errors import SearchError, SearchFailure
from cnnplay.search.events import Event, Noted, SearchBegan
from cnnplay.search.names import new_name
from cnnplay.search.options import Pruner, Sampler
from cnnplay.search.optuna_extra import require_optuna
from cnnplay.search.space import read
from cnnplay.search.variables import variables
from cnnplay.spec.plurals import plural
from cnnplay.spec.settings import TrainConfig

if TYPE_CHECKING:
    from cnnplay.search.control import SearchControl
    from cnnplay.search.engine import SearchRequest


class SearchArguments(NamedTuple):
    """The search's own arguments, as given on the command line."""

    space: Path
    trials: int
    study: str | None
    storage: str | None
    sampler: str
    pruner: str
    given: dict[str, str]
    """The option that set each setting for all trials, by the setting's name."""


def run_search(arguments: TrainArguments, options: SearchArguments, ignore_signals: IgnoreSignals) -> int:
    """Searches until all trials are done; returns the exit status."""
    check_choice("--sampler", options.sampler, get_args(Sampler))
    check_choice("--pruner", options.pruner, get_args(Pruner))
    if options.trials < 1:
        raise UserError(f"--trials must be 1 or more; got {options.trials}")
    with as_user_errors(SearchError):
        require_optuna()
        space = read(expand_user(options.space))
        for name in space.vary:
            check_given_once(name, options.given.get(name), str(options.space))
        every = msgspec.structs.asdict(TrainConfig()) | arguments.settings
        trained, notes = make_request(arguments._replace(settings=every), reporter(arguments.json))
        varied = variables(space, trained.network, str(options.space))
    from cnnplay.search.control import SearchControl
    from cnnplay.search.engine import SearchRequest
    from cnnplay.search.storage import url_of

    request = SearchRequest(
        network=trained.network,
        config=trained.config,
        images=trained.images,
        space=space,
        study=options.study or new_name(trained.network.name, trained.images.key),
        storage=url_of(options.storage),
        trials=options.trials,
        sampler=options.sampler,  # type: ignore[arg-type]
        pruner=options.pruner,  # type: ignore[arg-type]
        seed=trained.config.seed,
        where=str(options.space),
    )
    labels = {variable.name: variable.label for variable in varied}
    report = JsonReporter() if arguments.json else TextReporter(labels, trained.config.epochs)
    control = SearchControl()
    with stopped_by_signals(control, ignore_signals) as interrupted, report:
        return _searched(request, notes, report, control, interrupted)


def _searched(
    request: "SearchRequest",
    notes: tuple[str, ...],
    report: SearchReporter,
    control: "SearchControl",
    interrupted: Callable[[], bool],
) -> int:
    from cnnplay.search.engine import search

    listener = _Listener(report, control)
    for note in notes:
        listener.on_event(Noted(message=note))
    try:
        done = search(request, listener.on_event, control)
    except SearchError as error:
        raise UserError(str(error)) from None
    except SearchFailure as error:
        # Before SearchBegan there is no study to resume.
        hint = f"; once that is fixed, {_resume_hint(request)}" if listener.began else ""
        raise CommandError(f"{error}{hint}") from None
    if listener.reader_gone:
        raise BrokenPipeError
    if interrupted() and done.reason == "stopped":
        raise Interrupted(f"interrupted after {plural(done.trials, 'trial')}; {_resume_hint(request)}")
    return DONE


def _resume_hint(request: "SearchRequest") -> str:
    return f"resume with the same command and --study {request.study}"


class _Listener:
    """Prints every event. If nobody reads the output anymore, stops the search as Ctrl-C does, silently."""

    def __init__(self, report: SearchReporter, control: "SearchControl") -> None:
        self._report, self._control = report, control
        self.reader_gone = False
        self.began = False

    def on_event(self, event: Event) -> None:
        self.began = self.began or isinstance(event, SearchBegan)
        if self.reader_gone:
            return
        try:
            self._report.event(event)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            self.reader_gone = True
            self._control.stop()
