from django.urls import include, path

from .api import operations
from .views import (
    audit,
    catalogue,
    flows,
    home,
    imports,
    inbox,
    insights,
    me,
    passwords,
    proposals,
    proposing,
    quality,
    remarks,
    saved_views,
    search,
    sign_in,
    single_sign_on,
    systems,
    tokens,
    updates,
    uploads,
    watches,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/count/", inbox.count, name="inbox-count"),
    path("inbox/decide/", inbox.decide_many, name="inbox-decide"),
    path("inbox/decided/<uuid:key>/", inbox.decided, name="inbox-decided"),
    path("updates/", updates.updates, name="updates"),
    path("updates/read/", updates.mark_read, name="updates-read"),
    path("updates/<int:pk>/", updates.open_update, name="update"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/provider/", single_sign_on.begin, name="sign-in-provider"),
    path("sign-in/provider/done/", single_sign_on.done, name="sign-in-provider-done"),
    path("password/forgotten/", passwords.Forgotten.as_view(), name="password-forgotten"),
    path(
        "password/set/<slug:uidb64>/<slug:token>/",
        passwords.SetPassword.as_view(),
        name="password-set",
    ),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("me/", me.me, name="me"),
    path("me/notices/", me.choose_notices, name="me-notices"),
    path("me/appearance/", me.choose_appearance, name="me-appearance"),
    path("me/password/", me.change_password, name="me-password"),
    path("me/people/", me.people_options, name="people-options"),
    path("me/delegations/<int:pk>/end/", me.end_delegation, name="delegation-end"),
    path("me/tokens/", tokens.make, name="tokens"),
    path("me/tokens/<int:pk>/withdraw/", tokens.withdraw, name="token-withdraw"),
    # Proposals
    path("proposals/", proposals.proposal_list, name="proposals"),
    path("proposals/new/", proposing.new, name="proposal-new"),
    path("proposals/new/source/", proposing.of_source, name="proposing-source"),
    path("proposals/new/advice/", proposing.advise, name="proposing-advice"),
    path("proposals/import/", uploads.bring, name="proposal-import"),
    path("proposals/import/template/", uploads.template, name="proposal-import-template"),
    path("proposals/import/<int:pk>/", uploads.upload, name="proposal-upload"),
    path("proposals/import/<int:pk>/progress/", uploads.progress, name="proposal-upload-progress"),
    path("proposals/import/<int:pk>/discard/", uploads.discard, name="proposal-upload-discard"),
    path("proposals/<int:pk>/", proposals.ProposalPage.as_view(), name="proposal"),
    path("proposals/<int:pk>/edit/", proposing.edit, name="proposal-edit"),
    path("proposals/<int:pk>/remark/", remarks.remark, name="proposal-remark"),
    path("proposals/<int:pk>/remind/", proposals.remind, name="proposal-remind"),
    path("proposals/<int:pk>/watch/", watches.watch_proposal, name="proposal-watch"),
    path("proposals/<int:pk>/<slug:verb>/", proposals.act, name="proposal-act"),
    # Views of lists
    path("views/", saved_views.save, name="view-save"),
    path("views/<int:pk>/remove/", saved_views.remove, name="view-remove"),
    # Systems
    path("systems/", systems.system_list, name="systems"),
    path("systems/options/", systems.system_options, name="system-options"),
    path("systems/<int:pk>/watch/", watches.watch_system, name="system-watch"),
    path("systems/<int:pk>/", systems.SystemPage.as_view(), name="system"),
    # Flows
    path("flows/", flows.flow_list, name="flows"),
    path("flows/<int:pk>/", flows.FlowPage.as_view(), name="flow"),
    path("flows/<int:pk>/physical/new/", flows.add_physical_flow, name="physical-flow-new"),
    path("flows/<int:pk>/remove/", flows.remove_flow, name="flow-remove"),
    path("physical-flows/<int:pk>/", flows.PhysicalFlowPage.as_view(), name="physical-flow"),
    path("physical-flows/<int:pk>/edit/", flows.edit_physical_flow, name="physical-flow-edit"),
    path(
        "physical-flows/<int:pk>/remove/", flows.remove_physical_flow, name="physical-flow-remove"
    ),
    # What the register speaks of
    path("data-types/<int:pk>/", catalogue.DataTypePage.as_view(), name="data-type"),
    path("specifications/<int:pk>/", catalogue.SpecificationPage.as_view(), name="specification"),
    path("people/<int:pk>/", catalogue.PersonPage.as_view(), name="person"),
    path(
        "people/<int:pk>/delegations/",
        catalogue.PersonDelegations.as_view(),
        name="person-delegations",
    ),
    path("units/<int:pk>/", catalogue.UnitPage.as_view(), name="unit"),
    # For programs
    path("api/v1/", include((operations.patterns, "api"))),
    # How the register and the workflow do
    path("quality/", quality.overview, name="quality"),
    path("quality/<slug:slug>/", quality.question, name="quality-list"),
    path("insights/", insights.insights, name="insights"),
    # The catalogue from files
    path("import/", imports.bring, name="catalogue-import"),
    path("import/<int:pk>/", imports.upload, name="catalogue-upload"),
    path("import/<int:pk>/progress/", imports.progress, name="catalogue-upload-progress"),
    path("import/<int:pk>/discard/", imports.discard, name="catalogue-upload-discard"),
    # What auditors ask
    path("audit/", audit.home, name="audit"),
    *(
        path(f"audit/{of}s/<int:pk>/{rest}", view, {"of": of}, name=f"audit-{of}{name}")
        for of in audit.SUBJECTS
        for rest, view, name in [("", audit.trail, ""), ("evidence/", audit.pack, "-evidence")]
    ),
    path("audit/register/", audit.register, name="audit-register"),
    path("audit/difference/", audit.difference, name="audit-difference"),
    path("audit/transitions/", audit.transitions, name="audit-transitions"),
]
