import { useEffect, useRef, useState } from '../vendor/ui.js';

/** At most so many at the same time; the rest waits for its turn. */
export function turns(limit) {
  let running = 0;
  const waiting = [];
  return async (work) => {
    if (running >= limit) await new Promise((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

/** Whether an element is in view, or nearly. */
export function useInView() {
  const holder = useRef(null);
  const [isInView, setInView] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setInView(entry.isIntersecting), { rootMargin: '300px' });
    observer.observe(holder.current);
    return () => observer.disconnect();
  }, []);
  return { holder, isInView };
}
