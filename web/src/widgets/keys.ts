import { useEffect, useRef } from 'react';

export type KeyMap = Readonly<Record<string, () => void>>;

/** Keys of a page, by `event.key`; 'g x' is g, then x within a second. Silent while someone types. */
export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let prefix = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const sequence = Date.now() - prefix < 1000 ? `g ${event.key}` : event.key;
      if (event.key === 'g') prefix = Date.now();
      const action = latest.current[sequence] ?? latest.current[event.key];
      if (action === undefined) return;
      if (event.key === 'Enter' && (event.target as HTMLElement).closest('button, a') !== null) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) ||
      target.closest('dialog') !== null)
  );
}
