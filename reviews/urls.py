from django.urls import path

from reviews import views

urlpatterns = [
    path("account/orders/<uuid:pk>/rate/", views.rate_line, name="rate-line"),
    path("account/trades/<uuid:pk>/rate/", views.rate_trade, name="rate-trade"),
    path("p/<slug:slug>/reviews/", views.product_reviews, name="product-reviews"),
    path("p/<slug:slug>/questions/", views.product_questions, name="product-questions"),
    path("p/<slug:slug>/questions/<uuid:pk>/answer/", views.question_answer, name="question-answer"),
    path("plants/<slug:slug>/reviews/", views.plant_reviews, name="plant-reviews"),
    path("reviews/method/", views.method, name="reviews-method"),
]
