interface FilterSelectProps {
  label: string;
  value: string | null;
  /** The text of no choice. */
  all: string;
  /** Values with their texts. */
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

/** One choice of a list's filters. What the address asks for is shown, also if it is not among the choices. */
export function FilterSelect({ label, value, all, options, onChange }: FilterSelectProps) {
  const isOther = value !== null && value !== '' && !options.some(([one]) => one === value);
  return (
    <label>
      {label}
      <select value={value ?? ''} onChange={(event) => onChange(event.target.value)}>
        <option value="">{all}</option>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
        {isOther && <option value={value}>{value}</option>}
      </select>
    </label>
  );
}
