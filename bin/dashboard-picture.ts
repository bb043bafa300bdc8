import * as z from 'zod';

const Widget = z.object({
  type: z.string(),
  x: z.int().default(0),
  y: z.int().default(0),
  width: z.int(),
  height: z.int(),
  properties: z.object({
    title: z.string().optional(),
    markdown: z.string().optional(),
    alarms: z.array(z.unknown()).optional(),
    metrics: z.array(z.array(z.unknown())).optional(),
  }),
});
type Widget = z.infer<typeof Widget>;

const Template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })) });
const Body = z.object({ DashboardBody: z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }) });

/** Pixels of a cell of CloudWatch's grid, which is 24 cells wide. */
const CELL = 40;
const LINE = 17;

/** The dashboard of a template as a picture: where each widget is, and what it shows. */
export function drawDashboard(template: unknown): string {
  const { Resources } = Template.parse(template);
  const found = Object.values(Resources).find(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  const [separator, parts] = Body.parse(found?.Properties).DashboardBody['Fn::Join'];
  // What is known only in an account stands in texts that are not drawn.
  const text = parts.map((part) => (typeof part === 'string' ? part : 'x')).join(separator);
  const widgets = z.object({ widgets: z.array(Widget) }).parse(JSON.parse(text)).widgets;
  const height = Math.max(...widgets.map(({ y, height: tall }) => y + tall)) * CELL;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${24 * CELL} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...widgets.map(drawWidget),
    '</svg>\n',
  ].join('\n');
}

function drawWidget({ type, x, y, width, height, properties }: Widget): string {
  const { title, markdown, alarms = [] } = properties;
  const [left, top] = [x * CELL, y * CELL];
  const [heading = '', ...hints] = markdown?.split('\n') ?? [title ?? ''];
  const lines = alarms.length > 0 ? [`the state of ${alarms.length} alarms`] : [...hints, ...labelsOf(properties)];
  const room = Math.floor((height * CELL - 30) / LINE);
  const shown = lines.length > room ? [...lines.slice(0, room - 1), `and ${lines.length - room + 1} more`] : lines;
  return [
    `<g transform="translate(${left} ${top})">`,
    type === 'text'
      ? ''
      : `<rect x="3" y="3" width="${width * CELL - 6}" height="${height * CELL - 6}" rx="4" fill="#f6f8fa" stroke="#c8d1da"/>`,
    `<text x="12" y="24" font-weight="bold" font-size="${type === 'text' ? 18 : 13}">${escaped(heading.replace(/^#+ /, ''))}</text>`,
    ...shown.map((line, index) => `<text x="12" y="${46 + index * LINE}" fill="#57606a">${escaped(line)}</text>`),
    '</g>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** What the lines of a graph are called: by their label, or else by the metric's name. */
function labelsOf({ metrics = [] }: Widget['properties']): string[] {
  return metrics.flatMap((metric) => {
    const options = z
      .looseObject({ label: z.string().optional(), visible: z.boolean().optional() })
      .safeParse(metric.at(-1));
    const { label, visible } = options.success ? options.data : {};
    if (visible === false) return [];
    return [label ?? String(metric[1])];
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
