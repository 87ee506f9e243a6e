"""Every problem names what is wrong, and its fix removes it."""

import pytest

from cnnplay.network import nodes
from cnnplay.network.network import find
from cnnplay.network.nodes import Node
from cnnplay.shapes.infer import infer
from tests.shapes.helpers import assert_names, fixed, network_of, problem_of

C = nodes.Convolution
HEAD = (nodes.Flatten(), nodes.Dense(units=10))


@pytest.mark.parametrize(
    ("node", "field", "message", "label"),
    [
        (
            C(stride=(0, 0)),
            "stride",
            "stride of conv-1 must be 1 or more; got 0",
            "Set stride of conv-1 to 1",
        ),
        (
            C(stride=(0, 2)),
            "stride",
            "stride of conv-1 must be 1 or more; got 0×2",
            "Set stride of conv-1 to 1×2",
        ),
        (
            C(stride=(513, 1)),
            "stride",
            "stride of conv-1 must be at most 512; got 513×1",
            "Set stride of conv-1 to 512×1",
        ),
        (C(filters=0), "filters", "filters of conv-1 must be 1 or more; got 0", "Set filters of conv-1 to 1"),
        (
            C(filters=-3),
            "filters",
            "filters of conv-1 must be 1 or more; got −3",
            "Set filters of conv-1 to 1",
        ),
        (
            C(filters=70_000),
            "filters",
            "filters of conv-1 must be at most 65,536; got 70,000",
            "Set filters of conv-1 to 65,536",
        ),
        (
            C(kernel_size=(3, 0)),
            "kernel_size",
            "kernel size of conv-1 must be 1 or more; got 3×0",
            "Set kernel size of conv-1 to 3×1",
        ),
        (
            C(padding=(-1, 0)),
            "padding",
            "padding of conv-1 must be 0 or more; got −1×0",
            "Set padding of conv-1 to 0",
        ),
        (
            C(dilation=(0, 0)),
            "dilation",
            "dilation of conv-1 must be 1 or more; got 0",
            "Set dilation of conv-1 to 1",
        ),
        (C(groups=0), "groups", "groups of conv-1 must be 1 or more; got 0", "Set groups of conv-1 to 1"),
        (
            nodes.TransposedConvolution(output_padding=(-1, -1)),
            "output_padding",
            "output padding of transposed-conv-1 must be 0 or more; got −1",
            "Set output padding of transposed-conv-1 to 0",
        ),
        (
            nodes.Upsampling(scale=(65, 1)),
            "scale",
            "scale of upsample-1 must be at most 64; got 65×1",
            "Set scale of upsample-1 to 64×1",
        ),
        (
            nodes.Dense(units=0),
            "units",
            "units of dense-1 must be 1 or more; got 0",
            "Set units of dense-1 to 1",
        ),
        (nodes.Dropout(p=1.5), "p", "p of dropout-1 must be at most 1; got 1.5", "Set p of dropout-1 to 1"),
        (
            nodes.Dropout(p=float("nan")),
            "p",
            "p of dropout-1 must be a number from 0 to 1; got nan",
            "Set p of dropout-1 to 0.5",
        ),
        (
            nodes.BatchNormalisation(eps=0.0),
            "eps",
            "eps of batch-norm-1 must be more than 0; got 0",
            "Set eps of batch-norm-1 to 1e−05",
        ),
        (
            nodes.BatchNormalisation(momentum=-0.1),
            "momentum",
            "momentum of batch-norm-1 must be 0 or more; got −0.1",
            "Set momentum of batch-norm-1 to 0",
        ),
        (
            nodes.LocalResponseNormalisation(size=0),
            "size",
            "size of lrn-1 must be 1 or more; got 0",
            "Set size of lrn-1 to 1",
        ),
        (
            nodes.LeakyReLU(negative_slope=2.0),
            "negative_slope",
            "negative slope of leaky-relu-1 must be at most 1; got 2",
            "Set negative slope of leaky-relu-1 to 1",
        ),
    ],
)
def test_a_field_outside_its_limits_is_named_with_the_violated_limit(
    node: Node, field: str, message: str, label: str
) -> None:
    network = network_of(node, image=(4, 28, 28))
    node_id = network.stack[0].id
    assert problem_of(network, node_id, field).message == message
    fixed(network, node_id, field, label)


