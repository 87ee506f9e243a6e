"""The space's file: what is written is read back, and errors name their place."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.search.errors import SearchError
from cnnplay.search.space import Choices, Entry, Range, Space, decode, encode, read

NUMBERS = st.integers(-1000, 1000) | st.floats(-1e6, 1e6)
NAMES = st.from_regex(r"[a-z]{1,8}(-[0-9])?(\.[a-z]{1,8})?", fullmatch=True)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    low, high = sorted(draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True)))
    log = low > 0 and draw(st.booleans())
    step = None if log else draw(st.none() | st.just(high - low))
    return Range(low, high, log, step)


CHOICES = st.lists(NUMBERS | st.text(max_size=5), min_size=1, max_size=4, unique=True).map(
    lambda found: Choices(tuple(found))
)
SPACES = st.dictionaries(NAMES, ranges() | CHOICES, min_size=1, max_size=4).map(Space)


@given(SPACES)
def test_a_space_comes_back_as_it_was_written(space: Space) -> None:
    assert decode(encode(space), "space.json") == space


@given(
    st.recursive(
        st.none() | st.booleans() | NUMBERS | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["format", "version", "vary", "low", "high", "log", "step", "choices", "x"]),
                inner,
            )
        ),
    )
)
def test_any_json_is_a_space_or_an_error(found: object) -> None:
    try:
        space = decode(json.dumps(found), "space.json")
    except SearchError as error:
        assert str(error).startswith("space.json")  # noqa: PT017 - any of these errors, or none
    else:
        assert space.vary


def test_both_forms_of_choices_are_the_same() -> None:
    assert decode('{"vary": {"a": ["x", "y"]}}', "f") == decode(
        '{"vary": {"a": {"choices": ["x", "y"]}}}', "f"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "f: expected a search space in JSON"),
        ("[1]", "f: expected an object like"),
        ('{"vary": {}}', "f, vary: expected a non-empty object"),
        (
            '{"vary": {"a": 1}}',
            'f, vary.a: expected a range {"low": …, "high": …} or a list of choices; found 1',
        ),
        ('{"vary": {"a": {"low": 1}}}', 'f, vary.a: expected "low" and "high"; found no "high"'),
        ('{"vary": {"a": {"low": "1", "high": 2}}}', 'f, vary.a.low: expected a number; found "1"'),
        ('{"vary": {"a": {"low": 2, "high": 1}}}', "f, vary.a.high: expected more than low, 2; found 1"),
        (
            '{"vary": {"a": {"low": 0, "high": 1, "log": true}}}',
            "f, vary.a.low: expected more than 0 on a logarithmic scale; found 0",
        ),
        (
            '{"vary": {"a": {"low": 0, "high": 1, "log": 1}}}',
            "f, vary.a.log: expected true or false; found 1",
        ),
        (
            '{"vary": {"a": {"low": 0, "high": 1, "step": 2}}}',
            "f, vary.a.step: expected more than 0 and at most 1",
        ),
        (
            '{"vary": {"a": {"low": 1, "high": 2, "log": true, "step": 1}}}',
            "f, vary.a.step: expected none on a logarithmic scale; found 1",
        ),
        (
            '{"vary": {"a": {"low": 0, "hihg": 1}}}',
            "f, vary.a.hihg: expected high, log, low, step only; found hihg",
        ),
        ('{"vary": {"a": []}}', "f, vary.a: expected a list of one or more choices; found []"),
        (
            '{"vary": {"a": [1, null]}}',
            "f, vary.a[1]: expected a number, a string, true or false; found nothing",
        ),
        ('{"vary": {"a": [1, 1]}}', "f, vary.a[1]: expected each choice once; found 1 twice"),
        ('{"vary": {"a": [1]}, "more": 1}', "f, more: expected only format, version and vary"),
        ('{"version": 2, "vary": {"a": [1]}}', "f: written by a newer CNN Playground (version 2"),
        ('{"format": "x", "vary": {"a": [1]}}', 'f, format: expected "cnnplay-space"; found "x"'),
    ],
)
def test_an_error_names_the_file_the_field_what_was_expected_and_what_was_found(
    text: str, words: str
) -> None:
    with pytest.raises(SearchError) as caught:
        decode(text, "f")
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ('{"low": 1, "high": 1' + 400 * "0" + "}", "expected a number of at most"),
        ("[1" + 30 * "0" + "]", r"a\[0\]: expected a number of at most"),
        (json.dumps(list(range(45_000))), "at most 1,000 choices; found 45,000"),
        ('{"low": 0.0001, "high": 1, "step": 1e-9}', "at most 100,000 steps"),
    ],
)
def test_a_space_without_bounds_is_refused(entry: str, text: str) -> None:
    with pytest.raises(SearchError, match=text):
        decode(f'{{"vary": {{"a": {entry}}}}}', "space.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "space.json")
    with pytest.raises(SearchError, match="expected a regular file"):
        read(tmp_path / "space.json")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"space\.json: cannot be read \(No such file"):
        read(tmp_path / "space.json")


def test_zero_is_written_like_any_number() -> None:
    entry: Entry = Range(0, 1)
    assert json.loads(encode(Space({"crop": entry})))["vary"] == {"crop": {"low": 0, "high": 1}}
