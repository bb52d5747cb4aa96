"""The last layer of ResNet-50."""

import pytest
from quick import answer_of, program_of

resnet_head = program_of("resnet_head")
# Parameters of the published models, and billions of multiply-adds in the paper's table 1.
PUBLISHED = {"50": (25_557_032, 3.8), "101": (44_549_160, 7.6), "152": (60_192_808, 11.3)}


@pytest.mark.parametrize("depth", PUBLISHED)
def test_the_network_has_the_published_numbers(depth: str) -> None:
    parameters, billions = PUBLISHED[depth]
    found = answer_of("resnet-head", depth=depth, seconds=0.01).values
    assert found["network_parameters"] == parameters
    assert found["network_flops"] / 2 == pytest.approx(billions * 1e9, rel=0.03)


def test_a_stage_is_the_sum_of_its_convolutions_and_the_head_of_its_loops() -> None:
    """Stage 2 written out: three blocks at 56 by 56, the first with a shortcut of its own."""
    _, stage, *_, head = resnet_head.parts_of(resnet_head.Settings(classes=3)).values()
    kernels = [(64, 64, 1), (64, 64, 9), (64, 256, 1), (64, 256, 1)]
    kernels += 2 * [(256, 64, 1), (64, 64, 9), (64, 256, 1)]
    assert stage[0] == sum(n * m * k + 2 * m for n, m, k in kernels)
    assert stage[1] == 2 * 56 * 56 * sum(n * m * k for n, m, k in kernels)
    assert list(head) == [3 * 2048 + 3, sum(2 for _class in range(3) for _feature in range(2048))]


def test_with_all_classes_of_imagenet_the_head_is_the_larger_part() -> None:
    answer = answer_of("resnet-head", classes=21_841, seconds=0.01, batch=1)
    assert answer.values["share_of_parameters"] > 0.5
    assert "the head is the larger part" in answer.why
