"""The page's files, read once and kept in memory, packed, under the version of them all.

Whatever lies below `/shell/{version}/` never changes, so a browser keeps it and asks no more: an
old module never stands beside a new one, and the next start of the page is one request. What a
screen needs is named in the page's head, because a phone far from the mast pays for every turn of
"this module needs that one". Nothing is built: the files are served as they lie.
"""

import gzip
import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.security import HEADERS

STATIC = Path(__file__).parents[1] / "static"
_VARY = f"{HEADERS['Vary']}, Accept-Encoding"
_STYLES = "css/all.css"
_FOR_EVER = "public, max-age=31536000, immutable"
_PACKED = {".js", ".css", ".svg", ".html", ".webmanifest"}

_IMPORT = re.compile(r'(?:from|import) "(\.{1,2}/[^"]+\.js)"')
_STYLE = re.compile(r'<link rel="stylesheet" href="/([^"]+)">\n\s*')
_IN_HEAD = re.compile(r'(href|src)="/(app\.js|(?:icons|css)/[^"]+|manifest\.webmanifest)"')
_NUMBER = '<meta name="consult-emergency-number" content="{}">'
_APP = '<script type="module" src="/app.js">'


@dataclass(frozen=True)
class File:
    content: bytes
    packed: bytes | None
    """The same by gzip, where that is shorter."""
    media_type: str
    etag: str

    def response(self, headers: Headers, more: Mapping[str, str]) -> Response:
        """Answer 304 to whoever has it, else the packed form to whoever can unpack it."""
        named = {"ETag": self.etag, "Vary": _VARY, **more}
        if self.etag in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=named)
        if self.packed and "gzip" in headers.get("accept-encoding", ""):
            named["Content-Encoding"] = "gzip"
            return Response(self.packed, media_type=self.media_type, headers=named)
        return Response(self.content, media_type=self.media_type, headers=named)


def file_of(name: str, content: bytes) -> File:
    suffix = Path(name).suffix
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(content, mtime=0) if suffix in _PACKED else None
    return File(content, packed, media_type, f'"{sha256(content).hexdigest()[:32]}"')


@dataclass(frozen=True)
class Shell:
    files: Mapping[str, File]
    page: str
    """The page, with the addresses of this version in its head."""
    version: str

    def page_for(self, elements: Iterable[str], *, number: str) -> File:
        """Return the page that shows `elements` first, with `number` to call in an emergency."""
        preloads = "".join(
            f'<link rel="modulepreload" href="/shell/{self.version}/{module}">\n    '
            for module in self._modules_of("app.js", *(f"elements/{name}.js" for name in elements))
        )
        page = self.page.replace("<script", f"{preloads}<script", 1)
        page = page.replace(_NUMBER.format("911"), _NUMBER.format(number))
        return file_of("index.html", page.encode())

    def _modules_of(self, *roots: str) -> Iterable[str]:
        """Whatever `roots` import, themselves included, each once."""
        found: dict[str, None] = {}
        waiting = list(reversed(roots))
        while waiting:
            if (name := waiting.pop()) in found:
                continue
            found[name] = None
            imports = _IMPORT.findall(self.files[name].content.decode())
            waiting.extend(normpath(join(dirname(name), path)) for path in imports)
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file. Raises HTTPException 404, and 405 for all but GET and HEAD."""
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        prefix = f"shell/{self.version}/"
        file = self.files.get(path.removeprefix(prefix))
        if file is None:
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        kept = _FOR_EVER if path.startswith(prefix) else "no-cache"
        response = file.response(Headers(scope=scope), {"Cache-Control": kept})
        await response(scope, receive, send)


@cache
def shell() -> Shell:
    """Read the page's files, once."""
    page = (STATIC / "index.html").read_text()
    lying = {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and path.name != "index.html"
    }
    lying[_STYLES] = b"".join(lying[name] for name in _STYLE.findall(page))
    version = sha256(page.encode())
    for name, content in lying.items():
        version.update(f"{name} {len(content)}\n".encode() + content)
    return _shell(lying, page, version.hexdigest()[:16])


def _shell(lying: Mapping[str, bytes], page: str, version: str) -> Shell:
    files = {name: file_of(name, content) for name, content in lying.items()}
    page = _STYLE.sub("", page)
    page = page.replace(_APP, f'<link rel="stylesheet" href="/{_STYLES}">\n    {_APP}')
    page = _IN_HEAD.sub(rf'\1="/shell/{version}/\2"', page)
    return Shell(files, page, version)
