"""Fine-tune, choose thresholds, evaluate beside the baselines, publish."""
