// Requests to our own API: CSRF header, JSON, and errors as one shape.

import { storable } from "../sync/codepoints.js";
import { deviceName } from "./device.js";
import { meta } from "./dom.js";

export class Problem extends Error {
  constructor(
    /** HTTP status, or 0 when the server could not be reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: { field: string; message: string }[] = [],
    readonly retryAfter: number | null = null,
    /** Everything else the server says about it. */
    readonly values: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

let csrf: string | null = null;
export const csrfToken = (): string => (csrf ??= meta("csrf-token"));
export function useCsrfToken(fresh: string): void {
  csrf = fresh;
}

let bearer: string | null = null;
/** For a page in another site's frame, which gets no cookie: every request is signed with this token. */
export function useBearer(token: string | null): void {
  bearer = token;
}

export const usesBearer = (): boolean => bearer !== null;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export interface Options {
  keepalive?: boolean;
  timeout?: number;
  signal?: AbortSignal;
}

const TIMEOUT = 20_000;

/** The answer's JSON (undefined for an empty one). Throws `Problem`. A stale CSRF token is renewed once. */
export async function api<T>(method: Method, path: string, body?: unknown, options: Options = {}): Promise<T> {
  try {
    return await once<T>(method, path, body, options);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "csrf") || options.keepalive) throw error;
    useCsrfToken((await once<{ csrf_token: string }>("GET", "/api/me", undefined, {})).csrf_token);
    return once<T>(method, path, body, options);
  }
}

/** Titles, prompts and names come from fields a broken clipboard can fill; the server stores no halves of characters. */
const asStored = (_key: string, value: unknown): unknown => (typeof value === "string" ? storable(value) : value);

async function once<T>(method: Method, path: string, body: unknown, options: Options): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (bearer !== null) headers["Authorization"] = `Bearer ${bearer}`;
  else if (method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  if (method !== "GET") headers["X-Device"] = deviceName();
  if (body !== undefined && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  const limit = AbortSignal.timeout(options.timeout ?? TIMEOUT);
  let response: Response;
  let answer: T;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      keepalive: options.keepalive ?? false,
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body, asStored) }),
    });
    // The connection may break in the middle of an answer, and what stands between may answer in the server's place.
    const text = response.ok ? await response.text() : "";
    answer = (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new Problem(0, "unreachable", "The server cannot be reached.");
  }
  if (!response.ok) throw await problemOf(response);
  return answer;
}

export async function problemOf(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(after) && after > 0 ? after : null;
  try {
    const body = (await response.json()) as Record<string, unknown> & { code?: string; detail?: string; title?: string; errors?: { field: string; message: string }[] };
    return new Problem(response.status, body.code ?? "error", body.detail || body.title || `Error ${response.status}`, body.errors ?? [], retryAfter, body);
  } catch {
    return new Problem(response.status, "error", `The server answered ${response.status}.`, [], retryAfter);
  }
}
