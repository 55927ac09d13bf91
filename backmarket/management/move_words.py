"""When each move happens, in words: one sentence per move of MOVES, no more and no fewer (docs/states.md)."""

# model → from → to → when
WORDS: dict[str, dict[str, dict[str, str]]] = {
    "buyback.Trade": {
        "accepted": {
            "collected": "the courier has the device",
            "cancelled": "the seller cancels before the courier came",
            "expired": "not collected within 21 days",
        },
        "collected": {
            "received": "the parcel is at the plant",
            "lost": "the courier lost the parcel",
            "suspended": "the plant cannot take the parcel as it is",
            "returned": "the courier turned back, and brought it to the seller's door",
        },
        "received": {
            "inspected": "a technician hands the sheet in",
            "suspended": "locked, blocklisted, empty or wrong device",
            "validated": "not inspected within 2 business days: paid as quoted",
        },
        "inspected": {
            "validated": "the plant agrees, or decides nothing in time: paid as quoted",
            "countered": "the plant offers less, once, with proof",
            "suspended": "locked, blocklisted, empty or wrong device",
        },
        "countered": {
            "validated": "the seller accepts the lower price",
            "returning": "the seller refuses, or says nothing for 7 days",
        },
        "suspended": {
            "received": "what was wrong is mended",
            "returning": "not mended within 14 days",
            "returned": "the plant did not take the parcel, and the courier brought it back",
        },
        "returning": {
            "returned": "the seller has the device back",
            "lost": "the courier lost it on the way back",
            "undelivered": "the courier could not hand it over, and brought it back to the plant",
            "validated": "the plant never sent it back: the desk has it pay as quoted",
        },
        "undelivered": {
            "returning": "it is sent again: by the plant or the desk, to a corrected address, or after 14 days"
        },
        "cancelled": {
            "returning": "the courier took it along all the same",
            "returned": "the courier took it along, and brought it back",
            "lost": "the courier took it along, and lost it",
        },
        "expired": {
            "returning": "it reached the plant too late",
            "returned": "the courier took it along too late, and brought it back",
            "lost": "the courier took it along too late, and lost it",
        },
        "lost": {
            "validated": "insured in full: paid as quoted, not by the plant",
            "received": "the courier found it, and brought it to the plant",
        },
        "validated": {"paid": "the money is on the account, or kept as credit"},
    },
    "shipping.Pickup": {
        "booked": {
            "attempted": "nobody was in",
            "collected": "the courier has the parcel",
            "failed": "the courier does not come: it refused the visit, or called it off",
            "cancelled": "the sender cancels or moves the visit",
        },
        "attempted": {
            "attempted": "nobody was in, the second time",
            "collected": "the courier has the parcel",
            "failed": "nobody was in, the third time, or the courier called the visit off",
            "cancelled": "the sender cancels or moves the visit",
        },
    },
    "shipping.Parcel": {
        "created": {
            "in_transit": "the courier has it",
            "delivered": "handed over, and no earlier scan came",
            "lost": "the courier lost it before its first scan",
            "cancelled": "called off before the courier has it",
        },
        "in_transit": {
            "delivered": "handed over",
            "lost": "the courier gave it up",
            "returned": "the courier turned back, and its sender has it again",
        },
        "lost": {
            "delivered": "the courier found it",
            "returned": "the courier found it, and brought it back to its sender",
        },
        "cancelled": {
            "in_transit": "taken along though it was called off",
            "delivered": "handed over though it was called off",
            "lost": "taken along though it was called off, or said to be, and given up",
        },
    },
    "orders.Hold": {
        "foreseen": {"open": "the bank has authorised the money, or has taken it"},
        "open": {
            "released": "somebody has looked at it: the bank takes the money, and the plants are told",
            "refused": "somebody has refused it: nothing is charged, or all goes back",
            "lapsed": "nobody decided within 6 days, or the bank let the money go, or all of it was refunded",
        },
        "released": {"lapsed": "the bank had let the money go when it was to be taken"},
    },
    "payments.Payment": {
        "pending": {
            "authorised": "the bank keeps the money aside",
            "captured": "the bank says it is paid",
            "failed": "the bank refuses for good",
            "cancelled": "the buyer gives up, or the reservation is over",
            "stray": "paid, but not the amount to pay",
        },
        "authorised": {
            "captured": "we take the money",
            "failed": "authorised, but not the amount to pay",
            "cancelled": "released by us, or by the bank after days",
            "stray": "taken, but not the amount to pay",
        },
        "captured": {"stray": "it is not what the order costs: it goes back whole"},
        "failed": {"stray": "paid after it had failed: it goes back whole"},
        "cancelled": {"stray": "paid after it was given up: it goes back whole"},
    },
    "payments.Refund": {
        "pending": {
            "succeeded": "the bank has paid it back",
            "failed": "the bank refuses for good: the money stays with us until somebody acts",
        },
        "succeeded": {
            "failed": "a dispute had paid it back, and was won after all: we pay it ourselves, by another refund",
        },
    },
    "payments.Payout": {
        "ordered": {
            "sent": "the bank has the order",
            "cancelled": "another account was given, or staff hold it",
            "bounced": "refused before it left: this account cannot be paid",
        },
        "sent": {
            "paid": "the bank says it arrived",
            "bounced": "the bank sent it back",
        },
        "paid": {"bounced": "the bank sent it back days after it had arrived"},
    },
    "payments.Dispute": {
        "needs_response": {
            "under_review": "the provider has our answer",
            "won": "the buyer's bank finds for us: the money is back",
            "lost": "not answered in time, or the buyer's bank finds for the buyer",
            "closed": "it was only an inquiry, and is over",
        },
        "under_review": {
            "needs_response": "an inquiry becomes a dispute, or a second round begins",
            "won": "the buyer's bank finds for us: the money is back",
            "lost": "the buyer's bank finds for the buyer",
            "closed": "it was only an inquiry, and is over",
        },
        "closed": {
            "needs_response": "the buyer disputes it after all",
            "under_review": "taken up again",
            "won": "decided for us after all",
            "lost": "decided for the buyer after all",
        },
        "lost": {
            "needs_response": "an appeal asks for more",
            "under_review": "an appeal is heard",
            "won": "an appeal gives us the money back",
        },
        "won": {
            "needs_response": "the buyer's bank takes a second round",
            "under_review": "the buyer's bank hears it again",
            "lost": "the second round is the buyer's",
        },
    },
    "payments.ConnectAccount": {
        "pending": {"enabled": "its holder has said who they are, and the provider is content"},
        "enabled": {"restricted": "the provider asks for more: it cannot be paid meanwhile"},
        "restricted": {"enabled": "the provider is content again"},
    },
    "payments.TransferReversal": {
        "pending": {
            "succeeded": "the provider has moved the money back",
            "failed": "the provider refuses: the payee's balance is too small, say",
        },
    },
}
