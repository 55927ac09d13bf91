import pytest

from buyback.identifiers import (
    HolderIsNotSeller,
    InvalidDocument,
    InvalidIban,
    InvalidIdentifier,
    check_holder,
    checked_document,
    checked_iban,
    checked_identifier,
)


@pytest.mark.parametrize("text", ["353982100000001", " 35-398210-000000-1 ", "35398210 0000001"])
def test_an_imei_is_kept_as_its_15_digits(text: str) -> None:
    assert checked_identifier("imei", text) == "353982100000001"


@pytest.mark.parametrize(
    "text", ["353982100000004", "000000000000000", "35398210000000", "3539821000000010", "35398210000000X", ""]
)
def test_an_imei_with_a_wrong_digit_length_or_only_zeros_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier) as refusal:
        checked_identifier("imei", text)
    assert refusal.value.field == "identifier"


@pytest.mark.parametrize("text", ["c02xk0asjg5h", "C02-XK0 ASJG5H"])
def test_a_serial_number_is_kept_in_capitals_without_separators(text: str) -> None:
    assert checked_identifier("serial", text) == "C02XK0ASJG5H"


@pytest.mark.parametrize("text", ["AB12", "A" * 21, "SN#12345", "00000", ""])
def test_a_serial_number_has_5_to_20_letters_and_digits(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        checked_identifier("serial", text)


def test_an_iban_is_kept_without_spaces() -> None:
    assert checked_iban("fr76 3000 6000 0112 3456 7890 189") == "FR7630006000011234567890189"


@pytest.mark.parametrize(
    "text", ["FR7630006000011234567890188", "FR76", "XX7630006000011234567890189", "", "FR7630006000011234567890180 1"]
)
def test_an_iban_with_a_wrong_digit_country_or_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidIban) as refusal:
        checked_iban(text)
    assert refusal.value.field == "iban"


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        ("Carol Petit", "Carol Petit"),
        ("PETIT Carol", "Carol Petit"),
        ("Max Roux et Carol Petit", "Carol Petit"),
        ("Mme Hélène LEFÈVRE", "Helene Lefevre"),
        ("Jean Dupont", "Jean-Marc Dupont"),
        ("Anne-Marie Müller", "anne marie muller"),
    ],
)
def test_the_holder_may_be_written_in_any_order_case_and_accents(holder: str, name: str) -> None:
    check_holder(holder, name)


@pytest.mark.parametrize(("holder", "name"), [("Petit", "Carol Petit"), ("Carl Petit", "Carol Petit"), ("", "A B")])
def test_another_holder_is_refused(holder: str, name: str) -> None:
    with pytest.raises(HolderIsNotSeller) as refusal:
        check_holder(holder, name)
    assert refusal.value.field == "holder"


def test_a_document_number_is_letters_and_digits() -> None:
    assert checked_document(" 19fv 12345 ") == "19FV12345"
    with pytest.raises(InvalidDocument):
        checked_document("<script>")
