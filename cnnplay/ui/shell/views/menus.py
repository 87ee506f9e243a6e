"""The menu bar: every command, with its shortcut."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cnnplay.ui.kit.views.command import Command
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.shell.workspaces import WORKSPACES
from cnnplay.ui.train.final_test import final_test_disabled_reason

if TYPE_CHECKING:
    from cnnplay.ui.shell.views.main_window import MainWindow

_STANDARD = QKeySequence.StandardKey
NEW_HINT = "Start with an empty network for the current data set"
PRESET_HINT = "Start with a preset, such as LeNet-5 or ResNet-18, as a new document"
EXPORT_HINT = "Export weights, ONNX, Python code or the training history"
LOAD_HINT = "Load a safetensors or PyTorch file into this network; first lists what fits"
FIT_HINT = "Change the network or resize the images so that they match; each choice shows its estimate"
RATE_KEYS = "Ctrl+Shift+L"
TEST_HINT = "Evaluate the trained weights on the held-out test split: once, at the end"
RATE_HINT = "Increase the learning rate batch by batch on a copy, and see where the loss falls most steeply"
SEARCH_KEYS = "Ctrl+Shift+F"
SEARCH_HINT = "Try settings and layer fields within ranges, trial by trial, and take over the best"
BROWSE_HINT = "Show images by class, counts for each split, mean images"


class Menus:
    """Creates the window's actions and menus; `groups` lists them for the shortcuts dialog."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.command = partial(Command, window)
        self.bar: QMenuBar = window.menuBar()
        self.recent = QMenu("Open &recent", window)
        self.recent.setToolTipsVisible(True)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.groups: list[tuple[str, list[Command]]] = []
        self._file()
        self._edit()
        self._train()
        self._view()
        self._help()

    def _menu(self, title: str, entries: Iterable[Command | QMenu | None]) -> QMenu:
        menu = self.bar.addMenu(title)
        menu.setToolTipsVisible(True)
        commands: list[Command] = []
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QMenu):
                menu.addMenu(entry)
            else:
                menu.addAction(entry)
                entry.refused.connect(self._window.status_text.show_message)
                commands.append(entry)
        self.groups.append((title.replace("&", ""), commands))
        return menu

    def _file(self) -> None:
        window, session, new = self._window, self._window.session, self.command
        editor, run = session.editor, session.run
        exporting, importing = session.exporting.nothing_reason, session.importing.disabled_reason
        changes = (editor.changed, run.weights_cache.changed, run.state_changed, session.data.changed)
        self.export = new("&Export…", window.files.export, "Ctrl+E", EXPORT_HINT, exporting, changes)
        self.load_weights = new(
            "Load &weights…", window.files.load_weights, (), LOAD_HINT, importing, changes
        )
        self._menu(
            "&File",
            (
                new("&New", window.files.new, _STANDARD.New, NEW_HINT),
                new("New from &preset…", window.files.new_from_preset, "Ctrl+Shift+N", PRESET_HINT),
                new("&Open…", window.files.open, _STANDARD.Open, "Open a .cnnplay project"),
                self.recent,
                None,
                new("&Save", window.files.save, _STANDARD.Save),
                new("Save &as…", window.files.save_as, "Ctrl+Shift+S"),
                None,
                self.export,
                self.load_weights,
                new("Open &image…", window.files.open_image, (), "See what the network predicts for it"),
                None,
                new("&Quit", window.close, "Ctrl+Q"),
            ),
        )

    def _edit(self) -> None:
        by_name, session = self._window.stack_actions.by_name, self._window.session
        offer, changes = session.fit_offer, (session.editor.changed, session.data.changed)
        self.fit_network = self.command(
            "&Fit network to data…", offer.ask, (), FIT_HINT, offer.disabled_reason, changes
        )
        self._window.build.properties.add_input_action(self.fit_network)
        names = (
            *("undo", "redo", None, "cut", "copy", "paste", "duplicate", "delete", "select_all", None),
            *("insert", "move_up", "move_down", "wrap", "unwrap", "add_branch", "remove_branch", "add_head"),
            *(None, "collapse", "collapse_all", "expand_all"),
        )
        entries = [by_name[name] if name else None for name in names]
        self._menu("&Edit", (*entries, None, self.fit_network))

    def _train(self) -> None:
        window, run, data = self._window, self._window.session.run, self._window.session.data
        self.search = self.command("Search &hyperparameters…", window.search, SEARCH_KEYS, SEARCH_HINT)
        self.find_rate = self.command(
            "Find &learning rate…",
            window.find_learning_rate,
            RATE_KEYS,
            RATE_HINT,
            lambda: run.disabled_reason("from_scratch"),
            (run.readiness_changed,),
        )
        self.final_test = self.command(
            "&Final test…",
            window.final_test,
            (),
            TEST_HINT,
            lambda: final_test_disabled_reason(run, data),
            (run.weights_cache.changed, run.state_changed, data.changed),
        )
        more = (self.find_rate, self.search, None, self.final_test)
        self._menu("&Train", (*window.controls.commands, None, *more))

    def _view(self) -> None:
        window, new = self._window, self.command
        workspaces = [
            new(row.title, partial(window.show_workspace, row.key), row.shortcut, row.hint)
            for row in WORKSPACES.values()
        ]
        looks = QMenu("&Theme", window)
        group = QActionGroup(window)
        for choice, title in (("system", "System"), ("light", "Light"), ("dark", "Dark")):
            action = new(title, partial(window.set_theme, choice))
            action.setCheckable(True)
            action.setChecked(theme().choice == choice)
            group.addAction(action)
            looks.addAction(action)
        self.full_screen = new("&Full screen", window.toggle_full_screen, "F11")
        self._menu(
            "&View",
            (
                *workspaces,
                None,
                new("Browse &data set…", window.browse_data, "Ctrl+Shift+D", BROWSE_HINT),
                None,
                looks,
                new("Zoom &in", window.larger_text, "Ctrl++", "Enlarge the text, for a lecture hall"),
                new("Zoom &out", window.smaller_text, "Ctrl+-", "Reduce the text"),
                new("Reset &zoom", window.reset_zoom, "Ctrl+0"),
                None,
                self.full_screen,
                new("&Reset layout", window.reset_layout, (), "Arrange all panels as at the first start"),
            ),
        )

    def _help(self) -> None:
        window, new = self._window, self.command
        self._menu(
            "&Help",
            (
                new("&Keyboard shortcuts", window.show_shortcuts, "F1", "List all keyboard shortcuts"),
                new("&About CNN Playground", window.show_about),
            ),
        )

    def _fill_recent(self) -> None:
        self.recent.clear()
        paths = self._window.session.preferences.recent()
        if not paths:
            empty = self.recent.addAction("No recent projects")
            empty.setEnabled(False)
        for path in paths:
            action = self.recent.addAction(path.name)
            action.setToolTip(tip(str(path)))
            action.triggered.connect(lambda _checked=False, chosen=path: self._window.files.open_path(chosen))
