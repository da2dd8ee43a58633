from django.urls import path

from apps.knowledge import article_views, office_views, question_views, views

app_name = "knowledge"
urlpatterns = [
    path("knowledge/", views.home, name="home"),
    path("knowledge/articles/", article_views.article_list, name="articles"),
    path("knowledge/articles/new/", article_views.article_new, name="article-new"),
    path("knowledge/articles/<int:pk>/", article_views.article_one, name="article"),
    path("knowledge/articles/<int:pk>/versions/<int:number>/", article_views.article_version, name="article-version"),
    path("knowledge/articles/<int:pk>/edit/", article_views.article_edit, name="article-edit"),
    path("knowledge/articles/<int:pk>/publish/", article_views.article_publish, name="article-publish"),
    path("knowledge/articles/<int:pk>/confirm/", article_views.article_confirm, name="article-confirm"),
    path("knowledge/articles/<int:pk>/retire/", article_views.article_retire, name="article-retire"),
    path("knowledge/announcements/", office_views.announcement_list, name="announcements"),
    path("knowledge/announcements/new/", office_views.announcement_new, name="announcement-new"),
    path("knowledge/announcements/<int:pk>/end/", office_views.announcement_end, name="announcement-end"),
    path("tools/", views.tools, name="tools"),
    path("tools/register/", views.register, name="register"),
    path("tools/new/", views.tool_new, name="tool-new"),
    path("tools/<int:pk>/", views.tool_one, name="tool"),
    path("tools/<int:pk>/edit/", views.tool_edit, name="tool-edit"),
    path("web-proxy/", office_views.proxy_list, name="proxy"),
    path("web-proxy/import/", office_views.proxy_import, name="proxy-import"),
    path("questions/", question_views.question_list, name="questions"),
    path("questions/ask/", question_views.ask, name="ask"),
    path("questions/<int:pk>/", question_views.question_one, name="question"),
    path("questions/<int:pk>/answer/", question_views.answer, name="answer"),
    path("questions/<int:pk>/hand-over/", question_views.hand_over, name="hand-over"),
    path("questions/<int:pk>/reopen/", question_views.reopen, name="reopen"),
    path("questions/<int:pk>/article/", question_views.to_article, name="to-article"),
    path("obligations/", office_views.obligation_list, name="obligations"),
    path("obligations/new/", office_views.obligation_new, name="obligation-new"),
    path("obligations/<int:pk>/edit/", office_views.obligation_edit, name="obligation-edit"),
]
