"""After the sale: the claim and its repair, the device's story, the rating."""

from datetime import timedelta

from backmarket.management.journey import workshop
from backmarket.management.journey.play import Play, expect, last_minute
from backmarket.market import calendar
from orders.models import Claim
from refurbishers.models import Refurbisher
from reviews.models import Review

WORDS = "Looked as promised. When a speaker failed it was repaired within days, and a person answered."


def open_claim(play: Play) -> str:
    line = play.props["line"]
    alice = play.person("alice").open(f"/account/lines/{line.pk}/claim/")
    issue = alice.radios("main form")["issue"][0]
    alice.submit(
        "main form[method=post]", issue=issue, wish=Claim.Wish.REPAIR,
        description="The lower speaker has been silent since yesterday.",
    )  # fmt: skip
    claim = play.props["claim"] = Claim.objects.get(line=line)
    play.settle()
    expect(claim.status == Claim.Status.AWAITING_PLANT, f"the claim is {claim.status}")
    return f"case {claim}: {issue}; the plant answers by {last_minute(claim.due_at):%a %d %b, %H:%M}"


def answer(play: Play) -> str:
    claim = play.props["claim"]
    workshop.do(workshop.owner(play, play.props["plant"]), claim, "accept")
    play.settle()
    claim.refresh_from_db()
    expect(claim.first_answer_at, "no human answer was noted")
    expect(claim.status == Claim.Status.AWAITING_RETURN and claim.parcel_id, f"the claim is {claim.status}")
    play.person("alice").open(f"/account/claims/{claim.pk}/")
    return f"label {claim.parcel.tracking_number}"


def repair(play: Play) -> str:
    claim, plant = play.props["claim"], workshop.owner(play, play.props["plant"])
    _until(play, claim, Claim.Status.AT_PLANT)
    due_at, before = claim.due_at, play.props["line"].guarantee.legal_until_date
    workshop.do(plant, claim, "repair")
    workshop.do(plant, claim, "finish")
    expect(play.now <= due_at, "the repair came too late")
    _until(play, claim, Claim.Status.RESOLVED)
    guarantee = play.props["line"].guarantee
    guarantee.refresh_from_db()
    expect(guarantee.legal_until_date.year == before.year + 1, "the repair did not extend the legal guarantee")
    return f"back on {calendar().local(claim.resolved_at):%a %d %b}; legal guarantee until {guarantee.legal_until_date}"


def _until(play: Play, claim: Claim, status: str) -> None:
    for _day in range(8):
        claim.refresh_from_db()
        if claim.status == status:
            return
        play.travel(play.now + timedelta(days=1))
    claim.refresh_from_db()
    expect(claim.status == status, f"after a week the claim is {claim.status}, not {status}")


def follow_the_device(play: Play) -> str:
    play.person("carol").open(f"/account/trades/{play.props['trade'].pk}/").see("erased", "sold")
    return "erased, tested, on sale, sold"


def rate(play: Play) -> str:
    line, plant = play.props["line"], play.props["plant"]
    before = plant.rating_count
    alice = play.person("alice").open(f"/account/orders/{line.pk}/rate/")
    alice.submit("main form[method=post]", stars_device="5", stars_delivery="4", stars_service="5", words=WORDS)
    review = Review.objects.get(line=line)
    play.settle()
    plant = play.props["plant"] = Refurbisher.objects.get(pk=plant.pk)
    expect(plant.rating_count == before + 1, "the rating did not reach the plant")
    play.person("visitor").open(f"/plants/{plant.slug}/reviews/").see(WORDS)
    workshop.do(workshop.owner(play, plant), review, "reply", text="Thank you, Alice. Enjoy it for years.")
    review.refresh_from_db()
    expect(review.reply, "the plant's answer was not kept")
    return f"{review.stars} stars; {plant} stands at {plant.rating} from {plant.rating_count}"
