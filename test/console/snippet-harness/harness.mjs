import { readFileSync } from 'node:fs';

for (const block of readFileSync(0, 'utf8').split('\n\n')) {
  const [number, body, ...lines] = block.split('\n');
  const { isGenuine } = await import(`./snippet${number}.mjs`);
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
  console.log(isGenuine(headers, Buffer.from(body, 'base64')));
}
