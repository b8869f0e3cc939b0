/** A field of a row of a table. */
export function field(
  name: string,
  value: unknown,
  options: { readonly placeholder?: string; readonly width: string },
): JQuery {
  return $('<input>')
    .attr({ type: 'text', placeholder: options.placeholder ?? '' })
    .addClass(`sensebind-${name}`)
    .css('width', options.width)
    .val(value === undefined || value === null ? '' : String(value));
}

/** A field of several lines. */
export function lines(name: string, value: unknown, placeholder: string): JQuery {
  return $('<textarea>')
    .attr({ rows: 2, placeholder })
    .addClass(`sensebind-${name}`)
    .css('width', '45%')
    .val(value === undefined ? '' : String(value));
}

/** What stands in a field of a row. */
export function valueIn(row: JQuery, name: string): string {
  return String(row.find(`.sensebind-${name}`).val() ?? '').trim();
}

/** Rows without what was left empty. */
export function withoutEmpty(row: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ''));
}
