/** `*` and `?` within one part of a path, `**` for any number of parts. Names that begin with a dot are matched only by a written dot. */
export function hasGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/** The part of a pattern before its first wildcard, up to and with the last slash. */
export function fixedRoot(pattern: string): string {
  const wild = pattern.search(/[*?]/);
  return wild < 0 ? pattern : pattern.slice(0, pattern.lastIndexOf('/', wild) + 1);
}

export function globPattern(pattern: string): RegExp {
  const parts = pattern.split('/');
  let source = '';
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (part === '**') source += last ? '(?!\\.)[^/]+(?:/(?!\\.)[^/]+)*' : '(?:(?!\\.)[^/]+/)*';
    else source += partPattern(part) + (last ? '' : '/');
  }
  return new RegExp(`^${source}$`, 's');
}

function partPattern(part: string): string {
  const hidden = /^[*?]/.test(part) ? '(?!\\.)' : '';
  const body = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return hidden + body;
}
