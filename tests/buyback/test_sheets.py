"""A sheet is kept half-filled and becomes no inspection; a report fills it in and wins over nobody."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404

from backmarket.accounts.models import User
from backmarket.events.models import Event
from buyback.access import photo_for_viewer
from buyback.diagnostics import InvalidReport
from buyback.models import DiagnosticsReport, EvidencePhoto, Inspection, SheetDraft, Trade
from buyback.photos import InvalidPhoto
from buyback.services import inspections
from buyback.services.evidence import MAX_SHEET_PHOTOS, TooManyPhotos
from buyback.services.inspections import CannotCounter, CannotInspect
from buyback.services.sheets import SheetChanged, WrongDevice, import_report, keep_draft
from refurbishers.models import Refurbisher
from tests.buyback.steps import graded, offer, photo, received, sheet
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime) -> Trade:
    return received(plant, carol, now)


@pytest.fixture
def tariq(plant: Refurbisher) -> User:
    return MemberFactory(plant=plant, role="technician").user


def keep(trade: Trade, by: User, at: datetime, *, seen: int = 0, **values: Any) -> SheetDraft:
    return keep_draft(trade, sheet=values, note="", seen=seen, by=by, at=at)


def report_of(trade: Trade, **checks: Any) -> bytes:
    return json.dumps({"identifier": trade.identifier, "tool": "Proof", "checks": checks}).encode()


def test_a_half_filled_sheet_is_kept_and_is_no_inspection(trade: Trade, bob: User, now: datetime) -> None:
    keep(trade, bob, now, touch="pass", nonsense="x", pixels="")
    draft = SheetDraft.objects.get()
    assert (draft.sheet, draft.version, draft.saved_by, draft.saved_at) == ({"touch": "pass"}, 1, bob, now)
    assert (Trade.objects.get(pk=trade.pk).status, Inspection.objects.count()) == ("received", 0)


def test_a_colleague_goes_on_and_nobody_is_overwritten_without_knowing(
    trade: Trade, bob: User, tariq: User, now: datetime
) -> None:
    keep(trade, bob, now, touch="pass")
    keep(trade, tariq, now, seen=1, touch="pass", pixels="fail")
    with pytest.raises(SheetChanged):
        keep(trade, bob, now, seen=1, touch="fail")
    assert SheetDraft.objects.get().sheet == {"touch": "pass", "pixels": "fail"}
    keep(trade, bob, now, seen=2, touch="fail")
    assert SheetDraft.objects.get().sheet == {"touch": "fail"}


def test_who_saves_twice_from_one_page_is_not_in_their_own_way(trade: Trade, bob: User, now: datetime) -> None:
    keep(trade, bob, now, touch="pass")
    keep(trade, bob, now, touch="fail")
    assert SheetDraft.objects.get().sheet == {"touch": "fail"}


def test_a_sheet_handed_in_leaves_no_draft_and_none_is_kept_after_it(trade: Trade, bob: User, now: datetime) -> None:
    keep(trade, bob, now, touch="pass")
    inspections.submit_inspection(trade, sheet=sheet(), note="", photos=[photo()], by=bob, at=now)
    assert (SheetDraft.objects.count(), Inspection.objects.get().technician) == (0, bob)
    assert [p.proof for p in EvidencePhoto.objects.all()] == [False]
    with pytest.raises(CannotInspect):
        keep(trade, bob, now, touch="fail")
    with pytest.raises(CannotInspect):
        import_report(trade, report_of(trade, touch="fail"), by=bob, at=now)
    assert (SheetDraft.objects.count(), DiagnosticsReport.objects.count()) == (0, 0)


def test_a_bad_photo_keeps_nothing_of_the_sheet(trade: Trade, bob: User, now: datetime) -> None:
    files = [photo(), SimpleUploadedFile("a.jpg", b"<svg onload=alert(1)>")]
    with pytest.raises(InvalidPhoto):
        keep_draft(trade, sheet={"touch": "pass"}, note="", seen=0, photos=files, by=bob, at=now)
    with pytest.raises(InvalidPhoto):
        inspections.submit_inspection(trade, sheet=sheet(), note="", photos=files, by=bob, at=now)
    assert (SheetDraft.objects.count(), EvidencePhoto.objects.count(), Inspection.objects.count()) == (0, 0, 0)


def test_a_sheet_holds_twenty_photos(trade: Trade, bob: User, now: datetime) -> None:
    for _half in range(2):
        files = [photo() for _ in range(MAX_SHEET_PHOTOS // 2)]
        keep_draft(trade, sheet={}, note="", seen=0, photos=files, by=bob, at=now)
    with pytest.raises(TooManyPhotos):
        keep_draft(trade, sheet={}, note="", seen=0, photos=[photo()], by=bob, at=now)
    assert EvidencePhoto.objects.count() == 20


def test_a_report_fills_empty_checks_in_and_leaves_the_technicians_choice(
    trade: Trade, bob: User, now: datetime
) -> None:
    keep(trade, bob, now, touch="fail")
    kept = import_report(trade, report_of(trade, touch="pass", pixels=True, nfc="pass"), by=bob, at=now)
    assert SheetDraft.objects.get().sheet == {"touch": "fail", "pixels": "pass"}
    assert (kept.values, [problem["code"] for problem in kept.problems]) == (
        {"touch": "pass", "pixels": "pass"},
        ["nfc"],
    )
    assert (kept.tool, kept.uploaded_by, json.loads(kept.raw)["identifier"]) == ("Proof", bob, trade.identifier)
    event = Event.objects.get(kind="trade.report_imported")
    assert event.data == {"report": str(kept.pk)}
    assert Trade.objects.get(pk=trade.pk).status == "received"


def test_a_later_report_replaces_what_an_earlier_one_had_filled_in(trade: Trade, bob: User, now: datetime) -> None:
    import_report(trade, report_of(trade, touch="fail"), by=bob, at=now)
    import_report(trade, report_of(trade, touch="pass"), by=bob, at=now + timedelta(minutes=5))
    assert SheetDraft.objects.get().sheet == {"touch": "pass"}
    assert DiagnosticsReport.objects.count() == 2


def test_the_same_report_twice_is_kept_once(trade: Trade, bob: User, now: datetime) -> None:
    first = import_report(trade, report_of(trade, touch="pass"), by=bob, at=now)
    again = import_report(trade, report_of(trade, touch="pass"), by=bob, at=now + timedelta(minutes=5))
    assert (first, DiagnosticsReport.objects.count()) == (again, 1)
    assert Event.objects.filter(kind="trade.report_imported").count() == 1


def test_separators_in_the_number_do_not_matter(trade: Trade, bob: User, now: datetime) -> None:
    number = f" {trade.identifier[:6]}-{trade.identifier[6:]} "
    content = json.dumps({"identifier": number, "checks": {"touch": "pass"}}).encode()
    assert import_report(trade, content, by=bob, at=now).values == {"touch": "pass"}


def test_a_report_about_another_device_is_refused_whole(trade: Trade, bob: User, now: datetime) -> None:
    other = json.dumps({"identifier": "353982999999999", "checks": {"touch": "pass"}}).encode()
    with pytest.raises(WrongDevice, match="another device was in the parcel"):
        import_report(trade, other, by=bob, at=now)
    with pytest.raises(InvalidReport, match="identifier"):
        import_report(trade, b'{"checks": {"touch": "pass"}}', by=bob, at=now)
    assert (DiagnosticsReport.objects.count(), SheetDraft.objects.count()) == (0, 0)


def test_a_photo_of_the_sheet_becomes_proof_only_when_an_offer_stands_on_it(
    plant: Refurbisher, carol: User, bob: User, now: datetime
) -> None:
    trade = graded(plant, carol, now, screen_marks="cracked")
    taken = [EvidencePhoto.objects.create(trade=trade, image="trades/x.jpg", proof=False, created_at=now) for _ in "ab"]
    with pytest.raises(Http404):
        photo_for_viewer(carol, trade.pk, taken[0].pk)
    inspections.make_counter_offer(trade, **offer(photos=[], kept=[taken[0].pk]), at=now)
    assert photo_for_viewer(carol, trade.pk, taken[0].pk) == taken[0]
    with pytest.raises(Http404):
        photo_for_viewer(carol, trade.pk, taken[1].pk)
    assert photo_for_viewer(bob, trade.pk, taken[1].pk) == taken[1]


def test_a_counter_offer_stands_on_no_strangers_photo(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade, other = (graded(plant, carol, now, screen_marks="cracked") for _ in range(2))
    strange = EvidencePhoto.objects.create(trade=other, image="trades/x.jpg", proof=False, created_at=now)
    with pytest.raises(CannotCounter) as refusal:
        inspections.make_counter_offer(trade, **offer(photos=[], kept=[strange.pk]), at=now)
    strange.refresh_from_db()
    assert (refusal.value.field, strange.proof, Trade.objects.get(pk=trade.pk).status) == ("kept", False, "inspected")


def test_kept_and_new_photos_are_eight_at_most(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = graded(plant, carol, now, screen_marks="cracked")
    kept = [EvidencePhoto.objects.create(trade=trade, image="x.jpg", proof=False, created_at=now).pk for _ in range(8)]
    with pytest.raises(CannotCounter) as refusal:
        inspections.make_counter_offer(trade, **offer(photos=[photo()], kept=kept), at=now)
    assert refusal.value.field == "photos"
