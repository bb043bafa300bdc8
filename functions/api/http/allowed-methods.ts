/** The methods that a path has, for Allow (RFC 9110 §15.5.6); none for a path that is not there. */
export function createAllowedMethods(
  routes: readonly { method: string; path: string }[],
): (path: string) => readonly string[] {
  const known = routes.map(({ method, path }) => ({ method, path, pattern: patternOf(path) }));
  return (asked) => {
    const matching = known.filter(({ pattern }) => pattern.test(asked));
    // A path that is written out is another resource than one with a parameter in its place.
    const literal = matching.filter(({ path }) => !path.includes('{'));
    const methods = (literal.length > 0 ? literal : matching).map(({ method }) => method);
    return [...new Set(methods)].toSorted();
  };
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+');
  // The router takes a slash at the end, too.
  return new RegExp(`^${source}/?$`);
}
