"""All models of one window, wired together: the one place where they meet."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

import msgspec
from PySide6.QtCore import QObject, Qt, Signal, Slot

from cnnplay.data.input_size import suggested_shape
from cnnplay.network.edits import rename
from cnnplay.network.network import UNNAMED, Classification, Input, Network
from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel, first_convolution
from cnnplay.ui.build.layer_times import LayerTimesModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import Background, Job, begin_close, close_jobs
from cnnplay.ui.kit.devices import AUTO
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.concept_link import ConceptLink
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.stack_results import StackResults
from cnnplay.ui.runs.interrupted_run import InterruptedRunModel
from cnnplay.ui.runs.resume import RunResumer
from cnnplay.ui.runs.run_actions import RunActions
from cnnplay.ui.runs.run_loader import RunLoader
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.shell.document import SUFFIX, DocumentModel
from cnnplay.ui.shell.exporting import ExportModel
from cnnplay.ui.shell.importing import ImportModel
from cnnplay.ui.train.augmentation import AugmentationModel
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.fit_offer import FitOfferModel
from cnnplay.ui.train.rate_finder import RateFinder
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.project.project import Project
    from cnnplay.ui.search.search_session import SearchSession
    from cnnplay.ui.shell.recovery import Recovered
    from cnnplay.ui.train.trained import Trained

FIRST_PRESET = "lenet-5"
FIRST_DATA = "mnist-sample"


class Session(QObject):
    """What the window shows. `message(str)` is for the status bar; `failed(str)` must be read."""

    message = Signal(str)
    failed = Signal(str)

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferences = preferences
        self.editor = EditorModel(preset(FIRST_PRESET).network, self)
        self.stack = StackModel(self.editor, self)
        self.settings = SettingsModel(TrainConfig(device=preferences.text("device", AUTO)), self)
        self.data = DataModel(self)
        self.browse = BrowseModel(self.data, self)
        self.run = RunModel(self.editor, self.settings, self.data, self)
        self.look = LookModel(self.editor, self.run, self.data, self.settings, self)
        self.stack_results = StackResults(self.look, self.stack, self)
        self.rate_finder = RateFinder(self.run, self)
        self.estimate = EstimateModel(self.editor, self.settings, self.data, self)
        self.layer_times = LayerTimesModel(self.editor, self.settings.config, self)
        self.augmentation = AugmentationModel(self.editor, self.settings, self.data, self)
        self.concept = ConceptModel(self)
        self.fit_offer = FitOfferModel(self.editor, self.settings, self.data, self.run, self)
        self.exporting = ExportModel(self.editor, self.settings, self.data, self.run, self)
        self.importing = ImportModel(self.editor, self.settings, self.data, self.run, self)
        self.document = DocumentModel(self.collect, preferences, self, self.draft, self._document_state)
        self.runs = RunsModel(preferences, parent=self)
        self.run_actions = RunActions(self.runs, lambda: self.run.weights_cache.folder, self)
        self.run_loader = RunLoader(self.runs, self.editor, self.settings, self.data, self.run, self)
        self.resumer = RunResumer(self.run_loader, self.settings, self.data, self.run, self)
        self.interrupted_run = InterruptedRunModel(preferences, self.resumer, self.run, self)
        self._concept_link = ConceptLink(self.concept, self.editor, self.run, self.look, self)
        self.warm_modules: tuple[str, ...] = ("torch",)
        """What `warm_up` imports, so that nobody has to wait for it later."""
        self._search: SearchSession | None = None
        self._warming = Background("warm-up", self)
        self.warm = False
        """Whether the imports of `warm_up` are done."""
        self._opening = False
        self._data_key = ""
        """The open project's data set until it, or another, is loaded: its folder may be missing."""
        self._wire()
        self._select_first()

    def _wire(self) -> None:
        self.editor.reserved_ids = self.run.weights_cache.store.ids
        self.editor.message.connect(self.message)
        self.editor.changed.connect(self._touch)
        # Later than the edit itself, at which the status bar forgets what it says.
        self.run.weights_cache.restored.connect(
            self._report_restored_weights, Qt.ConnectionType.QueuedConnection
        )
        self.settings.changed.connect(self._touch)
        self.settings.changed.connect(self._remember_device)
        self.run.weights_cache.changed.connect(self._touch)
        self.run.state_changed.connect(self._run_state)
        self.settings.changed.connect(self._settings_changed)
        for signal in (self.run.state_changed, self.rate_finder.changed, self.layer_times.changed):
            signal.connect(self._hold_timing)
        self.data.remember(self.preferences.texts("folders"))
        self.data.changed.connect(self._data_changed)
        self.data.state_changed.connect(self._data_state)
        self.document.opened.connect(self._show)
        self.document.recovered.connect(self._show_recovered)
        self.document.failed.connect(self.failed)
        self.exporting.failed.connect(self.failed)
        self.exporting.done.connect(self.message)
        self.importing.failed.connect(self.failed)
        self.importing.done.connect(self.message)
        self.look.image_choice.failed.connect(self.failed)
        self.runs.failed.connect(self.failed)
        for source in (self.run_actions, self.run_loader):
            source.failed.connect(self.failed)
            source.done.connect(self.message)
        self.resumer.failed.connect(self.failed)
        self.resumer.done.connect(self.message)

    @Slot()
    def warm_up(self) -> None:
        """Loads the digits and imports torch in the background, after the first paint."""
        if not self.data.key:
            self.data.choose(FIRST_DATA)
        if not self.warm and self._warming.idle:
            modules = self.warm_modules
            self._warming.replace(lambda job: _import(modules, job), self._warmed, _raise)

    def _warmed(self, _: None) -> None:
        self.warm = True

    @property
    def search(self) -> SearchSession:
        """Created on first use."""
        if self._search is None:
            from cnnplay.ui.search.search_session import SearchSession

            self._search = SearchSession(self.editor, self.settings, self.data, self.run, self.estimate, self)
            self._search.failed.connect(self.failed)
            self._search.message.connect(self.message)
            self._search.model.state_changed.connect(self._hold_timing)
        return self._search

    @property
    def title(self) -> str:
        """The document's name: its file's, or its network's if it was never saved."""
        return self.document.name or self.editor.network.name

    @property
    def unsaved(self) -> bool:
        """Whether closing the document would lose work: unsaved changes or an active run."""
        return self.document.dirty or self.run.active

    def save(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Writes the project; a new network gets the file's name. `then` replaces the document or closes the
        window; an active run is stopped first, so that its weights go into the file.
        """
        if then is not None:
            self.run.shutdown()
        if self.editor.network.name == UNNAMED and not self.run.active:
            self.editor.apply(rename(self.editor.network, path.name.removesuffix(SUFFIX)))
        self.document.save(path, then)

    def new(self, key: str = "") -> None:
        """A new document for the current data set: a preset, or an empty stack."""
        network = preset(key).network if key else _empty_for(self.data.images)
        self._replace(network, TrainConfig(device=self.settings.config.device))
        self._select_first()
        self.document.renew()

    def resume(self, folder: Path) -> None:
        """Opens a stopped or interrupted run and trains its remaining epochs."""
        self.resumer.resume(folder)

    def collect(self) -> Project:
        """The document as a value."""
        trained = self.run.weights_cache.trained
        project = self._project(trained)
        if trained is not None and trained is self.run.weights_cache.current:
            return msgspec.structs.replace(project, history=self.run.history.saved())
        return project

    def draft(self) -> Project:
        """The document to autosave: names its file and the run, whose folder has the steps of its curve."""
        from cnnplay.ui.shell.recovery import Origin, with_origin

        trained, (run, folder) = self.run.weights_cache.trained, self.run.recorded
        origin = Origin(
            file=str(self.document.path or ""),
            run=run,
            folder=str(folder or ""),
            weights=trained.run if trained else "",
        )
        return with_origin(self._project(trained), origin)

    def _project(self, trained: Trained | None) -> Project:
        from cnnplay.project.project import Project

        return Project(
            network=self.editor.network,
            config=self.settings.config,
            data_key=self._data_key or self.data.key,
            trained=trained.weights if trained else None,
            history=trained.events if trained else (),
        )

    def _document_state(self) -> object:
        """What is compared with the last save: undoing every change since leaves nothing to save. The weights
        are only referred to: a document does not keep them in memory.
        """
        trained = self.run.weights_cache.trained
        known = None if trained is None else ref(trained)
        return self.editor.network, self.settings.config, known, self.run.active

    def shutdown(self) -> None:
        """Ends everything: each part gets the signal to end, then all are joined; the run and the files come
        first.
        """
        self.run_actions.flush()  # what was typed
        self.document.begin_finish()
        begin_close(self)
        if self._search is not None:
            self._search.model.stop()
        self.run.shutdown()
        self.document.finish()
        self.preferences.sync()
        close_jobs(self)
        if self._search is not None:
            self._search.model.shutdown()

    @Slot(object)
    def _show(self, project: Project) -> None:
        """Replaces the document with an opened project."""
        from cnnplay.ui.train.trained import Trained

        trained = None if project.trained is None else Trained(project.trained, project.history)
        self._open(project, trained)

    @Slot(object)
    def _show_recovered(self, found: Recovered) -> None:
        """Replaces the document with what a crash left."""
        self._open(found.project, found.trained)

    def _open(self, project: Project, trained: Trained | None) -> None:
        self._replace(project.network, project.config)
        self._select_first()
        if trained is not None:
            self.run.adopt(trained)
        if project.data_key and project.data_key != self.data.key:
            self._data_key = project.data_key
            self.data.choose(project.data_key)

    def _replace(self, network: Network, config: TrainConfig) -> None:
        self._opening = True
        try:
            self.run.forget()
            self._data_key = ""
            self.settings.replace(config)
            self.editor.reset(network)
        finally:
            self._opening = False

    def _select_first(self) -> None:
        chosen = first_convolution(self.editor.network)
        if chosen:
            self.editor.select(chosen)

    @Slot()
    def _touch(self) -> None:
        if self._opening:
            return
        was_saved = not self.document.dirty
        self.document.touch()
        if was_saved and self.run.active:
            self.document.autosave()  # it names the file: a crash must not lose it

    @Slot()
    def _report_restored_weights(self) -> None:
        """Tells the user when a network that was trained before is opened again: its weights are back."""
        trained = self.run.weights_cache.trained_for_editor
        if trained is not None:
            epochs = trained.weights.last_epoch
            times = "1 epoch" if epochs == 1 else f"{epochs:,} epochs"
            self.message.emit(
                f"this network's trained weights are back ({times}); Train from scratch ignores them"
            )

    @Slot()
    def _run_state(self) -> None:
        """A run is work that can be lost, from its first step on."""
        if self.run.state == "starting":
            self._data_key = ""  # the data set trained on is now the document's
        if self.run.state in ("starting", "idle"):
            self._touch()
        if self.run.state in ("starting", "idle") and not self._opening:
            self.document.autosave()  # where the run is

    @Slot()
    def _hold_timing(self) -> None:
        """Layers are timed only while nothing else computes, in one place at a time."""
        busy = self._busy_reason
        if self.run.network is not None:
            self.layer_times.follow_run(self.run.network)
        self.layer_times.set_busy(busy)
        self.estimate.hold(bool(busy) or self.layer_times.measuring)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is waited for: imports are done, and nothing trains or is measured."""
        return self.warm and not self._busy_reason

    @property
    def _busy_reason(self) -> str:
        """Why the machine is not free; "" if it is."""
        if self.run.active:
            return "a run is in progress: stop it first"
        if self.rate_finder.state != "idle":
            return "a learning-rate range test is in progress: stop it first"
        searching = self._search is not None and self._search.model.active
        return "a search is in progress: stop it first" if searching else ""

    @Slot()
    def _settings_changed(self) -> None:
        self.layer_times.set_config(self.settings.config)

    @Slot()
    def _remember_device(self) -> None:
        """The device is this machine's: the one stored in an opened project is not the user's choice."""
        if not self._opening and not self.resumer.opening:
            self.preferences.set("device", self.settings.config.device)

    @Slot()
    def _data_changed(self) -> None:
        self._data_key = ""
        self.preferences.set_texts("folders", self.data.folders)
        if self.data.notes:
            self.message.emit(f"{self.data.title}: {'; '.join(self.data.notes)} (see Browse data set)")

    @Slot()
    def _data_state(self) -> None:
        if self.data.error:
            self.failed.emit(self.data.error)


def _empty_for(images: ImageSet | None) -> Network:
    """A network without layers whose input and classes are those of the data set."""
    network = preset(FIRST_PRESET).network
    if images is not None:
        shape = images.shape or suggested_shape(images, network.input.shape)
        network = msgspec.structs.replace(
            network, input=Input(*shape), task=Classification(len(images.classes))
        )
    return msgspec.structs.replace(network, name=UNNAMED, stack=(), preset="")


def _raise(error: Exception) -> None:
    raise error


def _import(modules: tuple[str, ...], job: Job) -> None:
    for name in modules:
        if job.cancelled():
            return
        importlib.import_module(name)
    from cnnplay.modules.threads import use_one_thread

    use_one_thread()  # the default of new threads; a run chooses its own number
