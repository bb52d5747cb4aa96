"""The page about how long a learner waits: what it says of what was measured."""

from benchmarks.feedback import Wait, page


def test_a_wait_is_judged_by_its_median() -> None:
    assert Wait("x", [0.1, 0.1, 9.0], most=0.2).row == "| x | 0.100 s | 9.000 s |  | 0.2 s | yes |"
    assert Wait("x", [0.1, 0.3, 0.3], most=0.2).row.endswith("| 0.2 s | NO |")


def test_a_wait_may_be_judged_by_the_yardstick() -> None:
    wait = Wait("x", [1.0], yardsticks=[3.5], most_yardsticks=3)
    assert wait.row == "| x | 1.000 s | 1.000 s | 3.50 | 3 yardsticks | NO |"


def test_the_page_has_each_wait_and_the_machine() -> None:
    text = page([Wait("one", [1.0]), Wait("two", [2.0])], {"Processor": "a fast one"})
    assert "| one | 1.000 s |" in text
    assert "| two | 2.000 s |" in text
    assert "| Processor | a fast one |" in text
