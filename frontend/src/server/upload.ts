import { problemOf, ServerError } from "./http";

interface Options {
  /** Share of the bytes that are sent, 0 to 1. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/**
 * POST a form with files and follow how much of it is sent; `fetch` can't tell. Throws ServerError; its
 * code is `cancelled` where `signal` stopped it.
 */
export function upload<Body>(path: string, form: FormData, options: Options = {}): Promise<Body> {
  const { onProgress, signal } = options;
  return new Promise((resolve, reject) => {
    const cancelled = () => reject(new ServerError(0, "cancelled", ""));
    if (signal?.aborted) return cancelled();
    const sending = new XMLHttpRequest();
    const stop = () => sending.abort();
    signal?.addEventListener("abort", stop, { once: true });
    sending.onloadend = () => signal?.removeEventListener("abort", stop);
    sending.upload.onprogress = ({ lengthComputable, loaded, total }) =>
      lengthComputable && onProgress?.(loaded / total);
    sending.onabort = cancelled;
    sending.onerror = () => reject(new ServerError(0, "unreachable", ""));
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status < 300) resolve(body as Body);
      else reject(problemOf(sending.status, body));
    };
    sending.open("POST", path);
    sending.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
