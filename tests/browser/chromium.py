"""A real Chromium without a window, driven over WebDriver: what people do with a page, and what its console said."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

_PATIENCE = 30.0  # seconds
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Of the page and of everything that it loaded: addresses with their statuses (0 where the browser tells none).
_LOADED = """return performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
    .map((each) => [each.name, each.responseStatus])"""
_LINKS = "return [...document.querySelectorAll(arguments[0])].map((link) => link.href)"


@dataclass
class Browser:
    """Whoever sits before it begins at ``home``, an origin."""

    driver: Chrome
    home: str

    def open(self, address: str) -> None:
        """An address of the home, or a whole one."""
        self.driver.get(address if "://" in address else self.home + address)

    @property
    def at(self) -> str:
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def find(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def links(self, css: str = "a[href]") -> list[str]:
        """Where the links lead, each once, without query and fragment; those of the home only."""
        found = [urlsplit(address) for address in self.driver.execute_script(_LINKS, css)]  # one question, not one each
        return list(dict.fromkeys(each.path for each in found if f"{each.scheme}://{each.netloc}" == self.home))

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.wait(lambda css=f'[name="{name}"]': self.find(css))
            (field,) = self.find(f'[name="{name}"]')
            field.send_keys(value)

    def press(self, css: str) -> None:
        """A button that leads to another page."""
        (before,) = self.find("html")
        self.find(css)[0].click()
        self.wait(lambda: self.find("html") != [before] and self._is_there())

    def wait(self, until: Any) -> None:
        WebDriverWait(self.driver, _PATIENCE, poll_frequency=0.05).until(lambda _: until())

    def complaints(self) -> list[str]:
        """Errors in the console since it was last asked, refusals of the page's policy among them, and what of this
        page was answered by an error."""
        logged = [f"{self.at}: {line['message']}" for line in self.driver.get_log("browser") if _is_error(line)]
        failed = [f"{self.at}: {address}: {status}" for address, status in self.loaded() if status >= 400]
        return logged + failed

    def loaded(self) -> list[tuple[str, int]]:
        return [(address, status) for address, status in self.driver.execute_script(_LOADED)]

    def gets_an_authenticator(self) -> None:
        """A platform's own, that asks who holds it and always finds its owner."""
        options = VirtualAuthenticatorOptions(
            transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
            has_resident_key=True,
            has_user_verification=True,
            is_user_verified=True,
        )
        self.driver.add_virtual_authenticator(options)

    # Private functions

    def _is_there(self) -> bool:
        return bool(self.driver.execute_script("return document.readyState === 'complete'"))


@contextmanager
def chromium(home: str) -> Iterator[Browser]:
    """A browser with no past, while the block runs."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    driver = shutil.which("chromedriver")
    assert program, "Chromium is missing: apt-get install chromium, or scripts/install-servers"
    assert driver, "ChromeDriver is missing: apt-get install chromium-driver, or scripts/install-servers"
    options = ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000"):
        options.add_argument(argument)
    options.add_argument("--host-resolver-rules=MAP localhost 127.0.0.1")  # where the servers of tests listen
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(executable_path=driver))
    try:
        yield Browser(chrome, home)
    finally:
        chrome.quit()


# Private functions


def _is_error(line: dict[str, Any]) -> bool:
    return line["level"] == "SEVERE" or "Content Security Policy" in line["message"]
