"""What is told of a gate that could not be run quotes nothing that could not be read."""

import pytest
from sqlalchemy.exc import DataError

from gates.settings import ConfigurationError
from gates.warehouse import WarehouseUnavailableError
from validate import fault_of

PLANTED = "ada@example.com"


def raised(error: Exception) -> Exception:
    try:
        try:
            raise ValueError(PLANTED)
        except ValueError as cause:
            raise error from cause
    except type(error) as caught:
        return caught


# SQLAlchemy's errors have a code too, which is not one of ours.
@pytest.mark.parametrize("error", [KeyError(PLANTED), DataError(PLANTED, {"email": PLANTED}, ValueError(PLANTED))])
def test_of_an_error_that_is_not_ours_the_class_is_told_and_the_log_says_where(
    error: Exception, capsys: pytest.CaptureFixture[str]
):
    fault = fault_of(raised(error))
    log = capsys.readouterr().err
    assert fault["code"] == type(error).__name__
    assert "log says where" in fault["message"]
    assert PLANTED not in fault["message"]
    assert type(error).__name__ in log
    assert "ValueError" in log
    assert "test_faults.py" in log
    assert PLANTED not in log


@pytest.mark.parametrize("error", [ConfigurationError("PROJECT_ID is missing."), WarehouseUnavailableError("away")])
def test_our_own_errors_are_told_with_their_code_and_what_they_say(error: Exception):
    assert fault_of(error) == {"code": type(error).code, "message": str(error)}
