"""The pickers in the header: data set and device."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from cnnplay.ui.data.data import FOLDER, DataModel, choice_text, title_of
from cnnplay.ui.kit.devices import device_choices, device_text
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.picker import PickerButton
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel


class DataPicker(PickerButton):
    """``mnist-sample  4,000 + 1,000``. `ask_folder` returns the folder that the user chose, or "".

    `browse_asked`: the user wants to browse the data set.
    """

    browse_requested = Signal()

    def __init__(
        self, data: DataModel, ask_folder: Callable[[], str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("Data set", parent)
        self._data = data
        self._ask_folder = ask_folder or self._dialog
        data.state_changed.connect(self.refresh)
        data.changed.connect(self.refresh)
        data.downloads.changed.connect(self._fetch_changed)
        self._fetch_state = ""
        self.refresh()

    @Slot()
    def _fetch_changed(self) -> None:
        """The notice shows the progress of a download; here only its state matters."""
        if self._data.downloads.state != self._fetch_state:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the current data set, or how far the next one is loaded."""
        data = self._data
        detail = data.detail
        if data.state == "loading":
            done, whole = data.progress
            detail = f"loading {done:,} / {whole:,}" if whole else "loading …"
        self.set_choice(data.title or "choose data set", detail)
        more = ("Browse data set shows more",) if data.notes else ()
        notes = "".join(f"\n{note}" for note in (*data.notes, *more))
        error = f"\nThe last selection could not be loaded: {data.error}" if data.error else ""
        self._fetch_state = data.downloads.state
        download_error = f"\n{data.downloads.status_text}" if data.downloads.state == "failed" else ""
        self.setToolTip(tip(f"The data set to train on. Now: {data.summary}{notes}{error}{download_error}"))

    def fill(self, menu: QMenu) -> None:
        data = self._data
        if data.state == "loading":
            menu.addAction("Cancel loading").triggered.connect(data.cancel)
            menu.addSeparator()
        if data.downloads.state == "downloading":
            cancel = menu.addAction(f"Cancel download of {data.downloads.key}")
            cancel.setToolTip(
                tip("Cancel the download and keep the part downloaded so far; a later download resumes there")
            )
            cancel.triggered.connect(data.downloads.cancel)
            menu.addSeparator()
        for info in data.choices:
            text, hint = choice_text(info, data.downloads)
            action = self.add_choice(menu, text, data.key == info.key, hint)
            self._choose_on(action, info.key)
            action.setEnabled(info.available or data.downloads.key != info.key or not data.downloads.busy)
        for key in data.folders:
            hint = key.removeprefix(FOLDER) + ("\nReads the folder again" if data.key == key else "")
            action = self.add_choice(menu, title_of(key), data.key == key, hint)
            self._choose_on(action, key)
        menu.addSeparator()
        browse = menu.addAction(f"Browse {data.title}…" if data.title else "Browse data set…")
        browse.setToolTip("Show images by class, numbers of images per split, mean images")
        browse.setEnabled(data.images is not None)
        browse.triggered.connect(self.browse_requested)
        folder = menu.addAction("Folder of images…")
        folder.setToolTip("Choose a folder with one subfolder per class")
        folder.triggered.connect(self._choose_folder)

    def _choose_on(self, action: QAction, key: str) -> None:
        action.setData(key)
        action.triggered.connect(self._chosen)

    @Slot()
    def _chosen(self) -> None:
        sender = self.sender()
        assert isinstance(sender, QAction)
        self._data.choose_or_download(sender.data())

    @Slot()
    def _choose_folder(self) -> None:
        path = self._ask_folder()
        if path:
            self._data.choose_folder(path)

    def _dialog(self) -> str:
        return QFileDialog.getExistingDirectory(self, "Choose a folder with one subfolder per class")


class DevicePicker(PickerButton):
    """``cpu``: the device that the setting resolves to."""

    def __init__(self, settings: SettingsModel, run: RunModel, parent: QWidget | None = None) -> None:
        super().__init__("Device", parent)
        self._settings, self._run = settings, run
        # Once there is a data set, torch is imported too, and with it the devices are known.
        for signal in (settings.changed, run.state_changed, run.data.changed):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the device of the current run, or of the next one."""
        device = self._settings.config.device
        started = self._run.history.started if self._run.active else None
        self.set_choice(started.device if started is not None else device_text(device))
        locked = self._settings.locked_reason("device", self._run.active)
        text = "Where to compute: on the CPU, or on a GPU if there is one."
        set_available(self, text, f"the device {locked}" if locked else "")

    def fill(self, menu: QMenu) -> None:
        device = self._settings.config.device
        for choice in device_choices():
            text = f"auto   now {device_text(choice)}" if choice == "auto" else choice
            hint = "The first GPU, else the CPU" if choice == "auto" else f"Compute on {choice}"
            action = self.add_choice(menu, text, choice == device, hint)
            action.setData(choice)
            action.triggered.connect(self._chosen)

    @Slot()
    def _chosen(self) -> None:
        sender = self.sender()
        assert isinstance(sender, QAction)
        self._settings.set("device", sender.data())
