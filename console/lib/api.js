import { useCallback, useEffect, useRef, useState } from '../vendor/ui.js';

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
export const nonce = meta('pinflow-nonce');

/** The console refused or failed; the message is for the person. */
class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError('The local runtime does not answer. Is npm start still running?', 0);
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(said.error ?? `${path} answers ${response.status}.`, response.status);
  return said;
}

export const get = (path, options) => ask(path, options);

export const post = (path, body = {}) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-pinflow-token': meta('pinflow-token') },
    body: JSON.stringify(body),
  });

/**
 * What a path answers, asked again every so often while the page is seen.
 * @returns {{data: any, error: string | undefined, loading: boolean, again: () => void}}
 */
export function useAnswer(path, everyMs = 0) {
  const [state, setState] = useState({ data: undefined, error: undefined, loading: true });
  const shown = useRef(path);
  const load = useCallback(
    async (signal) => {
      if (path === undefined) return;
      try {
        const data = await get(path, { signal });
        setState({ data, error: undefined, loading: false });
      } catch (error) {
        if (error.name !== 'AbortError') {
          setState((before) => ({ data: before.data, error: error.message, loading: false }));
        }
      }
    },
    [path],
  );
  useEffect(() => {
    const ended = new AbortController();
    if (shown.current !== path) setState({ data: undefined, error: undefined, loading: true });
    shown.current = path;
    const first = load(ended.signal);
    if (everyMs === 0) return () => ended.abort();
    // An answer that takes long is waited for: questions do not pile up.
    let isAsking = true;
    const settle = () => {
      isAsking = false;
    };
    first.then(settle);
    const timer = setInterval(() => {
      if (document.hidden || isAsking) return;
      isAsking = true;
      load(ended.signal).then(settle);
    }, everyMs);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [load, everyMs]);
  return { ...state, again: () => void load() };
}

/** What `/api/live` says, newest first told; undefined until it does, or while it is not reached. */
export function useLive() {
  const [live, setLive] = useState(undefined);
  useEffect(() => {
    const source = new EventSource('/api/live');
    source.onmessage = ({ data }) => setLive(JSON.parse(data));
    source.onerror = () => setLive(undefined);
    return () => source.close();
  }, []);
  return live;
}
