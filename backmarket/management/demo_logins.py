"""Who can log in to the demo, and what waits for each of them there. Loaded only where sandboxes are allowed."""

PASSWORD = "second-life-2026"  # noqa: S105 — public on purpose: printed when the demo starts
DEMO_PLANT = "atelier-brindille"
ALICE = "alice@example.com"
CAROL = "carol@example.com"
NORA = "nora@example.com"
OWNER = f"bob@{DEMO_PLANT}.example"
TECHNICIAN = f"tariq@{DEMO_PLANT}.example"
AFTER_SALES = f"ines@{DEMO_PLANT}.example"
SUPPORT = "sam@backmarket.example"
QUALITY = "quentin@backmarket.example"
FINANCE = "fiona@backmarket.example"
OPERATOR = "olga@backmarket.example"

# role, e-mail, password, what waits there
LOGINS: tuple[tuple[str, str, str, str], ...] = (
    ("Shopper", ALICE, PASSWORD, "/account/: a delivered device to rate, an order on its way, an open claim"),
    (
        "Seller",
        CAROL,
        PASSWORD,
        "/account/trades/: a counter-offer to answer; an open quote in /mailbox/; /account/credit/: money left with us",
    ),
    (
        "Seller of many",
        NORA,
        PASSWORD,
        "/account/tax-number/: her tax number is asked for; money and a device that came back",
    ),
    ("Plant owner", OWNER, PASSWORD, "/plant/: lines to accept and to ship, a trade to decide"),
    ("Plant technician", TECHNICIAN, PASSWORD, "/plant/: devices that arrived and wait for inspection"),
    ("Plant after-sales", AFTER_SALES, PASSWORD, "/plant/: a claim that waits for an answer"),
    ("Support agent", SUPPORT, PASSWORD, "/desk/: a claim in arbitration"),
    ("Quality auditor", QUALITY, PASSWORD, "/desk/: a plant in its site audit, plants on watch"),
    ("Finance", FINANCE, PASSWORD, "/desk/: payouts to put into a file, a file at the bank, plants that owe money"),
    ("Operator", OPERATOR, PASSWORD, "/desk/: everything"),
)
