/** An element with a class, text or children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  content: string | readonly HTMLElement[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = className;
  if (typeof content === 'string') made.textContent = content;
  else made.append(...content);
  return made;
}

/** The drawing surface of a canvas, as sharp as the screen, in units of its size on the page. */
export function surface(canvas: HTMLCanvasElement): CanvasRenderingContext2D | undefined {
  const { clientWidth, clientHeight } = canvas;
  const context = canvas.getContext('2d');
  if (context === null || clientWidth === 0) return undefined;
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(clientWidth * scale), Math.round(clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  return context;
}

/** The colour of faint lines on an element, as live.css gives it: a canvas understands no variables, and no light-dark(). */
export function lineColour(at: Element): string {
  return getComputedStyle(at).borderTopColor;
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Time of day, to the second. */
export function timeOf(micros: number): string {
  return new Date(micros / 1000).toLocaleTimeString([], { hour12: false });
}
