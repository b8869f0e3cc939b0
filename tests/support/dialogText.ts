import type { Page } from 'puppeteer-core';

/** A text of a dialog that is open. */
export interface DialogText {
  /** Of the catalogue; empty for what a script wrote. */
  readonly key: string;
  readonly text: string;
}

/** Texts of the dialog on top, with those that are folded away: labels, hints, buttons, choices and placeholders. */
export function dialogTexts(page: Page): Promise<readonly DialogText[]> {
  return page.evaluate(() => {
    const body = document.querySelector('.red-ui-tray:last-child .dialog-form');
    if (body === null) throw new Error('expected a dialog');
    for (const details of body.querySelectorAll('details')) details.open = true;
    const texts: DialogText[] = [];
    const seen = (element: Element): boolean => (element as HTMLElement).offsetParent !== null;
    for (const element of body.querySelectorAll('[data-i18n]')) {
      const shown = element.tagName === 'OPTION' ? element.parentElement! : element;
      if (!seen(shown)) continue;
      for (const part of (element.getAttribute('data-i18n') ?? '').split(';')) {
        const [, attribute, key = ''] = /^(?:\[(\w+)\])?(.*)$/.exec(part) ?? [];
        const text = attribute === undefined ? element.textContent : element.getAttribute(attribute);
        texts.push({ key, text: (text ?? '').trim() });
      }
    }
    for (const label of body.querySelectorAll('label')) {
      // An empty label holds the place beside a button.
      if (!seen(label) || label.querySelector('[data-i18n]') !== null || label.hasAttribute('data-i18n')) continue;
      if (label.childElementCount > 0 || label.htmlFor !== '') texts.push({ key: '', text: label.innerText.trim() });
    }
    for (const element of body.querySelectorAll('option, .sensebind-hint, button')) {
      if (seen(element.tagName === 'OPTION' ? element.closest('select')! : element))
        texts.push({ key: '', text: element.textContent?.trim() ?? '' });
    }
    return texts;
  });
}

/** Whether a reader sees the key of a text in place of the text. */
export function isRawKey({ key, text }: DialogText): boolean {
  const [name = ''] = key.split(':').slice(-1);
  return (key !== '' && (text === '' || text === key || text === name)) || RAW.test(text);
}

const RAW = /^(@?[\w/-]+:)?[a-z][a-zA-Z]*(\.[a-zA-Z]+)+$|\{\{|__\w+__/;
