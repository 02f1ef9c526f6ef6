/**
 * The contrast of a text, where axe does not tell: it leaves out what is of one letter or sign, and what lies partly
 * behind something else. What is measured is the text as it looks when all of it is seen: on the grounds of the
 * elements that it is in. It runs in the page by itself, so all that it needs is within.
 *
 * @returns what is wrong, or `null`.
 */
export function contrastFault(element: Element): string | null {
  type Color = readonly [red: number, green: number, blue: number, alpha: number];

  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  function colorOf(css: string): Color {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red!, green!, blue!, alpha! / 255];
  }

  function over(ground: Color, above: Color, opacity: number): Color {
    const alpha = above[3] * opacity;
    const mixed = (place: 0 | 1 | 2): number => above[place] * alpha + ground[place] * (1 - alpha);
    return [mixed(0), mixed(1), mixed(2), 1];
  }

  /** WCAG 2.2, relative luminance. */
  function luminance([red, green, blue]: Color): number {
    const linear = (value: number): number => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  }

  /** As it is drawn: through slots and out of shadow roots. */
  function parentOf(child: Element): Element | null {
    if (child.assignedSlot !== null) return child.assignedSlot;
    const root = child.getRootNode();
    return child.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }

  const fault = (what: string): string => `color-contrast: ${element.outerHTML.slice(0, 200)} ${what}`;
  const around: CSSStyleDeclaration[] = [];
  for (let one: Element | null = element; one !== null; one = parentOf(one)) around.unshift(getComputedStyle(one));

  let ground: Color = [255, 255, 255, 1];
  let opacity = 1;
  for (const style of around) {
    opacity *= Number(style.opacity);
    const own = colorOf(style.backgroundColor);
    if (style.backgroundImage !== 'none') return fault('is on a picture: its contrast cannot be measured');
    ground = over(ground, own, opacity);
  }
  const own = around.at(-1)!;
  const text = over(ground, colorOf(element instanceof SVGElement ? own.fill : own.color), opacity);
  const [dark, light] = [luminance(ground), luminance(text)].sort((a, b) => a - b) as [number, number];
  const ratio = (light + 0.05) / (dark + 0.05);
  const size = parseFloat(own.fontSize);
  const needed = size >= 24 || (size >= 18.66 && Number(own.fontWeight) >= 700) ? 3 : 4.5;
  return ratio >= needed ? null : fault(`has a contrast of ${ratio.toFixed(2)}, not ${needed}`);
}
