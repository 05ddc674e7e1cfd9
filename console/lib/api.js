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
  let text;
  try {
    response = await fetch(path, options);
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError('The local runtime does not answer. Is npm start still running?', 0);
  }
  const said = read(text);
  if (!response.ok) throw new ApiError(said.error ?? `${path} answers ${response.status}.`, response.status);
  return said;
}

/** A refusal may come from something that does not speak JSON. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Nobody waits for the answer any more, or {@link useLive} tells for all that nobody answers. */
export const isToldElsewhere = ({ name, status }) => name === 'AbortError' || status === 0;

export const get = (path, options) => ask(path, options);

export const post = (path, body = {}) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-pinflow-token': meta('pinflow-token') },
    body: JSON.stringify(body),
  });

/** After a question that nobody could answer. */
const retryMs = 3000;

/**
 * What a path answers, asked again every so often while the page is seen; once where `everyMs` is 0. That nobody answers
 * at all is told by {@link useLive}.
 * @returns {{data: any, error: string | undefined, again: () => void}}
 */
export function useAnswer(path, everyMs = 0) {
  const [state, setState] = useState({});
  const shown = useRef(path);
  /** @returns whether it is of use to ask the same again soon */
  const load = useCallback(
    async (signal) => {
      if (path === undefined) return false;
      try {
        setState({ data: await get(path, { signal }) });
        return false;
      } catch (error) {
        if (!isToldElsewhere(error)) setState(({ data }) => ({ data, error: error.message }));
        return error.status === 0 || error.status >= 500;
      }
    },
    [path],
  );
  useEffect(() => {
    const left = new AbortController();
    if (shown.current !== path) setState({});
    shown.current = path;
    let timer;
    // An answer that takes long is waited for: questions do not pile up.
    const ask = async () => {
      const isFailed = document.hidden || (await load(left.signal));
      const ms = everyMs || (isFailed ? retryMs : 0);
      if (ms > 0 && !left.signal.aborted) timer = setTimeout(ask, ms);
    };
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [load, everyMs]);
  return { ...state, again: () => void load() };
}

/**
 * What `/api/live` says, the newest; undefined until it does, and while it is not reached. A page that is not seen does
 * not ask: a browser lends a host few connections, for all of its pages together.
 * @returns {{live: any, isLost: boolean}}
 */
export function useLive() {
  const [state, setState] = useState({ isLost: false });
  useEffect(() => {
    let source;
    const open = () => {
      source?.close();
      if (document.hidden) return;
      source = new EventSource('/api/live');
      source.onmessage = ({ data }) => setState({ live: JSON.parse(data), isLost: false });
      source.onerror = () => setState({ isLost: true });
    };
    open();
    document.addEventListener('visibilitychange', open);
    return () => {
      document.removeEventListener('visibilitychange', open);
      source?.close();
    };
  }, []);
  return state;
}
