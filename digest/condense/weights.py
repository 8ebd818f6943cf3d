SPEAKER_WEIGHTS: dict[str, float] = {}