def test_an_input_outside_its_limits_is_a_problem_of_the_network() -> None:
    network = network_of(*HEAD, image=(0, 28, 28))
    assert problem_of(network, "", "input").message == "channels of the input must be 1 or more; got 0"
    assert infer(fixed(network, "", "input", "Set channels of the input to 1")).valid


def test_one_class_is_too_few() -> None:
    network = network_of(nodes.Flatten(), nodes.Dense(units=2), classes=1)
    assert_names(problem_of(network, "", "classes").message, "classes must be 2 or more", "got 1")
    assert infer(fixed(network, "", "classes", "Set classes to 2")).valid


def test_groups_that_do_not_divide_become_the_largest_that_do() -> None:
    network = network_of(C(filters=12, groups=5), *HEAD, image=(8, 9, 9))
    message = problem_of(network, "conv-1", "groups").message
    assert_names(message, "groups of conv-1", "8 input channels", "12 filters", "got 5")
    assert infer(fixed(network, "conv-1", "groups", "Set groups of conv-1 to 4")).valid


def test_groups_of_a_transposed_convolution_must_divide_too() -> None:
    network = network_of(nodes.TransposedConvolution(filters=6, groups=4), *HEAD, image=(4, 9, 9))
    assert infer(fixed(network, "transposed-conv-1", "groups", "Set groups of transposed-conv-1 to 2")).valid


def test_a_kernel_larger_than_its_input_is_shrunk() -> None:
    network = network_of(C(kernel_size=(5, 5), padding="valid"), *HEAD, image=(1, 4, 9))
    message = problem_of(network, "conv-1", "kernel_size").message
    assert_names(message, "kernel size of conv-1", "input", "4×9", "got 5×5")
    assert infer(fixed(network, "conv-1", "kernel_size", "Set kernel size of conv-1 to 4×5")).valid


def test_padding_counts_toward_the_space_for_the_kernel() -> None:
    network = network_of(C(kernel_size=(7, 7), padding=(1, 1)), *HEAD, image=(1, 4, 4))
    message = problem_of(network, "conv-1", "kernel_size").message
    assert_names(message, "kernel size of conv-1", "padded input", "6×6", "got 7×7")
    assert infer(fixed(network, "conv-1", "kernel_size", "Set kernel size of conv-1 to 6")).valid


def test_dilation_counts_toward_the_kernels_size() -> None:
    conv = C(kernel_size=(3, 3), dilation=(4, 4), padding="valid")
    network = network_of(conv, *HEAD, image=(1, 8, 8))
    message = problem_of(network, "conv-1", "kernel_size").message
    assert_names(message, "kernel size of conv-1", "input", "8×8", "got 9×9", "dilation")
    assert infer(fixed(network, "conv-1", "kernel_size", "Set padding of conv-1 to same")).valid


def test_an_image_too_small_for_a_pool_shrinks_the_pool() -> None:
    network = network_of(nodes.MaxPooling(kernel_size=(3, 3)), *HEAD, image=(1, 2, 2))
    assert infer(fixed(network, "max-pool-1", "kernel_size", "Set kernel size of max-pool-1 to 2")).valid


def test_a_pool_on_a_single_pixel_is_removed() -> None:
    network = network_of(nodes.GlobalAveragePooling(), nodes.AveragePooling(), *HEAD)
    assert infer(fixed(network, "avg-pool-1", "kernel_size", "Remove avg-pool-1")).valid


