"""Has plain pytest run the checks of all modules: `python -m pytest tests/ -k layers -v`.

They are beside the lessons, in `modules/NN_name/checks.py`, and judge what `tito test` judges.
"""

from tito.checks.plain_pytest import (
    pytest_collect_file,
    pytest_collection_finish,
    pytest_report_collectionfinish,
)

__all__ = ["pytest_collect_file", "pytest_collection_finish", "pytest_report_collectionfinish"]
