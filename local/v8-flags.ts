import packageJson from '../package.json' with { type: 'json' };

/**
 * What `npm start` gives Node: V8 lets the young generation of each of ten threads grow to 128 MB under load, and gives none of it
 * back; lets a heap grow to a multiple of what is in use before it collects the old generation; and has other threads help with the
 * young one, which is so small here that dividing it costs more than it saves, on cores that are busy.
 */
export const V8_FLAGS = packageJson.scripts.start.match(/--[\w-]+(=\w+)?/g) ?? [];
