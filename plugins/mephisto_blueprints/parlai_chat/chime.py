"""The sound that pages on `bootstrap-chat` play when it is the worker's turn."""

from __future__ import annotations

import io
import math
import wave

_RATE = 8000
_SECONDS = 0.25
_HERTZ = 660.0


def chime() -> bytes:
    """A short tone that fades, as a WAV file.

    The pages ask for `notif.mp3`; browsers go by the content and not by the name.
    """
    count = int(_RATE * _SECONDS)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(_RATE)
        sound.writeframes(bytes(_sample(number, count) for number in range(count)))
    return file.getvalue()


def _sample(number: int, count: int) -> int:
    loudness = 60 * (1 - number / count)
    return round(128 + loudness * math.sin(2 * math.pi * _HERTZ * number / _RATE))
