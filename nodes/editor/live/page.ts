import { element } from './dom';
import { LiveView, loadSnapshot } from './view';
import { liveWords } from './words';

/** Where the editor keeps the token of whoever is logged in; a login here is one there, too. */
const TOKENS = 'auth-tokens';

const words = liveWords(navigator.language);
const base = new URL('../../../', document.baseURI);
const login = loginForm();
const view = new LiveView({
  language: navigator.language,
  load: () => loadSnapshot(new URL('sensebind/live', base).href, storedToken()),
  onRefused: (refusal) => {
    login.hidden = refusal !== 'not-permitted';
  },
});
document.body.append(login, view.root);
view.start();

function storedToken(): string | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(TOKENS) ?? 'null');
    if (typeof stored !== 'object' || stored === null || !('access_token' in stored)) return undefined;
    return String(stored.access_token);
  } catch {
    return undefined;
  }
}

function loginForm(): HTMLFormElement {
  const name = element('input', 'sb-input');
  const password = element('input', 'sb-input');
  name.autocomplete = 'username';
  name.placeholder = words('user');
  password.type = 'password';
  password.autocomplete = 'current-password';
  password.placeholder = words('password');
  const form = element('form', 'sb-login', [name, password, element('button', 'sb-button', words('login'))]);
  form.hidden = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void logIn(name.value, password.value).then((isIn) => {
      form.hidden = isIn;
    });
  });
  return form;
}

/** As the editor does (OAuth's password grant). */
async function logIn(username: string, password: string): Promise<boolean> {
  const response = await fetch(new URL('auth/token', base), {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username,
      password,
    }),
  });
  if (response.ok) localStorage.setItem(TOKENS, await response.text());
  return response.ok;
}
