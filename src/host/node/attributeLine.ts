/**
 * The line on which a class gives a predictor's attribute its value: `answer = …` as a field, or `this.answer = …` in
 * the constructor. Read from the text, so it costs no parser; `undefined` when it is written in another way.
 *
 * @param name as DSPy names the predictor: `generate_query[0].predict`.
 * @returns from 1.
 */
export function attributeLine(lines: readonly string[], name: string): number | undefined {
  const attribute = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(name)?.[0];
  if (attribute === undefined) return undefined;
  const escaped = attribute.replaceAll('$', '\\$');
  const field = new RegExp(
    `^\\s*(?:(?:public|protected|private|readonly|override)\\s+)*(?:this\\.)?${escaped}\\s*(?::[^=]+)?=[^=>]`,
  );
  const at = lines.findIndex((line) => field.test(line));
  return at < 0 ? undefined : at + 1;
}