def test_a_pools_padding_is_at_most_half_its_kernel() -> None:
    network = network_of(nodes.MaxPooling(kernel_size=(3, 3), padding=(2, 1)), *HEAD)
    message = problem_of(network, "max-pool-1", "padding").message
    assert_names(message, "padding of max-pool-1", "half the kernel", "1; got 2×1")
    assert infer(fixed(network, "max-pool-1", "padding", "Set padding of max-pool-1 to 1")).valid


def test_output_padding_is_less_than_stride_or_dilation() -> None:
    node = nodes.TransposedConvolution(stride=(2, 3), output_padding=(2, 2))
    network = network_of(node, *HEAD)
    label = "Set output padding of transposed-conv-1 to 1×2"
    assert infer(fixed(network, "transposed-conv-1", "output_padding", label)).valid


def test_a_transposed_convolution_must_not_crop_its_whole_output() -> None:
    node = nodes.TransposedConvolution(kernel_size=(2, 2), padding=(3, 3))
    network = network_of(node, *HEAD, image=(1, 2, 2))
    assert problem_of(network, "transposed-conv-1", "padding").found == "3, which leaves −2×−2"
    assert infer(
        fixed(network, "transposed-conv-1", "padding", "Set padding of transposed-conv-1 to 0")
    ).valid


def test_dense_on_feature_maps_needs_flatten_before_it() -> None:
    network = network_of(nodes.Dense(units=10))
    message = problem_of(network, "dense-1", "input").message
    assert_names(message, "input of dense-1", "vector", "got feature maps of 1 × 28 × 28")
    after = fixed(network, "dense-1", "input", "Insert flatten before dense-1")
    assert [node.id for node in after.stack] == ["flatten-1", "dense-1"]
    assert infer(after).valid


def test_dense_inside_a_container_gets_its_flatten_there() -> None:
    network = network_of(nodes.Branches(branches=((C(), nodes.Dense(units=10)),)))
    after = fixed(network, "dense-1", "input", "Insert flatten before dense-1")
    assert infer(after).valid


@pytest.mark.parametrize(
    "node",
    [
        C(),
        nodes.TransposedConvolution(),
        nodes.Upsampling(),
        nodes.MaxPooling(),
        nodes.AveragePooling(),
        nodes.GlobalAveragePooling(),
        nodes.LocalResponseNormalisation(),
    ],
)
def test_layers_that_need_feature_maps_cannot_follow_flatten(node: Node) -> None:
    network = network_of(nodes.Flatten(), node, nodes.Dense(units=10))
    name = network.stack[1].id
    message = problem_of(network, name, "input").message
    assert_names(message, f"input of {name}", "maps (channels × height × width)", "got a vector of 784")
    assert infer(fixed(network, name, "input", f"Remove {name}")).valid


def test_a_shortcut_with_other_channels_is_projected() -> None:
    body = (C(filters=48), nodes.BatchNormalisation(), nodes.ReLU(), C(filters=48))
    network = network_of(nodes.Skip(body=body), *HEAD, image=(32, 16, 16))
    problem = problem_of(network, "skip-1", "merge")
    assert_names(problem.message, "skip-1", "body", "48 × 16 × 16", "shortcut 32 × 16 × 16", "equal shapes")
    assert (problem.expected, problem.found) == ("48 × 16 × 16", "32 × 16 × 16")
    after = fixed(network, "skip-1", "merge", "Project the shortcut to 48")
    skip = find(after, "skip-1")
    assert isinstance(skip, nodes.Skip)
    assert skip.body == find(network, "skip-1").body  # type: ignore[union-attr]
    conv, norm = skip.shortcut
    assert conv == C(id="conv-3", filters=48, kernel_size=(1, 1), padding="valid", bias=False)
    assert norm == nodes.BatchNormalisation(id="batch-norm-2")
    assert infer(after).valid


