import { LiveView, loadSnapshot } from './view';

/** The tab "Sensebind" of the sidebar. */
export function addSidebar(): void {
  const view = new LiveView({
    language: document.documentElement.lang || navigator.language,
    load: () => loadSnapshot('sensebind/live', accessToken()),
  });
  const tab = {
    id: 'sensebind',
    name: 'Sensebind',
    label: 'Sensebind',
    iconClass: 'fa fa-eye',
    content: view.root,
    onchange: () => view.start(),
    onremove: () => view.stop(),
  };
  RED.sidebar.addTab(tab);
  // A tab is not told that it is left: one that is not seen asks for nothing.
  const observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) view.start();
    else view.stop();
  });
  observer.observe(view.root);
}

function accessToken(): string | undefined {
  const tokens: unknown = RED.settings.get('auth-tokens', null);
  if (typeof tokens !== 'object' || tokens === null || !('access_token' in tokens)) return undefined;
  return String(tokens.access_token);
}
