from django.urls import path

from apps.catalog import review_views, views, write_views

app_name = "catalog"
urlpatterns = [
    path("use-cases/", views.browse, name="cases"),
    path("use-cases/mine/", views.mine, name="mine"),
    path("use-cases/review/", views.review_list, name="reviews"),
    path("use-cases/inventory/", review_views.inventory_page, name="inventory"),
    path("use-cases/inventory/cases.csv", review_views.inventory_cases, name="inventory-cases"),
    path("use-cases/inventory/tasks.csv", review_views.inventory_tasks, name="inventory-tasks"),
    path("use-cases/similar/", write_views.similar, name="similar"),
    path("use-cases/new/", write_views.begin, name="begin"),
    path("use-cases/<int:pk>/", views.detail, name="case"),
    path("use-cases/<int:pk>/write/<slug:step>/", write_views.write, name="write"),
    path("use-cases/<int:pk>/withdraw/", write_views.withdraw, name="withdraw"),
    path("use-cases/<int:pk>/result/", write_views.report, name="report"),
    path("use-cases/<int:pk>/stage/", write_views.stage, name="stage"),
    path("use-cases/<int:pk>/retire/", write_views.retire, name="retire"),
    path("use-cases/<int:pk>/adopt/", write_views.adopt, name="adopt"),
    path("use-cases/adoptions/<int:pk>/result/", write_views.adoption_report, name="adoption-report"),
    path("use-cases/<int:pk>/review/", review_views.review, name="review"),
    path("use-cases/<int:pk>/lower/", review_views.lower, name="lower"),
    path("use-cases/lowerings/<int:pk>/decide/", review_views.lowering_decide, name="lowering-decide"),
    path("use-cases/<int:pk>/practices/", review_views.practices, name="practices"),
    path("use-cases/<int:pk>/reconfirm/", review_views.reconfirm, name="reconfirm"),
    path("use-cases/<int:pk>/suspend/", review_views.suspend, name="suspend"),
    path("use-cases/<int:pk>/resume/", review_views.resume, name="resume"),
]
