"""Every knob, with its default and its check, in ``schema``; the YAML files beside it state only differences."""
