"""The memory of GPT-3."""

import numpy as np
import pytest
from quick import answer_of, program_of, quickly

gpt3_memory = program_of("gpt3_memory")
# Width, blocks and heads by billions of parameters: Brown et al. (2020), table 2.1, which rounds.
PAPER = {0.125: (768, 12, 12), 0.35: (1024, 24, 16), 1.3: (2048, 24, 24), 6.7: (4096, 32, 32)}
PAPER[175.0] = (12_288, 96, 96)


@pytest.mark.parametrize("billions", PAPER)
def test_the_models_of_the_paper_have_the_parameters_it_says(billions: float) -> None:
    width, blocks, heads = PAPER[billions]
    found = quickly("gpt3-memory", width=width, blocks=blocks, heads=heads).values["parameters"]
    assert found == pytest.approx(billions * 1e9, rel=0.02)


def test_a_small_model_is_the_sum_of_its_arrays_and_keeps_keys_and_values_of_all_tokens() -> None:
    d, blocks, vocabulary, context = 64, 3, 11, 5
    arrays = [np.zeros((vocabulary, d)), np.zeros((context, d)), np.zeros(d), np.zeros(d)]
    for _block in range(blocks):
        for inputs, outputs in [(d, d)] * 4 + [(d, 4 * d), (4 * d, d)]:
            arrays += [np.zeros((inputs, outputs)), np.zeros(outputs)]
        arrays += [np.zeros(d)] * 4
    given = {"width": d, "blocks": blocks, "vocabulary": vocabulary, "context": context}
    values = quickly("gpt3-memory", sequences=2, **given).values
    assert values["parameters"] == sum(array.size for array in arrays)
    one = np.zeros((context, d), np.float16)
    assert values["bytes"]["keys and values, float16"] == 2 * blocks * 2 * one.nbytes


def test_activations_are_those_of_the_published_formula() -> None:
    """Korthikanti et al. (2022): `s b h (34 + 5 a s / h)` bytes a layer, multiplied out."""
    found = quickly("gpt3-memory", blocks=2, width=12_288, heads=96, context=2048).values["bytes"]
    expected = 2 * (34 * 2048 * 12_288 + 5 * 96 * 2048 * 2048)
    assert found["training: activations"] == expected


def test_a_layer_without_parameters_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpt3_memory.Linear, "parameters", lambda layer: [])
    answer = answer_of("gpt3-memory", measured_width=20, seconds=0.01)
    assert "The Linear in use has 0 parameters where n · m + m is 420." in answer.headline
    assert "cannot be said" in answer.why
    assert "infinity" not in answer.why


def test_the_answer_is_about_the_linear_layers_and_counts_the_one_in_use() -> None:
    answer = answer_of("gpt3-memory", measured_width=20, seconds=0.01)
    linear = 96 * (12 * 12_288**2 + 9 * 12_288)
    assert answer.values["linear_parameters"] == linear
    assert answer.truth == 2 * linear / 1e9
    assert answer.values["accelerators"] == 5
    assert answer.values["measured_parameters"] == 20 * 20 + 20
    assert answer.values["measured_bytes"] == 4 * 420
