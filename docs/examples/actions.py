"""Demander la permission d'agir, puis agir. Ask leave for an action, then act. Standard library only."""

import json
import urllib.error
import urllib.request


class Refused(Exception):
    """L'action n'aura pas lieu. The action will not take place."""


class Actions:
    """Une fonction qui agit passe par `run`. A function that acts goes through `run`.

    url: http://127.0.0.1:8080; key: a key of this application's; session: the agent's run.
    """

    def __init__(self, url, key, session="", user=""):
        self.url = url
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.headers |= {"x-vigie-session": session, "x-vigie-user": user}

    def run(self, tool, arguments, act):
        """Act with the arguments that were approved, which a person may have changed. Raises `Refused`."""
        said = self._send("POST", "/v1/actions", {"tool": tool, "arguments": arguments})
        while said["state"] == "waiting":
            said = self._send("GET", f"/v1/actions/{said['id']}?wait=30")
        if said["state"] != "approved":  # refused; or released: handed out before, so asked for and run before
            raise Refused(said.get("reason") or said["state"])
        return act(**said["action"]["arguments"])

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            said = json.loads(error.read())["error"]
            raise Refused(f"{said['code']}: {said['message']}") from None


if __name__ == "__main__":
    import os

    actions = Actions("http://127.0.0.1:8080", os.environ["VIGIE_KEY"], session="essai")
    actions.run("issue_payment", {"amount": 1500, "to": "F-1"}, lambda amount, to: print("payé", amount, to))
