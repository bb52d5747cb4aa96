"""What the page of module 03 has to say, fact by fact; the words are ours."""

import re
from functools import cache
from pathlib import Path

import pytest
from reading import Page

pytestmark = [pytest.mark.needs("the site's packages"), pytest.mark.thorough]

# "…" stands for whatever comes between.
FACTS = (
    "03 Layers",
    "FOUNDATION TIER | Difficulty: ⭐⭐ (2/4) | Time: 4-5 hours",
    "Prerequisites: 01 Tensor, 02 Activations",
    "Next: 04 Losses",
    "🚀 Launch Binder",
    "⚡ Open in Colab",
    "📖 View source",
    "a layer is a function from tensors to tensors",
    # What one can do who is through.
    "a function with parameters, made to be chained",
    "write a Linear layer, y = xW + b, … Xavier",
    "hand an optimizer exactly the numbers that it may change",
    "write Dropout, and explain why it multiplies in training",
    "what it costs in memory and in arithmetic",
    "Build → Use → Reflect … Build: you write … Use: … digits … Reflect: you measure",
    # The implementation guide, and what its code prints.
    "y = xW + b … layer = Linear(784, 256)",
    "Output shape: (32, 256)",
    "Weight shape: (784, 256)",
    "Bias shape: (256,)",
    "Total params: 200,960",
    "sqrt(1 / in_features) … vanish … explode … Xavier",
    "parameters() returns the tensors … requires_grad=True … optimizer",
    "bias=False … normalization",
    "dropout = Dropout(p=0.5)",
    "dropout(x, training=True)",
    "dropout(x, training=False)",
    "Tensor([1., 2., 3., 4.])",
    "multiplies the others by 1 / (1 - p) … expected value … inverted dropout",
    "No container is needed",
    "Linear(784, 256) … Dropout(0.5) … Linear(256, 128) … Dropout(0.3) … Linear(128, 10)",
    "Logits of the ten classes: (32, 10)",
    "Tensors to train: 6, three weights and three biases",
    "Numbers in them: 235,146",
    # Getting started.
    "source bin/activate-tinytorch.sh",
    "tito test --module tensor",
    "tito test --module activations",
    "modules/03_layers/layers_dev.py",
    "Write Linear: __init__ … forward … parameters()",
    "Write Dropout: … training and in use, a mask … the scale",
    "Test composition",
    "tito module complete 03 && tito test --module layers",
    # Testing.
    "python -m pytest tests/ -k layers -v",
    "🔬 Unit Test: Linear Layer... ✅ Linear layer computes y = xW + b correctly",
    "✅ Weight initialization within expected Xavier range ✅ Bias initialized to zeros",
    "✅ Output shape matches expected dimensions (32, 256)",
    "✅ Parameter list contains weight and bias tensors 📈 Progress: Linear Layer ✓",
    "🔬 Unit Test: Dropout Layer... ✅ Inference mode passes through unchanged",
    "✅ Training mode zeros ~50% of elements ✅ Survivors scaled by 1/(1-p) = 2.0",
    "✅ Zero dropout (p=0.0) preserves all values ✅ Full dropout (p=1.0) zeros everything",
    "📈 Progress: Dropout Layer ✓ 🔬 Integration Test: Multi-layer Network...",
    "✅ 3-layer network processes batch: (32, 784) → (32, 10)",
    "✅ Parameter count: 235,146 parameters across 6 tensors",
    "✅ All parameters have requires_grad=True 📈 Progress: Layer Composition ✓",
    "✅ An empty batch gives an empty result: (0, 784) → (0, 256)",
    "✅ A single sample needs no batch: (784,) → (256,)",
    "✅ Without a bias, y = xW, and the weight is the only parameter",
    "✅ A probability outside [0, 1] is an error",
    "Input: (1, 784) → Output: (1, 256)",
    "Parameters: 200,960",
    "Training: ~ … of 100 survived",
    "Inference: 100 of 100 survived",
    "network = lambda x: layer3(dropout2(activation2(layer2(dropout1(activation1(layer1(x)))))))",
    # The questions.
    "Real-world applications … ResNet-50 … 2048 features … 1000 classes … size of this layer",
    "GPT-3 uses Linear layers with 12,288 inputs … memory",
    "Netflix … p=0.5 … training time and accuracy on sparse user-item interactions",
    "five Linear layers of 2 MB … quantize or prune when 500 kB are the target",
    "Mathematical foundations … sqrt(1/fan_in) … gradients … 20-layer network",
    "How many FLOPs does Linear(1024, 1024) take for a batch of 128 … Dropout",
    "p=0.5, what is the expected value of each element … scale by 1 / (1 - p)",
    "from 256 to 512 units … Linear(784, hidden) and Linear(hidden, 10)",
    "Architecture design patterns … 784-512-10 or 784-256-256-10 … generalizes better",
    "Linear → ReLU → Dropout and Linear → Dropout → ReLU",
    "When is bias=False safe … batch normalization",
    "container … debugging … convenience",
    "Performance characteristics … Linear(4096, 4096) … L3 cache … speed of training",
    "From a batch of 1 to one of 512 … samples per second … bottleneck",
    "dropout adds 2% to the training time … mask, multiplying, or memory",
    "100-layer network … parameters or activations … gradient checkpointing",
    "175 billion parameters of GPT-3 … ResNet's 25 million",
    "💾 Save your progress … A session on Binder is temporary: download",
    "← 02 Activations · 04 Losses →",
)


@cache
def text_of(page: Path) -> str:
    return Page(page).text


@pytest.mark.parametrize("fact", FACTS)
def test_the_page_of_module_03_says(fact: str, site: Path) -> None:
    sought = " ?.* ?".join(re.escape(part.strip()) for part in fact.split("…"))
    assert re.search(sought, text_of(site / "modules" / "layers.html"))


HEADINGS = (
    "Overview",
    "Learning objectives",
    "Build → Use → Reflect",
    "Implementation guide",
    "Getting started",
    "Prerequisites",
    "Development workflow",
    "Testing",
    "What is checked",
    "Trying it by hand",
    "Systems questions",
    "Real-world applications",
    "Mathematical foundations",
    "Architecture design patterns",
    "Performance characteristics",
    "Ready to build?",
)


def test_the_parts_of_the_page_are_in_their_order(site: Path) -> None:
    html = (site / "modules" / "layers.html").read_text(encoding="utf-8")
    found = re.findall(r"<h[23]>(.+?)<a", html)
    assert [heading for heading in found if heading in HEADINGS] == list(HEADINGS)


def test_each_of_the_sixteen_questions_leads_to_its_experiment(site: Path) -> None:
    links = Page(site / "modules" / "layers.html").links
    assert len({link for link in links if link.startswith("../experiments/layers/")}) == 16
