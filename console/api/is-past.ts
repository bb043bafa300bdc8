export const isPast = (at: string): boolean => Date.parse(at) <= Date.now();
