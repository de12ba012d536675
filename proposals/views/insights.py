from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from waltzflow.replica import from_replica

from ..models import State, open_states
from ..reports import charts
from ..reports.figures import figures
from ..reports.insights import (
    REJECTED_BY_SIDE,
    WEEKS,
    Age,
    Insights,
    total,
    who_waits,
)

LONGEST_LABEL = 34  # characters that a telephone has room for in one line


@require_safe
@from_replica
def insights(request: HttpRequest) -> HttpResponse:
    """How the workflow does; each chart with the table that says the same. `?now=on` counts what
    the worker else keeps.
    """
    shown = figures("insights", timezone.now(), now="now" in request.GET)
    counted = Insights.from_json(shown.content)
    ages, weeks, ended = counted.ages, counted.weeks, counted.outcomes
    waiting = who_waits(counted.queues)
    states = open_states()
    series = {state: f"series-{number}" for number, state in enumerate(states, start=1)}
    context = {
        "as_of": shown.as_of,
        "weeks_back": WEEKS,
        "open_states": [State(state) for state in states],
        "series_of_states": [(name, State(state)) for state, name in series.items()],
        "ages": ages,
        "number_open": sum(age.total for age in ages),
        "ages_chart": charts.bars([_age_bar(age, series) for age in ages]),
        "weeks": weeks,
        "number_decided": sum(week.decided for week in weeks),
        "weeks_chart": charts.plot(weeks),
        "outcomes": ended,
        "total": total(ended),
        "rejected_by_side": REJECTED_BY_SIDE.items(),
        "outcomes_chart": charts.bars(
            [_outcome_bar(outcome) for outcome in ended if outcome.decided], full=100
        ),
        "waiting": waiting,
        "waiting_chart": charts.bars([_waiting_bar(row) for row in waiting]),
    }
    return render(request, "proposals/insights.html", context)


def _age_bar(age: Age, series: dict[str, str]) -> tuple[str, str, dict[str, float]]:
    parts = {series[state]: number for state, number in age.by_state.items()}
    return age.label, str(age.total), parts


def _outcome_bar(outcome) -> tuple[str, str, dict[str, float]]:
    share = f"{outcome.percent:.0f}% · {outcome.rejected} of {outcome.decided}"
    return Truncator(outcome.reason).chars(LONGEST_LABEL), share, {"bar": outcome.percent}


def _waiting_bar(row) -> tuple[str, str, dict[str, float]]:
    label = Truncator(row.system.name).chars(LONGEST_LABEL - 10)
    return f"{label}, as {row.side.lower()}", str(row.number), {"bar": row.number}
