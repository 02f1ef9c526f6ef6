/** `str(x)` of a Python int (`asFloat` false and x integral) or float: `3.0`, `1e-07`, `1e+16`. */
export function pythonNumber(x: number, asFloat: boolean): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (Number.isInteger(x) && !asFloat) return BigInt(x).toString();
  const [digits = '', power = '0'] = x.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (!Number.isInteger(x)) return x.toFixed(Math.max(0, (digits.split('.')[1] ?? '').length - exponent));
  return `${Object.is(x, -0) ? '-0' : BigInt(x).toString()}.0`;
}

/** The float that Python prints so: `2.0`, `1e+16`, `nan`, `-inf`. */
export function floatFrom(text: string): number {
  if (text === 'inf') return Infinity;
  return text === '-inf' ? -Infinity : Number(text);
}
