"""From images to people: estimators, engines and cards. Needs numpy and OpenCV only."""
