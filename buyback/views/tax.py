"""The page where a seller gives the tax number."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from buyback import dac7
from buyback.models import TaxFile
from buyback.services.tax import give_tax_number
from buyback.tax_forms import TaxNumberForm


@login_required
def tax_number(request: HttpRequest) -> HttpResponse:
    form, at = TaxNumberForm(posted(request)), timetravel.now()
    if request.method == "POST" and form.is_valid():
        try:
            give_tax_number(request.user, **form.cleaned_data, by=request.user, at=at)  # type: ignore[arg-type]
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Thank you. Your tax number is kept encrypted."))
            return redirect("tax-number")
    year = dac7.year_of(at)
    context = {
        "form": form,
        "file": TaxFile.objects.filter(user=request.user.pk).defer("number").first(),
        "year": year,
        "sold": dac7.sold_in(request.user, year),  # type: ignore[arg-type]
        "most_sales": dac7.SALES,
        "most": dac7.threshold(),
    }
    return render(request, "buyback/tax_number.html", context, status=status_of(form))
