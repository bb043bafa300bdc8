/*
 * What stands for `node:http` in the bundles (lib/constructs/bundling.ts). An `import` of a built-in module reads each of its members, and
 * some of this one's load Node's own copy of undici: 60 ms of CPU at each start of a function, for what no function uses.
 */

export const { Agent, request, STATUS_CODES } = process.getBuiltinModule('node:http');
