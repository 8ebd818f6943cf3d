"""What the values of a style mean: colors, sizes, addresses.

Colors are ``(red, green, blue, alpha)``, 0 to 255 and 0 to 1.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

Color = tuple[float, float, float, float]

_NUMBER = re.compile(r"-?\d*\.?\d+")

NAMED = dict(
    pair.split(":")
    for pair in """
    aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc bisque:ffe4c4
    black:000000 blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a burlywood:deb887 cadetblue:5f9ea0
    chartreuse:7fff00 chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c cyan:00ffff
    darkblue:00008b darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9 darkgreen:006400 darkgrey:a9a9a9
    darkkhaki:bdb76b darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000
    darksalmon:e9967a darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f darkslategrey:2f4f4f
    darkturquoise:00ced1 darkviolet:9400d3 deeppink:ff1493 deepskyblue:00bfff dimgray:696969 dimgrey:696969
    dodgerblue:1e90ff firebrick:b22222 floralwhite:fffaf0 forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc
    ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520 gray:808080 green:008000 greenyellow:adff2f grey:808080
    honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c indigo:4b0082 ivory:fffff0 khaki:f0e68c lavender:e6e6fa
    lavenderblush:fff0f5 lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6 lightcoral:f08080 lightcyan:e0ffff
    lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3 lightpink:ffb6c1
    lightsalmon:ffa07a lightseagreen:20b2aa lightskyblue:87cefa lightslategray:778899 lightslategrey:778899
    lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00 limegreen:32cd32 linen:faf0e6 magenta:ff00ff maroon:800000
    mediumaquamarine:66cdaa mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371
    mediumslateblue:7b68ee mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585
    midnightblue:191970 mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead navy:000080
    oldlace:fdf5e6 olive:808000 olivedrab:6b8e23 orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa
    palegreen:98fb98 paleturquoise:afeeee palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f
    pink:ffc0cb plum:dda0dd powderblue:b0e0e6 purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f
    royalblue:4169e1 saddlebrown:8b4513 salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee
    sienna:a0522d silver:c0c0c0 skyblue:87ceeb slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa
    springgreen:00ff7f steelblue:4682b4 tan:d2b48c teal:008080 thistle:d8bfd8 tomato:ff6347 turquoise:40e0d0
    violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5 yellow:ffff00 yellowgreen:9acd32
    """.split()
)
"""CSS Color 4, 6.1: name -> rrggbb."""


@lru_cache(maxsize=512)
def color_of(value: str) -> Color | None:
    """The color *value* begins with or is; None where it is none (or inherits)."""
    value = value.strip().lower()
    if value == "transparent":
        return (0.0, 0.0, 0.0, 0.0)
    if value in NAMED:
        value = f"#{NAMED[value]}"
    if found := re.fullmatch(r"#([0-9a-f]{3,8})", value):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(c * 2 for c in digits)
        if len(digits) not in (6, 8):
            return None
        red, green, blue, alpha = (int(f"{digits}ff"[n : n + 2], 16) for n in (0, 2, 4, 6))
        return (red, green, blue, alpha / 255)
    if found := re.fullmatch(r"(rgb|hsl)a?\((.*)\)", value):
        parts = re.findall(r"-?\d*\.?\d+%?", found[2])
        if len(parts) not in (3, 4):
            return None
        alpha_part = parts[3] if len(parts) == 4 else "1"
        alpha_value = min(1.0, _number(alpha_part, 1))
        if found[1] == "hsl":
            rgb = colorsys.hls_to_rgb(
                float(parts[0].strip("%")) % 360 / 360, _number(parts[2], 1), _number(parts[1], 1)
            )
            return (rgb[0] * 255, rgb[1] * 255, rgb[2] * 255, alpha_value)
        red_, green_, blue_ = (min(255.0, max(0.0, _number(part, 255))) for part in parts[:3])
        return (red_, green_, blue_, alpha_value)
    return None


def _number(part: str, whole: float) -> float:
    return float(part[:-1]) / 100 * whole if part.endswith("%") else float(part)


def background_of(values: Mapping[str, str]) -> Color | None:
    """The ground that *values* of an element lay, without pictures; None where they lay none."""
    if (value := values.get("background-color")) is not None:
        return color_of(value)
    for word in re.findall(r"(?:rgb|hsl)a?\([^)]*\)|#[0-9a-fA-F]+|[a-zA-Z]+", values.get("background", "")):
        if (color := color_of(word)) is not None:
            return color
    return None


def over(color: Color, ground: Color) -> Color:
    """*color* laid over an opaque *ground*."""
    alpha = color[3]
    red, green, blue = (c * alpha + g * (1 - alpha) for c, g in zip(color[:3], ground[:3], strict=True))
    return (red, green, blue, 1.0)


def hex_of(color: Color) -> str:
    return "#" + "".join(f"{round(c):02x}" for c in color[:3])


def pixels_of(value: str, inherited: float) -> float:
    """A font size in pixels; *inherited* where it is none that is understood."""
    value = value.strip().lower()
    number = _NUMBER.match(value)
    if number is None:
        return {"x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0}.get(value, inherited)
    unit = value[number.end() :].strip()
    factors = {"px": 1.0, "pt": 4 / 3, "em": inherited, "rem": 16.0, "%": inherited / 100}
    return float(number[0]) * factors[unit] if unit in factors else inherited


def urls_in(value: str) -> Iterator[str]:
    """The addresses in ``url(…)`` of *value*."""
    for found in re.finditer(r"""url\(\s*["']?([^"')]*)["']?\s*\)""", value, re.I):
        yield found[1].strip()
