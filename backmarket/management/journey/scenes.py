"""The circle, in the order in which people live it."""

from collections.abc import Callable

from backmarket.management.journey import aftercare, buying, closing, selling, workshop
from backmarket.management.journey.play import Play

Scene = Callable[[Play], str]

SCENES: tuple[tuple[str, Scene], ...] = (
    ("four plants open for business", workshop.open_plants),
    ("the plants bid for the phone", workshop.bid),
    ("Carol describes her phone and sees every bid", selling.ask_for_a_quote),
    ("the quote reaches her mailbox", selling.send_the_quote),
    ("she signs up", selling.sign_up),
    ("a wrong IMEI is refused beside its field", selling.mistype_the_imei),
    ("she accepts, with identity, IBAN and a pickup at her door", selling.accept),
    ("a second click makes no second trade", selling.accept_again),
    ("the courier finds nobody in", selling.miss_the_courier),
    ("the courier collects the phone", selling.hand_over),
    ("the phone arrives at the plant", selling.arrive),
    ("a technician fills in the inspection sheet", workshop.inspect),
    ("the grading job explains the grade check by check", workshop.grade),
    ("the plant makes its one counter-offer, with a photo", workshop.counter_offer),
    ("Carol accepts the counter-offer", selling.accept_counter_offer),
    ("her money is ordered, sent and arrives", selling.get_paid),
    ("the register of bought goods holds the phone", workshop.keep_the_register),
    ("the phone is erased, repaired, tested and listed", workshop.refurbish),
    ("a second plant lists the same phone, a third a laptop", workshop.list_rivals),
    ("Alice finds it despite a typing error", buying.search),
    ("the best offer is shown, with its reasons", buying.compare),
    ("devices of two plants in one cart", buying.fill_the_cart),
    ("she pays; browser and webhook settle once", buying.check_out),
    ("both plants accept and send, IMEI and tracking given", workshop.send),
    ("both parcels arrive and the guarantees start", buying.receive),
    ("she withdraws from the laptop in two steps", buying.withdraw),
    ("the laptop is back and refunded in full", buying.get_refunded),
    ("the phone breaks: a claim is opened", aftercare.open_claim),
    ("a human answers and sends a label", aftercare.answer),
    ("repaired within its deadline and sent back", aftercare.repair),
    ("Carol sees what became of her phone", aftercare.follow_the_device),
    ("Alice rates the plant, in public", aftercare.rate),
    ("the plants are settled and paid", closing.settle),
    ("30 days before its end the guarantee warns", closing.warn),
    ("a year after delivery the guarantee expires", closing.expire),
    ("the ledger sums to zero and explains every cent", closing.balance_the_ledger),
    ("every event was published once, no job failed", closing.count_events),
    ("every e-mail was rendered and sent once", closing.count_emails),
)
