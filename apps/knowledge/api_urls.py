from django.urls import path

from apps.knowledge import api

app_name = "knowledge-api"
urlpatterns = [
    path("knowledge/articles/", api.article_list, name="articles"),
    path("knowledge/tools/", api.tool_list, name="tools"),
    path("knowledge/obligations/", api.obligation_list, name="obligations"),
]
