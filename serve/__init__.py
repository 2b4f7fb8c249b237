"""From a model directory to labels: prediction, HTTP, page. Never imports torch."""
