"""From messy document to labelled example."""
