/**
 * Node's HTTP client. `import` reads every member of a built-in module, and some of this one's load Node's own copy of undici: 60 ms of
 * CPU at each start of a function, for what no function uses.
 */
export const http = process.getBuiltinModule('node:http');
