"""The menu bar: everything that can be done, with its keys."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.header import WORKSPACES, keys_of
from cnnplay.ui.train.final_test import why_not_test

if TYPE_CHECKING:
    from cnnplay.ui.shell.views.main_window import MainWindow

_STANDARD = QKeySequence.StandardKey
EXPORT_HINT = "Weights, ONNX, code or the history"
LOAD_HINT = "A safetensors or state-dict file into this network"
ADAPT_HINT = "Brings network and pictures together: either of them can change, each with its forecast"
PICTURE_HINT = "Shows what the network makes of it"
RATE_KEYS = "Ctrl+Shift+L"
TEST_HINT = "Judges the trained weights on the test part, which nothing else touches: once, at the end"
RATE_HINT = "Lets the rate grow from batch to batch on a copy, and shows where the loss falls most steeply"
SEARCH_KEYS = "Ctrl+Shift+F"
SEARCH_HINT = "Tries settings and blocks' fields within ranges, trial after trial, and takes the best over"
BROWSE_HINT = "Its pictures by class, how many there are in each part, their means"
Keys = QKeySequence.StandardKey | str | None


class Menus:
    """Makes the window's actions and menus once; `groups` lists them for the shortcuts dialog."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.bar: QMenuBar = window.menuBar()
        self.recent = QMenu("Open &recent", window)
        self.recent.setToolTipsVisible(True)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.groups: list[tuple[str, list[QAction]]] = []
        self._file()
        self._edit()
        self._train()
        self._view()
        self._help()

    def action(self, text: str, deed: Callable[[], object], keys: Keys = None, hint: str = "") -> QAction:
        """An action of the window."""
        action = QAction(text, self._window)
        if keys is not None:
            action.setShortcuts(QKeySequence(keys) if isinstance(keys, str) else keys)  # type: ignore[arg-type]
        if hint:
            action.setToolTip(hint)
            action.setStatusTip(hint)
        action.triggered.connect(lambda _checked=False: deed())
        return action

    def _menu(self, title: str, entries: Iterable[QAction | QMenu | None]) -> QMenu:
        menu = self.bar.addMenu(title)
        menu.setToolTipsVisible(True)
        actions: list[QAction] = []
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QMenu):
                menu.addMenu(entry)
            else:
                menu.addAction(entry)
                actions.append(entry)
        self.groups.append((title.replace("&", ""), actions))
        return menu

    def _file(self) -> None:
        window, act = self._window, self.action
        self.export = act("&Export…", window.files.export, "Ctrl+E", EXPORT_HINT)
        self.load_weights = act("Load &weights…", window.files.load_weights, None, LOAD_HINT)
        self._menu(
            "&File",
            (
                act("&New", window.files.new, _STANDARD.New, "LeNet-5 and the digits, as at the first start"),
                act("New, &empty", window.files.new_empty, "Ctrl+Shift+N", "A stack without blocks"),
                act("&Open…", window.files.open, _STANDARD.Open, "A .cnnplay project"),
                self.recent,
                None,
                act("&Save", window.files.save, _STANDARD.Save),
                act("Save &as…", window.files.save_as, "Ctrl+Shift+S"),
                None,
                self.export,
                self.load_weights,
                act(
                    "Open a &picture…", window.files.open_picture, None, "Shows what the network makes of it"
                ),
                None,
                act("&Quit", window.close, "Ctrl+Q"),
            ),
        )
        # Their keys work while the menu is closed: it is not enough to look when it opens.
        session = window.session
        for signal in (
            session.editor.changed,
            session.run.weights_changed,
            session.run.state_changed,
            session.data.changed,
        ):
            signal.connect(self._refresh_file)
        self._refresh_file()

    def _edit(self) -> None:
        by_name, session = self._window.stack_actions.by_name, self._window.session
        self.adapt = self.action("Adapt to the &pictures…", session.offer.ask, None, ADAPT_HINT)
        self._window.build.properties.add_input_action(self.adapt)
        names = (
            *("undo", "redo", None, "cut", "copy", "paste", "duplicate", "delete", "select_all", None),
            *("insert", "move_up", "move_down", "wrap", "unwrap", "add_branch", "remove_branch", "add_head"),
            *(None, "collapse", "collapse_all", "expand_all"),
        )
        entries = [by_name[name] if name else None for name in names]
        self._menu("&Edit", (*entries, None, self.adapt))
        for signal in (session.editor.changed, session.data.changed):
            signal.connect(self._refresh_adapt)
        self._refresh_adapt()

    def _train(self) -> None:
        self.search = self.action("Search &hyper-parameters…", self._window.search, SEARCH_KEYS, SEARCH_HINT)
        self.find_rate = self.action("Find a &learning rate…", self._window.find_learning_rate, RATE_KEYS)
        self.final_test = self.action("&Final test…", self._window.final_test, None, TEST_HINT)
        more = (self.find_rate, self.search, None, self.final_test)
        self._menu("&Train", (*self._window.controls.actions_of_run, None, *more))
        for signal in (self._window.session.run.weights_changed, self._window.session.editor.changed):
            signal.connect(self._refresh_test)
        self._window.session.run.state_changed.connect(self._refresh_test)
        self._refresh_test()
        # The run's state changes with whatever a test needs: the network, the settings, the data.
        self._window.session.run.state_changed.connect(self._refresh_rate)
        self._refresh_rate()

    def _view(self) -> None:
        window, act = self._window, self.action
        workspaces = [
            act(title, _showing(window, key), keys_of(key), hint) for key, title, hint in WORKSPACES
        ]
        looks = QMenu("&Colours", window)
        group = QActionGroup(window)
        for choice, title in (("system", "As the system"), ("light", "Light"), ("dark", "Dark")):
            action = act(title, _choosing(window, choice))
            action.setCheckable(True)
            action.setChecked(theme().choice == choice)
            group.addAction(action)
            looks.addAction(action)
        self.full_screen = act("&Full screen", window.toggle_full_screen, "F11")
        self._menu(
            "&View",
            (
                *workspaces,
                None,
                act("Look through the &data set…", window.browse_data, "Ctrl+Shift+D", BROWSE_HINT),
                None,
                looks,
                act("&Larger text", window.larger_text, "Ctrl++", "For a lecture hall"),
                act("S&maller text", window.smaller_text, "Ctrl+-"),
                act("&Usual text size", window.usual_text, "Ctrl+0"),
                None,
                self.full_screen,
                act("&Reset layout", window.reset_layout, None, "All panels as at the first start"),
            ),
        )

    def _help(self) -> None:
        window, act = self._window, self.action
        self._menu(
            "&Help",
            (
                act("&Shortcuts", window.show_shortcuts, "F1", "All keys, made from the bindings"),
                act("&About CNN Playground", window.show_about),
            ),
        )

    def _fill_recent(self) -> None:
        self.recent.clear()
        paths = self._window.session.preferences.recent()
        if not paths:
            empty = self.recent.addAction("No project was opened yet")
            empty.setEnabled(False)
        for path in paths:
            action = self.recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, chosen=path: self._window.files.open_path(chosen))

    def _refresh_file(self) -> None:
        reason = self._window.session.importing.why_not()
        self.load_weights.setEnabled(not reason)
        self.load_weights.setToolTip(f"{LOAD_HINT}\nNot now: {reason}." if reason else LOAD_HINT)
        faults = not self._window.session.editor.report.valid and self._window.session.run.trained is None
        self.export.setEnabled(not faults)
        self.export.setToolTip("Not now: mend the network's faults first." if faults else EXPORT_HINT)

    def _refresh_rate(self) -> None:
        reason = self._window.session.run.why_not("afresh")
        self.find_rate.setEnabled(not reason)
        self.find_rate.setToolTip(f"{RATE_HINT}\nNot now: {reason}." if reason else RATE_HINT)

    def _refresh_test(self) -> None:
        reason = why_not_test(self._window.session.run, self._window.session.data)
        self.final_test.setEnabled(not reason)
        self.final_test.setToolTip(f"{TEST_HINT}\nNot now: {reason}." if reason else TEST_HINT)

    def _refresh_adapt(self) -> None:
        reason = self._window.session.offer.why_not()
        self.adapt.setEnabled(not reason)
        self.adapt.setToolTip(f"{ADAPT_HINT}\nNot now: {reason}." if reason else ADAPT_HINT)


def _showing(window: "MainWindow", key: str) -> Callable[[], None]:
    return lambda: window.show_workspace(key)


def _choosing(window: "MainWindow", choice: str) -> Callable[[], None]:
    return lambda: window.choose_colours(choice)
