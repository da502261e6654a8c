"""Makes the picture of the live page: live_picture.py --build DIRECTORY FILE.png

State files of made-up accounts, one of which gets on, served by `mailmigrate status --serve`.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time

import browser
from livestate import LiveState, page_url

WIDTH, HEIGHT = 1180, 900


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("file")
    options = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="mmt-live-")
    states = LiveState(os.path.join(directory, "states"), 240)
    process = subprocess.Popen([os.path.join(options.build, "tools", "mailmigrate"), "status", "--state",
                                os.path.join(directory, "states"), "--serve=127.0.0.1:0", "--interval", "1"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    page = browser.Browser(timeout=240)
    try:
        url = page_url(process)
        page.size(WIDTH, HEIGHT)
        page.send("Page.navigate", url=url)
        page.wait_for("location.href === '%s' && document.readyState === 'complete'" % url)
        uid = 2
        for step in range(12):
            more = 20 + 40 * (step % 3)
            states.copied(range(uid, uid + more))
            uid += more
            time.sleep(1.5)
        page.wait_for("document.querySelector('polyline') !== null")
        page.picture(options.file)
    finally:
        page.close()
        process.kill()
        process.wait()
        process.stderr.close()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