def test_a_shortcut_is_projected_at_the_stride_that_gives_the_size() -> None:
    network = network_of(nodes.Skip(body=(C(filters=8, stride=(2, 3)),)), *HEAD, image=(8, 15, 15))
    after = fixed(network, "skip-1", "merge", "Project the shortcut to 8 × 8 × 5")
    shortcut = find(after, "skip-1").shortcut  # type: ignore[union-attr]
    assert shortcut == (C(id="conv-2", filters=8, kernel_size=(1, 1), stride=(2, 3), padding="valid"),)


def test_a_body_that_enlarges_gets_an_enlarged_shortcut() -> None:
    network = network_of(nodes.Skip(body=(nodes.TransposedConvolution(filters=4),)), *HEAD)
    after = fixed(network, "skip-1", "merge", "Project the shortcut to 4 × 56 × 56")
    assert infer(after).valid


def test_a_body_that_loses_its_border_is_padded_where_no_stride_gives_its_size() -> None:
    body = (C(filters=1, kernel_size=(5, 5), padding="valid"),)
    network = network_of(nodes.Skip(body=body), *HEAD, image=(1, 32, 32))
    assert infer(fixed(network, "skip-1", "merge", "Pad inside skip-1 to keep the size")).valid


def test_a_body_that_loses_its_border_and_changes_channels_is_padded_and_projected() -> None:
    body = (C(filters=6, kernel_size=(5, 5), padding="valid"),)
    network = network_of(nodes.Skip(body=body), *HEAD, image=(1, 32, 32))
    assert infer(fixed(network, "skip-1", "merge", "Pad inside skip-1 and project the shortcut")).valid


def test_a_wrong_shortcut_around_a_body_that_keeps_the_shape_is_cleared() -> None:
    network = network_of(nodes.Skip(body=(nodes.ReLU(),), shortcut=(C(filters=7),)), *HEAD)
    assert infer(fixed(network, "skip-1", "merge", "Clear the shortcut")).valid


def test_concatenate_needs_only_equal_height_and_width() -> None:
    fitting = network_of(nodes.Skip(body=(C(filters=7),), merge="concatenate"), *HEAD)
    assert infer(fitting).valid
    network = network_of(nodes.Skip(body=(C(filters=7, stride=(2, 2)),), merge="concatenate"), *HEAD)
    assert_names(problem_of(network, "skip-1", "merge").message, "concatenate", "equal height and width")
    after = fixed(network, "skip-1", "merge", "Project the shortcut to 1 × 14 × 14")
    assert infer(after).nodes["skip-1"].output == (8, 14, 14)


def test_branches_of_different_sizes_are_projected_to_the_smallest() -> None:
    paths = ((C(filters=4),), (C(filters=5), nodes.MaxPooling()), (nodes.Upsampling(),))
    network = network_of(nodes.Branches(branches=paths), *HEAD)
    message = problem_of(network, "branches-1", "merge").message
    shapes = "4 × 28 × 28, 5 × 14 × 14, 1 × 56 × 56"
    assert_names(message, "branches-1", shapes, "concatenate", "equal height and width")
    after = fixed(network, "branches-1", "merge", "Project the branches to 14 × 14")
    assert infer(after).valid
    assert infer(after).nodes["branches-1"].output == (10, 14, 14)


def test_branches_that_are_added_must_agree_in_channels_too() -> None:
    paths = ((C(filters=4),), (C(filters=5),))
    network = network_of(nodes.Branches(branches=paths, merge="add"), *HEAD)
    assert infer(fixed(network, "branches-1", "merge", "Project the branches to 4 × 28 × 28")).valid


def test_an_inception_block_without_padding_is_padded() -> None:
    paths = tuple((C(filters=2, kernel_size=(k, k), padding="valid"),) for k in (1, 3, 5))
    network = network_of(nodes.Branches(branches=paths), *HEAD)
    assert infer(fixed(network, "branches-1", "merge", "Pad and project the branches to 28 × 28")).valid


