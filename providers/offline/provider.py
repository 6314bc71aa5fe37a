"""The offline provider: chooses write, ask or edit, streams at a readable pace, counts its tokens exactly."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.base import (
    ModelInfo,
    Request,
    Started,
    Stopped,
    StopReason,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
    ToolResult,
    Usage,
    UsageReport,
)
from providers.offline.asking import answer
from providers.offline.blocks import parse_blocks
from providers.offline.editing import Edit, Instruction, edit
from providers.offline.replying import reply
from providers.offline.writing import draft, passage
from providers.tokens import TokenCounter

MODEL = "offline-demo"
_DEFAULT_WORDS_PER_SECOND = 60.0
_EDIT_TOOLS = frozenset({"replace_block", "insert_after", "delete_block", "replace_text", "rewrite_document"})


def words_per_second(environ: Mapping[str, str]) -> float:
    """The pace from ``DRAFTLOOM_OFFLINE_WORDS_PER_SECOND``; 0 streams without pauses. Nonsense means the default."""
    try:
        pace = float(environ.get("DRAFTLOOM_OFFLINE_WORDS_PER_SECOND", _DEFAULT_WORDS_PER_SECOND))
    except ValueError:
        return _DEFAULT_WORDS_PER_SECOND
    return pace if 0 <= pace < 1_000_000 else _DEFAULT_WORDS_PER_SECOND


@dataclass(kw_only=True)
class OfflineProvider:
    """See `providers.base.Provider`. It reads mode, document, selection and prompt from `Request.metadata`; without a
    mode, offered edit tools mean edit, and everything else is a question. With `said` the document is a message to a
    person, written after that."""

    words_per_second: float = _DEFAULT_WORDS_PER_SECOND
    counter: TokenCounter | None = None
    id: str = "offline"
    label: str = "Offline demo"
    kind: str = "offline"
    configured: bool = True
    base_url: str | None = None
    _count: int = field(default=0, repr=False)

    async def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Answers by rule; usage is exact by this server's own count."""
        self._count += 1
        yield Started(MODEL, f"offline-{self._count}")
        counter = self.counter = self.counter or TokenCounter()
        made = await asyncio.to_thread(_made, request)
        said = await asyncio.to_thread(counter.truncate, made.answer, request.max_output_tokens)
        for piece in re.findall(r"\s*\S+\s*", said):
            yield TextDelta(piece)
            await asyncio.sleep(1 / self.words_per_second if self.words_per_second else 0)
        calls = []
        if said == made.answer:
            for index, operation in enumerate(made.operations):
                arguments = json.dumps(operation.arguments, ensure_ascii=False)
                call = ToolCall(f"offline_{self._count}_{index}", operation.name, arguments)
                calls.append(call)
                yield ToolCallDelta(index, call.id, call.name, call.arguments)
                yield ToolCallDone(call)
        output = said + "".join(call.name + call.arguments for call in calls)
        yield UsageReport(await asyncio.to_thread(_usage, counter, request, output))
        reason: StopReason = "end"
        if said != made.answer:
            reason = "max_tokens"
        elif calls:
            reason = "tool_use"
        yield Stopped(reason, reason)

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo(MODEL, "Offline demo (no model, rules only)", 1_000_000, 32_000, tools=True, free=True),)

    def supports_tools(self, model: str) -> bool:
        return True

    async def aclose(self) -> None:
        """Nothing is open."""


def _made(request: Request) -> Edit:
    about: Mapping[str, Any] = request.metadata
    tools = {tool.name for tool in request.tools} & _EDIT_TOOLS
    mode = about.get("mode") or ("edit" if tools else "ask")
    prompt = str(about.get("prompt") or _last_words(request))
    document, selection = str(about.get("document") or ""), about.get("selection")
    if mode == "write":
        return Edit(passage(prompt) if selection else draft(prompt, document=document))
    said = about.get("said")
    if said is not None:
        return Edit(reply(prompt, message=document, said=str(said)))
    if mode != "edit":
        references = [(str(title), str(text)) for title, text in about.get("references") or ()]
        return Edit(answer(prompt, document=document, selection=selection, references=references))
    if _is_second_try(request, prompt):
        return Edit("I found no safe place for what could not be placed, so I leave the text there as it is.")
    seen = "\n\n".join([request.system, *(message.text for message in request.messages)])
    planned = edit(Instruction(prompt, parse_blocks(seen, document=document), selection))
    if planned.operations and not {operation.name for operation in planned.operations} <= tools:
        return Edit("I can only change the text with edit tools, and none were offered. I changed nothing.")
    return planned


def _last_words(request: Request) -> str:
    """The writer's words in the last message: what a prompt frames as the request, else all of it."""
    said = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
    framed = re.search(r"<request>\s*(.*?)\s*</request>", said, re.DOTALL)
    return framed.group(1) if framed else said


def _is_second_try(request: Request, prompt: str) -> bool:
    """Whether the application reports what became of operations: rules would only repeat themselves."""
    if not request.messages:
        return False
    last = request.messages[-1]
    return any(isinstance(part, ToolResult) for part in last.parts) or (bool(last.text) and prompt not in last.text)


def _usage(counter: TokenCounter, request: Request, output: str) -> Usage:
    given, made = counter.count_request(request), counter.count(output)
    return Usage(
        input_tokens=given,
        output_tokens=made,
        raw={"input_tokens": given, "output_tokens": made, "counted_by": counter.method()},
        status="reported",
    )
