/** Whether a number is a multiple of another, by their decimal digits: 0.3 is one of 0.1. */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (!Number.isFinite(value)) return false;
  const [left, right] = [decimal(value), decimal(divisor)];
  const shift = left.exponent - right.exponent;
  const scale = 10n ** BigInt(Math.abs(shift));
  return shift >= 0 ? (left.digits * scale) % right.digits === 0n : left.digits % (right.digits * scale) === 0n;
}

/** A double has 17 digits and exponents up to 324, so that the powers of ten stay small. */
function decimal(value: number): { digits: bigint; exponent: number } {
  const [coefficient = '', exponent = '0'] = Math.abs(value).toString().split('e');
  const [whole = '', fraction = ''] = coefficient.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
