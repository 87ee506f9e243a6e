"""A folder of images as a data set."""

import os
import shutil
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnplay.data import decode as decode_module
from cnnplay.data import folder
from cnnplay.data.decode import Header, Scanned, decode, scan
from cnnplay.data.folder import load_folder
from cnnplay.data.images import DataError, ImageArray
from cnnplay.data.left_out import grouped
from cnnplay.data.loading import LoadCancelled
from tests.data.conftest import MakeFolder, image


def test_classes_are_the_sub_folders_in_the_order_of_their_names(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder(("zebra", "ant", "fly")))
    assert images.classes == ("ant", "fly", "zebra")
    assert images.counts() == (5, 5, 5)
    assert images.title == "pictures"


def test_images_come_back_as_they_were_saved(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder())
    assert images.shape == (3, 6, 8)
    assert np.array_equal(images.image(7), np.asarray(image(60)))


def test_each_class_gives_about_a_fifth_to_validation_and_the_parts_do_not_meet(
    make_folder: MakeFolder,
) -> None:
    images = load_folder(make_folder(count=80))
    assert len(np.intersect1d(images.train, images.validation)) == 0
    assert len(images.train) + len(images.validation) == 160
    assert all(8 <= count <= 24 for count in np.bincount(images.labels[images.validation]))


def test_a_damaged_image_moves_no_other_to_another_part(make_folder: MakeFolder) -> None:
    root = make_folder(count=20)

    def values(part: str) -> set[tuple[int, int]]:
        images = load_folder(root)
        return {(int(images.labels[i]), int(images.image(i)[0, 0, 0])) for i in getattr(images, part)}

    train, validation = values("train"), values("validation")
    (root / "dog" / "a-new.png").write_bytes(b"no picture")
    assert values("train") == train
    assert values("validation") == validation


def test_a_small_class_still_gives_one_image_to_validation(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder(count=2))
    assert np.bincount(images.labels[images.validation]).tolist() == [1, 1]
    assert np.bincount(images.labels[images.train]).tolist() == [1, 1]


def test_a_class_of_one_image_trains_with_it(make_folder: MakeFolder) -> None:
    root = make_folder(count=4)
    for number in range(1, 4):
        (root / "dog" / f"{number}.png").unlink()
    images = load_folder(root)
    assert np.bincount(images.labels[images.train]).tolist() == [3, 1]


def test_the_split_is_the_same_each_time(make_folder: MakeFolder) -> None:
    root = make_folder(count=9)
    first, second = load_folder(root), load_folder(root)
    assert np.array_equal(first.train, second.train)
    assert np.array_equal(first.validation, second.validation)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_contents_are_others_wherever_an_image_is(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 4, 64, 64, 3), dtype=np.uint8)
    for label, images in zip(("cat", "dog"), noise, strict=True):
        (tmp_path / label).mkdir()
        for number, array in enumerate(images):
            Image.fromarray(array).save(tmp_path / label / f"{number}{suffix}")
    before = load_folder(tmp_path)
    assert load_folder(tmp_path).contents == before.contents
    assert before.in_order_of(("dog", "cat")).contents == before.contents
    assert load_folder(tmp_path, memory=0).contents == before.contents
    noise[0, 1, 24:32, :8] ^= 255  # in its middle alone
    Image.fromarray(noise[0, 1]).save(tmp_path / "cat" / f"1{suffix}")
    after = load_folder(tmp_path)
    assert after.contents != before.contents
    assert after.mark == before.mark, "the same pictures validate, by their names"


def test_contents_do_not_depend_on_the_free_memory_where_an_image_is_cut_off(
    make_folder: MakeFolder,
) -> None:
    root = make_folder(count=10)
    one = next((root / "dog").iterdir())
    one.write_bytes(one.read_bytes()[:-20])
    whole, looked_at = load_folder(root), load_folder(root, memory=0)
    assert len(looked_at) >= len(whole)
    assert whole.contents == looked_at.contents


def test_all_gray_images_make_a_gray_data_set(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder(mode="L"))
    assert images.channels == 1
    assert images.shape == (1, 6, 8)


