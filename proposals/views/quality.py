from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from waltzflow.replica import from_replica

from ..files.download import table_response
from ..forms.filters import QualityFilter
from ..reports.figures import figures, kept_figures
from ..reports.quality import QUESTIONS, Question, answers_from_json
from .lists import MOST_COUNTED, Total, counted_page, wanted_file

# Of what the worker counted: so many do not become MOST_COUNTED before it counts again.
SURELY_MORE = 2 * MOST_COUNTED


@require_safe
@from_replica
def overview(request: HttpRequest) -> HttpResponse:
    """What the register lacks: each question with its number, its share and its age. `?now=on`
    counts what the worker else keeps.
    """
    shown = figures("quality", timezone.now(), now="now" in request.GET)
    context = {"answers": answers_from_json(shown.content), "as_of": shown.as_of}
    return render(request, "proposals/quality.html", context)


@require_safe
def question(request: HttpRequest, slug: str) -> HttpResponse:
    """The list behind one number, each row with what remedies it, as the query string filters."""
    asked = QUESTIONS.get(slug)
    if asked is None:
        raise Http404
    chosen = QualityFilter(request.GET, asked.rows(), request=request, question=asked)
    if kind := wanted_file(request):
        return table_response(kind, slug, *asked.table(chosen.found))
    known = None if chosen.in_use else _known_to_be_many(asked)
    page, total = counted_page(chosen.found, request.GET, size=50, total=known)
    context = {"filter": chosen, "page": page, "total": total}
    context |= {"question": asked, "questions": QUESTIONS.values()}
    context["lines"] = asked.lines(page.rows, request.user)
    return render(request, "proposals/quality_list.html", context)


def _known_to_be_many(asked: Question) -> Total | None:
    """More than a list counts, as the worker found; where rows are rare among very many, to count
    even the first of them takes longer than to show them.
    """
    kept = kept_figures("quality")
    answers = answers_from_json(kept.content) if kept else []
    counts = [answer.count for answer in answers if answer.question is asked]
    return Total(None) if counts and counts[0] >= SURELY_MORE else None
