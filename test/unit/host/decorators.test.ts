import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decoratorsOfTypeScript } from '../../../src/host/node/decorators.ts';

/** jiti's own copy of Babel, which the host translates with (src/host/node/translator.ts). */
const babel = fileURLToPath(new URL('../../../node_modules/jiti/dist/babel.cjs', import.meta.url));
type Translate = (options: object) => { readonly code: string; readonly error?: Error };
const translate = createRequire(import.meta.url)(babel) as Translate;

/** What `seen` holds when the source has run. */
function ran(source: string): readonly unknown[] {
  const { code, error } = translate({
    source,
    filename: '/a.ts',
    ts: true,
    babel: { plugins: [decoratorsOfTypeScript] },
  });
  if (error !== undefined) throw error;
  const seen: unknown[] = [];

  new Function('seen', code)(seen);
  return seen;
}

const twice = `const twice = (owner: object, key: string, found: PropertyDescriptor) => {
  const once = found.value;
  found.value = function (n: number) { return 2 * once.call(this, n); };
};`;
const note = (name: string) =>
  `const ${name} = (owner: object, key: string) => { seen.push('${name} ' + key, owner); };`;

describe('decorators of TypeScript', () => {
  it('of a method may change its descriptor, and answer one or nothing', () => {
    expect(
      ran(`${twice} class A { by = 5; @twice times(n: number) { return n * this.by; } } seen.push(new A().times(2));`),
    ).toEqual([20]);
    const other = 'const other = () => ({ value: () => 7, configurable: true });';
    expect(ran(`${other} class A { @other f() { return 1; } } seen.push(new A().f());`)).toEqual([7]);
  });

  it('of static methods and accessors', () => {
    const source = `${twice} ${note('n')} class A { @twice static f(n: number) { return n; } @n get x() { return 3; } }`;
    expect(ran(`${source} seen.length = 0; seen.push(A.f(2), new A().x);`)).toEqual([4, 3]);
  });

  it('of properties get the prototype and the name, the last one first', () => {
    const source = `${note('a')} ${note('b')} class A { @a @b x = 1; @a static y = 2; @b 'z z'?: string; }`;
    const seen = ran(`${source} seen.push(new A().x, A.y, A.prototype, A);`);
    const [prototype, itself] = seen.slice(-2);
    expect(seen.slice(0, -2)).toEqual(['b x', prototype, 'a x', prototype, 'b z z', prototype, 'a y', itself, 1, 2]);
  });

  it('of properties are called when statics have their values, instances first, with three arguments', () => {
    const source = `const d = (...args: unknown[]) => { seen.push(args.length, args[1], (args[0] as { late?: number }).late); };
      class A { @d static s = 1; @d a = 2; static late = 3; @d b = 4; }`;
    expect(ran(source)).toEqual([3, 'a', undefined, 3, 'b', undefined, 3, 's', 3]);
  });

  it('of classes, with parameters, and as they are without any', () => {
    const named = 'const named = (name: string) => (it: { label?: string }) => { it.label = name; };';
    expect(ran(`${named} @named('x') class A { static label = ''; p = 1; } seen.push(A.label, new A().p);`)).toEqual([
      'x',
      1,
    ]);
    expect(ran('class A { p = 1; static q = 2; #r = 3; get r() { return this.#r; } } seen.push(new A().r);')).toEqual([
      3,
    ]);
  });
});