def test_one_color_image_makes_a_color_data_set(make_folder: MakeFolder) -> None:
    root = make_folder(mode="L")
    image(90).save(root / "cat" / "colour.png")
    images = load_folder(root)
    assert images.shape == (3, 6, 8)
    gray = images.image(0)
    assert np.array_equal(gray[:, :, 0], gray[:, :, 2])


def test_mixed_sizes_have_no_common_shape(make_folder: MakeFolder) -> None:
    root = make_folder()
    image(9, size=(31, 5)).save(root / "dog" / "wide.png")
    images = load_folder(root)
    assert images.shape is None
    assert images.channels == 3
    assert {images.image(i).shape for i in range(len(images))} == {(6, 8, 3), (5, 31, 3)}


def test_damaged_files_are_named_and_skipped(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (root / "dog" / "notes.txt").write_text("a list")
    images = load_folder(root)
    assert len(images) == 10
    assert len(images.problems) == 2
    assert any("broken.jpg" in line for line in images.problems)
    assert any("notes.txt" in line for line in images.problems)


def test_hidden_files_and_folders_of_systems_are_no_images(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / ".git").mkdir()
    (root / "cat" / ".DS_Store").write_bytes(b"x")
    (root / "cat" / "Thumbs.db").write_bytes(b"x")
    images = load_folder(root)
    assert (images.classes, len(images), images.problems) == (("cat", "dog"), 10, ())
    (root / "__MACOSX").mkdir()
    (root / "cat" / "._0.png").write_bytes(b"x")
    for place in (root / "@eaDir", root / "cat" / "@eaDir", root / "cat" / ".thumbnails"):
        place.mkdir()
        image().save(place / "small.png")
    images = load_folder(root)
    assert (images.classes, len(images)) == (("cat", "dog"), 10)
    assert {Path(one.path).name for one in images.left_out} == {
        "__MACOSX",
        "._0.png",
        "@eaDir",
        ".thumbnails",
    }
    (group,) = grouped(images.left_out)
    assert (group.kind, group.count) == ("hidden", 5)


def _split_folder(root: Path, **classes: tuple[str, ...]) -> Path:
    for part, names in classes.items():
        for label, name in enumerate(names):
            (root / part / name).mkdir(parents=True)
            for number in range(4):
                image(60 * label + 10 * number + len(part)).save(root / part / name / f"{number}.png")
    return root


@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_folders_of_splits_are_the_splits(tmp_path: Path, name: str) -> None:
    pets = ("cat", "dog")
    images = load_folder(_split_folder(tmp_path, train=pets, test=pets, **{name: pets}))
    assert images.classes == pets
    assert [len(images.train), len(images.validation), len(images.test)] == [8, 8, 8]
    assert images.run_size == 16, "the test split comes last and is not touched by a run"
    assert {int(images.image(index)[0, 0, 0]) % 10 for index in images.validation} == {len(name) % 10}


def test_without_a_validation_folder_a_part_of_the_training_images_validates(tmp_path: Path) -> None:
    images = load_folder(_split_folder(tmp_path, train=("a", "b"), test=("a", "b")))
    assert [len(images.train), len(images.validation), len(images.test)] == [6, 2, 8]


def test_a_class_that_is_missing_in_a_split_is_told(tmp_path: Path) -> None:
    images = load_folder(_split_folder(tmp_path, train=("a", "b", "c"), val=("a", "b", "d")))
    assert images.classes == ("a", "b", "c", "d")
    assert any("no training images of 'd'" in remark for remark in images.remarks)
    assert any("no validation images of 'c'" in remark for remark in images.remarks)


@pytest.mark.parametrize("validation", [("Cat", "Dog"), ("a", "b", "c")])
def test_folders_with_names_of_splits_that_are_classes_are_told(
    tmp_path: Path, validation: tuple[str, ...]
) -> None:
    """Else one would train to tell training images from validation images."""
    images = load_folder(_split_folder(tmp_path, train=("cat", "dog"), val=validation))
    assert images.classes == ("train", "val")
    (remark,) = (remark for remark in images.remarks if "taken for classes" in remark)
    assert "train: 'cat', 'dog'" in remark
    assert repr(validation[0]) in remark


def test_test_images_without_class_folders_are_told(tmp_path: Path) -> None:
    root = _split_folder(tmp_path, train=("cat", "dog"))
    (root / "test").mkdir()
    for number in range(4):
        image(40 * number).save(root / "test" / f"{number}.png")
    assert any("taken for classes" in remark for remark in load_folder(root).remarks)


def test_what_is_beside_the_folders_of_splits_is_left_out(tmp_path: Path) -> None:
    root = _split_folder(tmp_path, train=("a", "b"), val=("a", "b"), raw=("x",))
    images = load_folder(root)
    assert images.classes == ("a", "b")
    assert [(one.kind, Path(one.path).name) for one in images.left_out] == [("outside", "raw")]


def test_classes_that_are_called_train_and_test_stay_classes(tmp_path: Path) -> None:
    """A folder of trains and of tests, without class folders in them."""
    for name in ("train", "test", "bus"):
        (tmp_path / name).mkdir()
        for number in range(3):
            image(number).save(tmp_path / name / f"{number}.png")
    images = load_folder(tmp_path)
    assert images.classes == ("bus", "test", "train")
    assert not any("taken for classes" in remark for remark in images.remarks)


def test_linked_folders_in_a_class_are_read_once(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder()
    other = tmp_path / "elsewhere"
    other.mkdir()
    for number in range(3):
        image(number).save(other / f"more{number}.png")
    (root / "cat" / "more").symlink_to(other)
    (root / "dog" / "again").symlink_to(other)
    (root / "dog" / "cats").symlink_to(root / "cat")
    (root / "cat" / "all").symlink_to(root)
    (root / "cat" / "above").symlink_to(tmp_path)
    images = load_folder(root)
    assert images.counts() == (8, 5)
    reasons = {Path(one.path).name: one.reason for one in images.left_out}
    assert "read already" in reasons["again"]
    assert "read already" in reasons["cats"]
    assert "the data set's own folder" in reasons["all"]
    assert "the data set's own folder" in reasons["above"]


def test_images_beside_the_classes_and_folders_of_runs_are_left_out_and_told(make_folder: MakeFolder) -> None:
    root = make_folder()
    image().save(root / "stray.png")
    for place in (root / "run", root / "cat" / "run"):
        place.mkdir()
        for name in ("run.json", "events.jsonl"):
            (place / name).write_text("{}")
        image().save(place / "picture.png")
    images = load_folder(root)
    assert images.classes == ("cat", "dog")
    assert images.counts() == (5, 5)
    assert [(group.kind, group.count) for group in grouped(images.left_out)] == [("outside", 1), ("run", 2)]


def test_damaged_images_are_told_before_other_files(make_folder: MakeFolder) -> None:
    root = make_folder()
    for number in range(20):
        (root / "cat" / f"a{number}.txt").touch()
    (root / "dog" / "z.png").write_bytes(b"")
    images = load_folder(root)
    assert [group.count for group in grouped(images.left_out)] == [1, 20]
    assert "z.png" in images.problems[0]
    assert "20" in images.problems[1]


def test_animations_and_pages_are_told(make_folder: MakeFolder) -> None:
    root = make_folder()
    frames = [image(value) for value in (10, 200)]
    for suffix in (".gif", ".tif", ".webp"):
        frames[0].save(root / "cat" / f"film{suffix}", save_all=True, append_images=frames[1:])
    (remark,) = load_folder(root).remarks
    assert "3 files with several frames" in remark
    assert "film.gif" in remark


def test_an_image_in_training_and_validation_is_told(make_folder: MakeFolder) -> None:
    root = make_folder(count=4)
    assert load_folder(root).remarks == ()
    folder_ = _split_folder(root.parent / "splits", train=("a", "b"), val=("a", "b"))
    shutil.copy(folder_ / "train" / "a" / "0.png", folder_ / "val" / "b" / "3.png")
    (remark,) = load_folder(folder_).remarks
    assert "1 validation image also among the training images" in remark
    assert "val/b/3.png: train/a/0.png" in remark


def test_a_class_of_one_image_is_told_to_have_none_for_validation(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "ant").mkdir()
    image(1).save(root / "ant" / "0.png")
    assert load_folder(root).remarks == ("no validation images of 'ant'",)


def _gray_folder(root: Path, dtype: type, **highest: float) -> Path:
    """Two images a class, of values from 0 to the class's highest."""
    for name, high in highest.items():
        (root / name).mkdir(parents=True)
        for number in range(2):
            values = np.linspace(0, high * (1 - number / 2), 12).reshape(3, 4).astype(dtype)
            Image.fromarray(values).save(root / name / f"{number}.tiff")
    return root


@pytest.mark.parametrize("memory", [None, 0])
@pytest.mark.parametrize(
    ("dtype", "few", "many", "white"),
    [
        (np.float32, 200, 20_000, 65_535),
        (np.uint16, 3000, 60_000, 65_535),
        (np.uint16, 300, 4000, 4095),
        (np.float32, 0.5, 1.0, 1),
        (np.int32, 90, 250, 255),
    ],
)
def test_all_images_of_a_data_set_have_one_white(
    tmp_path: Path, dtype: type, few: float, many: float, white: float, memory: int | None
) -> None:
    images = load_folder(_gray_folder(tmp_path, dtype, few=few, many=many), memory=memory)
    assert images.white == white
    assert images.left_out == ()
    largest = dict.fromkeys(images.classes, 0)
    for index in range(len(images)):
        name = images.classes[images.labels[index]]
        largest[name] = max(largest[name], int(images.image(index).max()))
    assert largest == {"few": round(255 * few / white), "many": round(255 * many / white)}


def test_images_of_more_than_8_bits_are_kept_within_the_memory_too(tmp_path: Path) -> None:
    """Each of the four takes 12 bytes once it is decoded."""
    root = _gray_folder(tmp_path, np.uint16, few=3000, many=60_000)
    assert load_folder(root, memory=48).array is not None
    assert load_folder(root, memory=47).array is None


def test_runs_of_earlier_versions_keep_each_files_own_white(tmp_path: Path) -> None:
    root = _gray_folder(tmp_path, np.float32, few=200, many=20_000)
    images = load_folder(root)
    before = images.with_white(None)
    assert [int(before.image(index).max()) for index in (0, 2)] == [200, round(255 * 20_000 / 65_535)]
    assert before.with_white(images.white).image(0).max() == images.image(0).max()
    assert images.with_white(images.white) is images


def test_images_of_8_bits_have_no_white_of_their_own(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder())
    assert images.white is None
    assert images.with_white(4095.0) is images


def test_numbers_in_class_names_count(make_folder: MakeFolder) -> None:
    names = ("10", "9", "1", "class 2", "class 11", "b")
    images = load_folder(make_folder(names, count=2))
    assert images.classes == ("1", "9", "10", "b", "class 2", "class 11")
    old = tuple(sorted(names))
    turned = images.in_order_of(old)
    assert [turned.classes[label] for label in turned.labels] == [
        images.classes[label] for label in images.labels
    ]


def test_names_that_a_mac_decomposed_are_the_composed_ones(make_folder: MakeFolder) -> None:
    decomposed = tuple(unicodedata.normalize("NFD", name) for name in ("Äpfel", "Öl"))
    images = load_folder(make_folder(decomposed))
    assert images.classes == ("Äpfel", "Öl")
    assert images.counts() == (5, 5)
    assert images.in_order_of(decomposed[::-1]).classes == decomposed[::-1]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_the_size_of_a_turned_image_is_the_same_whether_it_is_kept_or_not(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            image(number).save(tmp_path / name / f"{number}{suffix}", exif=exif)
    kept, streamed = load_folder(tmp_path), load_folder(tmp_path, memory=0)
    assert kept.shape == streamed.shape == (3, *kept.image(0).shape[:2])
    assert streamed.image(0).shape == kept.image(0).shape


def test_images_may_lie_deeper_in_their_class(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "cat" / "indoors" / "sofa").mkdir(parents=True)
    image(3).save(root / "cat" / "indoors" / "sofa" / "a.png")
    assert load_folder(root).counts() == (6, 5)


def test_a_link_that_leads_upwards_does_not_go_on_for_ever(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "cat" / "again").symlink_to(root)
    assert load_folder(root).counts() == (5, 5)


def test_names_with_signs_of_other_languages_are_read(make_folder: MakeFolder) -> None:
    assert load_folder(make_folder(("käfer", "猫 1"))).classes == ("käfer", "猫 1")


def test_a_missing_folder_a_file_and_one_class_give_an_error(make_folder: MakeFolder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        load_folder(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="found a file"):
        load_folder(tmp_path / "file")
    with pytest.raises(DataError, match="found one, 'cat'"):
        load_folder(make_folder(("cat",)))


def test_a_class_without_a_readable_image_is_named(make_folder: MakeFolder) -> None:
    root = make_folder()
    (root / "empty").mkdir()
    (root / "ruined").mkdir()
    (root / "ruined" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="'empty', 'ruined'"):
        load_folder(root)
    (root / "empty").rmdir()
    with pytest.raises(DataError, match=r"none in 'ruined'; skipped: .*a\.png: "):
        load_folder(root)


def test_what_was_skipped_of_another_class_is_no_reason(make_folder: MakeFolder) -> None:
    root = make_folder(("ab", "b"))
    (root / "ab" / "notes.txt").touch()
    (root / "a").mkdir()
    with pytest.raises(DataError, match=r"none in 'a'$"):
        load_folder(root)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have text alone for names")
def test_a_class_or_folder_whose_name_is_no_text_gives_words_and_an_image_is_read(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_folder()
    image(200).save(root / "cat" / os.fsdecode(b"\xff.png"))
    (root / "cat" / os.fsdecode(b"\xff.txt")).touch()
    images = load_folder(root)
    assert len(images) == 11
    assert "\n".join(images.problems).encode()
    odd = root / os.fsdecode(b"\xffcat")
    odd.mkdir()
    with pytest.raises(DataError, match="UTF-8"):
        load_folder(root)
    for name in ("a", "b"):
        (odd / name).mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(DataError, match="UTF-8"):
        load_folder(".")


def test_the_home_of_nobody_is_a_folder_that_is_not_there() -> None:
    with pytest.raises(DataError, match=r"~nobody-here/x: expected a folder"):
        load_folder("~nobody-here/x")


def test_classes_are_brought_into_another_order_and_no_other_names(make_folder: MakeFolder) -> None:
    images = load_folder(make_folder())
    turned = images.in_order_of(("dog", "cat"))
    assert [turned.classes[label] for label in turned.labels] == [
        images.classes[label] for label in images.labels
    ]
    assert images.in_order_of(("cat", "dog")) is images
    for others in (("ape", "cat"), ("cat", "cat"), ("cat", "dog", "fly")):
        with pytest.raises(DataError, match=rf"classes, {', '.join(others)}; found cat, dog"):
            images.in_order_of(others)


def test_one_image_a_class_leaves_nothing_to_validate(make_folder: MakeFolder) -> None:
    with pytest.raises(DataError, match="two or more images"):
        load_folder(make_folder(count=1))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_gives_an_error(make_folder: MakeFolder) -> None:
    root = make_folder()
    root.chmod(0)
    try:
        with pytest.raises(DataError, match="cannot be read"):
            load_folder(root)
    finally:
        root.chmod(0o755)


def test_what_does_not_fit_into_memory_is_decoded_when_asked_for(make_folder: MakeFolder) -> None:
    root = make_folder(count=80)
    kept, lazy = load_folder(root), load_folder(root, memory=0)
    assert kept.array is not None
    assert lazy.array is None
    assert lazy.shape == kept.shape
    assert np.array_equal(lazy.labels, kept.labels)
    assert all(np.array_equal(lazy.image(i), kept.image(i)) for i in range(len(kept)))


def test_an_image_that_vanished_since_gives_an_error(make_folder: MakeFolder) -> None:
    root = make_folder()
    lazy = load_folder(root, memory=0)
    (root / "cat" / "0.png").unlink()
    with pytest.raises(DataError, match="no such file"):
        lazy.image(0)


def test_an_image_that_turned_from_gray_to_color_gives_an_error(make_folder: MakeFolder) -> None:
    root = make_folder(mode="L")
    lazy = load_folder(root, memory=0)
    image(1).save(root / "cat" / "0.png")
    with pytest.raises(DataError, match="has changed"):
        lazy.image(0)


def test_progress_reaches_the_end_and_loading_can_be_cancelled(make_folder: MakeFolder) -> None:
    root = make_folder(count=40)
    reported: list[tuple[int, int]] = []
    load_folder(root, progress=lambda done, all_: reported.append((done, all_)))
    assert reported == [(64, 80), (80, 80)]
    with pytest.raises(LoadCancelled):
        load_folder(root, cancelled=lambda: True)


def test_a_home_folder_is_understood(make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_folder()
    monkeypatch.setenv("HOME", str(root.parent))
    assert len(load_folder("~/pictures")) == 10


def test_gray_saved_as_color_counts_as_gray(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", (4, 4), (number, number, number)).save(tmp_path / name / f"{number}.png")
    assert load_folder(tmp_path).channels == 1


@pytest.mark.parametrize("colour", [False, True])
def test_whether_a_data_set_is_gray_does_not_depend_on_the_free_memory(tmp_path: Path, colour: bool) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(70):
            Image.new("RGB", (4, 4), (number, number, number)).save(tmp_path / name / f"{number:02}.png")
    if colour:
        Image.new("RGB", (4, 4), (9, 0, 0)).save(tmp_path / "b" / "99.png")
    channels = 3 if colour else 1
    for memory in (0, 48, 3000, 10**6):
        images = load_folder(tmp_path, memory=memory)
        assert images.shape == (channels, 4, 4)
        assert images.image(139).shape == (4, 4, channels)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
@pytest.mark.parametrize("memory", [0, None])
def test_pipes_and_devices_are_skipped_and_named_and_links_to_files_are_read(
    make_folder: MakeFolder, memory: int | None
) -> None:
    root = make_folder()
    os.mkfifo(root / "cat" / "pipe.png")
    (root / "cat" / "device.png").symlink_to("/dev/zero")
    (root / "cat" / "link.png").symlink_to(root / "dog" / "0.png")
    (root / "dog" / "astray.png").symlink_to(root / "nothing.png")
    images = load_folder(root, memory=memory)
    assert images.counts() == (6, 5)
    assert sum("expected a regular file" in one.reason for one in images.left_out) == 2
    assert len(images.left_out) == 3


def test_loading_that_is_cancelled_decodes_no_more_than_what_is_at_hand(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_folder(count=30)
    decoded: list[Path] = []

    def slow(path: Path, wanted: Callable[[Header], bool]) -> Scanned:
        decoded.append(path)
        threading.Event().wait(0.02)  # a large image
        return scan(path, wanted)

    monkeypatch.setattr(folder, "scan", slow)
    with pytest.raises(LoadCancelled):
        load_folder(root, cancelled=lambda: bool(decoded))
    assert len(decoded) < 30


def test_images_of_more_than_8_bits_are_decoded_within_the_progress_and_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _gray_folder(tmp_path, np.uint16, few=3000, many=60_000)
    decoded: list[Path] = []
    reported: list[tuple[int, int]] = []
    threads: set[str] = set()

    def watched(path: Path, white: float | None = None) -> ImageArray:
        decoded.append(path)
        threads.add(threading.current_thread().name)
        return decode(path, white)

    monkeypatch.setattr(folder, "decode", watched)
    images = load_folder(root, progress=lambda done, whole: reported.append((done, whole)))
    assert len(decoded) == len(images) == 4
    assert reported[-1] == (8, 8), "each file is scanned, then decoded"
    assert all(name.startswith("cnnplay-decode") for name in threads)
    decoded.clear()
    with pytest.raises(LoadCancelled):
        load_folder(root, cancelled=lambda: bool(decoded))


def test_large_images_that_are_halved_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            image(number, size=(16, 8)).save(tmp_path / name / f"{number}.jpg")
    image(9, size=(32, 16)).save(tmp_path / "b" / "large.jpg")
    monkeypatch.setattr(decode_module, "FULL_PIXELS", 16 * 8)
    for memory in (None, 0):
        images = load_folder(tmp_path, memory=memory)
        assert images.shape == (3, 8, 16)
        assert any("half their size (b/large.jpg)" in remark for remark in images.remarks)


def test_mixed_sizes_are_known(make_folder: MakeFolder) -> None:
    root = make_folder(count=2)
    assert load_folder(root).sizes is None
    image(9, size=(31, 5)).save(root / "dog" / "wide.png")
    images = load_folder(root, memory=0)
    assert images.sizes is not None
    assert images.sizes.tolist() == [list(images.image(index).shape[:2]) for index in range(5)]
