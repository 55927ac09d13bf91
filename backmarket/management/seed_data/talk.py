# ruff: noqa: E501
"""What people ask about devices, and what they are told: by category, each question with its answers.

An answer is (who, words); `who` is plant, house or buyer. A question without answers waits for one; those in WAITING
have not been read yet.
"""

from collections.abc import Mapping

Answer = tuple[str, str]
Talk = tuple[str, tuple[Answer, ...]]

TALK: Mapping[str, tuple[Talk, ...]] = {
    "smartphones": (
        ("Is the phone free of any operator's lock, and does it take an eSIM?", (
            ("plant", "Yes to both: we test with cards of two operators before we list it, and eSIM is tested where the model has one."),
            ("buyer", "Mine took my operator's card at once, no code asked."),
        )),
        ("Does face or fingerprint unlocking work after the repair?", (
            ("plant", "It is one of the checks: enrol, lock, unlock five times. A phone that fails is not listed."),
        )),
        ("Is it still watertight when it was opened?", (
            ("plant", "We renew the seal of every phone that we open, but nobody can test each unit to its rating: please keep it away from the pool."),
            ("house", "If a plant wrote otherwise in its comment, tell us: that would not be honest."),
        )),
        ("How long will it still get updates?", ()),
    ),
    "tablets": (
        ("Does it work with the pen I bought for another tablet?", (
            ("plant", "If the maker lists your pen for this model, yes: the connector is among our checks."),
            ("buyer", "It does with the second pen, not with the first one."),
        )),
    ),
    "laptops": (
        ("Can I choose the keyboard layout?", (
            ("plant", "The layout is part of the version that you choose above. We do not put stickers on keys."),
        )),
        ("Is a system installed, and is it licensed?", (
            ("plant", "Yes. It starts up to the first page of the set-up, activated with the licence that belongs to the machine."),
            ("buyer", "It asked for the language and my Wi-Fi, and that was all."),
        )),
    ),
    "televisions": (
        ("How many hours has the panel run?", (
            ("plant", "It differs from unit to unit. We read the counter where the set shows one; write to us before you order and we tell you."),
        )),
        ("Is the remote the original one?", (
            ("plant", "The original or one that does the same, paired and tested with your set, with batteries."),
        )),
    ),
    "consoles": (
        ("Is the console loud?", (
            ("plant", "We clean the fan and renew the thermal paste where the console is older than three years, and listen to it at full load."),
            ("buyer", "Quieter than the one it replaced."),
        )),
    ),
    "headphones": (
        ("Are the pads and tips new?", (
            ("plant", "Always: whatever touched an ear is replaced or disinfected."),
        )),
    ),
    "watches": (
        ("Does it come with a strap that was worn?", (
            ("plant", "No, the strap is unused. Its colour may differ from the picture of the maker."),
        )),
    ),
}  # fmt: skip
WAITING: Mapping[str, tuple[str, ...]] = {
    "smartphones": ("Does the camera bump fit into a case of the model before?",),
    "laptops": ("Could a plant put more memory in before sending it?",),
}
