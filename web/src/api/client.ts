/**
 * Requests to the server this page came from, and what may become of them.
 *
 * Three outcomes, told apart by type: an answer, a refusal (`Refused`: the server said no, nothing happened) and silence
 * (`Unreachable`: nobody knows; what changes something is safe to send again under the same idempotency key).
 */

const TIMEOUT_MS = 15_000;
const NOT_MODIFIED = 304;

export interface Detail {
  field: string;
  code: string;
  message: string;
  value?: unknown;
}

/** The server refused; `code` is one of docs/errors.md, `details` name the fields. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: readonly Detail[],
    readonly retryAfterS: number | null,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** No answer came: the network is down, the server restarts, or it took too long. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer");
    this.name = "Unreachable";
  }
}

export interface Asked {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  /** A body that is sent as it is, such as a picture; its type is the Content-Type. */
  file?: Blob;
  /** Idempotency-Key: sent again with the same key, a request takes effect once. */
  key?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

let csrfToken: string | null = null;
const lapsed = new Set<() => void>();
const othersActing = new Set<() => void>();

/** The token that goes along with every change; null for nobody. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Call `listener` whenever the server says that nobody is signed in any more. */
export function onSessionLapsed(listener: () => void): void {
  lapsed.add(listener);
}

/** Call `listener` when the server takes this page's requests for somebody else's than the page does. */
export function onSomebodyElse(listener: () => void): void {
  othersActing.add(listener);
}

/** Whether it is still open if a request that was tried before took effect: it got no answer, or one of no verdict. */
export function leavesOpen(error: unknown): boolean {
  if (!(error instanceof Refused)) return error instanceof Unreachable;
  return [401, 403, 408, 425, 429].includes(error.status) || error.status >= 500 || error.code === "request_in_progress";
}

/** The `data` of an answer. Throws Refused or Unreachable. */
export async function ask<T>(method: Method, path: string, asked: Asked = {}): Promise<T> {
  const response = await send(method, path, asked);
  try {
    return ((await response.json()) as { data: T }).data;
  } catch (error) {
    // The head of the answer came, its body did not: what was done is not known.
    if (asked.signal?.aborted) throw error;
    throw new Unreachable();
  }
}

/** What is known by its tag. */
export interface Tagged<T> {
  data: T;
  tag: string | null;
}

/** The `data` of an answer with its ETag; null while it is still what `tag` names. Throws Refused or Unreachable. */
export async function askAgain<T>(path: string, tag: string | null, query: NonNullable<Asked["query"]>): Promise<Tagged<T> | null> {
  const response = await send("GET", path, { query, ...(tag === null ? {} : { headers: { "If-None-Match": tag } }) });
  if (response.status === NOT_MODIFIED) return null;
  try {
    return { data: ((await response.json()) as { data: T }).data, tag: response.headers.get("ETag") };
  } catch {
    throw new Unreachable();
  }
}

/** An answer as it is, for what is no JSON. Throws Refused or Unreachable. */
export async function send(method: Method, path: string, asked: Asked = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...asked.headers };
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  if (asked.file !== undefined) headers["Content-Type"] = asked.file.type;
  if (csrfToken !== null && method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  if (asked.key !== undefined) headers["Idempotency-Key"] = asked.key;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path + queryText(asked.query), {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: asked.signal ? AbortSignal.any([asked.signal, timeout]) : timeout,
      body: asked.file ?? (asked.body === undefined ? null : JSON.stringify(asked.body)),
    });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Unreachable();
  }
  noteServerTime(response);
  if (response.ok || response.status === NOT_MODIFIED) return response;
  throw await refusalOf(response);
}

/** What the server says about its clock, so that waiting times do not depend on a tablet's. */
let clockOffsetMs = 0;

/** The server's time now, in milliseconds since 1970, as well as this page knows it. */
export function serverNow(): number {
  return Date.now() + clockOffsetMs;
}

function noteServerTime(response: Response): void {
  const date = response.headers.get("Date");
  if (date === null) return;
  // The header counts whole seconds: only a difference larger than that says anything.
  const offset = Date.parse(date) + 500 - Date.now();
  if (Math.abs(offset - clockOffsetMs) > 1_500) clockOffsetMs = offset;
}

/** A key for a request that must take effect once; random also where pages are not served over TLS. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function queryText(query: Asked["query"]): string {
  if (!query) return "";
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) text.set(name, String(value));
  }
  const joined = text.toString();
  return joined ? `?${joined}` : "";
}

async function refusalOf(response: Response): Promise<Refused | Unreachable> {
  const told = await toldBy(response);
  // 503 and 504 leave open whether it will be well in a moment; a repeat under the same key is safe.
  if (response.status === 502 || response.status === 503 || response.status === 504) return new Unreachable();
  const code = typeof told.error === "string" ? told.error : `http_${response.status}`;
  const message = typeof told.message === "string" ? told.message : response.statusText;
  const details = Array.isArray(told.details) ? (told.details as Detail[]) : [];
  const retryAfter = Number(response.headers.get("Retry-After"));
  if (response.status === 401 && !new URL(response.url).pathname.startsWith("/hub/v1/session")) {
    for (const listener of lapsed) listener();
  }
  // The session's cookie has lapsed, or another tab signed somebody else in.
  if (code === "csrf_failed") for (const listener of othersActing) listener();
  return new Refused(response.status, code, message, details, retryAfter > 0 ? retryAfter : null);
}

async function toldBy(response: Response): Promise<{ error?: unknown; message?: unknown; details?: unknown }> {
  try {
    return ((await response.json()) as object | null) ?? {};
  } catch {
    // A proxy before the server answered for it.
    return {};
  }
}
