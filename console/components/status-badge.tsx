import { Icon, type IconName } from './icon.tsx';

/** How a thing is doing. Each tone has a sign and a text of its own: nothing is told by color alone. */
export type Tone = 'ok' | 'warn' | 'bad' | 'pause' | 'idle';

const SIGNS: Record<Tone, IconName> = { ok: 'ok', warn: 'warn', bad: 'bad', pause: 'pause', idle: 'idle' };

export function StatusBadge({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return (
    <span className={`badge badge-${tone}`}>
      <Icon name={SIGNS[tone]} />
      {children}
    </span>
  );
}
