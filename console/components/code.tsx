import { CopyButton } from './copy-button.tsx';

/** Text as it is: payloads, answers, code. Never markup. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure className="code">
      <figcaption>
        {label}
        <CopyButton text={text} what={label} />
      </figcaption>
      {/* It scrolls, so the keyboard must reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}

/** JSON with its lines broken; what is not JSON stays as it is. */
export function JsonCode({ text, label }: { text: string; label: string }) {
  return <Code text={indent(text)} label={label} />;
}

/** Numbers that JavaScript cannot hold would come out changed: then the text stays as it is, too. */
function indent(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text.trim() ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}
