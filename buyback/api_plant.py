"""A plant's bench for programs: a diagnostics tool hands in its report by itself."""

from typing import IO, Any, cast
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backmarket import timetravel
from backmarket.accounts.models import User
from buyback.access import trade_for_plant
from buyback.diagnostics import MAX_BYTES, InvalidReport
from buyback.services.sheets import WrongDevice, import_report
from refurbishers.access import require_role
from refurbishers.models import Member

BENCH = (Member.Role.OWNER, Member.Role.MANAGER, Member.Role.TECHNICIAN)


class JsonReport(BaseParser):
    """The bytes as they came: they are kept as evidence. No more is read than a report may have."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> bytes:
        return bytes(stream.read(MAX_BYTES + 1))


class CsvReport(JsonReport):
    media_type = "text/csv"


class ProblemOutput(serializers.Serializer):
    """A row that was not used: its place in the report, and why. Row 0 is about the report itself."""

    row = serializers.IntegerField()
    code = serializers.CharField()
    value = serializers.CharField()
    why = serializers.CharField()


class ReportOutput(serializers.Serializer):
    """What was filled into the sheet, {check code: value}; a technician still hands the sheet in."""

    id = serializers.UUIDField()
    values = serializers.DictField()
    problems = ProblemOutput(many=True)


class DiagnosticsEndpoint(APIView):
    """Fill a trade's inspection sheet in from a diagnostics report, in the format of docs/diagnostics.md."""

    parser_classes = [JsonReport, CsvReport]

    @extend_schema(
        request={"application/json": OpenApiTypes.OBJECT, "text/csv": OpenApiTypes.STR}, responses={201: ReportOutput}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        user = cast(User, request.user)
        trade = trade_for_plant(user, pk)
        require_role(user, *BENCH)
        try:
            report = import_report(trade, request.data or b"", by=user, at=timetravel.now())
        except WrongDevice:
            raise
        except InvalidReport as refusal:
            raise ValidationError({"report": [str(refusal)]}) from refusal
        return Response(ReportOutput(report).data, status=201)
