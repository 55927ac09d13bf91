# ruff: noqa: E501
"""The specification that plants sign, version 2026.1: its chapters and clauses.

A clause is evidence (a document, valid for `valid_months`) or a measure: a number computed from recorded service
facts over `window_days`, compared with a threshold once the sample reaches `min_sample`. Units: "bp" basis points of
the sample, "hours" business hours, "stars" hundredths of a star, "score" hundredths of 100. Past `watch` or `restrict`
(in the wrong direction of the comparison) the plant steps down; None means that this measure never does so alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

VERSION = "2026.1"
EFFECTIVE_DATE = "2026-01-01"

CHAPTERS: Mapping[str, str] = {
    "team": _("Technical team"),
    "tests": _("Tests"),
    "parts": _("Parts"),
    "erasure": _("Data erasure"),
    "deadlines": _("Deadlines"),
    "service": _("Customer service"),
    "guarantees": _("Guarantees"),
    "traceability": _("Traceability"),
    "packaging": _("Packaging"),
    "law": _("Law"),
}


@dataclass(frozen=True)
class Clause:
    """One numbered promise. The fields after `valid_months` are for measures only."""

    code: str
    chapter: str
    text: str
    kind: str = "evidence"
    valid_months: int = 12
    measure: str = ""
    comparison: str = ""
    threshold: int | None = None
    unit: str = ""
    window_days: int = 90
    min_sample: int = 20
    watch: int | None = None
    restrict: int | None = None


def _evidence(code: str, chapter: str, text: str, valid_months: int = 12) -> Clause:
    return Clause(code, chapter, text, valid_months=valid_months)


def _measure(code: str, chapter: str, text: str, measure: str, promise: str, **more: int) -> Clause:
    """`promise` reads as on the page: `"<= 200 bp"`."""
    comparison, threshold, unit = promise.split()
    return Clause(
        code, chapter, text, "measure", measure=measure, comparison=comparison, threshold=int(threshold), unit=unit, **more
    )  # fmt: skip


CLAUSES: tuple[Clause, ...] = (
    _evidence("T-01", "team", _("At least one technician in five holds a recognised diploma in electronics or ten years of documented practice; the list of names and diplomas is kept on site.")),
    _evidence("T-02", "team", _("Every technician is trained on each category before working on it, for 14 hours or more, and again each year; attendance sheets are kept.")),
    _evidence("T-03", "team", _("Benches are protected against electrostatic discharge according to EN 61340-5-1, and measured every six months."), 6),
    _evidence("T-04", "team", _("Lithium cells are stored, handled and discarded under a written procedure; two persons are trained for battery fires.")),
    _evidence("E-01", "tests", _("Every device passes all checks of the category's grading specification in force; a sheet per serial number is kept for five years.")),
    _evidence("E-02", "tests", _("Measuring instruments are calibrated every year by a laboratory accredited to ISO/IEC 17025.")),
    _evidence("E-03", "tests", _("One device in fifty is graded again by a second technician; differences are recorded and explained each month."), 3),
    _measure("E-04", "tests", _("At most 2% of the devices sold have a confirmed defect in the 30 days after delivery."), "defect_rate_30d", "<= 200 bp", watch=200, restrict=500),
    _measure("E-05", "tests", _("At most 3.5% of the devices sold have a confirmed defect in the 90 days after delivery."), "defect_rate_90d", "<= 350 bp"),
    _measure("E-06", "tests", _("At most 7% of the devices sold have a confirmed defect in the year after delivery."), "defect_rate_365d", "<= 700 bp", window_days=365, min_sample=50),
    _measure("E-07", "tests", _("Anonymous orders placed by our auditors score 85 of 100 or more on average."), "mystery_score", ">= 8500 score", window_days=365, min_sample=2, watch=7500, restrict=6000),
    _evidence("P-01", "parts", _("Each part fitted is the maker's own or of equivalent quality, from a supplier named in the register of parts; Premium devices have the maker's parts only.")),
    _evidence("P-02", "parts", _("Batteries carry the CE mark and a UN 38.3 test report, and have at least 80% of their design capacity when sold; 90% in Premium.")),
    _evidence("P-03", "parts", _("Parts taken from other devices pass the same tests as bought ones and are traced to the device they come from.")),
    _evidence("D-01", "erasure", _("All data is erased to NIST SP 800-88 “Purge”, or the memory destroyed, before any other work; a certificate names the serial number, the method and the date.")),
    _evidence("D-02", "erasure", _("The erasing software or procedure is audited by a third party every two years."), 24),
    _evidence("D-03", "erasure", _("Devices waiting for erasure are kept in a locked area whose entries are logged.")),
    _measure("L-01", "deadlines", _("At most 7% of orders leave later than one business day after payment (cut-off 13:00)."), "late_shipment_rate", "<= 700 bp", watch=700, restrict=1500),
    _measure("L-02", "deadlines", _("At most 3% of orders are cancelled by the plant."), "cancellation_rate", "<= 300 bp", watch=300, restrict=800),
    _measure("L-03", "deadlines", _("At most 5% of bought devices are inspected later than two business days after receipt."), "late_inspection_rate", "<= 500 bp", watch=1000, restrict=2000),
    _measure("S-01", "service", _("At most 7% of first answers come later than one business day."), "late_answer_rate", "<= 700 bp", watch=700, restrict=1500),
    _measure("S-02", "service", _("Half of all claims are resolved within 48 business hours, the wait for the customer not counted."), "resolution_hours_median", "<= 48 hours", min_sample=10, watch=80),
    _measure("S-03", "service", _("Customers give 4 stars or more on average."), "rating_average", ">= 400 stars", watch=400),
    _evidence("S-04", "service", _("A human being answers, in the customer's language, on every business day from 9:00 to 17:00; automatic messages do not count as an answer.")),
    _measure("S-05", "service", _("At most 12% of trades receive a counter-offer."), "counter_offer_rate", "<= 1200 bp", watch=2000),
    _measure("S-06", "service", _("At most 10% of contested counter-offers are overturned by our auditors."), "overturned_counter_offer_rate", "<= 1000 bp", min_sample=10, watch=2000, restrict=4000),
    _evidence("G-01", "guarantees", _("A commercial guarantee of at least 12 months covers every device, battery included, from delivery; it adds to the legal guarantee of two years.")),
    _evidence("G-02", "guarantees", _("A device under guarantee is repaired or replaced within five business days of its receipt; at ten, the customer is refunded.")),
    _evidence("G-03", "guarantees", _("Return transport under guarantee is prepaid by the plant, in both directions.")),
    _evidence("R-01", "traceability", _("IMEI or serial number is registered at purchase, at inspection and at shipping, and cannot be changed afterwards.")),
    _evidence("R-02", "traceability", _("The register of bought goods is kept as the law of the country asks, and open to the authorities.")),
    _evidence("R-03", "traceability", _("Every bought device is checked against the stolen-device registry on the day of inspection and on the day of shipping.")),
    _evidence("R-04", "traceability", _("Devices beyond repair go to a treatment plant certified under the WEEE directive, with a slip per batch.")),
    _evidence("K-01", "packaging", _("Parcels withstand a drop of 80 cm on each face and contain at least 90% recycled or certified paper, without foam or plastic film.")),
    _evidence("K-02", "packaging", _("Batteries travel marked according to UN 3481; swollen ones travel in a certified box only.")),
    _evidence("K-03", "packaging", _("Accessories are in the parcel as the listing says; a charger is included or left out as the customer chose.")),
    _evidence("J-01", "law", _("The plant is registered in its country, insured for product liability up to 2,000,000 EUR, and up to date with taxes and social contributions."), 6),
    _evidence("J-02", "law", _("Offers call devices refurbished only when they were tested and erased, and never compare them in words with a device fresh from the factory.")),
    _evidence("J-03", "law", _("VAT is invoiced under the regular or the margin scheme, per unit, and the scheme is announced before payment.")),
    _evidence("J-04", "law", _("Personal data of customers is used for the order and its guarantee only, and erased when both have ended.")),
)  # fmt: skip
