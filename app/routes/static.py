"""The built browser files: names with a hash, so that browsers may keep them for ever."""

from pathlib import Path
from typing import Any

import msgspec
from litestar import Router
from litestar.static_files import create_static_files_router

from app.services.errors import Missing


class StaticFiles:
    """Resolves `app.js` to the hashed file the build made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        manifest = folder / "manifest.json"
        self._names: dict[str, str] = msgspec.json.decode(manifest.read_bytes()) if manifest.exists() else {}

    def url(self, name: str) -> str:
        return f"/static/{self._names.get(name, name)}"

    def read(self, name: str) -> bytes:
        """A file that keeps its name, such as the service worker. Raises `Missing` before the first build."""
        path = self._folder / name
        if not path.is_file():
            raise Missing(f"{name} was not built; run `make run`.")
        return path.read_bytes()

    def router(self) -> Router:
        def cache_for_ever(response: Any) -> Any:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return response

        self._folder.mkdir(parents=True, exist_ok=True)
        return create_static_files_router(
            "/static", [self._folder], after_request=cache_for_ever, include_in_schema=False
        )
