// Carries uploads over HTTP. Parts go by XMLHttpRequest: fetch does not tell how far an upload is.

import { api, csrfToken, Problem } from "../common/api.js";
import type { Carrier } from "./upload.js";
import type { UploadState } from "./wire.js";

export function carrierTo(message: () => Promise<string>): Carrier {
  return {
    begin: async (name, size) => api("POST", `/api/messages/${await message()}/uploads`, { name, size }),
    state: (id) => api("GET", `/api/uploads/${id}`),
    put,
    finish: (id) => api("POST", `/api/uploads/${id}/finish`, undefined, { timeout: 300_000 }),
    cancel: (id) => api("DELETE", `/api/uploads/${id}`),
    pause: (milliseconds, signal) =>
      new Promise((done) => {
        const timer = setTimeout(done, milliseconds);
        window.addEventListener("online", () => done(), { once: true, signal });
        signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
      }),
  };
}

function put(id: string, offset: number, part: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<UploadState> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/uploads/${id}`);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.setRequestHeader("Upload-Offset", String(offset));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => sent(loaded));
    request.addEventListener("load", () => (request.status === 200 ? resolve(JSON.parse(request.responseText) as UploadState) : reject(problem(request))));
    request.addEventListener("error", () => reject(new Problem(0, "unreachable", "The server cannot be reached.")));
    request.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(part);
  });
}

function problem({ status, responseText }: XMLHttpRequest): Problem {
  try {
    const { code, detail } = JSON.parse(responseText) as { code?: string; detail?: string };
    return new Problem(status, code ?? "error", detail ?? `The server answered ${status}.`);
  } catch {
    return new Problem(status, "error", `The server answered ${status}.`);
  }
}
