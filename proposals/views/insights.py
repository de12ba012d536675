from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from ..models import State, open_states
from ..reports import charts
from ..reports.insights import WEEKS, altogether, open_by_age, outcomes, time_to_decision, who_waits

LONGEST_LABEL = 34  # characters that a telephone has room for in one line


@require_safe
def insights(request: HttpRequest) -> HttpResponse:
    """How the workflow does; each chart with the table that says the same."""
    now = timezone.now()
    ages, weeks, ended, waiting = (
        open_by_age(now),
        time_to_decision(now),
        outcomes(now),
        who_waits(),
    )
    context = {
        "weeks_back": WEEKS,
        "open_states": [State(state) for state in open_states()],
        "ages": ages,
        "number_open": sum(age.total for age in ages),
        "ages_chart": charts.bars([(age.label, str(age.total), age.by_state) for age in ages]),
        "weeks": weeks,
        "number_decided": sum(week.decided for week in weeks),
        "weeks_chart": charts.plot(weeks),
        "outcomes": ended,
        "altogether": altogether(ended),
        "outcomes_chart": charts.bars(
            [_outcome_bar(outcome) for outcome in ended if outcome.decided], full=100
        ),
        "waiting": waiting,
        "waiting_chart": charts.bars([_waiting_bar(row) for row in waiting]),
    }
    return render(request, "proposals/insights.html", context)


def _outcome_bar(outcome) -> tuple[str, str, dict[str, float]]:
    told = f"{outcome.percent:.0f}% · {outcome.rejected} of {outcome.decided}"
    return Truncator(outcome.reason).chars(LONGEST_LABEL), told, {"bar": outcome.percent}


def _waiting_bar(row) -> tuple[str, str, dict[str, float]]:
    label = Truncator(row.system.name).chars(LONGEST_LABEL - 10)
    return f"{label}, as {row.side.lower()}", str(row.number), {"bar": row.number}
