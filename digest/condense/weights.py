SPEAKER_WEIGHTS: dict[str, float] = {}
PRONOUN_WEIGHTS: dict[str, float] = {}
