"""Takes the pictures of README and docs from the running stack: `make demo` first, then `make screenshots`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from aviation import home
from aviation.board import offline
from aviation.runs import pages, store

IMAGES = Path(__file__).parent / "images"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
STORM = "2013-07-10T20:10Z"
DARK = "--blink-settings=preferredColorScheme=0"
PICTURES = {
    "dashboard.png": ("dashboard", 1280, 1100, ()),
    "dashboard-map.png": ("map", 1280, 1300, ()),
    "dashboard-dark.png": ("dashboard", 1280, 900, (DARK,)),
    "dashboard-phone.png": ("dashboard", 500, 1000, ()),
    "runs.png": ("runs", 1100, 700, ()),
}


def main() -> None:
    """Render the pages, and take each picture of PICTURES."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        sys.exit("screenshots: Chromium is not installed: install it, then run 'make screenshots' again")
    page = offline.write(home.home() / "storm.html", as_of=STORM)
    with tempfile.TemporaryDirectory() as folder:
        # The same page from its map on.
        lower = Path(folder) / "map.html"
        text = page.read_text()
        for part in ('<dl class="tiles"', '<div class="now"'):
            text = text.replace(part, f"{part} hidden")
        lower.write_text(text)
        shown = {
            "dashboard": page,
            "map": lower,
            "runs": pages.write_index(store.latest(limit=30)),
        }
        IMAGES.mkdir(exist_ok=True)
        for name, (which, width, height, flags) in PICTURES.items():
            target = IMAGES / name
            command = [browser, *FLAGS, *flags, f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"]
            subprocess.run(
                [*command, f"--screenshot={target}", shown[which].as_uri()], check=True, capture_output=True, timeout=60
            )
            print(f"screenshots: {target} ({target.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
