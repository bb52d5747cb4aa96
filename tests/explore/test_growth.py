"""How parameters grow with the width."""

from quick import answer_of


def test_deep_and_wide_networks_come_near_the_square_of_the_factor() -> None:
    answer = answer_of("growth", inputs=1, outputs=1, hidden=200, factor=3, hidden_layers=4)
    ratio = answer.values["ratios"]["4 hidden layers"]
    assert ratio == (1801 + 3 * 600 * 601) / (601 + 3 * 200 * 201)
    assert 8.9 < ratio < 9
