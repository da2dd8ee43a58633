from django.urls import path

from apps.terms import author_views, views

app_name = "terms"
urlpatterns = [
    path("terms/", views.current, name="current"),
    path("terms/next/", views.to_come, name="to-come"),
    path("terms/compare/", views.compare, name="compare"),
    path("terms/preview/", author_views.preview, name="preview"),
    path("terms/acceptances/", views.acceptance_list, name="acceptances"),
    path("terms/acceptances/<int:pk>/", views.receipt, name="receipt"),
    path("terms/acceptances/<int:pk>/receipt.pdf", views.receipt_pdf, name="receipt-pdf"),
    path("terms/versions/", views.version_list, name="versions"),
    path("terms/versions/new/", author_views.version_draft, name="draft"),
    path("terms/versions/<int:number>/", views.version_detail, name="version"),
    path("terms/versions/<int:number>/edit/", author_views.version_edit, name="edit"),
    path("terms/versions/<int:number>/translate/", author_views.version_translate, name="translate"),
    path("terms/versions/<int:number>/publish/", author_views.version_publish, name="publish"),
    path("terms/versions/<int:number>/take-back/", author_views.version_unschedule, name="unschedule"),
    path("terms/versions/<int:number>/in/<str:language>/", views.version_detail, name="translation"),
    path("terms/versions/<int:number>/in/<str:language>/edit/", author_views.version_edit, name="translation-edit"),
    path(
        "terms/versions/<int:number>/in/<str:language>/publish/",
        author_views.version_publish,
        name="translation-publish",
    ),
]
