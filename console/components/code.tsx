import { layOutJson } from '../json/json-as-written.ts';
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
  return <Code text={layOutJson(text)} label={label} />;
}
