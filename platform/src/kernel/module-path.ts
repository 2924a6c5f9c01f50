/**
 * The URL of a module that is started by path (a worker or a child process), seen from the module that starts it.
 * Node runs only the built JavaScript, so from the sources (tests) it points to the same place in `dist`.
 *
 * @param from `import.meta.url` of the caller
 * @param relative e.g. `./child.js`
 */
export function builtModule(from: string, relative: string): URL {
  return new URL(relative, from.replace('/platform/src/', '/platform/dist/'));
}
