from django.urls import path

from reviews.api import PlantReviewsEndpoint

urlpatterns = [
    path("plants/<slug:slug>/reviews/", PlantReviewsEndpoint.as_view(), name="api-plant-reviews"),
]
