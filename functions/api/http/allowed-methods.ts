/** The methods that a path has, for Allow (RFC 9110 §15.5.6); none for a path that is not there. */
export function createAllowedMethods(
  routes: readonly { method: string; path: string }[],
): (path: string) => readonly string[] {
  const known = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (path) => {
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].toSorted();
  };
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+');
  // The router takes a slash at the end, too.
  return new RegExp(`^${source}/?$`);
}
