from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from proposals.views.sign_in import SignOut

# One door, in and out: who comes to the admin's own is shown to the site's, where tries are
# counted.
to_sign_in = login_not_required(RedirectView.as_view(pattern_name="sign-in", query_string=True))

handler500 = "proposals.views.error_pages.server_error"

urlpatterns = [
    path("admin/login/", to_sign_in, name="admin-login"),
    path("admin/logout/", SignOut.as_view(), name="admin-logout"),
    path("admin/", admin.site.urls),
    path("", include("proposals.urls")),
]
