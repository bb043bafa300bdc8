import type { ReactNode } from 'react';

/** Where there is nothing: says what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="empty-horn">
        <circle cx="13.5" cy="17" r="5.6" />
        <path d="M5 11.4h8.5c5 0 8-1.4 13-4.4v13.6c-3.4-2.6-6-3.6-9-3.6" />
      </svg>
      <h2>{title}</h2>
      {children}
    </div>
  );
}
