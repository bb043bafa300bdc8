const PATHS = {
  ok: 'M3.5 8.5l3 3 6-7',
  warn: 'M8 2.2l6.3 11.3H1.7zM8 6.5v3.2M8 11.8v.1',
  bad: 'M5 1.8h6l3.2 3.2v6L11 14.2H5L1.8 11V5zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  idle: 'M3.5 8h9',
  copy: 'M5.5 5.5h7.5v8.5H5.5zM10.5 5.5V2.5H3v8.5h2.5',
  plus: 'M8 3v10M3 8h10',
  clock: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM8 4.5V8l2.5 1.5',
  external: 'M6.5 3H3v10h10V9.5M9 3h4v4M13 3L7.5 8.5',
} as const;
export type IconName = keyof typeof PATHS;

/** Stands beside a text that says the same, so it is hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
