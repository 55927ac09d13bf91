"""The bench through its pages: the sheet in parts, reports, and two at one trade."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from buyback.models import DiagnosticsReport, EvidencePhoto, Inspection, SheetDraft, Trade
from buyback.services.grading import grade_inspection
from refurbishers.models import Refurbisher
from tests.admin.rows import act, role, url
from tests.bad_input.cases import written
from tests.buyback import steps

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _now(time_is: None, settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime) -> Trade:
    return steps.received(plant, carol, now)


@pytest.fixture
def page(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


# The sheet


def test_a_sheet_is_kept_half_filled_and_a_colleague_hands_it_in(
    plant: Refurbisher, trade: Trade, page: Client, client_of: ClientOf, now: datetime
) -> None:
    technician = role(plant, "technician")
    act(page, trade, "inspect", touch="pass", note="Half.", keep="yes", seen="0")
    draft = SheetDraft.objects.get()
    assert (draft.sheet, draft.note, Inspection.objects.count()) == ({"touch": "pass"}, "Half.", 0)
    colleague = client_of(technician)
    shown = colleague.get(url("plant", trade, "step", "inspect"))
    assert shown.context["form"]["touch"].value() == "pass"
    assert "kept by Bob Durand" in shown.content.decode()
    assert act(colleague, trade, "inspect", **steps.sheet(), note="Whole.", hand_in="yes").status_code == 302
    assert (Inspection.objects.get().technician, SheetDraft.objects.count()) == (technician, 0)


def test_the_page_that_saves_by_itself_is_answered_without_a_page(trade: Trade, page: Client) -> None:
    answer = act(page, trade, "inspect", touch="fail", note="", keep="quietly", seen="0")
    assert (answer.status_code, answer.content, SheetDraft.objects.get().sheet) == (204, b"", {"touch": "fail"})
    assert "Kept." not in page.get(url("plant", trade)).content.decode()


def test_a_sheet_that_a_colleague_has_saved_meanwhile_is_not_overwritten_unasked(
    plant: Refurbisher, trade: Trade, page: Client, client_of: ClientOf
) -> None:
    colleague = client_of(role(plant, "technician"))
    act(colleague, trade, "inspect", touch="pass", pixels="pass", note="", keep="yes", seen="0")
    refused = act(page, trade, "inspect", touch="fail", note="Mine.", keep="yes", seen="0")
    assert refused.status_code == 422
    assert "A colleague has saved this sheet meanwhile" in refused.content.decode()
    assert (refused.context["form"]["touch"].value(), refused.context["form"]["note"].value()) == ("fail", "Mine.")
    assert SheetDraft.objects.get().sheet == {"touch": "pass", "pixels": "pass"}
    act(page, trade, "inspect", touch="fail", note="Mine.", keep="yes", seen=str(refused.context["form"].version))
    assert SheetDraft.objects.get().sheet == {"touch": "fail"}


def test_a_sheet_handed_in_unfinished_keeps_what_was_typed_and_writes_nothing(trade: Trade, page: Client) -> None:
    before = written()
    answer = act(page, trade, "inspect", touch="fail", note="Not done.", hand_in="yes")
    form = answer.context["form"]
    assert (answer.status_code, form["touch"].value(), form["note"].value()) == (422, "fail", "Not done.")
    assert "pixels" in form.errors
    assert "touch" not in form.errors
    assert written() == before


@pytest.mark.parametrize("bad", ["abc", "-1", "9" * 30, "NaN", "1.5", "\N{BOMB}"])
def test_nonsense_is_kept_in_no_draft(trade: Trade, page: Client, bad: str) -> None:
    number = next(check["code"] for check in _checks(trade) if check["kind"] == "number")
    answer = act(page, trade, "inspect", **{number: bad}, keep="yes", seen=bad)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [number])
    assert SheetDraft.objects.count() == 0


def test_photos_are_kept_with_the_sheet_and_shown_to_the_seller_only_as_proof(
    trade: Trade, page: Client, carol: User, client_of: ClientOf, now: datetime
) -> None:
    sent = act(page, trade, "inspect", note="", keep="yes", seen="0", photos=[steps.photo(), steps.photo()])
    assert sent["Location"].endswith("/do/inspect/#chapter-photos")  # where the next one is taken
    last = {**steps.sheet(screen_marks="cracked"), "note": "", "hand_in": "yes", "photos": steps.photo()}
    act(page, trade, "inspect", **last)
    assert [photo.proof for photo in EvidencePhoto.objects.filter(trade=trade)] == [False] * 3
    inspection = Inspection.objects.get()
    assert grade_inspection(inspection.pk, now) or Inspection.objects.get().graded_at
    chosen = EvidencePhoto.objects.earliest("created_at", "pk")
    form = page.get(url("plant", trade, "step", "counter")).context["form"]
    fields = {"price": "180.00", "reasons": form["reasons"].initial, "comment": "Cracked.", "kept": str(chosen.pk)}
    assert act(page, trade, "counter", **fields).status_code == 302
    seller = client_of(carol)
    for photo in EvidencePhoto.objects.all():
        answer = seller.get(reverse("trade-photo", args=[trade.pk, photo.pk]))
        assert answer.status_code == (200 if photo == chosen else 404)
        assert b"".join(answer) if answer.streaming else True
    assert (
        seller.get(reverse("trade", args=[trade.pk])).content.decode().count("/photos/") == 2
    )  # the link, the picture


def test_a_counter_offer_without_any_photo_says_so_beside_the_photos(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now, screen_marks="cracked")
    answer = act(page, trade, "counter", price="180.00", reasons=["esthetics:screen"], comment="Cracked.")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["photos"])
    assert answer.context["form"].cut == 2_800
    assert "28%" in answer.content.decode()


@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "", "GIF89a", "%PDF-1.4"])
def test_what_is_no_photo_is_refused_beside_the_photos(trade: Trade, page: Client, name: str) -> None:
    file = SimpleUploadedFile("photo.jpg", name.encode() or b"\0", content_type="image/jpeg")
    answer = act(page, trade, "inspect", touch="pass", note="", keep="yes", seen="0", photos=file)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["photos"])
    assert (SheetDraft.objects.count(), EvidencePhoto.objects.count()) == (0, 0)


# Reports


def _checks(trade: Trade) -> list[dict[str, Any]]:
    return list(trade.variant.product.category.grading_specifications.get().checks)


def upload(page: Client, trade: Trade, content: bytes, **typed: Any) -> Any:
    file = SimpleUploadedFile("report.csv", content, content_type="text/csv")
    return act(page, trade, "inspect", **typed, **{"import": "yes"}, note="", seen="0", report=file)


def test_a_report_fills_the_sheet_in_beside_what_was_typed_and_lists_what_it_could_not(
    trade: Trade, page: Client
) -> None:
    content = f"code,value\nidentifier,{trade.identifier}\ntool,Proof\ntouch,pass\npixels,maybe\nnfc,pass\nimei,OK\n"
    answer = upload(page, trade, content.encode(), touch="fail")
    assert answer["Location"].endswith("/do/inspect/#report")
    sheet = page.get(url("plant", trade, "step", "inspect"))
    form = sheet.context["form"]
    assert [form[code].value() for code in ("touch", "imei", "pixels")] == ["fail", "pass", None]
    text = sheet.content.decode()
    assert "2 rows were not used" in text
    assert [text.count(why) for why in ("One of: pass, fail.", "The specification has no such check.")] == [1, 1]
    assert "The report says “Passed”." in text
    assert Inspection.objects.count() == 0
    kept = DiagnosticsReport.objects.get()
    whole = page.get(reverse("plant:buyback_trade_report", args=[trade.pk, kept.pk]))
    assert (whole["Content-Type"], whole["X-Content-Type-Options"]) == ("text/plain; charset=utf-8", "nosniff")
    assert whole.content == content.encode()
    assert "Diagnostics reports" in page.get(url("plant", trade)).content.decode()


BAD_REPORTS = [
    b"", b"{", b'{"checks": 1}', b"\xff\xfe", b"touch,pass\n", b"x" * 300_000,
    b'{"identifier": "353982999999999", "checks": {"touch": "pass"}}',
]  # fmt: skip


@pytest.mark.parametrize("content", BAD_REPORTS)
def test_a_bad_report_is_refused_beside_its_field_and_what_was_typed_stays(
    trade: Trade, page: Client, content: bytes
) -> None:
    before = written()
    answer = upload(page, trade, content, touch="fail")
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), form["touch"].value()) == (422, ["report"], "fail")
    assert written() == before


def test_a_report_by_api_fills_the_sheet_in(trade: Trade, page: Client) -> None:
    address = reverse("api-plant-diagnostics", args=[trade.pk])
    body = json.dumps({"identifier": trade.identifier, "checks": {"touch": "pass", "nfc": "pass"}})
    answer = page.post(address, body, content_type="application/json")
    assert (answer.status_code, answer.json()["values"]) == (201, {"touch": "pass"})
    assert [(problem["row"], problem["code"]) for problem in answer.json()["problems"]] == [(2, "nfc")]
    csv = page.post(address, f"identifier,{trade.identifier}\npixels,fail\n", content_type="text/csv")
    assert (csv.status_code, SheetDraft.objects.get().sheet) == (201, {"touch": "pass", "pixels": "fail"})
    wrong = page.post(address, '{"identifier": "1", "checks": {}}', content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_device")
    for content in (b"{", b"", b"x" * 300_000):
        broken = page.post(address, content, content_type="application/json")
        assert (broken.status_code, list(broken.json()["errors"])) == (400, ["report"])


def test_reports_and_sheets_are_the_plants_own(
    trade: Trade, page: Client, rival: User, client_of: ClientOf, plant: Refurbisher
) -> None:
    content = json.dumps({"identifier": trade.identifier, "checks": {"touch": "pass"}})
    page.post(reverse("api-plant-diagnostics", args=[trade.pk]), content, content_type="application/json")
    kept = DiagnosticsReport.objects.get()
    address = reverse("plant:buyback_trade_report", args=[trade.pk, kept.pk])
    stranger, after_sales = client_of(rival), client_of(role(plant, "after_sales"))
    assert (stranger.get(address).status_code, after_sales.get(address).status_code) == (404, 403)
    for who, status in ((stranger, 404), (after_sales, 403)):
        assert act(who, trade, "inspect", touch="pass", keep="yes").status_code == status
        posted = who.post(reverse("api-plant-diagnostics", args=[trade.pk]), content, content_type="application/json")
        assert posted.status_code == status
    assert SheetDraft.objects.get().version == 1


# Decisions


def test_the_verdict_says_what_limits_the_grade_and_what_the_seller_had_said(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now, screen_marks="visible")
    (panel,) = [panel for panel in page.get(url("plant", trade)).context["panels"] if "verdict" in panel.template]
    verdict = panel.context
    assert [finding["code"] for finding in verdict["grade_limits"]] == ["screen_marks"]
    assert [finding["code"] for finding in verdict["condition_limits"]] == ["screen_marks"]
    assert (verdict["grade"], verdict["declared"]) == ("Fair", "Works, light marks")
    assert [(d["asked"], d["answer"]) for d in verdict["disputes"]] == [
        ("How does the screen look?", "Light scratches")
    ]


def test_of_two_technicians_the_slower_one_is_told_kindly(
    plant: Refurbisher, carol: User, page: Client, client_of: ClientOf, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now)
    colleague = client_of(role(plant, "technician"))
    act(page, trade, "validate")
    late = colleague.post(url("plant", trade, "step", "validate"), follow=True)
    assert "something has changed meanwhile" in late.content.decode()
    assert act(colleague, trade, "suspend", reason="locked").status_code == 302
    assert Trade.objects.get(pk=trade.pk).status == "validated"


def test_a_trade_is_suspended_with_its_reason_and_resumed(trade: Trade, page: Client) -> None:
    assert list(act(page, trade, "suspend").context["form"].errors) == ["reason"]
    told = page.post(url("plant", trade, "step", "suspend"), {"reason": "wrong_device"}, follow=True).content.decode()
    assert "Suspended: the seller is told how to mend it." in told
    assert "Another device was in the parcel" in told
    suspended = Trade.objects.get(pk=trade.pk)
    assert (suspended.status, suspended.suspension) == ("suspended", "wrong_device")
    act(page, trade, "resume")
    assert Trade.objects.get(pk=trade.pk).status == "received"
