#!/usr/bin/env python3
"""Cost against the number of items: runs `cargo bench --bench ingest` on each directory of seeds and draws benches/scale.svg.

    benches/scale.py DIRECTORY...

The first scan is drawn per seed, the restart without the listing, one more article as the median over HTTP. Both axes are
logarithmic, so that a cost that does not grow with the archive is a level line.
"""

import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 50
CURVES = {  # name: (colour, unit)
    "first scan, a seed": ("#1f6f8b", "µs"),
    "restart without the listing": ("#b5651d", "ms"),
    "one more article visible": ("#4b7f52", "ms"),
    "memory after the first scan": ("#7a4b8f", "MB"),
}


def measure(directory):
    """Number of seeds and the figures of one directory."""
    command = ["cargo", "bench", "--bench", "ingest", "--", directory, str(ROUNDS)]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    figure = lambda line, name: float(re.search(rf"^{line}\t.*?{name}=([\d.]+)", text, re.M).group(1))
    count = int(figure("floor", "files"))
    figures = {
        "first scan, a seed": figure("first scan", "seconds") / count * 1e6,
        "restart without the listing": max(figure("restart", "seconds") - figure("restart", "listing_alone"), 0.001) * 1e3,
        "one more article visible": figure("freshness", "p50_ms"),
        "memory after the first scan": figure("first scan", "now_MB"),
    }
    print(count, " ".join(f"{name}: {value:.1f} {CURVES[name][1]};" for name, value in figures.items()), flush=True)
    return count, figures


def draw(points):
    width, height, left, top, bottom = 720, 420, 60, 20, 50
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])
    values = [value for _, figures in points for value in figures.values()]
    floor, ceiling = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    x = lambda count: left + (math.log10(count) - low) / max(high - low, 1) * (width - left - 220)
    y = lambda value: top + (ceiling - math.log10(value)) / (ceiling - floor) * (height - top - bottom)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(floor, ceiling + 1):
        at = y(10**power)
        out.append(f'<line x1="{left}" x2="{width - 220}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    for count, _ in points:
        out.append(f'<text x="{x(count):.1f}" y="{height - bottom + 20}" text-anchor="middle">{count:,}</text>')
    out.append(f'<text x="{(width - 220 + left) / 2}" y="{height - 8}" text-anchor="middle">items</text>')
    for name, (colour, unit) in CURVES.items():
        line = " ".join(f"{x(count):.1f},{y(figures[name]):.1f}" for count, figures in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x(c):.1f}" cy="{y(f[name]):.1f}" r="3" fill="{colour}"/>' for c, f in points]
        last = points[-1][1][name]
        out.append(f'<text x="{width - 212}" y="{y(last) + 4:.1f}" fill="{colour}">{name}, {unit}</text>')
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    measured = sorted(measure(directory) for directory in sys.argv[1:])
    (ROOT / "benches" / "scale.svg").write_text(draw(measured), encoding="utf-8")
