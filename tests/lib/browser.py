"""A headless Chromium, driven through its debugging pipe: one JSON object after another, each ended by a NUL."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAME = "chromium"
COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening",
              "Network.requestWillBeSent")


def available():
    return shutil.which(NAME) is not None


class Browser:
    """One page. `complaints` gathers what it wrote to the console, every error, dialogue, and every request it made."""

    def __init__(self, timeout=60):
        self.timeout, self.number, self.data, self.complaints = timeout, 0, b"", []
        self.directory = tempfile.mkdtemp(prefix="mmt-browser-")
        theirs_in, self.to = os.pipe()
        self.from_, theirs_out = os.pipe()

        def pipes():  # the browser reads from descriptor 3 and writes to 4
            high_in, high_out = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(
            [NAME, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
             "--disable-background-networking", "--user-data-dir=" + self.directory, "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes,
            close_fds=False)
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(domain + ".enable")

    def message(self, deadline):
        while b"\0" not in self.data:
            ready = select.select([self.from_], [], [], max(0, deadline - time.monotonic()))[0]
            piece = os.read(self.from_, 1 << 20) if ready else b""
            if not piece:
                raise TimeoutError("the browser does not answer")
            self.data += piece
        line, self.data = self.data.split(b"\0", 1)
        return json.loads(line)

    def send(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            command["sessionId"] = self.session
        os.write(self.to, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError("%s: %s" % (method, message["error"]))
                return message["result"]
            if message.get("method") in COMPLAINTS:
                self.complaints.append(message)

    def run(self, script):
        """The value of a JavaScript expression."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError("%s: %s" % (script, result["exceptionDetails"]))
        return result["result"].get("value")

    def wait_for(self, script):
        deadline = time.monotonic() + self.timeout
        while not self.run(script):
            if time.monotonic() > deadline:
                raise TimeoutError("never true: " + script)
            time.sleep(0.05)

    def open(self, path):
        """Open a local file. Its own request is no complaint."""
        self.send("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for("location.protocol === 'file:' && document.readyState === 'complete'")
        self.complaints = [c for c in self.complaints if c["params"].get("type") != "Document"]

    def size(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)

    def media(self, kind="", dark=False):
        self.send("Emulation.setEmulatedMedia", media=kind,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        try:
            self.session = None
            self.send("Browser.close")
            self.process.wait(20)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.from_)
        shutil.rmtree(self.directory, ignore_errors=True)
