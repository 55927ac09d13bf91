import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from backmarket import states
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.selectors import balance, ledger_sum
from buyback import photos
from buyback.models import CounterOffer, EvidencePhoto, Inspection, Trade
from buyback.photos import InvalidPhoto, clean_photo
from buyback.services import inspections
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.grading import grade_inspection, grade_pending_devices
from buyback.services.inspections import CannotAnswer, CannotCounter, CannotSuspend
from buyback.services.settling import CannotValidate
from catalog.grading import InvalidSheet
from catalog.models import Unit
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, graded, offer, photo, received, sheet, validated

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def fresh(trade: Trade) -> Trade:
    return Trade.objects.get(pk=trade.pk)


def test_the_plant_has_two_business_days_from_receipt(plant: Refurbisher, carol: User) -> None:
    friday = datetime(2026, 11, 27, 16, tzinfo=PARIS)
    assert received(plant, carol, friday).due_at == datetime(2026, 12, 2, tzinfo=PARIS)


def test_the_gate_may_scan_before_the_courier(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    inspections.receive_trade(trade, by="system:test", at=now + timedelta(days=1))
    assert (fresh(trade).status, fresh(trade).collected_at) == ("received", now + timedelta(days=1))
    with pytest.raises(states.IllegalMove):
        inspections.receive_trade(trade, by="system:test", at=now + timedelta(days=2))


def test_a_sheet_is_kept_then_graded_by_the_job_once(plant: Refurbisher, carol: User, bob: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    inspection = inspections.submit_inspection(trade, sheet=sheet(), note="Tidy.", by=bob, at=now)
    assert (fresh(trade).status, inspection.graded_at, inspection.technician) == ("inspected", None, bob)
    assert grade_pending_devices(now) == 1
    assert grade_pending_devices(now) == 0
    assert not grade_inspection(inspection.pk, now)
    inspection.refresh_from_db()
    assert (inspection.grade_reachable, inspection.condition_found) == ("premium", "FUNCTIONAL_FLAWLESS")
    assert len(inspection.verdict["checks"]) == len(sheet())


def test_an_incomplete_sheet_names_its_check_and_keeps_nothing(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    with pytest.raises(InvalidSheet) as refusal:
        inspections.submit_inspection(trade, sheet=sheet(touch="maybe"), note="", by="system:test", at=now)
    assert (refusal.value.field, fresh(trade).status, Inspection.objects.count()) == ("touch", "received", 0)


def test_nothing_is_validated_before_its_grade(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    with pytest.raises(CannotValidate):
        inspections.validate_trade(trade, by="system:test", at=now)
    inspections.submit_inspection(trade, sheet=sheet(), note="", by="system:test", at=now)
    with pytest.raises(CannotValidate):
        inspections.validate_trade(trade, by="system:test", at=now)
    assert ledger_sum().get("EUR", 0) == 0


def test_validation_owes_the_price_and_takes_the_unit_in(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    assert balance("plant", str(plant.pk)) == Money(-25_000, "EUR")
    assert balance("consumer", str(carol.pk)) == Money(25_000, "EUR")
    assert ledger_sum() == {"EUR": 0}
    unit = trade.unit
    assert unit is not None
    assert (unit.identifier, unit.plant, unit.purchase_minor, unit.vat_scheme, unit.status) == (
        trade.identifier,
        plant,
        25_000,
        "MARGINAL",
        "in_workshop",
    )


def test_a_number_in_stock_already_keeps_no_seller_waiting(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = graded(plant, carol, now)
    Unit.objects.create(variant=trade.variant, plant=plant, identifier=trade.identifier, currency="EUR", created_at=now)
    inspections.validate_trade(trade, by="system:test", at=now)
    assert (fresh(trade).status, fresh(trade).unit) == ("validated", None)


BAD_OFFERS: list[tuple[dict[str, Any], str | None]] = [
    ({"price": Money(25_000, "EUR")}, "price"),
    ({"price": Money(0, "EUR")}, "price"),
    ({"price": Money(18_000, "USD")}, "price"),
    ({"reasons": []}, "reasons"),
    ({"reasons": [{"reason": "greed", "question": "screen"}]}, "reasons"),
    ({"reasons": [{"reason": "esthetics", "question": "never_asked"}]}, "reasons"),
    ({"comment": "   "}, "comment"),
    ({"comment": "x" * 201}, "comment"),
    ({"photos": []}, "photos"),
]


@pytest.mark.parametrize(("changes", "field"), BAD_OFFERS)
def test_a_counter_offer_without_proof_reason_or_sense_is_refused(
    plant: Refurbisher, carol: User, now: datetime, changes: dict[str, Any], field: str | None
) -> None:
    trade = graded(plant, carol, now, screen_marks="cracked")
    with pytest.raises(CannotCounter) as refusal:
        inspections.make_counter_offer(trade, **offer(**changes), at=now)
    assert refusal.value.field == field
    assert (fresh(trade).status, CounterOffer.objects.count(), EvidencePhoto.objects.count()) == ("inspected", 0, 0)


def test_a_counter_offer_waits_seven_days_for_an_answer(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = countered(plant, carol, now)
    made = trade.counter_offer
    assert (trade.status, trade.due_at, made.answer_by) == ("countered", made.answer_by, made.answer_by)
    assert made.answer_by == datetime(2026, 12, 1, tzinfo=PARIS)
    assert trade.price_minor == 25_000
    with pytest.raises(CannotCounter):
        inspections.make_counter_offer(trade, **offer(price=Money(9_000, "EUR")), at=now)


def test_an_accepted_counter_offer_is_paid_at_its_price(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = countered(plant, carol, now)
    inspections.answer_counter_offer(trade, accept=True, by=carol, at=now)
    assert (fresh(trade).status, fresh(trade).price_minor, fresh(trade).quoted_minor) == ("validated", 18_000, 25_000)
    assert balance("consumer", str(carol.pk)) == Money(18_000, "EUR")
    with pytest.raises(CannotAnswer):
        inspections.answer_counter_offer(trade, accept=False, by=carol, at=now)


def test_a_refused_counter_offer_sends_the_device_back_free(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = countered(plant, carol, now)
    inspections.answer_counter_offer(trade, accept=False, by=carol, at=now)
    back = fresh(trade)
    assert back.return_parcel is not None
    assert (back.status, back.return_parcel.purpose, back.return_parcel.recipient, back.counter_offer.answer) == (
        "returning",
        "trade_return",
        back.address,
        "refused",
    )
    assert ledger_sum().get("EUR", 0) == 0


def test_silence_is_never_consent(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = countered(plant, carol, now)
    answer_by = trade.counter_offer.answer_by
    assert watch_trade_deadlines(answer_by - timedelta(seconds=1)) == 0
    assert watch_trade_deadlines(answer_by) == 1
    assert watch_trade_deadlines(answer_by) == 0
    assert (fresh(trade).status, fresh(trade).counter_offer.answer, fresh(trade).price_minor) == (
        "returning",
        "silent",
        25_000,
    )


def test_an_answer_after_the_time_is_refused_before_any_job_has_noticed(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = countered(plant, carol, now)
    with pytest.raises(CannotAnswer):
        inspections.answer_counter_offer(trade, accept=True, by=carol, at=trade.counter_offer.answer_by)
    assert fresh(trade).status == "countered"


def test_a_late_plant_pays_the_quoted_price(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    assert trade.due_at is not None
    assert watch_trade_deadlines(trade.due_at - timedelta(seconds=1)) == 0
    assert watch_trade_deadlines(trade.due_at) == 1
    assert (fresh(trade).status, fresh(trade).price_minor) == ("validated", 25_000)
    assert balance("consumer", str(carol.pk)) == Money(25_000, "EUR")


def test_inspected_and_not_decided_in_time_is_late_too(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = graded(plant, carol, now, screen_marks="cracked")
    assert trade.due_at is not None
    assert watch_trade_deadlines(trade.due_at) == 1
    assert (fresh(trade).status, fresh(trade).price_minor) == ("validated", 25_000)


def test_not_collected_in_21_days_is_closed(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    assert watch_trade_deadlines(now + timedelta(days=21)) == 0
    assert watch_trade_deadlines(now + timedelta(days=22)) == 1
    closed = fresh(trade)
    assert closed.parcel is not None
    assert (closed.status, closed.parcel.status) == ("expired", "cancelled")


def test_a_suspended_device_waits_14_days_then_goes_back(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    with pytest.raises(CannotSuspend):
        inspections.suspend_trade(trade, reason="mood", by="system:test", at=now)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=now)
    assert (fresh(trade).suspension, fresh(trade).due_at) == ("locked", datetime(2026, 12, 8, tzinfo=PARIS))
    assert watch_trade_deadlines(datetime(2026, 12, 8, tzinfo=PARIS)) == 1
    assert fresh(trade).status == "returning"


def test_a_mended_device_is_inspected_again_on_a_new_clock(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = graded(plant, carol, now)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=now)
    later = now + timedelta(days=3)
    inspections.resume_trade(trade, by="system:test", at=later)
    assert (fresh(trade).status, fresh(trade).suspension, fresh(trade).due_at) == (
        "received",
        "",
        datetime(2026, 12, 1, tzinfo=PARIS),
    )
    inspections.submit_inspection(trade, sheet=sheet(touch="fail"), note="", by="system:test", at=later)
    assert grade_pending_devices(later) == 1
    assert Inspection.objects.get().grade_reachable == ""
    with pytest.raises(states.IllegalMove):
        inspections.resume_trade(trade, by="system:test", at=later)


def test_a_photo_comes_out_as_our_own_jpeg_without_its_past(now: datetime) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    clean = clean_photo(photo((3_000, 1_000), exif=exif.tobytes()))
    with Image.open(io.BytesIO(clean.read())) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (2_000, 667), {})
    assert clean.name is not None
    assert clean.name.endswith(".jpg")
    assert "evil" not in clean.name


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_photo_formats_are_understood(kind: str) -> None:
    assert clean_photo(photo(kind=kind)).size > 0


def test_what_is_no_photo_or_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    wrong = [SimpleUploadedFile("a.jpg", b"<?php"), SimpleUploadedFile("a.jpg", b""), photo(kind="GIF")]
    torn = photo((400, 400))
    wrong.append(SimpleUploadedFile("a.jpg", torn.read()[:300]))
    for file in wrong:
        with pytest.raises(InvalidPhoto):
            clean_photo(file)
    monkeypatch.setattr(photos, "MAX_BYTES", 10)
    with pytest.raises(InvalidPhoto):
        clean_photo(photo())


def test_a_picture_of_too_many_pixels_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MAX_PIXELS", 100)
    monkeypatch.setattr(Image.Image, "convert", lambda *args: pytest.fail("decoded"))
    with pytest.raises(InvalidPhoto):
        clean_photo(photo())
