import { deliveryTexts } from '../texts/deliveries.ts';
import { useTexts } from '../texts/texts.ts';
import { FilterSelect } from './filter-select.tsx';

const ANSWERS = ['2xx', '3xx', '4xx', '5xx', '400', '401', '403', '404', '410', '422', '429', '500', '502', '503'];

/** What the last attempt of a delivery was answered; none: whatever it was. */
export function AnswerSelect({ value, onChange }: { value: string | null; onChange: (answer: string) => void }) {
  const t = useTexts(deliveryTexts);
  return (
    <FilterSelect
      label={t.answer}
      all={t.all}
      value={value}
      options={[['none', t.noAnswer], ...ANSWERS.map((status) => [status, status] as const)]}
      onChange={onChange}
    />
  );
}
