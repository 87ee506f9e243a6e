"""Which Debian packages the set-up asks for."""

from pathlib import Path

import pytest
from console import SetupError
from system_packages import (
    by_hand,
    current_names,
    has_font,
    missing_sonames,
    package_of,
    packages_of,
)

LDD = """
/checkout/.venv/lib/python3.11/site-packages/PySide6/Qt/lib/libQt6Gui.so.6:
\tlinux-vdso.so.1 (0x00007ffd5a7f2000)
\tlibEGL.so.1 => not found
\tlibX11.so.6 => /lib/x86_64-linux-gnu/libX11.so.6 (0x00007f2a)
\tlibglib-2.0.so.0 => not found
/checkout/.venv/lib/python3.11/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so:
\tlibQt6XcbQpa.so.6 => not found
\tlibEGL.so.1 => not found
\tlibgthread-2.0.so.0 => not found
\tlibxcb-cursor.so.0 => not found
"""

# Libraries that Qt's parts were seen to lack on bare Debian 12, and the packages that brought them.
ON_DEBIAN_12 = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libpng16.so.16": "libpng16-16",
    "libz.so.1": "zlib1g",
}


def test_ldd_names_each_missing_library_once_and_qts_own_never() -> None:
    assert missing_sonames(LDD) == [
        "libEGL.so.1",
        "libglib-2.0.so.0",
        "libgthread-2.0.so.0",
        "libxcb-cursor.so.0",
    ]


def test_two_libraries_of_one_package_ask_for_it_once() -> None:
    assert packages_of(missing_sonames(LDD)) == ["libegl1", "libglib2.0-0", "libxcb-cursor0"]


@pytest.mark.parametrize(("soname", "package"), ON_DEBIAN_12.items())
def test_a_soname_leads_to_its_debian_package(soname: str, package: str) -> None:
    assert package_of(soname) == package


def test_a_library_without_a_version_is_an_error_that_names_it() -> None:
    with pytest.raises(SetupError, match="libstrange"):
        package_of("libstrange.so")


def test_a_renamed_package_is_asked_for_by_its_new_name() -> None:
    known = {"libglib2.0-0t64", "libegl1"}
    assert current_names(["libglib2.0-0", "libegl1"], known) == ["libglib2.0-0t64", "libegl1"]


def test_the_old_name_is_kept_where_the_release_still_has_it() -> None:
    assert current_names(["libglib2.0-0"], {"libglib2.0-0"}) == ["libglib2.0-0"]


def test_one_font_is_enough_where_a_release_lacks_the_other() -> None:
    assert current_names(["fonts-inter", "fonts-dejavu-core"], {"fonts-dejavu-core"}) == ["fonts-dejavu-core"]


def test_a_package_that_nobody_knows_is_left_for_apt_to_name() -> None:
    assert current_names(["libnew1", "fonts-inter"], set()) == ["libnew1", "fonts-inter"]


def test_a_user_without_rights_gets_one_command_with_everything_in_it() -> None:
    text = by_hand("Qt lacks libraries", ["libegl1", "fonts-inter"], stale=True, sudo=True)
    commands = [line.strip() for line in text.splitlines() if "sudo" in line]
    assert commands == [
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1 fonts-inter"
    ]


def test_a_system_without_sudo_is_told_to_use_root() -> None:
    text = by_hand("Qt lacks libraries", ["libegl1"], stale=False, sudo=False)
    assert "root" in text
    assert "sudo" not in text


def test_a_font_is_found_in_a_sub_folder_and_a_readme_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "truetype" / "inter"
    folder.mkdir(parents=True)
    (folder / "README").touch()
    assert not has_font([str(tmp_path), str(tmp_path / "absent")])
    (folder / "Inter-Regular.OTF").touch()
    assert has_font([str(tmp_path)])
