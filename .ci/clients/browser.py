"""The page of websocket-chat in headless Chromium: two windows hear each other, one of them through reverse-proxy.

Driven by chromedriver over its own protocol (W3C WebDriver), which needs nothing but the standard library.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]


class Driver:
    def __init__(self, profile):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        else:
            raise AssertionError("chromedriver did not start")
        self.url = f"http://127.0.0.1:{found[1]}/session"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
        self.url += "/" + self.call("", {"capabilities": wanted})["sessionId"]

    def call(self, path, body=None, method="POST"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def script(self, text, *args):
        return self.call("/execute/sync", {"script": text, "args": args})

    def until(self, what, text, *args):
        for _ in range(200):
            if self.script(f"return {text}", *args):
                return
            time.sleep(0.05)
        raise AssertionError(f"never: {what}")

    def open(self, url):
        """A window of its own, with the page in it."""
        window = self.call("/window/new", {"type": "tab"})["handle"]
        self.turn_to(window)
        self.call("/url", {"url": url})
        self.until(f"connected to {url}", "document.getElementById('state').textContent === 'connected'")
        return window

    def turn_to(self, window):
        self.call("/window", {"handle": window})

    def quit(self):
        try:
            self.call("", method="DELETE")
        finally:
            self.process.terminate()
            self.process.wait()


def main(direct, proxied):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = Driver(profile)
        try:
            windows = [driver.open(direct), driver.open(proxied)]
            for speaker in range(2):
                driver.turn_to(windows[speaker])
                said = f"window {speaker} says <b>ahoy</b> \u2693"
                driver.script(
                    "document.getElementById('say').value = arguments[0];"
                    "document.getElementById('form').requestSubmit()", said
                )
                for window in windows:
                    driver.turn_to(window)
                    driver.until(
                        f"a window hears '{said}'",
                        "document.querySelector('#heard li')?.textContent === arguments[0]", said
                    )
        finally:
            driver.quit()
    print("ok: two windows of Chromium hear each other, one through the proxy")


main(*sys.argv[1:])
