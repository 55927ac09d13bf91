"""When this, then that: the only map of events to their handlers, in the order they run.

A handler is a dotted path to `def on_x(event: Event) -> None`: idempotent, in the database only.
"""

WIRING: dict[str, list[str]] = {
    # --- parcels move orders, trades and claims
    "parcel.in_transit": [
        "buyback.handlers.move_with_parcel",
        "orders.handlers.move_with_parcel",
    ],
    "parcel.delivered": [
        "buyback.handlers.move_with_parcel",
        "orders.handlers.move_with_parcel",
    ],
    "parcel.lost": [
        "buyback.handlers.move_with_parcel",
        "orders.handlers.move_with_parcel",
    ],
    "parcel.loss_proved": ["buyback.handlers.move_with_parcel", "orders.handlers.move_with_parcel"],
    "parcel.returned": ["buyback.handlers.move_with_parcel", "orders.handlers.move_with_parcel"],
    "pickup.attempted": ["buyback.handlers.email_seller_of_pickup"],
    "pickup.failed": ["buyback.handlers.email_seller_of_pickup"],
    # --- payments move orders; payouts close trades and settlements
    "payment.authorised": ["orders.handlers.settle_paid_order"],
    "payment.captured": ["orders.handlers.settle_paid_order"],
    "payment.failed": ["orders.handlers.fail_unpaid_order"],
    "payment.cancelled": ["orders.handlers.fail_unpaid_order"],
    "payment.stray": ["orders.handlers.fail_unpaid_order", "orders.handlers.email_buyer_of_stray_payment"],
    "refund.succeeded": ["orders.handlers.close_refunded_line", "orders.handlers.credit_refund"],
    "refund.failed": ["orders.handlers.email_buyer_of_failed_refund"],
    "payout.paid": ["buyback.handlers.close_paid_trade"],
    "payout.bounced": [
        "buyback.handlers.ask_for_new_iban",
        "orders.handlers.ask_plant_for_new_iban",
        "backmarket.payments.handlers.email_bounced_credit",
    ],
    "settlement.owed": ["orders.handlers.ask_plant_to_pay"],
    # --- selling a device
    "trade.accepted": ["buyback.handlers.email_seller", "buyback.handlers.ask_for_tax_number"],
    "trade.collected": ["buyback.handlers.email_seller"],
    "trade.received": ["buyback.handlers.email_seller"],
    "trade.countered": ["buyback.handlers.email_seller", "buyback.handlers.count_outcome"],
    "trade.validated": [
        "buyback.handlers.email_seller",
        "buyback.handlers.enter_in_register",
        "orders.handlers.set_off_trade",
        "buyback.handlers.count_outcome",
    ],
    "trade.paid": ["buyback.handlers.email_seller", "buyback.handlers.count_days_to_pay"],
    "trade.suspended": ["buyback.handlers.email_seller"],
    "trade.returning": ["buyback.handlers.email_seller"],
    "trade.undelivered": ["buyback.handlers.email_seller"],
    "trade.returned": ["buyback.handlers.email_seller"],
    "trade.cancelled": ["buyback.handlers.email_seller"],
    "trade.expired": ["buyback.handlers.email_seller"],
    "trade.lost": ["buyback.handlers.email_seller"],
    "trade.iban_changed": ["buyback.handlers.email_seller"],
    "trade.resumed": ["buyback.handlers.email_seller"],
    "trade.pickup_changed": ["buyback.handlers.email_seller"],
    "trade.address_corrected": ["buyback.handlers.email_plant_to_send_back"],
    "trade.return_urged": ["buyback.handlers.email_plant_to_send_back"],
    "trade.reminded": ["buyback.handlers.email_reminder"],
    "unit.erased": ["buyback.handlers.email_seller_of_device"],
    "unit.sold": ["buyback.handlers.email_seller_of_device"],
    "trade.message": ["buyback.handlers.email_message"],
    "inspection.late": ["buyback.handlers.count_late_inspection"],
    # --- buying a device
    "order.captured": ["orders.handlers.email_buyer_order", "orders.handlers.tell_plants"],
    "order.failed": ["orders.handlers.email_buyer_order"],
    "line.shipped": [
        "orders.handlers.invoice_parcel",
        "orders.handlers.email_buyer_line",
        "orders.handlers.count_shipment",
    ],
    "line.delivered": ["orders.handlers.email_buyer_line"],
    "line.cancelled": [
        "orders.handlers.email_buyer_line",
        "orders.handlers.count_cancellation",
        "orders.handlers.email_plant_of_cancelled_line",
    ],
    "line.refunded": ["orders.handlers.email_buyer_line"],
    "cancel_request.opened": ["orders.handlers.email_plant_of_request"],
    "cancel_request.refused": ["orders.handlers.email_buyer_of_refused_request"],
    "consignment.redirected": ["orders.handlers.email_plant_of_redirection"],
    "withdrawal.confirmed": ["orders.handlers.email_withdrawal_receipt"],
    "withdrawal.turned_back": ["orders.handlers.email_new_label"],
    "guarantee.warned": ["orders.handlers.email_guarantee"],
    "guarantee.expired": ["orders.handlers.email_guarantee"],
    # --- claims
    "claim.opened": ["orders.handlers.email_claim", "orders.handlers.count_defect"],
    "claim.awaiting_customer": ["orders.handlers.email_claim"],
    "claim.awaiting_return": ["orders.handlers.email_claim"],
    "claim.disputed": ["orders.handlers.email_claim"],
    "claim.in_transit_to_customer": ["orders.handlers.email_claim"],
    "claim.resolved": ["orders.handlers.email_claim", "orders.handlers.count_resolution"],
    "claim.refunded": ["orders.handlers.email_claim", "orders.handlers.count_resolution"],
    "claim.message": ["orders.handlers.email_claim"],
    "claim.answered": ["orders.handlers.count_answer"],
    "claim.escalated": ["orders.handlers.email_claim", "orders.handlers.count_answer"],
    "claim.withdrawn": ["orders.handlers.email_claim"],
    # --- ratings push numbers down
    "review.published": ["reviews.handlers.push_rating"],
    "review.removed": ["reviews.handlers.push_rating", "reviews.handlers.email_author"],
    "review.replied": ["reviews.handlers.email_author"],
    # --- questions
    "question.removed": ["reviews.handlers.email_whose_words_went"],
    "answer.published": ["reviews.handlers.email_asker"],
    "answer.removed": ["reviews.handlers.email_whose_words_went"],
    # --- listings
    "buyable.awaited": ["catalog.handlers.email_who_waited"],
    "listing.blocked": ["catalog.handlers.email_plant_of_block"],
    # --- plants
    "plant.watch": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.restricted": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.suspended": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.active": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.trial": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.left": ["catalog.handlers.refresh_plant_offers", "refurbishers.handlers.email_plant"],
    "plant.noticed": ["refurbishers.handlers.email_plant"],
    "plant.member_invited": ["refurbishers.handlers.email_invited"],
    "approval.asked": ["backmarket.payments.handlers.email_second_eyes"],
    "approval.approved": ["backmarket.payments.handlers.email_asker"],
    "approval.declined": ["backmarket.payments.handlers.email_asker"],
    "approval.expired": ["backmarket.payments.handlers.email_asker"],
    "reconciliation.differs": ["backmarket.payments.handlers.email_differences"],
    "plant.commission_agreed": ["refurbishers.handlers.email_owners_commission"],
    "plant.iban_changed": ["refurbishers.handlers.email_owners_new_iban"],
    "plant.changed": ["catalog.handlers.refresh_plant_offers"],
    "plant.rated": ["catalog.handlers.refresh_plant_offers"],
    "plant.measured": ["catalog.handlers.refresh_plant_offers"],
}


def handlers_of(kind: str) -> list[str]:
    return WIRING.get(kind, [])
