"""The gate of landing/, on files as people drop them."""

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from gates import landed_rows
from gates.landing import check_file

HEADER = "order_id,customer_id,kind,status,country,order_time,updated_at"
GOOD = "1,12346,purchase,placed,Spain,2011-12-09T12:50:00.123456Z,2011-12-09 12:50:00"


def failing(tmp_path: Path, content: str | bytes, name: str = "orders.csv", stream: str = "orders") -> dict[str, dict]:
    file = tmp_path / "object"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    checks = check_file(file, f"landing/{stream}/{name}", stream)
    return {check.expectation: check.detail for check in checks if check.blocks}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{HEADER}\n{GOOD}\n", id="plain"),
        pytest.param(f"\ufeff{HEADER}\r\n{GOOD}\r\n", id="from a spreadsheet"),
        pytest.param(f"{HEADER}\n{GOOD}\n1,x,gift\n", id="with a bad line"),
        pytest.param(f"{HEADER}\n{GOOD}\n{GOOD}\n", id="with a line twice"),
        pytest.param(
            "order_id,kind,status,order_time,updated_at\n1,return,placed,2011-12-09,2011-12-09\n",
            id="without optional columns",
        ),
        pytest.param(
            f'{HEADER}\n1,,purchase,placed,"Spain\nand more",2011-12-09T12:50:00+01:00,2011-12-09T12:50Z\n',
            id="with a quoted line break",
        ),
    ],
)
def test_a_good_csv_file_passes(tmp_path: Path, content: str):
    assert failing(tmp_path, content) == {}


@pytest.mark.parametrize(
    ("content", "expectation"),
    [
        pytest.param("", "file_can_be_read", id="empty"),
        pytest.param(f"{HEADER}\n", "expect_table_row_count_to_be_between", id="only a header"),
        pytest.param("a,b\n1,2\n", "expect_column_to_exist(order_id)", id="other columns"),
        pytest.param(f"{HEADER},kind\n{GOOD},x\n", "file_can_be_read", id="a column twice"),
        pytest.param(b"\xff\xfe\x00o", "file_can_be_read", id="not UTF-8"),
        pytest.param(
            f"{HEADER}\n{GOOD.replace('purchase', 'gift')}\n",
            "expect_column_values_to_be_in_set(kind)",
            id="unknown kind",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD.replace('2011-12-09T', '9.12.2011 ')}\n",
            "expect_column_values_to_match_regex(order_time)",
            id="dates of another kind",
        ),
    ],
)
def test_a_file_of_another_kind_fails_and_says_why(tmp_path: Path, content: str | bytes, expectation: str):
    assert expectation in failing(tmp_path, content)


def test_no_value_of_a_file_is_told(tmp_path: Path):
    assert "planted" not in str(
        failing(tmp_path, f"{HEADER}\nplanted@example.com,planted,planted,planted,planted,planted,planted\n")
    )


def test_ndjson_numbers_may_be_numbers_or_text(tmp_path: Path):
    line = '{"order_line_id":"1-1","order_id":"1","product_id":"10001","customer_id":%s,"kind":"purchase","quantity":3,"unit_price":%s,"order_time":"2011-12-09T12:50:00Z"}\n'
    assert failing(tmp_path, line % ("12346", '"1.25"') + line % ("null", "1.25"), "lines.ndjson", "order_lines") == {}
    negative = failing(tmp_path, (line % ("1", "-2.5")).replace(":3,", ":0,"), "lines.jsonl", "order_lines")
    assert set(negative) == {
        "expect_column_values_to_be_between(quantity)",
        "expect_column_values_to_be_between(unit_price)",
    }


def test_what_the_pipeline_looks_up_is_not_asked_for_nor_checked(tmp_path: Path):
    columns = "order_line_id,order_id,product_id,kind,quantity,unit_price,order_time"
    line = "1-1,1,85123A,purchase,2,1.25,2011-12-09"
    assert failing(tmp_path, f"{columns}\n{line}\n", "lines.csv", "order_lines") == {}
    assert failing(tmp_path, f"{columns},product_price\n{line},dear\n", "lines.csv", "order_lines") == {}


def parquet(**columns: list) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


ORDERS = {
    "order_id": ["1", "2"],
    "customer_id": [12346, None],
    "kind": ["purchase", "return"],
    "status": ["placed", "placed"],
    "order_time": [datetime(2026, 11, 20, tzinfo=UTC)] * 2,
    "updated_at": [datetime(2026, 11, 20, tzinfo=UTC)] * 2,
}


def test_packed_and_typed_files_pass_as_text_does(tmp_path: Path):
    assert failing(tmp_path, gzip.compress(f"{HEADER}\n{GOOD}\n".encode()), "orders.csv.gz") == {}
    assert failing(tmp_path, parquet(**ORDERS), "orders.parquet") == {}
    kinds = failing(tmp_path, parquet(**ORDERS | {"kind": ["gift", "gift"]}), "orders.parquet")
    assert list(kinds) == ["expect_column_values_to_be_in_set(kind)"]


@pytest.mark.parametrize("end", [-1, 25, 12])
def test_a_packed_file_that_was_cut_off_fails_whole(tmp_path: Path, end: int):
    packed = gzip.compress(f"{HEADER}\n{GOOD}\n".encode())[:end]
    assert "not whole gzip" in failing(tmp_path, packed, "orders.csv.gz")["file_can_be_read"]["error"]
    typed = parquet(**ORDERS)[:end]
    assert "not whole Parquet" in failing(tmp_path, typed, "orders.parquet")["file_can_be_read"]["error"]


def test_what_is_small_packed_and_too_big_unpacked_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landed_rows, "MAX_FILE_BYTES", 2**21)
    packed = gzip.compress(b"x" * 2**22)
    assert "split it" in failing(tmp_path, packed, "orders.csv.gz")["file_can_be_read"]["error"]


RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def test_a_mapped_file_is_judged_as_rows_of_its_stream(tmp_path: Path):
    lines = f"{RETAIL}\n536365,85123A,LAMP \xa3,6,12/1/2010 8:26,2.55,17850.0,UK\nC536379,D,Discount,-1,12/1/2010 9:41,27.5,,UK\n"
    assert failing(tmp_path, lines.encode("windows-1252"), "2010.csv", "online_retail") == {}
    shifted = lines.replace("536365,", ",").replace("C536379,", ",")
    assert set(failing(tmp_path, shifted.encode("windows-1252"), "2010.csv", "online_retail")) >= {
        "expect_column_values_to_not_be_null(order_line_id)",
        "expect_column_values_to_not_be_null(kind)",
    }


def test_a_mapped_file_without_a_header_is_judged_by_its_columns(tmp_path: Path):
    click = "1,2268318,2520377,%s,1511544070\n"
    assert failing(tmp_path, click % "pv" + click % "buy", "UserBehavior.csv", "taobao_user_behavior") == {}
    assert list(failing(tmp_path, click % "look", "UserBehavior.csv", "taobao_user_behavior")) == [
        "expect_column_values_to_be_in_set(behavior)"
    ]


def test_a_name_that_does_not_say_how_to_read_the_file_fails(tmp_path: Path):
    assert "must end in" in failing(tmp_path, f"{HEADER}\n{GOOD}\n", "orders.xlsx")["file_can_be_read"]["error"]
