import { words } from './red';

/** What the runtime tells of a bundle. */
interface BundleSummary {
  readonly name: string;
  readonly space: string;
  readonly dimensions: number;
  readonly licence: { readonly name: string; readonly source: string };
  readonly caveats: readonly string[];
  readonly encoders: readonly EncoderSummary[];
}

interface EncoderSummary {
  readonly modality: string;
  readonly precision: string;
  readonly parameters: number;
  readonly bytes: number;
}

/** Shows in a dialog what is in the bundle of its path field, and lets its files be checked. */
export function prepareBundle(): void {
  const path = $('#node-config-input-bundle');
  const place = $('.sensebind-bundle');
  const button = $('.sensebind-bundle-check');
  button.on('click', (event) => {
    event.preventDefault();
    void look({ path: String(path.val() ?? ''), place, check: true });
  });
  path.on('change', () => void look({ path: String(path.val() ?? ''), place, check: false }));
  void look({ path: String(path.val() ?? ''), place, check: false });
}

async function look({
  path,
  place,
  check,
}: {
  readonly path: string;
  readonly place: JQuery;
  readonly check: boolean;
}): Promise<void> {
  if (/\$\{[^}]+\}/.test(path)) {
    place.empty().text(words('bundle.environment'));
    return;
  }
  place.empty().text(words(check ? 'bundle.checking' : 'bundle.looking'));
  try {
    const summary: unknown = await $.getJSON('sensebind/bundle', check ? { path, check: 'yes' } : { path });
    place.empty();
    show(place, { summary: summary as BundleSummary, isChecked: check });
  } catch (failed) {
    place.empty().text(problemOf((failed as JQuery.jqXHR).responseJSON));
  }
}

function problemOf(answer: unknown): string {
  const code = (answer as { readonly code?: string } | undefined)?.code ?? '';
  const known = ['BUNDLE_MISSING', 'BUNDLE_INVALID', 'BUNDLE_CORRUPT'];
  return words(known.includes(code) ? `bundle.problem.${code}` : 'bundle.problem.other', { code });
}

function show(
  place: JQuery,
  { summary, isChecked }: { readonly summary: BundleSummary; readonly isChecked: boolean },
): void {
  const { name, space, dimensions, licence, caveats, encoders } = summary;
  const head = ['modality', 'precision', 'parameters', 'size'].map((key) => $('<th>').text(words(`bundle.${key}`)));
  const rows = encoders.map(({ modality, precision, parameters, bytes }) =>
    $('<tr>').append(
      [modality, precision, rounded(parameters), `${rounded(bytes)}B`].map((text) => $('<td>').text(text)),
    ),
  );
  place.append(
    $('<div>').text(`${name} · ${words('bundle.dimensions', { dimensions })}`),
    $('<div>').addClass('sensebind-faint').text(space),
    $('<table>').append($('<tr>').append(head), ...rows),
    $('<div>').text(`${words('bundle.licence')}: ${licence.name}`),
    ...caveats.map((caveat) => $('<div>').addClass('sensebind-faint').text(caveat)),
  );
  if (isChecked) place.append($('<div>').append($('<i>').addClass('fa fa-check'), ` ${words('bundle.checked')}`));
}

/** 1234567 → 1.2 M */
function rounded(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  const power = value <= 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${units[power] ?? ''}`;
}