def test_an_empty_body_is_a_problem() -> None:
    network = network_of(nodes.Skip(), *HEAD)
    assert_names(problem_of(network, "skip-1", "body").message, "body of skip-1", "at least one", "got none")
    assert infer(fixed(network, "skip-1", "body", "Remove skip-1")).valid


def test_branches_need_a_branch_and_an_empty_one_is_the_identity() -> None:
    network = network_of(nodes.Branches(), *HEAD)
    assert infer(fixed(network, "branches-1", "branches", "Remove branches-1")).valid
    assert infer(network_of(nodes.Branches(branches=((),)), *HEAD)).valid


def test_an_empty_network_is_a_problem_and_a_head_fixes_it() -> None:
    network = network_of()
    assert_names(problem_of(network, "", "output").message, "10 classes", "empty")
    assert infer(fixed(network, "", "output", "Add a classifier head")).valid


def test_a_last_dense_layer_of_the_wrong_size_is_adjusted() -> None:
    network = network_of(nodes.Flatten(), nodes.Dense(units=7))
    assert_names(problem_of(network, "", "output").message, "10 classes", "got 7 values")
    assert infer(fixed(network, "", "output", "Set units of dense-1 to 10")).valid


def test_a_hidden_layer_at_the_end_gets_a_head_after_it() -> None:
    network = network_of(nodes.Flatten(), nodes.Dense(units=128), nodes.ReLU())
    assert infer(fixed(network, "", "output", "Add a classifier head")).output == (10,)


def test_feature_maps_at_the_end_get_a_head() -> None:
    network = network_of(C(filters=32))
    assert infer(fixed(network, "", "output", "Add a classifier head")).valid


def test_one_pixel_per_class_needs_only_flatten() -> None:
    network = network_of(C(filters=10), nodes.GlobalAveragePooling())
    assert infer(fixed(network, "", "output", "Add a flatten layer")).valid


def test_implausible_sizes_are_a_problem_and_nothing_is_computed_from_them() -> None:
    grow = nodes.Upsampling(scale=(64, 64))
    network = network_of(grow, grow, grow, nodes.GlobalAveragePooling(), nodes.Flatten(), nodes.Dense())
    report = infer(network)
    (problem,) = report.problems
    assert (problem.node, problem.field) == ("upsample-3", "output")
    assert report.nodes["upsample-3"].output is None
    assert infer(fixed(network, "upsample-3", "output", "Remove upsample-3")).valid


def test_implausibly_many_weights_are_a_problem() -> None:
    network = network_of(C(filters=65_536, kernel_size=(1, 1)), C(filters=65_536, kernel_size=(512, 512)))
    assert [(f.node, f.field) for f in infer(network).problems] == [("conv-2", "parameters")]


@pytest.mark.parametrize(
    ("stack", "groups", "label"),
    [
        ((), 8, "Set groups of group-norm-1 to 6"),
        ((), 4, "Set groups of group-norm-1 to 3"),
        ((), 7_000, "Set groups of group-norm-1 to 6"),
        ((nodes.GlobalAveragePooling(),), 6, "Set groups of group-norm-1 to 3"),
        ((nodes.GlobalAveragePooling(), nodes.Flatten()), 6, "Set groups of group-norm-1 to 3"),
        ((nodes.Flatten(), nodes.Dense(units=7)), 7, "Set groups of group-norm-1 to 1"),
        ((nodes.Flatten(), nodes.Dense(units=1)), 1, "Remove group-norm-1"),
    ],
)
def test_the_groups_of_group_norm_divide_the_channels_and_hold_several_values(
    stack: tuple[Node, ...], groups: int, label: str
) -> None:
    network = network_of(*stack, nodes.GroupNormalisation(groups=groups), image=(6, 5, 5))
    problem = problem_of(network, "group-norm-1", "groups")
    assert_names(problem.message, "groups of group-norm-1", "divisor of the", f"got {groups:,}")
    fixed(network, "group-norm-1", "groups", label)
