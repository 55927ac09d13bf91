"""Gift lists and alerts of the demo's shoppers."""

# (product, priority, note), in the first list of alice; the second is given by carol.
WISHES = (
    ("nintendo-switch-oled", 1, "White or red, both are lovely."),
    ("sony-wh-1000xm4", 1, "For the train."),
    ("amazon-kindle-paperwhite-2021", 2, ""),
    ("apple-watch-se-2022", 2, "The smaller case, please."),
    ("gopro-hero9-black", 3, "Only if you win the lottery."),
)
GIVEN = "sony-wh-1000xm4"
FIRST_FLAT = (("lg-oled-c1", 3, "From all of you together?"), ("sonos-one-gen-2", 2, "One for the kitchen."))
# What alice waits for: the product, and her target as a share of today's price in per cent (None: any less).
WATCHED = (("apple-macbook-air-13-m1-2020", 90), ("fujifilm-x100v", None))
