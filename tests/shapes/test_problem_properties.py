"""Properties of the problems of every network, however invalid."""

from hypothesis import HealthCheck, assume, example, given, settings

from cnnplay.network import nodes
from cnnplay.network.codec import decode, encode
from cnnplay.network.network import Classification, Input, Network, ids, walk
from cnnplay.shapes.formulas import formulas
from cnnplay.shapes.infer import infer
from tests.strategies import any_networks, networks

_SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@_SETTINGS
@given(any_networks())
def test_every_node_is_reported_whatever_is_wrong(network: Network) -> None:
    report = infer(network)
    assert report.nodes.keys() == ids(network)
    assert report.valid == (not report.problems)
    if report.valid:
        assert report.output == (network.task.classes,)
        assert report.complete


@_SETTINGS
@given(any_networks())
def test_every_problem_names_the_place_the_expected_and_the_found(network: Network) -> None:
    for problem in infer(network).problems:
        assert problem.node in ids(network) | {""}
        assert problem.field
        assert problem.expected
        assert problem.found
        assert problem.node in problem.message
        assert problem.found in problem.message or problem.field in ("merge", "output", "body", "branches")


@_SETTINGS
@given(any_networks())
def test_each_fix_removes_its_problem(network: Network) -> None:
    for problem in infer(network).problems:
        if problem.fix is None:
            continue
        after = problem.fix.apply(network, ("conv-77",)).network
        left = {(other.node, other.field, other.message) for other in infer(after).problems}
        assert (problem.node, problem.field, problem.message) not in left, problem.fix.label


_TOO_LARGE_TO_PROJECT = Network(
    name="any",
    input=Input(1, 1, 1),
    task=Classification(2),
    stack=(
        nodes.Upsampling(id="upsample-1", scale=(64, 64)),
        nodes.Branches(
            id="branches-1",
            branches=(
                (nodes.Convolution(id="conv-1", filters=20), nodes.Flatten(id="flatten-1")),
                (nodes.Convolution(id="conv-2", filters=3400),),
            ),
            merge="add",
        ),
    ),
)
"""Branches whose outputs only a dense layer of too many weights could make equal."""


@_SETTINGS
@example(_TOO_LARGE_TO_PROJECT)
@given(any_networks())
def test_fixing_comes_to_an_end(network: Network) -> None:
    for _ in range(150):
        fix = next((problem.fix for problem in infer(network).problems if problem.fix), None)
        if fix is None:
            break
        network = fix.apply(network).network
        assert len(ids(network)) == len(list(walk(network)))
    assert not any(problem.fix for problem in infer(network).problems)


@_SETTINGS
@given(any_networks())
def test_the_problems_are_the_same_after_a_round_trip(network: Network) -> None:
    assume("null" not in str(encode(network)))  # JSON has no NaN, and no edit makes one
    again = decode(encode(network))
    assert again == network
    assert [f.message for f in infer(again).problems] == [f.message for f in infer(network).problems]


@_SETTINGS
@given(any_networks())
def test_formulas_can_be_written_for_every_node(network: Network) -> None:
    report = infer(network)
    for node_id in report.nodes:
        for formula in formulas(report, node_id):
            assert formula.name
            assert formula.symbols or formula.result


@_SETTINGS
@given(networks())
def test_random_valid_networks_have_no_problems(network: Network) -> None:
    assert infer(network).problems == ()
