"""A WSGI application: an exported SavedModel behind TensorFlow Serving's REST requests."""

import json
import traceback
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from instances import MAX_BODY, RequestError, read_request
from model import Model

Headers = list[tuple[str, str]]


def reply(status: int, answer: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """Status line, headers and body of an answer in JSON."""
    body = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "1"))
    return f"{status} {HTTPStatus(status).phrase}", headers, body


class Application:
    """`GET /v1/models/NAME` and `POST /v1/models/NAME:predict`; every mistake is one line of JSON.

    Args:
        name: of the model, in the paths.
        version: of the model, in its status.
        model: the SavedModel.
    """

    def __init__(self, name: str, version: str, model: Model) -> None:
        self._model = model
        state = {"version": version, "state": "AVAILABLE"}
        self._status = {
            "model_version_status": [state | {"status": {"error_code": "OK", "error_message": ""}}],
            "class_names": model.class_names,
            "image_shape": model.image_shape,
        }
        path = f"/v1/models/{name}"
        self._routes = {
            path: ("GET", lambda environ: self._status),
            f"{path}:predict": ("POST", self._predict),
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answers a request (PEP 3333)."""
        more = []
        try:
            path = environ["PATH_INFO"].encode("latin1").decode(errors="replace")
            if path not in self._routes:
                raise RequestError(
                    404, f"{path[:200]!r} is not here; there are {', '.join(self._routes)}"
                )
            method, answer = self._routes[path]
            if environ["REQUEST_METHOD"] != method:
                more = [("Allow", method)]
                raise RequestError(405, f"{path} takes {method} alone")
            status, headers, body = reply(200, answer(environ))
        except RequestError as error:
            status, headers, body = reply(error.status, {"error": str(error)})
        except Exception:
            traceback.print_exc(file=environ["wsgi.errors"])
            status, headers, body = reply(500, {"error": "the server failed; its log says why"})
        start_response(status, headers + more)
        return [body]

    def _predict(self, environ: dict[str, Any]) -> dict[str, Any]:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind not in ("", "application/json"):
            raise RequestError(415, f"Content-Type is {kind[:50]!r}; send application/json")
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise RequestError(415, "Content-Encoding is not taken; send plain JSON")
        length = environ.get("CONTENT_LENGTH", "")
        if not length.isdecimal():
            raise RequestError(411, "Content-Length is missing")
        if int(length) > MAX_BODY:
            raise RequestError(413, f"the body is larger than {MAX_BODY} bytes")
        signature, instances = read_request(environ["wsgi.input"].read(int(length)))
        return {"predictions": self._model.predict(signature, instances)}
